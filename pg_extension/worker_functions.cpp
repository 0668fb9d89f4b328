// The functions that start background workers and wait for them.
#include <cstring>

#include "common/base/text_copy.hpp"

#include "pg_extension/arguments.hpp"
#include "pg_extension/worker.hpp"

extern "C" {
#include <miscadmin.h>
#include <nodes/parsenodes.h>
#include <postmaster/bgworker.h>
#include <storage/dsm.h>
}

namespace postrider::pg {

namespace {

constexpr int restart_after_seconds = 10;

/// Null where every worker of the server is in use.
BackgroundWorkerHandle *start_worker(dsm_handle report) {
    BackgroundWorker worker{};
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    worker.bgw_restart_time =
        report == DSM_HANDLE_INVALID ? restart_after_seconds : BGW_NEVER_RESTART;
    copy_text(worker.bgw_library_name, "postrider");
    copy_text(worker.bgw_function_name, "postrider_worker_main");
    copy_text(worker.bgw_type, "postrider");
    copy_text(worker.bgw_name, report == DSM_HANDLE_INVALID ? "postrider" : "postrider sync_now");
    std::memcpy(worker.bgw_extra, &MyDatabaseId, sizeof MyDatabaseId);
    worker.bgw_main_arg = UInt32GetDatum(report);
    worker.bgw_notify_pid = MyProcPid;
    return call([&]() noexcept {
        BackgroundWorkerHandle *handle = nullptr;
        return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : nullptr;
    });
}

[[noreturn]] void no_worker_left() {
    throw CoreError({Errc::unavailable, "could not start a background worker",
                     "Every worker that the server may have is in use.",
                     "Raise max_worker_processes, or try again later."});
}

/// What was written must be on the disk before anything leaves, so nothing of the caller's may be
/// open.
void outside_transaction(FunctionCallInfo fcinfo) {
    const auto *context = reinterpret_cast<CallContext *>(fcinfo->context);
    if (context == nullptr || !IsA(context, CallContext) || context->atomic) {
        throw CoreError(
            {Errc::refused, "postrider.sync_now cannot run inside a transaction",
             "What it does must be on the disk before anything leaves, and cannot be rolled back.",
             "COMMIT first."});
    }
}

void tell(const RoundsReport &report) {
    call([&]() noexcept {
        if (!report.is_done) {
            ereport(ERROR, errcode(ERRCODE_OPERATOR_INTERVENTION),
                    errmsg("the worker ended before its work was done"),
                    errhint("The server's log tells why; nothing is lost."));
        }
        const int level = report.is_refused ? ERROR : WARNING;
        if (!report.is_refused) {
            ereport(INFO, errmsg_internal("%s", report.summary));
        }
        if (report.problem[0] != '\0') {
            ereport(level, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg_internal("%s", report.problem),
                    report.detail[0] == '\0' ? 0 : errdetail_internal("%s", report.detail),
                    report.hint[0] == '\0' ? 0 : errhint("%s", report.hint));
        }
    });
}

} // namespace

SQL_FUNCTION(postrider_sync_now) {
    outside_transaction(fcinfo);
    const std::string peer = text_argument(fcinfo, 0).value_or("");
    dsm_segment *segment = call([]() noexcept { return dsm_create(sizeof(RoundsReport), 0); });
    auto *report = static_cast<RoundsReport *>(dsm_segment_address(segment));
    *report = {};
    copy_text(report->peer, peer);
    BackgroundWorkerHandle *worker = start_worker(dsm_segment_handle(segment));
    if (worker == nullptr) {
        no_worker_left();
    }
    call([&]() noexcept { (void)WaitForBackgroundWorkerShutdown(worker); });
    const RoundsReport done = *report;
    call([&]() noexcept { dsm_detach(segment); });
    tell(done);
    PG_RETURN_VOID();
}

SQL_FUNCTION(postrider_start) {
    BackgroundWorkerHandle *worker = start_worker(DSM_HANDLE_INVALID);
    if (worker == nullptr) {
        no_worker_left();
    }
    return give_text("worker started");
}

} // namespace postrider::pg
