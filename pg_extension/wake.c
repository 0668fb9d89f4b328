/* With shared memory the worker stands in its database's slot. Without, its process is looked for
 * among all that there are, once for each session and worker, by database and type. */
#include <postgres.h>

#include "pg_extension/wake.h"

#include <access/xact.h>
#include <miscadmin.h>
#include <postmaster/bgworker.h>
#include <storage/latch.h>
#include <storage/proc.h>

#include "pg_extension/worker_slots.h"

static bool wanted_at_commit;

/* --- Without shared memory ------------------------------------------------------------------ */

/* Whose latch it is tells whether a process still is the one that it was: its place is taken by
 * another one when it has ended. */
static bool is_process(PGPROC *process, int pid) {
    return pid != 0 && *(volatile int *)&process->procLatch.owner_pid == pid &&
           process->databaseId == MyDatabaseId;
}

static PGPROC *look_for_worker(int *pid) {
    for (uint32 index = 0; index < ProcGlobal->allProcCount; ++index) {
        PGPROC *process = &ProcGlobal->allProcs[index];
        const int owner = process->procLatch.owner_pid;
        if (process != MyProc && is_process(process, owner)) {
            const char *type = GetBackgroundWorkerTypeByPid(owner);
            if (type != NULL && strcmp(type, POSTRIDER_WORKER_TYPE) == 0) {
                *pid = owner;
                return process;
            }
        }
    }
    return NULL;
}

static PGPROC *worker_process(int *pid) {
    static PGPROC *known;
    static int known_pid;

    if (known == NULL || !is_process(known, known_pid)) {
        known_pid = 0;
        known = look_for_worker(&known_pid);
    }
    *pid = known_pid;
    return known;
}

/* -------------------------------------------------------------------------------------------- */

pid_t postrider_worker_pid(void) {
    int pid;

    if (postrider_has_slots()) {
        WorkerSlot *slot = postrider_slot(MyDatabaseId);
        return slot == NULL ? 0 : *(volatile pid_t *)&slot->pid;
    }
    (void)worker_process(&pid);
    return pid;
}

static void wake_by_slot(void) {
    WorkerSlot *slot = postrider_slot(MyDatabaseId);
    Latch *latch = slot == NULL ? NULL : *(Latch *volatile *)&slot->latch;

    if (latch != NULL) {
        SetLatch(latch);
    } else if (slot != NULL && !slot->wanted) {
        slot->wanted = true;
        postrider_wake_launcher();
    }
}

void postrider_wake_worker(void) {
    /* What was committed is seen before a worker's latch is; a worker does it the other way. */
    pg_memory_barrier();
    if (postrider_has_slots()) {
        wake_by_slot();
    } else {
        int pid;
        PGPROC *process = worker_process(&pid);
        if (process != NULL) {
            SetLatch(&process->procLatch);
        }
    }
}

void postrider_wake_at_commit(void) {
    wanted_at_commit = true;
}

static void transaction_event(XactEvent event, void *argument pg_attribute_unused()) {
    if (!wanted_at_commit) {
        return;
    }
    if (event == XACT_EVENT_COMMIT) {
        postrider_wake_worker();
    }
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_ABORT) {
        wanted_at_commit = false;
    }
}

void postrider_wake_init(void) {
    RegisterXactCallback(transaction_event, NULL);
}
