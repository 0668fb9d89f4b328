/* What capture knows of a trigger's table, kept from one row to the next and dropped when the
 * catalogue says that something about it has changed. */
#include <postgres.h>

#include <access/genam.h>
#include <access/table.h>
#include <catalog/partition.h>
#include <catalog/pg_type.h>
#include <common/int.h>
#include <utils/builtins.h>
#include <utils/hsearch.h>
#include <utils/inval.h>
#include <utils/lsyscache.h>
#include <utils/memutils.h>
#include <utils/rel.h>
#include <utils/syscache.h>

#include "pg_extension/capture.h"

/* What decides which columns are told, and how. */
typedef struct PlanNames {
    AttrNumber key[INDEX_MAX_KEYS]; /* of the relation */
    List *kept;
} PlanNames;

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

/* --- The key ------------------------------------------------------------------------------- */

/* Whether the index tells all rows apart at any time. */
static bool is_key(Relation index, TupleDesc columns) {
    const Form_pg_index form = index->rd_index;

    if (!form->indisunique || !form->indimmediate || !form->indisvalid ||
        RelationGetIndexPredicate(index) != NIL) {
        return false;
    }
    for (int place = 0; place < form->indnkeyatts; ++place) {
        const AttrNumber attnum = form->indkey.values[place];
        if (attnum <= 0 || !TupleDescAttr(columns, attnum - 1)->attnotnull) {
            return false;
        }
    }
    return true;
}

/* The key's columns in the index's order; 0 when it is no key. */
static int key_of_index(Oid id, TupleDesc columns, AttrNumber *key) {
    Relation index = index_open(id, AccessShareLock);
    int count = 0;

    if (is_key(index, columns)) {
        count = index->rd_index->indnkeyatts;
        for (int place = 0; place < count; ++place) {
            key[place] = index->rd_index->indkey.values[place];
        }
    }
    index_close(index, AccessShareLock);
    return count;
}

/* The primary key, else the replica identity, else the oldest index that would do. */
static int find_key(Relation relation, AttrNumber *key) {
    List *indexes = RelationGetIndexList(relation); /* in the order of their oids */
    const Oid preferred[] = {postrider_primary_key(relation), RelationGetReplicaIndex(relation)};
    ListCell *cell;
    int count = 0;

    for (size_t place = 0; place < lengthof(preferred) && count == 0; ++place) {
        if (OidIsValid(preferred[place])) {
            count = key_of_index(preferred[place], RelationGetDescr(relation), key);
        }
    }
    foreach (cell, indexes) {
        if (count > 0) {
            break;
        }
        count = key_of_index(lfirst_oid(cell), RelationGetDescr(relation), key);
    }
    list_free(indexes);
    return count;
}

/* --- Columns ------------------------------------------------------------------------------- */

/* A type whose send format is the datum itself in network order, or nearly so. */
static bool direct_form(Oid type, ValueForm *form) {
    switch (type) {
    case BOOLOID:
        *form = VALUE_BYTE;
        return true;
    case INT2OID:
        *form = VALUE_SHORT;
        return true;
    case INT4OID:
    case OIDOID:
    case FLOAT4OID:
    case DATEOID:
        *form = VALUE_INT;
        return true;
    case INT8OID:
    case FLOAT8OID:
    case TIMEOID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
        *form = VALUE_LONG;
        return true;
    case UUIDOID:
        *form = VALUE_UUID;
        return true;
    case INTERVALOID:
        *form = VALUE_INTERVAL;
        return true;
    case NAMEOID:
        *form = VALUE_NAME;
        return true;
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case BYTEAOID:
    case JSONOID:
        *form = VALUE_RAW;
        return true;
    case JSONBOID:
        *form = VALUE_JSONB;
        return true;
    default:
        return false;
    }
}

static bool is_sent(Oid type) {
    ValueForm form;
    return direct_form(type, &form) || type == TIMETZOID || type == NUMERICOID || type == BITOID ||
           type == VARBITOID;
}

/* An array's send function sends the texts in it as if to the client. */
static bool has_text(Oid element) {
    return element == TEXTOID || element == VARCHAROID || element == BPCHAROID ||
           element == NAMEOID || element == JSONOID || element == JSONBOID;
}

/* Types whose output is the same under all settings. */
static bool has_fixed_output(Oid type) {
    switch (type) {
    case INETOID:
    case CIDROID:
    case MACADDROID:
    case MACADDR8OID:
    case XMLOID:
    case TSVECTOROID:
    case TSQUERYOID:
    case CHAROID:
    case INT2VECTOROID:
    case OIDVECTOROID:
    case PG_LSNOID:
        return true;
    default:
        return get_typtype(type) == TYPTYPE_ENUM;
    }
}

