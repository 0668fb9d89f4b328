/* Names, entries and rules of restart. */
#include <postgres.h>

#include "pg_extension/worker_start.h"

#include <access/xlog.h>
#include <miscadmin.h>
#include <postmaster/bgworker.h>

#include "pg_extension/wake.h"

/* After an exit with code 1, and after the server has begun anew because a process crashed. */
enum { RESTART_SECONDS = 10 };

static void describe(BackgroundWorker *worker, const char *function, const char *type) {
    memset(worker, 0, sizeof *worker);
    worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker->bgw_start_time = BgWorkerStart_RecoveryFinished; /* a standby never sends */
    strlcpy(worker->bgw_library_name, "postrider", BGW_MAXLEN);
    strlcpy(worker->bgw_function_name, function, BGW_MAXLEN);
    strlcpy(worker->bgw_type, type, BGW_MAXLEN);
    strlcpy(worker->bgw_name, type, BGW_MAXLEN);
}

BackgroundWorkerHandle *
postrider_start_worker(WorkerPlace place, WorkerLife life, dsm_handle report) {
    BackgroundWorker worker;
    BackgroundWorkerHandle *handle;

    describe(&worker, "postrider_worker_main",
             life == WORKER_FOR_CALL ? "postrider call" : POSTRIDER_WORKER_TYPE);
    worker.bgw_restart_time = life == WORKER_OF_SERVER ? RESTART_SECONDS : BGW_NEVER_RESTART;
    worker.bgw_main_arg = UInt32GetDatum(report);
    memcpy(worker.bgw_extra, &place, sizeof place);
    worker.bgw_notify_pid = MyProcPid;
    return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : NULL;
}

void postrider_refuse_on_standby(void) {
    if (RecoveryInProgress()) {
        ereport(ERROR, errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
                errmsg("this server is a standby: the node is at work on the primary"),
                errhint("When this server is promoted, the node goes on here by itself."));
    }
}

void postrider_launcher_init(void) {
    BackgroundWorker worker;

    describe(&worker, "postrider_launcher_main", "postrider launcher");
    worker.bgw_restart_time = RESTART_SECONDS;
    RegisterBackgroundWorker(&worker);
}
