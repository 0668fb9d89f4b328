/* Takes what is in postrider.capture_log, for collecting.
 *
 * A DELETE in SQL would do the same, but the executor refuses it on a table without replica
 * identity where the host publishes all tables, and with one the deletions would be sent to
 * subscribers, who do not have the table and stop. */
#include <postgres.h>

#include <access/genam.h>
#include <access/heapam.h>
#include <access/table.h>
#include <access/tableam.h>
#include <executor/executor.h>
#include <funcapi.h>
#include <miscadmin.h>
#include <nodes/execnodes.h>
#include <utils/rel.h>
#include <utils/snapmgr.h>
#include <utils/tuplestore.h>

#include "pg_extension/capture.h"

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
