/* Which columns a plan has: the key that tells rows apart, what is kept, and how values are made.
 */
#include <postgres.h>

#include <access/genam.h>
#include <catalog/pg_type.h>
#include <utils/lsyscache.h>
#include <utils/rel.h>

#include "pg_extension/capture.h"

/* What decides which columns are told, and how. */
typedef struct PlanNames {
    AttrNumber key[INDEX_MAX_KEYS]; /* of the relation */
    List *kept;
} PlanNames;

/* A column of the relation, and its place in the table that has the capture. */
typedef struct ToldColumn {
    AttrNumber attnum;
    const FormData_pg_attribute *attribute;
} ToldColumn;

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
static void add_column(CapturePlan *plan, const ToldColumn *told, const PlanNames *names) {
    const FormData_pg_attribute *attribute = told->attribute;
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

static int by_told_attnum(const void *left, const void *right) {
    return ((const ToldColumn *)left)->attnum - ((const ToldColumn *)right)->attnum;
}

/* All columns that are there, with the attnums and in the order of the table that has the capture:
 * a partition may have them at other places. */
void postrider_plan_columns(CapturePlan *plan, Relation relation, Oid captured, List *kept) {
    TupleDesc descriptor = RelationGetDescr(relation);
    const Size count_max = (Size)descriptor->natts + 1;
    ToldColumn *told = palloc0(sizeof(ToldColumn) * count_max);
    PlanNames names = {.kept = kept};
    size_t count = 0;

    for (int index = 0; index < descriptor->natts; ++index) {
        const FormData_pg_attribute *attribute = TupleDescAttr(descriptor, index);
        if (!attribute->attisdropped) {
            told[count].attribute = attribute;
            told[count++].attnum = captured == RelationGetRelid(relation)
                                       ? attribute->attnum
                                       : get_attnum(captured, NameStr(attribute->attname));
        }
    }
    qsort(told, count, sizeof(ToldColumn), by_told_attnum);
    plan->key_count = find_key(relation, names.key);
    plan->columns = palloc0(sizeof(CaptureColumn) * count_max);
    plan->key = palloc0(sizeof(int) * INDEX_MAX_KEYS);
    plan->kept = palloc0(sizeof(int) * count_max);
    for (size_t index = 0; index < count; ++index) {
        add_column(plan, &told[index], &names);
    }
    pfree(told);
}
