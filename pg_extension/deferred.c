/* What unique_key_recheck() of the server does when a transaction ends, done for given rows. Under
 * session_replication_role = replica its trigger is silent, and the entries that were made in the
 * index are unproven. Whoever makes the same entry after us is told by the server to look again
 * himself, and waits for us; those before us are found here, committed or not. */
#include "pg_extension/deferred.h"

#include <access/genam.h>
#include <access/table.h>
#include <access/tableam.h>
#include <catalog/index.h>
#include <executor/executor.h>
#include <utils/rel.h>
#include <utils/snapmgr.h>

#include "pg_extension/compat.h"

static bool is_under_predicate(IndexInfo *info, EState *estate, ExprContext *context) {
    if (info->ii_Predicate == NIL) {
        return true;
    }
    return ExecQual(ExecPrepareQual(info->ii_Predicate, estate), context);
}

/* The server has one function for both kinds, which always speaks of an exclusion. */
static void check_index(Relation table, Relation index, TupleTableSlot *row) {
    const bool is_exclusion = index->rd_index->indisexclusion;
    IndexInfo *info = BuildIndexInfo(index);
    EState *estate = CreateExecutorState();
    ExprContext *context = GetPerTupleExprContext(estate);
    Datum values[INDEX_MAX_KEYS];
    bool nulls[INDEX_MAX_KEYS];

    context->ecxt_scantuple = row;
    if (!is_exclusion) {
        BuildSpeculativeIndexInfo(index, info);
    }
    if (is_under_predicate(info, estate, context)) {
        MemoryContext caller = CurrentMemoryContext;

        FormIndexDatum(info, row, estate, values, nulls);
        PG_TRY();
        {
            check_exclusion_constraint(table, index, info, &row->tts_tid, values, nulls, estate,
                                       false);
        }
        PG_CATCH();
        {
            if (is_exclusion || geterrcode() != ERRCODE_EXCLUSION_VIOLATION) {
                PG_RE_THROW();
            }
            MemoryContextSwitchTo(caller);
            FlushErrorState();
            ereport(ERROR, errcode(ERRCODE_UNIQUE_VIOLATION),
                    errmsg("duplicate key value violates unique constraint \"%s\"",
                           RelationGetRelationName(index)),
                    errtableconstraint(table, RelationGetRelationName(index)));
        }
        PG_END_TRY();
    }
    FreeExecutorState(estate);
}

static void check_row(Relation table, List *indexes, TupleTableSlot *row) {
    ListCell *cell;

    foreach (cell, indexes) {
        Relation index = index_open(lfirst_oid(cell), RowExclusiveLock);

        if (!index->rd_index->indimmediate && index->rd_index->indisready) {
            check_index(table, index, row);
        }
        index_close(index, NoLock);
    }
}

void postrider_check_deferred(SPITupleTable *rows) {
    Relation table = NULL;
    List *indexes = NIL;
    TupleTableSlot *row = NULL;

    for (uint64 number = 0; number < rows->numvals; ++number) {
        bool is_null;
        const Oid oid =
            DatumGetObjectId(SPI_getbinval(rows->vals[number], rows->tupdesc, 1, &is_null));
        ItemPointer place = (ItemPointer)DatumGetPointer(
            SPI_getbinval(rows->vals[number], rows->tupdesc, 2, &is_null));

        if (table == NULL || RelationGetRelid(table) != oid) {
            if (table != NULL) {
                ExecDropSingleTupleTableSlot(row);
                table_close(table, NoLock);
            }
            table = table_open(oid, RowExclusiveLock);
            indexes = RelationGetIndexList(table);
            row = table_slot_create(table, NULL);
        }
        /* A row that went meanwhile is in nobody's way. */
        if (table_tuple_fetch_row_version(table, place, SnapshotSelf, row)) {
            check_row(table, indexes, row);
        }
        ExecClearTuple(row);
    }
    if (table != NULL) {
        ExecDropSingleTupleTableSlot(row);
        table_close(table, NoLock);
    }
}
