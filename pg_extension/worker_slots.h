/* What the workers of all databases tell each other in shared memory. It is there only with
 * shared_preload_libraries = 'postrider'; wake.h works without it too. */
#ifndef POSTRIDER_WORKER_SLOTS_H
#define POSTRIDER_WORKER_SLOTS_H

#include <postgres.h>

#include <storage/dsm.h>
#include <storage/latch.h>

/* Why a database's worker has ended last, for the launcher. */
typedef enum WorkerEnd {
    WORKER_FAILED, /* or never began */
    WORKER_WITHOUT_EXTENSION,
    WORKER_OF_OTHER_ROLE, /* postrider.apply_role names another one now */
    WORKER_STOPPED,       /* by postrider.stop() */
    WORKER_TERMINATED,    /* by a signal, such as pg_terminate_backend sends */
    WORKER_MADE_ROOM,     /* likewise, for a statement that wants the database to itself */
} WorkerEnd;

enum { WORKER_REQUESTS_MAX = 8 };

/* Somebody waits for work that is described in a segment of shared memory. */
typedef struct WorkerRequest {
    dsm_handle report;
    Latch *caller;
} WorkerRequest;

typedef struct WorkerSlot {
    Oid database;  /* invalid: not in use */
    pid_t pid;     /* 0: no worker runs */
    Latch *latch;  /* of that worker */
    WorkerEnd end; /* of the one before */
    bool wanted;   /* somebody had work for a worker and there was none */
    int request_count;
    WorkerRequest requests[WORKER_REQUESTS_MAX];
    Latch *served; /* whose request is worked on; null: nobody's */
} WorkerSlot;

/* Called once, when the library is loaded. */
extern void postrider_slots_init(void);
extern bool postrider_has_slots(void);

/* The database's slot; null where there is no shared memory, or no slot is left. */
extern WorkerSlot *postrider_slot(Oid database);
/* The database was dropped: its slot is free for another one. */
extern void postrider_slot_forget(Oid database);

/* This process is now the worker of its database, until it exits. */
extern void postrider_slot_enter(void);
extern void postrider_slot_set_end(WorkerEnd end);

/* This process is the launcher. */
extern void postrider_slots_launcher(void);
extern void postrider_wake_launcher(void);

/* Hands a request to the worker of this database and gives its pid; 0: there is none, or too many
 * wait already. */
extern pid_t postrider_request(dsm_handle report);
/* For the worker: the next request. It is told as done by the call after it, or at the end. */
extern bool postrider_next_request(dsm_handle *report);

#endif
