/* The trigger function of capture: which event it is, and what changed. */
#include <postgres.h>

#include "pg_extension/capture.h"

#include <access/detoast.h>
#include <access/htup_details.h>
#include <access/xact.h>
#include <utils/builtins.h>
#include <utils/fmgrprotos.h>
#include <utils/rel.h>

bool postrider_applying = false;
static CommandId applying_command;
static SubTransactionId applying_subxact;
static int applying_depth;

extern PGDLLEXPORT Datum postrider_capture(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(postrider_capture);

/* --- Postrider's own statements ------------------------------------------------------------ */

static int trigger_depth(void) {
    LOCAL_FCINFO(fcinfo, 0);
    InitFunctionCallInfoData(*fcinfo, NULL, 0, InvalidOid, NULL, NULL);
    return DatumGetInt32(pg_trigger_depth(fcinfo));
}

void postrider_applying_begin(void) {
    /* The statement then runs with this command id, and everything that runs inside of it with a
     * later one. Trigger depth and SPI level would not tell: what a cascade changes has its
     * triggers fired at the level of the statement that began it. */
    CommandCounterIncrement();
    applying_command = GetCurrentCommandId(false);
    applying_subxact = GetCurrentSubTransactionId();
    applying_depth = trigger_depth();
    postrider_applying = true;
}

void postrider_applying_end(void) {
    postrider_applying = false;
}

void postrider_applying_aborted(SubTransactionId subxact) {
    if (postrider_applying && applying_subxact >= subxact) {
        postrider_applying = false;
    }
}

/* Whether the event is the work of the statement that Postrider applies. */
static bool is_own(const TriggerData *trigger) {
    if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)) {
        /* Nothing cascades by a TRUNCATE of its own. */
        return trigger_depth() == applying_depth + 1;
    }
    if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event)) {
        return HeapTupleHeaderGetCmax(trigger->tg_trigtuple->t_data) == applying_command;
    }
    if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)) {
        return HeapTupleHeaderGetCmin(trigger->tg_newtuple->t_data) == applying_command;
    }
    return HeapTupleHeaderGetCmin(trigger->tg_trigtuple->t_data) == applying_command;
}

/* --- What changed -------------------------------------------------------------------------- */

static bool same_bytes(const struct varlena *left, const struct varlena *right) {
    return VARSIZE_ANY_EXHDR(left) == VARSIZE_ANY_EXHDR(right) &&
           memcmp(VARDATA_ANY(left), VARDATA_ANY(right), VARSIZE_ANY_EXHDR(left)) == 0;
}

static bool is_plain(const struct varlena *value) {
    return VARATT_IS_4B_U(value) || (VARATT_IS_SHORT(value) && !VARATT_IS_EXTERNAL(value));
}

/* The same content, however it is stored. Equal pointers to a toast table are equal without a look
 * at what they point to. */
static bool same_varlena(struct varlena *left, struct varlena *right) {
    struct varlena *left_plain;
    struct varlena *right_plain;
    bool same;

    if (is_plain(left) && is_plain(right)) {
        return same_bytes(left, right);
    }
    if (VARSIZE_ANY(left) == VARSIZE_ANY(right) && memcmp(left, right, VARSIZE_ANY(left)) == 0) {
        return true;
    }
    if (toast_raw_datum_size(PointerGetDatum(left)) !=
        toast_raw_datum_size(PointerGetDatum(right))) {
        return false;
    }
    left_plain = pg_detoast_datum_packed(left);
    right_plain = pg_detoast_datum_packed(right);
    same = same_bytes(left_plain, right_plain);
    if (left_plain != left) {
        pfree(left_plain);
    }
    if (right_plain != right) {
        pfree(right_plain);
    }
    return same;
}

static bool
is_same(const CaptureColumn *column, const TupleTableSlot *old, const TupleTableSlot *row) {
    const int index = column->place;
    const Datum left = old->tts_values[index];
    const Datum right = row->tts_values[index];

    if (old->tts_isnull[index] || row->tts_isnull[index]) {
        return old->tts_isnull[index] && row->tts_isnull[index];
    }
    if (column->by_value) {
        return left == right;
    }
    if (column->length == -1) {
        return same_varlena((struct varlena *)DatumGetPointer(left),
                            (struct varlena *)DatumGetPointer(right));
    }
    if (column->length == -2) {
        return strcmp(DatumGetCString(left), DatumGetCString(right)) == 0;
    }
    return memcmp(DatumGetPointer(left), DatumGetPointer(right), (Size)column->length) == 0;
}

/* --- Events -------------------------------------------------------------------------------- */

