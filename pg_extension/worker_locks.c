/* Advisory locks of a class that users' own do not have. */
#include <postgres.h>

#include "pg_extension/worker_locks.h"

#include <access/xact.h>
#include <miscadmin.h>
#include <storage/lock.h>
#include <storage/proc.h>

enum { LOCK_WORKER = 1, LOCK_TURN = 2, LOCK_CLASS = 3 };

static LOCKTAG tag_of(uint32 lock) {
    LOCKTAG tag;

    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0x706f7374, lock, LOCK_CLASS);
    return tag;
}

bool postrider_be_the_worker(void) {
    const LOCKTAG tag = tag_of(LOCK_WORKER);

    return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

void postrider_end_being_the_worker(void) {
    const LOCKTAG tag = tag_of(LOCK_WORKER);

    (void)LockRelease(&tag, ExclusiveLock, true);
}

void postrider_take_turn(void) {
    const LOCKTAG tag = tag_of(LOCK_TURN);
    const int timeout = LockTimeout;

    StartTransactionCommand();
    LockTimeout = 0; /* a round takes as long as it takes */
    PG_TRY();
    { (void)LockAcquire(&tag, ExclusiveLock, true, false); }
    PG_FINALLY();
    { LockTimeout = timeout; }
    PG_END_TRY();
    CommitTransactionCommand();
}

void postrider_end_turn(void) {
    const LOCKTAG tag = tag_of(LOCK_TURN);

    (void)LockRelease(&tag, ExclusiveLock, true);
}

bool postrider_hold_turns(void) {
    const LOCKTAG tag = tag_of(LOCK_TURN);

    return LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
}
