/* The process that keeps a worker at work in each database that has the extension. It is there with
 * shared_preload_libraries = 'postrider', is connected to no database, and sleeps until a worker
 * has ended, a setting has changed or somebody has work for a worker that does not run: CREATE
 * EXTENSION, a function of ours, or a captured change. A worker that finds no extension ends, and
 * is tried again only then, or when settings have changed. */
#include <postgres.h>

#include <access/heapam.h>
#include <access/htup_details.h>
#include <access/table.h>
#include <access/tableam.h>
#include <access/xact.h>
#include <catalog/pg_database.h>
#include <miscadmin.h>
#include <nodes/pg_list.h>
#include <pgstat.h>
#include <postmaster/bgworker.h>
#include <postmaster/interrupt.h>
#include <signal.h>
#include <storage/ipc.h>
#include <storage/latch.h>
#include <storage/procsignal.h>
#include <utils/guc.h>
#include <utils/memutils.h>
#include <utils/snapmgr.h>
#include <utils/timestamp.h>
#include <utils/varlena.h>
#include <utils/wait_event.h>

#include "pg_extension/apply_role.h"
#include "pg_extension/compat.h"
#include "pg_extension/settings.h"
#include "pg_extension/worker_slots.h"
#include "pg_extension/worker_start.h"

enum {
    TRY_AGAIN_SECONDS = 10, /* after a failure; twice as long after each further one */
    TRY_AGAIN_SECONDS_MAX = 300,
    MADE_ROOM_SECONDS = 10, /* the server waits for five until a database is free */
    TERMINATED_SECONDS = 1,
    RAN_WELL_SECONDS = 60, /* who ran for so long begins with the first failure again */
};

#define NEVER DT_NOEND

typedef struct Database {
    Oid id;
    bool served; /* by postrider.databases */
    bool ran;
    TimestampTz waits_since; /* every worker that the server may have is in use; 0: no */
    BackgroundWorkerHandle *handle;
    TimestampTz started_at;
    TimestampTz next_try;
    int failures;
} Database;

static List *databases; /* of Database; in TopMemoryContext */
static bool told_no_worker;
static bool has_place; /* a worker has ended since no further one could be started */

extern PGDLLEXPORT void postrider_launcher_main(Datum argument);

static TimestampTz in_seconds(TimestampTz now, int seconds) {
    return TimestampTzPlusMilliseconds(now, (int64)seconds * 1000);
}

/* --- Which databases ------------------------------------------------------------------------ */

static Database *find_database(Oid id) {
    ListCell *cell;

    foreach (cell, databases) {
        Database *database = lfirst(cell);
        if (database->id == id) {
            return database;
        }
    }
    return NULL;
}

static Database *add_database(Oid id) {
    const MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
    Database *database = palloc0(sizeof(Database));

    database->id = id;
    databases = lappend(databases, database);
    MemoryContextSwitchTo(before);
    return database;
}

/* Removes the name from the list. */
static bool take_name(List **names, const char *name) {
    ListCell *cell;

    foreach (cell, *names) {
        if (strcmp(lfirst(cell), name) == 0) {
            *names = foreach_delete_current(*names, cell);
            return true;
        }
    }
    return false;
}

static void tell_unknown(List *names) {
    static char *told = NULL;
    ListCell *cell;

    if (names == NIL || (told != NULL && strcmp(told, postrider_databases) == 0)) {
        return;
    }
    if (told != NULL) {
        pfree(told);
    }
    told = MemoryContextStrdup(TopMemoryContext, postrider_databases);
    foreach (cell, names) {
        ereport(LOG, errcode(ERRCODE_UNDEFINED_DATABASE),
                errmsg("postrider: database \"%s\" does not exist", (char *)lfirst(cell)),
                errhint("Correct postrider.databases in postgresql.conf, then SELECT "
                        "pg_reload_conf();"));
    }
}

/* Reads pg_database: which ones there are, and which of them are to have a worker. A database that
 * was made meanwhile has no extension, or else says so when it is used. */
static void read_databases(bool try_all) {
    List *names = NIL;
    bool all;
    Relation table;
    TableScanDesc scan;
    HeapTuple row;
    List *there = NIL;
    ListCell *cell;

    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    (void)GetTransactionSnapshot();
    (void)SplitIdentifierString(pstrdup(postrider_databases), ',', &names);
    all = names == NIL;
    table = table_open(DatabaseRelationId, AccessShareLock);
    scan = table_beginscan_catalog(table, 0, NULL);
    while ((row = heap_getnext(scan, ForwardScanDirection)) != NULL) {
        const FormData_pg_database *form = (const FormData_pg_database *)GETSTRUCT(row);
        Database *database = find_database(form->oid);
        const bool named = take_name(&names, NameStr(form->datname));
        if (database == NULL) {
            database = add_database(form->oid);
            database->next_try = NEVER;
        }
        if (try_all && database->next_try == NEVER) {
            database->next_try = 0;
        }
        database->served = form->datallowconn && (named || (all && !form->datistemplate));
        there = lappend_oid(there, form->oid);
    }
    table_endscan(scan);
    table_close(table, AccessShareLock);
    foreach (cell, databases) {
        Database *database = lfirst(cell);
        if (!list_member_oid(there, database->id)) {
            databases = foreach_delete_current(databases, cell);
            postrider_slot_forget(database->id);
            pfree(database);
        }
    }
    tell_unknown(names);
    CommitTransactionCommand();
}

/* --- Their workers -------------------------------------------------------------------------- */