/* The table has to be read whole. Once in a subtransaction says it. */
static void note_lost(CapturePlan *plan) {
    CaptureState *state = plan->state;
    CaptureBuffer *record;

    if (state->lost_in == postrider_capture_transaction() &&
        state->lost_subxact == GetCurrentSubTransactionId()) {
        return;
    }
    record = postrider_record_begin();
    postrider_encode_event(record, RECORD_LOST, plan);
    state->lost_in = postrider_capture_transaction();
    state->lost_subxact = GetCurrentSubTransactionId();
    postrider_record_end(record, plan);
}

static void note_truncate(CapturePlan *plan) {
    CaptureState *state = plan->state;
    CaptureBuffer *record;

    if (plan->is_part) {
        /* A partition that is emptied alone leaves the rows of the others. Where the whole table
         * was, its own trigger has just said so. */
        if (state->truncated_in != postrider_capture_transaction() ||
            state->truncated_subxact != GetCurrentSubTransactionId() ||
            state->truncated_command != GetCurrentCommandId(false)) {
            note_lost(plan);
        }
        return;
    }
    record = postrider_record_begin();
    postrider_encode_event(record, RECORD_TRUNCATE, plan);
    state->truncated_in = postrider_capture_transaction();
    state->truncated_subxact = GetCurrentSubTransactionId();
    state->truncated_command = GetCurrentCommandId(false);
    postrider_record_end(record, plan);
}

static void note_insert(CapturePlan *plan, TupleTableSlot *row) {
    CaptureBuffer *record = postrider_record_begin();
    postrider_encode_insert(record, plan, row);
    postrider_record_end(record, plan);
}

static void note_delete(CapturePlan *plan, TupleTableSlot *old) {
    CaptureBuffer *record = postrider_record_begin();
    postrider_encode_delete(record, plan, old);
    postrider_record_end(record, plan);
}

static void note_update(CapturePlan *plan, TupleTableSlot *old, TupleTableSlot *row) {
    uint8 changed[MaxHeapAttributeNumber / 8 + 1];
    bool any = false;
    bool key_changed = false;
    CaptureBuffer *record;

    memset(changed, 0, (Size)(plan->column_count + 7) / 8);
    for (int index = 0; index < plan->column_count; ++index) {
        const CaptureColumn *column = &plan->columns[index];
        if (!is_same(column, old, row)) {
            changed[index / 8] |= (uint8)(1U << (index % 8));
            any = true;
            key_changed = key_changed || column->in_key;
        }
    }
    if (!any) {
        return;
    }
    if (key_changed) {
        note_delete(plan, old);
        note_insert(plan, row);
        return;
    }
    record = postrider_record_begin();
    postrider_encode_update(record, plan, old, row, changed);
    postrider_record_end(record, plan);
}

/* A column that is NOT NULL may have nulls from before, where the constraint is not valid yet. */
static bool has_key(const CapturePlan *plan, TupleTableSlot *row) {
    slot_getallattrs(row);
    for (int place = 0; place < plan->key_count; ++place) {
        if (row->tts_isnull[plan->columns[plan->key[place]].place]) {
            return false;
        }
    }
    return plan->key_count > 0;
}

static void note_row(CapturePlan *plan, const TriggerData *trigger) {
    const bool is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);

    if (!has_key(plan, trigger->tg_trigslot) ||
        (is_update && !has_key(plan, trigger->tg_newslot))) {
        note_lost(plan);
    } else if (is_update) {
        note_update(plan, trigger->tg_trigslot, trigger->tg_newslot);
    } else if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event)) {
        note_insert(plan, trigger->tg_trigslot);
    } else {
        note_delete(plan, trigger->tg_trigslot);
    }
}

static void check_event(const TriggerData *trigger) {
    const bool is_truncate = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event);
    if (!TRIGGER_FIRED_AFTER(trigger->tg_event)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("trigger \"%s\" of function postrider.capture() must be fired AFTER",
                               trigger->tg_trigger->tgname)));
    }
    if (is_truncate ? !TRIGGER_FIRED_FOR_STATEMENT(trigger->tg_event)
                    : !TRIGGER_FIRED_FOR_ROW(trigger->tg_event)) {
        ereport(ERROR,
                (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                 errmsg("trigger \"%s\" of function postrider.capture() must be fired FOR EACH %s",
                        trigger->tg_trigger->tgname, is_truncate ? "STATEMENT" : "ROW")));
    }
}

Datum postrider_capture(PG_FUNCTION_ARGS) {
    const TriggerData *trigger = (const TriggerData *)fcinfo->context;
    CapturePlan *plan;

    if (!CALLED_AS_TRIGGER(fcinfo)) {
        ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                        errmsg("function postrider.capture() must be called as a trigger")));
    }
    check_event(trigger);
    if (postrider_applying && is_own(trigger)) {
        return PointerGetDatum(NULL);
    }
    plan = postrider_capture_plan(trigger);
    if (!plan->is_declared) {
        return PointerGetDatum(NULL);
    }
    if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)) {
        note_truncate(plan);
    } else {
        note_row(plan, trigger);
    }
    return PointerGetDatum(NULL);
}
