/* Starts the background processes of Postrider. */
#ifndef POSTRIDER_WORKER_START_H
#define POSTRIDER_WORKER_START_H

#include <postgres.h>

#include <postmaster/bgworker.h>
#include <storage/dsm.h>

typedef enum WorkerLife {
    WORKER_OF_LAUNCHER, /* which starts it again */
    WORKER_OF_SERVER,   /* which does, when it has failed */
    WORKER_FOR_CALL,    /* for one report */
} WorkerLife;

/* Where a worker is at work, and as whom; in `bgw_extra`. */
typedef struct WorkerPlace {
    Oid database;
    Oid role;
} WorkerPlace;

/* Null where every worker that the server may have is in use. The caller is told by its latch when
 * the worker starts and ends. */
extern BackgroundWorkerHandle *
postrider_start_worker(WorkerPlace place, WorkerLife life, dsm_handle report);

/* Nothing is started on a standby: an ERROR says so, since waiting for it would have no end. */
extern void postrider_refuse_on_standby(void);

/* Called once, when the library is loaded: with shared_preload_libraries. */
extern void postrider_launcher_init(void);

#endif
