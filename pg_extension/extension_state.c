/* Reads pg_extension. */
#include <postgres.h>

#include "pg_extension/extension_state.h"

#include <access/genam.h>
#include <access/htup_details.h>
#include <access/stratnum.h>
#include <access/table.h>
#include <access/xact.h>
#include <catalog/indexing.h>
#include <catalog/pg_extension.h>
#include <utils/builtins.h>
#include <utils/fmgroids.h>

#include "pg_extension/compat.h"

static void read_row(HeapTuple row, Relation table, ExtensionState *state) {
    bool is_null;
    const Datum version =
        heap_getattr(row, Anum_pg_extension_extversion, RelationGetDescr(table), &is_null);

    state->id = ((const FormData_pg_extension *)GETSTRUCT(row))->oid;
    if (!is_null) {
        strlcpy(state->version, TextDatumGetCString(version), sizeof state->version);
    }
    /* The library's third number says nothing about the SQL side. */
    state->is_ours = strncmp(POSTRIDER_VERSION, state->version, strlen(state->version)) == 0 &&
                     POSTRIDER_VERSION[strlen(state->version)] == '.';
}

ExtensionState postrider_extension_state(void) {
    ExtensionState state = {InvalidOid, false, ""};
    ScanKeyData key;
    Relation table;
    SysScanDesc scan;
    HeapTuple row;

    StartTransactionCommand();
    ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
                CStringGetDatum("postrider"));
    table = table_open(ExtensionRelationId, AccessShareLock);
    scan = systable_beginscan(table, ExtensionNameIndexId, true, NULL, 1, &key);
    row = systable_getnext(scan);
    if (HeapTupleIsValid(row)) {
        read_row(row, table, &state);
    }
    systable_endscan(scan);
    table_close(table, AccessShareLock);
    CommitTransactionCommand();
    return state;
}