static void choose_form(CapturePlan *plan, CaptureColumn *column, Oid declared) {
    const Oid type = getBaseType(declared);
    const Oid element = get_element_type(type);
    Oid function;
    bool is_varlena;

    column->type = type;
    if (direct_form(type, &column->form)) {
        return;
    }
    if (is_sent(type) ||
        (OidIsValid(element) && is_sent(element) && get_array_type(element) == type)) {
        column->form = VALUE_SEND;
        getTypeBinaryOutputInfo(type, &function, &is_varlena);
        plan->server_encoding = plan->server_encoding || has_text(element);
    } else {
        column->form = VALUE_OUTPUT;
        column->type = InvalidOid;
        getTypeOutputInfo(type, &function, &is_varlena);
        plan->fixed_settings = plan->fixed_settings || !has_fixed_output(type);
    }
    fmgr_info_cxt(function, &column->function, plan->context);
}

static int place_of(const AttrNumber *attnums, int count, AttrNumber attnum) {
    for (int place = 0; place < count; ++place) {
        if (attnums[place] == attnum) {
            return place;
        }
    }
    return -1;
}

static bool is_named(List *names, const char *name) {
    ListCell *cell;
    foreach (cell, names) {
        if (strcmp(lfirst(cell), name) == 0) {
            return true;
        }
    }
    return false;
}

/* Adds the relation's column of this name. Of the generated ones only those that are stored, and in
 * the key or kept. */
static void add_column(CapturePlan *plan,
                       const FormData_pg_attribute *told,
                       const FormData_pg_attribute *attribute,
                       const PlanNames *names) {
    CaptureColumn *column = &plan->columns[plan->column_count];
    const int place = place_of(names->key, plan->key_count, attribute->attnum);
    const bool is_kept = is_named(names->kept, NameStr(attribute->attname));

    if (attribute->attgenerated != '\0' &&
        (attribute->attgenerated != ATTRIBUTE_GENERATED_STORED || (place < 0 && !is_kept))) {
        return;
    }
    column->attnum = told->attnum;
    column->place = attribute->attnum - 1;
    column->by_value = attribute->attbyval;
    column->length = attribute->attlen;
    column->in_key = place >= 0;
    choose_form(plan, column, attribute->atttypid);
    if (place >= 0) {
        plan->key[place] = plan->column_count;
    }
    if (is_kept) {
        plan->kept[plan->kept_count++] = plan->column_count;
    }
    ++plan->column_count;
}

static const FormData_pg_attribute *find_attribute(TupleDesc descriptor, const char *name) {
    for (int index = 0; index < descriptor->natts; ++index) {
        const FormData_pg_attribute *attribute = TupleDescAttr(descriptor, index);
        if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0) {
            return attribute;
        }
    }
    return NULL;
}

/* All columns that are there, with the attnums and in the order of the table that has the capture:
 * a partition may have them at other places. */
static void plan_columns(CapturePlan *plan, Relation relation, TupleDesc captured, List *kept) {
    TupleDesc descriptor = RelationGetDescr(relation);
    PlanNames names = {.kept = kept};

    plan->key_count = find_key(relation, names.key);
    plan->columns = palloc0(sizeof(CaptureColumn) * (Size)(captured->natts + 1));
    plan->key = palloc0(sizeof(int) * INDEX_MAX_KEYS);
    plan->kept = palloc0(sizeof(int) * (Size)(captured->natts + 1));
    for (int index = 0; index < captured->natts; ++index) {
        const FormData_pg_attribute *told = TupleDescAttr(captured, index);
        const FormData_pg_attribute *attribute = told;
        if (told->attisdropped) {
            continue;
        }
        if (captured != descriptor) {
            attribute = find_attribute(descriptor, NameStr(told->attname));
        }
        if (attribute != NULL) {
            add_column(plan, told, attribute, &names);
        }
    }
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

/* The columns of the table that has the capture: the relation's own, or of the table above all
 * whose trigger a partition has got. */
static TupleDesc captured_columns(CapturePlan *plan, Relation relation, const Trigger *trigger) {
    TupleDesc columns = RelationGetDescr(relation);
    ListCell *cell;

    if (!relation->rd_rel->relispartition) {
        return columns;
    }
    foreach (cell, get_partition_ancestors(RelationGetRelid(relation))) {
        Relation ancestor = table_open(lfirst_oid(cell), AccessShareLock);
        const TriggerDesc *triggers = ancestor->trigdesc;
        for (int index = 0; triggers != NULL && index < triggers->numtriggers; ++index) {
            const Trigger *other = &triggers->triggers[index];
            if (other->tgfoid == trigger->tgfoid && capture_id(other) == plan->state->id) {
                plan->is_part = true;
                columns = CreateTupleDescCopy(RelationGetDescr(ancestor));
            }
        }
        table_close(ancestor, AccessShareLock);
    }
    return columns;
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
    plan_columns(plan, trigger->tg_relation,
                 captured_columns(plan, trigger->tg_relation, trigger->tg_trigger),
                 kept_names(trigger->tg_trigger));
    plan_layout(plan);
    plan->valid = invalidations == invalidations_before;
    any_invalid = any_invalid || !plan->valid;
    MemoryContextSwitchTo(caller);
    MemoryContextSetParent(context, CacheMemoryContext);
    return plan;
}
