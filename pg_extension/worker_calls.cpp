// The functions whose work is done by a worker: by the one that runs for this database, or else by
// one that is started for the call.
#include "common/base/text_copy.hpp"

#include "pg_extension/arguments.hpp"
#include "pg_extension/node.hpp"
#include "pg_extension/worker_report.hpp"

extern "C" {
#include <access/xact.h>
#include <miscadmin.h>
#include <nodes/parsenodes.h>
#include <storage/latch.h>
#include <utils/wait_event.h>

#include "pg_extension/apply_role.h"
#include "pg_extension/wake.h"
#include "pg_extension/worker_slots.h"
#include "pg_extension/worker_start.h"
}

namespace postrider::pg {

namespace {

/// How often a long call tells how far it has come.
constexpr Duration tell_every = std::chrono::seconds{1};

/// The report in shared memory; the server gives it back where an ERROR ends the call.
class Segment {
  public:
    Segment() : segment_(call([]() noexcept { return dsm_create(sizeof(WorkerReport), 0); })) {
        report() = {};
        report().caller = MyLatch;
    }

    [[nodiscard]] WorkerReport &report() const {
        return *static_cast<WorkerReport *>(dsm_segment_address(segment_));
    }

    [[nodiscard]] dsm_handle handle() const { return dsm_segment_handle(segment_); }

    void detach() const {
        call([&]() noexcept { dsm_detach(segment_); });
    }

  private:
    dsm_segment *segment_;
};

void tell_step(const char *text) {
    call([&]() noexcept { ereport(NOTICE, errmsg_internal("so far: %s", text)); });
}

/// Until the work is done or its worker has ended. Answers what ends this session or statement at
/// once.
template <typename HasEnded>
void wait_for(const WorkerReport &report, HasEnded has_ended) {
    Timestamp told = system_now();
    std::uint32_t steps = 0;
    while (!report.is_done && !has_ended()) {
        call([]() noexcept {
            (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1, PG_WAIT_EXTENSION);
            ResetLatch(MyLatch);
            CHECK_FOR_INTERRUPTS();
        });
        const std::uint32_t newest = report.steps;
        pg_read_barrier();
        if (newest != steps && system_now() - told >= tell_every) {
            tell_step(report.step[(newest - 1) % 2]);
            told = system_now();
            steps = newest;
        }
    }
}

/// False where no worker runs, or where it has ended before it began.
bool ask_worker(const Segment &segment) {
    const pid_t worker = call([&]() noexcept { return postrider_request(segment.handle()); });
    if (worker == 0) {
        return false;
    }
    wait_for(segment.report(),
             [&] { return call([]() noexcept { return postrider_worker_pid(); }) != worker; });
    return segment.report().is_begun;
}

void work_by_visitor(const Segment &segment) {
    BackgroundWorkerHandle *worker = call([&]() noexcept {
        return postrider_start_worker({MyDatabaseId, postrider_require_apply_role()},
                                      WORKER_FOR_CALL, segment.handle());
    });
    if (worker == nullptr) {
        throw CoreError({Errc::unavailable, "could not start a background worker",
                         "Every worker that the server may have is in use.",
                         "Raise max_worker_processes, or try again later."});
    }
    const auto has_ended = [&] {
        return call([&]() noexcept {
            pid_t pid = 0;
            const BgwHandleStatus status = GetBackgroundWorkerPid(worker, &pid);
            return status == BGWH_STOPPED || status == BGWH_POSTMASTER_DIED;
        });
    };
    wait_for(segment.report(), has_ended);
    while (!has_ended()) { // its place is free when the call returns
        call([&]() noexcept { (void)WaitForBackgroundWorkerShutdown(worker); });
    }
}

WorkerReport have_done(const Segment &segment) {
    call([]() noexcept { postrider_refuse_on_standby(); });
    if (!ask_worker(segment)) {
        work_by_visitor(segment);
    }
    const WorkerReport done = segment.report();
    segment.detach();
    if (!done.is_done) {
        throw CoreError({Errc::unavailable,
                         "the worker ended before its work was done",
                         {},
                         "The server's log tells why; nothing is lost."});
    }
    return done;
}

void tell_problem(const WorkerReport &report, int level) {
    call([&]() noexcept {
        if (report.problem[0] != '\0') {
            ereport(level, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg_internal("%s", report.problem),
                    report.detail[0] == '\0' ? 0 : errdetail_internal("%s", report.detail),
                    report.hint[0] == '\0' ? 0 : errhint("%s", report.hint));
        }
    });
}

[[noreturn]] void refuse_in_transaction(const char *function) {
    throw CoreError(
        {Errc::refused, std::string{function} + " cannot run inside a transaction",
         "What it does must be on the disk before anything leaves, and cannot be rolled back.",
         "COMMIT first."});
}

} // namespace

SQL_FUNCTION(postrider_sync_now) {
    const auto *context = reinterpret_cast<CallContext *>(fcinfo->context);
    if (context == nullptr || !IsA(context, CallContext) || context->atomic) {
        refuse_in_transaction("postrider.sync_now");
    }
    const Segment segment;
    segment.report().asked = Asked::rounds;
    copy_text(segment.report().peer, text_argument(fcinfo, 0).value_or(""));
    const WorkerReport done = have_done(segment);
    if (done.is_refused) {
        tell_problem(done, ERROR);
    }
    call([&]() noexcept { ereport(INFO, errmsg_internal("%s", done.summary)); });
    tell_problem(done, WARNING);
    PG_RETURN_VOID();
}

/// Rows are written as the worker writes them.
SQL_FUNCTION(postrider_retry_parked) {
    if (IsTransactionBlock() || IsSubTransaction()) {
        refuse_in_transaction("postrider.retry_parked");
    }
    const Segment segment;
    segment.report().asked = Asked::retry_parked;
    if (!PG_ARGISNULL(0)) {
        segment.report().has_row = true;
        segment.report().row = PG_GETARG_INT64(0);
    }
    const WorkerReport done = have_done(segment);
    if (done.is_refused) {
        tell_problem(done, ERROR);
    }
    return give_text(done.summary);
}

} // namespace postrider::pg
