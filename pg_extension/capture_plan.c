/* What capture knows of a trigger's table, kept from one row to the next and dropped when the
 * catalogue says that something about it has changed. */
#include <postgres.h>

#include <access/genam.h>
#include <access/htup_details.h>
#include <access/table.h>
#include <catalog/partition.h>
#include <catalog/pg_trigger.h>
#include <common/int.h>
#include <utils/builtins.h>
#include <utils/fmgroids.h>
#include <utils/hsearch.h>
#include <utils/inval.h>
#include <utils/lsyscache.h>
#include <utils/memutils.h>
#include <utils/rel.h>
#include <utils/syscache.h>

#include "pg_extension/capture.h"

typedef struct PlanEntry {
    Oid trigger; /* the hash key; first */
    CapturePlan *plan;
} PlanEntry;

static HTAB *plans;
static HTAB *states;
static CapturePlan *plan_used_last;
static CapturePlan *retired;
static bool any_invalid;
static uint64 invalidations; /* counted, to see one that comes while a plan is made */
static uint64 last_layout_number;

static CapturePlan *make_plan(const TriggerData *trigger);

/* --- The plans of this process ------------------------------------------------------------- */

static void invalidate(Oid relation) {
    HASH_SEQ_STATUS scan;
    PlanEntry *entry;

    ++invalidations;
    hash_seq_init(&scan, plans);
    while ((entry = hash_seq_search(&scan)) != NULL) {
        if (entry->plan != NULL && (!OidIsValid(relation) || entry->plan->relation == relation)) {
            entry->plan->valid = false;
            any_invalid = true;
        }
    }
}

static void relation_changed(Datum argument pg_attribute_unused(), Oid relation) {
    invalidate(relation);
}

static void type_changed(Datum argument pg_attribute_unused(),
                         int cache pg_attribute_unused(),
                         uint32 hash pg_attribute_unused()) {
    invalidate(InvalidOid);
}

void postrider_capture_plan_init(void) {
    HASHCTL plan_control = {.keysize = sizeof(Oid), .entrysize = sizeof(PlanEntry)};
    HASHCTL state_control = {.keysize = sizeof(uint64), .entrysize = sizeof(CaptureState)};

    plans = hash_create("postrider capture plans", 32, &plan_control, HASH_ELEM | HASH_BLOBS);
    states = hash_create("postrider captures", 32, &state_control, HASH_ELEM | HASH_BLOBS);
    CacheRegisterRelcacheCallback(relation_changed, (Datum)0);
    CacheRegisterSyscacheCallback(TYPEOID, type_changed, (Datum)0);
}

/* Frees the plans that are not valid any more, when nobody uses one: at the end of a
 * transaction. */
void postrider_capture_plan_sweep(void) {
    HASH_SEQ_STATUS scan;
    PlanEntry *entry;

    while (retired != NULL) {
        CapturePlan *plan = retired;
        retired = plan->next_retired;
        MemoryContextDelete(plan->context);
    }
    if (!any_invalid) {
        return;
    }
    any_invalid = false;
    plan_used_last = NULL;
    hash_seq_init(&scan, plans);
    while ((entry = hash_seq_search(&scan)) != NULL) {
        if (entry->plan == NULL || !entry->plan->valid) {
            if (entry->plan != NULL) {
                MemoryContextDelete(entry->plan->context);
            }
            hash_search(plans, &entry->trigger, HASH_REMOVE, NULL);
        }
    }
}

CapturePlan *postrider_capture_plan(const TriggerData *trigger) {
    const Oid id = trigger->tg_trigger->tgoid;
    PlanEntry *entry;
    CapturePlan *plan;
    bool found;

    if (plan_used_last != NULL && plan_used_last->trigger == id && plan_used_last->valid) {
        return plan_used_last;
    }
    entry = hash_search(plans, &id, HASH_FIND, NULL);
    if (entry == NULL || entry->plan == NULL || !entry->plan->valid) {
        plan = make_plan(trigger);
        entry = hash_search(plans, &id, HASH_ENTER, &found);
        if (found && entry->plan != NULL) {
            entry->plan->next_retired = retired;
            retired = entry->plan;
        }
        entry->plan = plan;
    }
    plan_used_last = entry->plan;
    return plan_used_last;
}

/* --- The trigger's arguments --------------------------------------------------------------- */

static uint64 capture_id(const Trigger *trigger) {
    const char *text = trigger->tgnargs > 0 ? trigger->tgargs[0] : "";
    uint64 id = 0;

    for (const char *digit = text; *digit != '\0'; ++digit) {
        if (*digit < '0' || *digit > '9' || pg_mul_u64_overflow(id, 10, &id) ||
            pg_add_u64_overflow(id, (uint64)(*digit - '0'), &id) || id > PG_INT64_MAX) {
            text = "";
            break;
        }
    }
    if (*text == '\0') {
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                 errmsg("trigger \"%s\" does not name a capture by its number", trigger->tgname)));
    }
    return id;
}

