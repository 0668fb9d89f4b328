/* Takes what is in postrider.capture_log, for collecting, and gives its place back.
 *
 * A DELETE in SQL would do the same, but the executor refuses it on a table without replica
 * identity where the host publishes all tables, and with one the deletions would be sent to
 * subscribers, who do not have the table and stop. */
#include <postgres.h>

#include <access/genam.h>
#include <access/heapam.h>
#include <access/table.h>
#include <access/tableam.h>
#include <access/xact.h>
#include <executor/executor.h>
#include <executor/spi.h>
#include <funcapi.h>
#include <miscadmin.h>
#include <nodes/execnodes.h>
#include <storage/bufmgr.h>
#include <storage/lmgr.h>
#include <utils/rel.h>
#include <utils/snapmgr.h>
#include <utils/tuplestore.h>

#include "pg_extension/capture.h"
#include "pg_extension/statement_rights.h"

extern PGDLLEXPORT Datum postrider_take_captured(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(postrider_take_captured);

static void take_rows(Relation table, Tuplestorestate *taken, TupleDesc descriptor) {
    TableScanDesc scan = table_beginscan(table, GetActiveSnapshot(), 0, NULL);
    TupleTableSlot *row = table_slot_create(table, NULL);

    while (table_scan_getnextslot(scan, ForwardScanDirection, row)) {
        CHECK_FOR_INTERRUPTS();
        slot_getallattrs(row);
        tuplestore_putvalues(taken, descriptor, row->tts_values, row->tts_isnull);
        simple_heap_delete(table, &row->tts_tid);
    }
    ExecDropSingleTupleTableSlot(row);
    table_endscan(scan);
}

/* The rows that the statement's snapshot sees. Two that take at once wait for each other, and the
 * second one fails: whoever collects has a lock of his own. */
Datum postrider_take_captured(PG_FUNCTION_ARGS) {
    ReturnSetInfo *result = (ReturnSetInfo *)fcinfo->resultinfo;
    const Oid id = postrider_capture_log();
    MemoryContext caller;
    Relation table;

    if (result == NULL || !IsA(result, ReturnSetInfo) ||
        (result->allowedModes & SFRM_Materialize) == 0) {
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("function postrider.take_captured() cannot be called here")));
    }
    if (!OidIsValid(id)) {
        elog(ERROR, "table postrider.capture_log does not exist");
    }
    PreventCommandIfReadOnly("postrider.take_captured()");
    caller = MemoryContextSwitchTo(result->econtext->ecxt_per_query_memory);
    table = table_open(id, RowExclusiveLock);
    result->returnMode = SFRM_Materialize;
    result->setDesc = CreateTupleDescCopy(RelationGetDescr(table));
    result->setResult = tuplestore_begin_heap((result->allowedModes & SFRM_Materialize_Random) != 0,
                                              false, work_mem);
    MemoryContextSwitchTo(caller);
    take_rows(table, result->setResult, result->setDesc);
    table_close(table, NoLock);
    return (Datum)0;
}

/* More than a few transactions leave behind; below it, the place is used again. */
#define KEPT_BLOCKS (8 * 1024 * 1024 / BLCKSZ)

static bool is_large(Oid id) {
    Relation table = table_open(id, AccessShareLock);
    const bool large = RelationGetNumberOfBlocks(table) > KEPT_BLOCKS;

    table_close(table, AccessShareLock);
    return large;
}

/* The snapshot has to be younger than the lock: what a writer has committed before we got it has to
 * be seen. */
static bool is_empty(Oid id) {
    Relation table = table_open(id, NoLock);
    TableScanDesc scan = table_beginscan(table, GetActiveSnapshot(), 0, NULL);
    TupleTableSlot *row = table_slot_create(table, NULL);
    const bool has_row = table_scan_getnextslot(scan, ForwardScanDirection, row);

    ExecDropSingleTupleTableSlot(row);
    table_endscan(scan);
    table_close(table, NoLock);
    return !has_row;
}

/* Nothing of a user's is run by it: the table has no trigger, and nobody refers to it. */
static void truncate_as_owner(void) {
    Oid user;
    int context;

    GetUserIdAndSecContext(&user, &context);
    SetUserIdAndSecContext(postrider_open_state(AccessShareLock),
                           context | SECURITY_LOCAL_USERID_CHANGE);
    PG_TRY();
    {
        SPI_connect();
        SPI_execute("TRUNCATE ONLY postrider.capture_log", false, 0);
        SPI_finish();
    }
    PG_FINALLY();
    { SetUserIdAndSecContext(user, context); }
    PG_END_TRY();
}

void postrider_capture_give_back(void) {
    Oid id;

    StartTransactionCommand();
    id = postrider_capture_log();
    /* Never waits: who stands behind a waiting exclusive lock would wait too. */
    if (OidIsValid(id) && is_large(id) && ConditionalLockRelationOid(id, AccessExclusiveLock)) {
        PushActiveSnapshot(GetTransactionSnapshot());
        if (is_empty(id)) {
            truncate_as_owner();
        }
        PopActiveSnapshot();
    }
    CommitTransactionCommand();
}
