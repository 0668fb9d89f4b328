/* Whether a trigger belongs to a capture of this database.
 *
 * pg_dump writes the triggers of a captured table down with the table. Where they are restored and
 * nobody has declared anything, nobody would ever take what they write into the log. */
#include <postgres.h>

#include <access/genam.h>
#include <access/htup_details.h>
#include <access/stratnum.h>
#include <access/table.h>
#include <catalog/namespace.h>
#include <utils/fmgroids.h>
#include <utils/lsyscache.h>
#include <utils/rel.h>
#include <utils/snapmgr.h>

#include "pg_extension/capture.h"

/* By a snapshot of this moment: the trigger may be younger than the transaction's. */
bool postrider_capture_is_declared(uint64 id) {
    const Oid schema = get_namespace_oid("postrider", true);
    const Oid index = OidIsValid(schema) ? get_relname_relid("capture_pkey", schema) : InvalidOid;
    Relation table;
    Snapshot snapshot;
    SysScanDesc scan;
    ScanKeyData key;
    bool found;

    if (!OidIsValid(index)) {
        return false; /* the extension goes just now */
    }
    table = table_open(get_relname_relid("capture", schema), AccessShareLock);
    snapshot = RegisterSnapshot(GetLatestSnapshot());
    ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum((int64)id));
    scan = systable_beginscan(table, index, true, snapshot, 1, &key);
    found = HeapTupleIsValid(systable_getnext(scan));
    systable_endscan(scan);
    UnregisterSnapshot(snapshot);
    table_close(table, AccessShareLock);
    return found;
}