/* The names in "price","na""me" as C strings. */
static List *kept_names(const Trigger *trigger) {
    List *names = NIL;
    const char *rest = trigger->tgnargs > 1 ? trigger->tgargs[1] : "";

    while (*rest == '"') {
        char *name = palloc(strlen(rest) + 1);
        char *end = name;
        for (++rest; *rest != '\0' && (*rest != '"' || rest[1] == '"'); ++rest) {
            rest += *rest == '"';
            *end++ = *rest;
        }
        *end = '\0';
        names = lappend(names, name);
        if (rest[0] == '"' && rest[1] == '\0') {
            return names;
        }
        rest += rest[0] == '"' && rest[1] == ',' ? 2 : 0;
    }
    if (*rest != '\0' || names != NIL) {
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("trigger \"%s\" does not name the columns to keep as "
                               "quoted names with commas between",
                               trigger->tgname)));
    }
    return NIL;
}

/* --- The layout ---------------------------------------------------------------------------- */

static void put_indexes(CaptureBuffer *buffer, const int *indexes, int count) {
    postrider_put_varint(buffer, (uint64)count);
    for (int place = 0; place < count; ++place) {
        postrider_put_varint(buffer, (uint64)indexes[place]);
    }
}

static uint64 number_of_layout(const CapturePlan *plan) {
    HASH_SEQ_STATUS scan;
    PlanEntry *entry;
    uint64 number = 0;

    hash_seq_init(&scan, plans);
    while ((entry = hash_seq_search(&scan)) != NULL) {
        const CapturePlan *other = entry->plan;
        if (other != NULL && other->state == plan->state &&
            other->layout.used == plan->layout.used &&
            memcmp(other->layout.bytes, plan->layout.bytes, plan->layout.used) == 0) {
            number = other->layout_number;
        }
    }
    return number != 0 ? number : ++last_layout_number;
}

static void plan_layout(CapturePlan *plan) {
    CaptureBuffer *layout = &plan->layout;

    layout->context = plan->context;
    postrider_encode_event(layout, RECORD_LAYOUT, plan);
    postrider_put_varint(layout, (uint64)plan->column_count);
    for (int index = 0; index < plan->column_count; ++index) {
        postrider_put_varint(layout, (uint64)plan->columns[index].attnum);
        postrider_put_varint(layout, plan->columns[index].type);
    }
    put_indexes(layout, plan->key, plan->key_count);
    put_indexes(layout, plan->kept, plan->kept_count);
    plan->layout_number = number_of_layout(plan);
}

/* --- A plan -------------------------------------------------------------------------------- */

/* Whether the table has a trigger of the same capture. The catalogue is asked, since a lock on a
 * table above the one that is being written could meet one that waits for that. */
static bool has_capture(Oid table, const Trigger *trigger) {
    Relation triggers = table_open(TriggerRelationId, AccessShareLock);
    ScanKeyData key;
    SysScanDesc scan;
    HeapTuple row;
    bool found = false;

    ScanKeyInit(&key, Anum_pg_trigger_tgrelid, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(table));
    scan = systable_beginscan(triggers, TriggerRelidNameIndexId, true, NULL, 1, &key);
    while (!found && HeapTupleIsValid(row = systable_getnext(scan))) {
        const FormData_pg_trigger *form = (const FormData_pg_trigger *)GETSTRUCT(row);
        bool is_null;
        const Datum arguments =
            heap_getattr(row, Anum_pg_trigger_tgargs, RelationGetDescr(triggers), &is_null);
        /* Each argument ends with a zero; the first one names the capture. */
        found = form->tgfoid == trigger->tgfoid && form->tgnargs > 0 && !is_null &&
                strcmp(VARDATA_ANY(DatumGetByteaPP(arguments)), trigger->tgargs[0]) == 0;
    }
    systable_endscan(scan);
    table_close(triggers, AccessShareLock);
    return found;
}

/* The table that has the capture: the relation, or the one above all whose trigger a partition has
 * got. */
static Oid captured_table(CapturePlan *plan, Relation relation, const Trigger *trigger) {
    Oid table = RelationGetRelid(relation);
    ListCell *cell;

    if (!relation->rd_rel->relispartition) {
        return table;
    }
    foreach (cell, get_partition_ancestors(RelationGetRelid(relation))) {
        if (has_capture(lfirst_oid(cell), trigger)) {
            plan->is_part = true;
            table = lfirst_oid(cell);
        }
    }
    return table;
}

static CaptureState *state_of(uint64 id) {
    bool found;
    CaptureState *state = hash_search(states, &id, HASH_ENTER, &found);
    if (!found) {
        memset(state, 0, sizeof *state);
        state->id = id;
    }
    return state;
}

static CapturePlan *make_plan(const TriggerData *trigger) {
    /* Freed with its parent if anything fails on the way. */
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "postrider capture plan", ALLOCSET_SMALL_SIZES);
    MemoryContext caller = MemoryContextSwitchTo(context);
    const uint64 invalidations_before = invalidations;
    const uint64 id = capture_id(trigger->tg_trigger);
    CapturePlan *plan = palloc0(sizeof(CapturePlan));

    plan->context = context;
    plan->trigger = trigger->tg_trigger->tgoid;
    plan->relation = RelationGetRelid(trigger->tg_relation);
    plan->state = state_of(id);
    plan->is_declared = postrider_capture_is_declared(id);
    postrider_plan_columns(plan, trigger->tg_relation,
                           captured_table(plan, trigger->tg_relation, trigger->tg_trigger),
                           kept_names(trigger->tg_trigger));
    plan_layout(plan);
    plan->valid = invalidations == invalidations_before;
    any_invalid = any_invalid || !plan->valid;
    MemoryContextSwitchTo(caller);
    MemoryContextSetParent(context, CacheMemoryContext);
    return plan;
}
