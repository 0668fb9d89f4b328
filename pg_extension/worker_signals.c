/* SIGTERM ends a worker with exit code 0, so that nobody starts it again: who drops the database or
 * stops the server wants that. It is answered wherever the server answers it: while waiting, and
 * between the rows of a statement. */
#include <postgres.h>

#include "pg_extension/worker_signals.h"

#include <miscadmin.h>
#include <pgstat.h>
#include <postmaster/bgworker.h>
#include <postmaster/interrupt.h>
#include <signal.h>
#include <storage/ipc.h>
#include <storage/latch.h>
#include <tcop/tcopprot.h>
#include <utils/guc.h>
#include <utils/wait_event.h>

static volatile sig_atomic_t stop_asked = false;

static void ask_to_stop(SIGNAL_ARGS) {
    stop_asked = true;
    die(postgres_signal_arg);
}

/* What ends the process in the middle of a statement is a FATAL error, with code 1. */
static void end_well(int code, Datum argument pg_attribute_unused()) {
    if (code == 1 && stop_asked) {
        proc_exit(0);
    }
}

void postrider_worker_signals(void) {
    on_proc_exit(end_well, (Datum)0);
    pqsignal(SIGTERM, ask_to_stop);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    BackgroundWorkerUnblockSignals();
}

bool postrider_stop_asked(void) {
    return stop_asked;
}

WorkerWaking postrider_worker_sleep(long milliseconds, WorkerWatch watch) {
    const int readiness =
        watch.descriptor < 0
            ? 0
            : WL_SOCKET_READABLE | (watch.until_writable ? WL_SOCKET_WRITEABLE : 0);
    const int event =
        WaitLatchOrSocket(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH | readiness,
                          watch.descriptor < 0 ? PGINVALID_SOCKET : watch.descriptor, milliseconds,
                          PG_WAIT_EXTENSION);

    ResetLatch(MyLatch);
    if (stop_asked) {
        proc_exit(0);
    }
    QueryCancelPending = false; /* there is no statement to cancel */
    CHECK_FOR_INTERRUPTS();
    if (!ConfigReloadPending) {
        return (event & WL_LATCH_SET) != 0 ? WOKEN_BY_LATCH
               : (event & readiness) != 0  ? WOKEN_BY_DESCRIPTOR
                                           : WOKEN_BY_TIME;
    }
    ConfigReloadPending = false;
    ProcessConfigFile(PGC_SIGHUP);
    return WOKEN_BY_SETTINGS;
}
