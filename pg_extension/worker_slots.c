/* An array of slots under one lock. Who only looks whether a worker runs does not take it: a slot
 * is never moved, and a latch that is set once too often harms nobody. */
#include <postgres.h>

#include "pg_extension/worker_slots.h"

#include <miscadmin.h>
#include <storage/ipc.h>
#include <storage/lwlock.h>
#include <storage/proc.h>
#include <storage/shmem.h>

#include "pg_extension/compat.h"
#include "pg_extension/worker_signals.h"

/* Databases of one server that have the extension. */
enum { SLOTS_MAX = 256 };

typedef struct WorkerSlots {
    LWLock *lock;
    Latch *launcher; /* null: it does not run */
    WorkerSlot slots[SLOTS_MAX];
} WorkerSlots;

static const char *const tranche = "postrider";
static WorkerSlots *shared;
static WorkerSlot *own; /* of this process, which is a worker */
static void (*previous_request)(void);
static shmem_startup_hook_type previous_startup;

static void request_memory(void) {
    if (previous_request != NULL) {
        previous_request();
    }
    RequestAddinShmemSpace(MAXALIGN(sizeof(WorkerSlots)));
    RequestNamedLWLockTranche(tranche, 1);
}

static void begin_memory(void) {
    bool found;

    if (previous_startup != NULL) {
        previous_startup();
    }
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    shared = ShmemInitStruct("postrider workers", sizeof(WorkerSlots), &found);
    if (!found) {
        memset(shared, 0, sizeof(WorkerSlots));
        shared->lock = &GetNamedLWLockTranche(tranche)->lock;
    }
    LWLockRelease(AddinShmemInitLock);
}

void postrider_slots_init(void) {
    if (process_shared_preload_libraries_in_progress) {
        previous_request = postrider_request_memory_by(request_memory);
        previous_startup = shmem_startup_hook;
        shmem_startup_hook = begin_memory;
    }
}

bool postrider_has_slots(void) {
    return shared != NULL;
}

static WorkerSlot *find(Oid database) {
    for (int index = 0; index < SLOTS_MAX; ++index) {
        if (shared->slots[index].database == database) {
            return &shared->slots[index];
        }
    }
    return NULL;
}

WorkerSlot *postrider_slot(Oid database) {
    static WorkerSlot *known;

    if (shared == NULL || !OidIsValid(database)) {
        return NULL;
    }
    if (known != NULL && known->database == database) {
        return known;
    }
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    known = find(database);
    if (known == NULL && (known = find(InvalidOid)) != NULL) {
        memset(known, 0, sizeof(WorkerSlot));
        known->database = database;
    }
    LWLockRelease(shared->lock);
    return known;
}

void postrider_slot_forget(Oid database) {
    WorkerSlot *slot;

    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    slot = find(database);
    if (slot != NULL && slot->pid == 0) {
        slot->database = InvalidOid;
    }
    LWLockRelease(shared->lock);
}

static void set_served(Latch *caller) {
    if (own->served != NULL) {
        SetLatch(own->served);
    }
    own->served = caller;
}

static void leave(int code pg_attribute_unused(), Datum argument pg_attribute_unused()) {
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    own->pid = 0;
    own->latch = NULL;
    if (own->end == WORKER_FAILED && postrider_stop_asked()) {
        own->end = WORKER_TERMINATED;
    }
    for (int index = 0; index < own->request_count; ++index) {
        SetLatch(own->requests[index].caller);
    }
    own->request_count = 0;
    set_served(NULL);
    LWLockRelease(shared->lock);
    own = NULL;
    postrider_wake_launcher();
}

void postrider_slot_enter(void) {
    WorkerSlot *slot = postrider_slot(MyDatabaseId);

    if (slot == NULL) {
        return;
    }
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    slot->latch = MyLatch;
    slot->pid = MyProcPid;
    slot->end = WORKER_FAILED;
    slot->wanted = false;
    LWLockRelease(shared->lock);
    own = slot;
    before_shmem_exit(leave, (Datum)0);
}

void postrider_slot_set_end(WorkerEnd end) {
    WorkerSlot *slot = postrider_slot(MyDatabaseId);

    if (slot != NULL) {
        slot->end = end;
    }
}

static void forget_launcher(int code pg_attribute_unused(), Datum argument pg_attribute_unused()) {
    shared->launcher = NULL;
}

void postrider_slots_launcher(void) {
    shared->launcher = MyLatch;
    before_shmem_exit(forget_launcher, (Datum)0);
}

void postrider_wake_launcher(void) {
    Latch *launcher = shared == NULL ? NULL : *(Latch *volatile *)&shared->launcher;

    if (launcher != NULL) {
        SetLatch(launcher);
    }
}

pid_t postrider_request(dsm_handle report) {
    WorkerSlot *slot = postrider_slot(MyDatabaseId);
    pid_t pid = 0;

    if (slot == NULL) {
        return 0;
    }
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    if (slot->pid != 0 && slot->request_count < WORKER_REQUESTS_MAX) {
        slot->requests[slot->request_count++] = (WorkerRequest){report, MyLatch};
        pid = slot->pid;
        SetLatch(slot->latch);
    }
    LWLockRelease(shared->lock);
    return pid;
}

bool postrider_next_request(dsm_handle *report) {
    bool found;

    if (own == NULL || (own->request_count == 0 && own->served == NULL)) {
        return false;
    }
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    found = own->request_count > 0;
    if (found) {
        *report = own->requests[0].report;
        set_served(own->requests[0].caller);
        memmove(&own->requests[0], &own->requests[1],
                (size_t)--own->request_count * sizeof(WorkerRequest));
    } else {
        set_served(NULL);
    }
    LWLockRelease(shared->lock);
    return found;
}
