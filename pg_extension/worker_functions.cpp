// The functions that start and stop this database's worker.
#include <csignal>

#include "pg_extension/arguments.hpp"

extern "C" {
#include <miscadmin.h>
#include <storage/latch.h>
#include <utils/wait_event.h>

#include "pg_extension/apply_role.h"
#include "pg_extension/wake.h"
#include "pg_extension/worker_slots.h"
#include "pg_extension/worker_start.h"
}

namespace postrider::pg {

namespace {

/// How often a process that was told to end is looked for.
constexpr long look_again_milliseconds = 20;

void pause() {
    call([]() noexcept {
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                        look_again_milliseconds, PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    });
}

} // namespace

SQL_FUNCTION(postrider_start) {
    call([]() noexcept { postrider_refuse_on_standby(); });
    if (call([]() noexcept { return postrider_worker_pid(); }) != 0) {
        return give_text("worker was running already");
    }
    const bool has_started = call([]() noexcept {
        pid_t pid = 0;
        BackgroundWorkerHandle *worker = postrider_start_worker(
            {MyDatabaseId, postrider_require_apply_role()},
            postrider_has_slots() ? WORKER_OF_LAUNCHER : WORKER_OF_SERVER, DSM_HANDLE_INVALID);
        if (worker == nullptr) {
            ereport(ERROR, errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                    errmsg("could not start a background worker"),
                    errdetail("Every worker that the server may have is in use."),
                    errhint("Raise max_worker_processes, or try again later."));
        }
        return WaitForBackgroundWorkerStartup(worker, &pid) == BGWH_STARTED;
    });
    if (!has_started) {
        throw CoreError({Errc::unavailable,
                         "the worker ended as soon as it was started",
                         {},
                         "The server's log tells why."});
    }
    return give_text("worker started");
}

SQL_FUNCTION(postrider_stop) {
    const pid_t pid = call([]() noexcept { return postrider_worker_pid(); });
    if (pid == 0) {
        return give_text("no worker was running");
    }
    call([&]() noexcept {
        postrider_slot_set_end(WORKER_STOPPED);
        if (kill(pid, SIGTERM) != 0 && errno != ESRCH) {
            ereport(ERROR, errmsg("could not stop process %d: %m", static_cast<int>(pid)));
        }
    });
    while (call([]() noexcept { return postrider_worker_pid(); }) == pid) {
        pause();
    }
    return give_text("worker stopped");
}

/// For the installation script, and for whoever has changed our tables by hand: the worker looks
/// when this transaction has been committed.
SQL_FUNCTION(postrider_wake) {
    call([]() noexcept { postrider_wake_at_commit(); });
    PG_RETURN_VOID();
}

} // namespace postrider::pg