static TimestampTz after_end(Database *database, WorkerEnd end, TimestampTz now) {
    int seconds = TRY_AGAIN_SECONDS;

    switch (end) {
    case WORKER_WITHOUT_EXTENSION:
    case WORKER_STOPPED:
        return NEVER;
    case WORKER_TERMINATED:
        return in_seconds(now, TERMINATED_SECONDS);
    case WORKER_MADE_ROOM:
        return in_seconds(now, MADE_ROOM_SECONDS);
    case WORKER_OF_OTHER_ROLE:
        return now;
    case WORKER_FAILED:
        break;
    }
    if (now >= in_seconds(database->started_at, RAN_WELL_SECONDS)) {
        database->failures = 0;
    }
    for (int count = database->failures++; count > 0 && seconds < TRY_AGAIN_SECONDS_MAX; --count) {
        seconds *= 2;
    }
    return in_seconds(now, Min(seconds, TRY_AGAIN_SECONDS_MAX));
}

static bool has_worker(const Database *database, const WorkerSlot *slot) {
    pid_t pid;

    if (slot->pid != 0) {
        return true;
    }
    if (database->handle == NULL) {
        return false;
    }
    switch (GetBackgroundWorkerPid(database->handle, &pid)) {
    case BGWH_STARTED:
    case BGWH_NOT_YET_STARTED:
        return true;
    case BGWH_STOPPED:
    case BGWH_POSTMASTER_DIED:
        break;
    }
    return false;
}

/* Invalid where there is none that can be used; that is told once, until it is another reason. */
static Oid role_for(const Database *database) {
    static char told[sizeof((ApplyRole *)NULL)->problem];
    ApplyRole role;

    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    postrider_find_apply_role(database->id, &role);
    CommitTransactionCommand();
    if (strcmp(told, role.problem) != 0 && !OidIsValid(role.id)) {
        ereport(LOG, errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                errmsg_internal("postrider: %s", role.problem), errhint("%s", role.hint));
    }
    if (!OidIsValid(role.id)) {
        strlcpy(told, role.problem, sizeof told);
    }
    return role.id;
}

static void start(Database *database, WorkerSlot *slot, TimestampTz now) {
    const WorkerPlace place = {database->id, role_for(database)};

    if (!OidIsValid(place.role)) {
        database->next_try = in_seconds(now, TRY_AGAIN_SECONDS);
        return;
    }
    slot->end = WORKER_FAILED; /* until it says otherwise */
    slot->wanted = false;
    database->started_at = now;
    database->handle = postrider_start_worker(place, WORKER_OF_LAUNCHER, DSM_HANDLE_INVALID);
    if (database->handle != NULL) {
        database->waits_since = 0;
        return;
    }
    if (database->waits_since == 0) {
        database->waits_since = now;
    }
    has_place = false;
    database->next_try = in_seconds(now, TRY_AGAIN_SECONDS);
    /* Many databases that are tried at once find their places one after the other. */
    if (!told_no_worker && now >= in_seconds(database->waits_since, TRY_AGAIN_SECONDS)) {
        told_no_worker = true;
        ereport(LOG, errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                errmsg("postrider: could not start a background worker"),
                errdetail("Every worker that the server may have is in use."),
                errhint("Raise max_worker_processes; it is tried again by itself."));
    }
}

/* Gives when to look again. */
static TimestampTz look_after(Database *database, TimestampTz now) {
    WorkerSlot *slot = postrider_slot(database->id);

    if (slot == NULL) {
        return NEVER;
    }
    if (has_worker(database, slot)) {
        database->ran = true;
        if (!database->served && database->handle != NULL && slot->pid != 0) {
            kill(slot->pid, SIGTERM); /* postrider.databases does not name it any more */
        }
        return NEVER;
    }
    if (database->ran || database->handle != NULL) {
        has_place = true;
        database->next_try = after_end(database, slot->end, now);
        database->ran = false;
        if (database->handle != NULL) {
            pfree(database->handle);
            database->handle = NULL;
        }
    }
    if (!database->served) {
        return NEVER;
    }
    if (slot->wanted && database->next_try == NEVER && slot->end != WORKER_STOPPED) {
        database->next_try = now;
    }
    if (database->waits_since != 0 && has_place) {
        database->next_try = now;
    }
    if (database->next_try <= now) {
        start(database, slot, now);
    }
    return database->handle == NULL ? database->next_try : NEVER;
}

/* Gives when to do so again. */
static TimestampTz look_after_all(void) {
    const TimestampTz now = GetCurrentTimestamp();
    TimestampTz next = NEVER;
    ListCell *cell;

    foreach (cell, databases) {
        next = Min(next, look_after(lfirst(cell), now));
    }
    foreach (cell, databases) {
        if (has_place && ((const Database *)lfirst(cell))->waits_since != 0) {
            next = now; /* it was looked at before its place was free */
        }
    }
    return next;
}

/* True: settings have been read again. */
static bool sleep_until(TimestampTz next) {
    int events = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;
    long milliseconds = -1;

    if (next != NEVER) {
        events |= WL_TIMEOUT;
        milliseconds = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next) + 1;
    }
    (void)WaitLatch(MyLatch, events, milliseconds, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    if (ShutdownRequestPending) {
        proc_exit(0);
    }
    if (!ConfigReloadPending) {
        return false;
    }
    ConfigReloadPending = false;
    ProcessConfigFile(PGC_SIGHUP);
    return true;
}

void postrider_launcher_main(Datum argument pg_attribute_unused()) {
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnection(NULL, NULL, 0);
    postrider_slots_launcher();
    pgstat_report_appname("postrider launcher");
    bool try_all = true;
    for (;;) {
        TimestampTz next;

        pgstat_report_activity(STATE_RUNNING, "looks after the workers");
        read_databases(try_all);
        next = look_after_all();
        pgstat_report_activity(STATE_IDLE, "waits until a worker ends or is wanted");
        try_all = sleep_until(next);
    }
}
