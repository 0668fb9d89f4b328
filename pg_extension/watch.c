/* Hooks: COMMIT PREPARED may commit what was captured, without any event of its own; DROP EXTENSION
 * and ALTER EXTENSION concern the worker that is at work with it, and do not wait for the end of a
 * long round; and a worker that only waits must not keep a database from being dropped, renamed or
 * copied. */
#include <postgres.h>

#include "pg_extension/watch.h"

#include <access/xact.h>
#include <catalog/objectaccess.h>
#include <catalog/pg_extension.h>
#include <commands/dbcommands.h>
#include <miscadmin.h>
#include <nodes/parsenodes.h>
#include <signal.h>
#include <storage/latch.h>
#include <tcop/utility.h>
#include <utils/wait_event.h>

#include "pg_extension/compat.h"
#include "pg_extension/wake.h"
#include "pg_extension/worker_locks.h"
#include "pg_extension/worker_slots.h"

static ProcessUtility_hook_type previous_utility;
static object_access_hook_type previous_access;

/* The launcher leaves the database alone for a while; the server itself waits for five seconds
 * until a database is free. */
static void end_worker_of(const char *name) {
    const Oid database = name == NULL ? InvalidOid : get_database_oid(name, true);
    const bool may = OidIsValid(database) && database != MyDatabaseId &&
                     (superuser() || postrider_owns_database(database));
    WorkerSlot *slot = may ? postrider_slot(database) : NULL;

    if (slot != NULL && slot->pid != 0) {
        slot->end = WORKER_MADE_ROOM;
        kill(slot->pid, SIGTERM);
    }
}

/* The text of an option; null where it is not given. */
static const char *option_of(const List *options, const char *name) {
    const ListCell *cell;

    foreach (cell, options) {
        const DefElem *option = lfirst(cell);
        if (strcmp(option->defname, name) == 0 && option->arg != NULL && IsA(option->arg, String)) {
            return strVal(option->arg);
        }
    }
    return NULL;
}

/* It may be moved to another tablespace. */
static void before_alter(const AlterDatabaseStmt *statement) {
    if (option_of(statement->options, "tablespace") != NULL) {
        end_worker_of(statement->dbname);
    }
}

/* A round that is cancelled is tried again later, if there still is an extension then. It is not
 * waited for by a lock: it may wait for one of ours, and one of the two would be called a deadlock.
 */
static void end_rounds(void) {
    for (int waits = 0; !postrider_hold_turns(); ++waits) {
        const pid_t worker = postrider_worker_pid();
        if (worker != 0 && waits % 10 == 0) {
            kill(worker, SIGINT);
        }
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 10,
                        PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

/* It locks one after the other what a round uses, in another order. */
static void before_drop(const DropStmt *statement) {
    const ListCell *cell;

    if (statement->removeType != OBJECT_EXTENSION || !superuser()) {
        return;
    }
    foreach (cell, statement->objects) {
        if (IsA(lfirst(cell), String) && strcmp(strVal(lfirst(cell)), "postrider") == 0) {
            end_rounds();
        }
    }
}

static void before(const Node *statement) {
    switch (nodeTag(statement)) {
    case T_DropdbStmt:
        end_worker_of(((const DropdbStmt *)statement)->dbname);
        break;
    case T_DropStmt:
        before_drop((const DropStmt *)statement);
        break;
    case T_CreatedbStmt:
        end_worker_of(option_of(((const CreatedbStmt *)statement)->options, "template"));
        break;
    case T_AlterDatabaseStmt:
        before_alter((const AlterDatabaseStmt *)statement);
        break;
    case T_RenameStmt:
        if (((const RenameStmt *)statement)->renameType == OBJECT_DATABASE) {
            end_worker_of(((const RenameStmt *)statement)->subname);
        }
        break;
    default:
        break;
    }
}

static bool may_commit_captured(const Node *statement) {
    return IsA(statement, TransactionStmt) &&
           ((const TransactionStmt *)statement)->kind == TRANS_STMT_COMMIT_PREPARED;
}

/* It may have been a right that the worker waits for. */
static bool may_let_worker(const Node *statement) {
    return IsA(statement, GrantStmt) || IsA(statement, GrantRoleStmt) ||
           IsA(statement, CreateRoleStmt) || IsA(statement, AlterRoleStmt);
}

static void watch_utility(POSTRIDER_UTILITY_PARAMETERS) {
    const Node *statement = pstmt->utilityStmt;
    const bool wakes = may_commit_captured(statement);
    const bool lets = may_let_worker(statement);

    before(statement);
    if (previous_utility != NULL) {
        previous_utility(POSTRIDER_UTILITY_ARGUMENTS);
    } else {
        standard_ProcessUtility(POSTRIDER_UTILITY_ARGUMENTS);
    }
    if (wakes) {
        postrider_wake_worker();
    } else if (lets) {
        postrider_wake_at_commit();
    }
}

static void
watch_access(ObjectAccessType access, Oid class_id, Oid object, int part, void *argument) {
    if (previous_access != NULL) {
        previous_access(access, class_id, object, part, argument);
    }
    if (class_id == ExtensionRelationId && (access == OAT_DROP || access == OAT_POST_ALTER)) {
        postrider_wake_at_commit();
    }
}

void postrider_watch_init(void) {
    previous_utility = ProcessUtility_hook;
    ProcessUtility_hook = watch_utility;
    previous_access = object_access_hook;
    object_access_hook = watch_access;
}
