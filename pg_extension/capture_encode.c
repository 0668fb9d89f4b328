/* Values and records of capture, as wire/capture_log.hpp describes them. */
#include <postgres.h>

#include <catalog/namespace.h>
#include <mb/pg_wchar.h>
#include <miscadmin.h>
#include <port/pg_bswap.h>
#include <utils/bytea.h>
#include <utils/float.h>
#include <utils/guc.h>
#include <utils/jsonb.h>
#include <utils/memutils.h>
#include <utils/timestamp.h>

#include "pg_extension/capture.h"

enum { VARINT_BYTES_MAX = 10, FIXED_BYTES_MAX = 17 };

/* --- Bytes --------------------------------------------------------------------------------- */

static void grow(CaptureBuffer *buffer, Size more) {
    Size capacity = Max(buffer->capacity * 2, 256);

    while (capacity < buffer->used + more) {
        capacity *= 2;
    }
    buffer->bytes = buffer->bytes == NULL ? MemoryContextAllocHuge(buffer->context, capacity)
                                          : repalloc_huge(buffer->bytes, capacity);
    buffer->capacity = capacity;
}

void postrider_buffer_reserve(CaptureBuffer *buffer, Size more) {
    if (buffer->capacity - buffer->used < more) {
        grow(buffer, more);
    }
}

void postrider_put_byte(CaptureBuffer *buffer, uint8 byte) {
    postrider_buffer_reserve(buffer, 1);
    buffer->bytes[buffer->used++] = byte;
}

/* Where there is room for it. */
static inline void append_varint(CaptureBuffer *buffer, uint64 number) {
    while (number >= 0x80) {
        buffer->bytes[buffer->used++] = (uint8)(number | 0x80);
        number >>= 7;
    }
    buffer->bytes[buffer->used++] = (uint8)number;
}

static inline void append_bytes(CaptureBuffer *buffer, const void *bytes, Size size) {
    memcpy(buffer->bytes + buffer->used, bytes, size);
    buffer->used += size;
}

void postrider_put_varint(CaptureBuffer *buffer, uint64 number) {
    postrider_buffer_reserve(buffer, VARINT_BYTES_MAX);
    append_varint(buffer, number);
}

static void put_bytes(CaptureBuffer *buffer, const void *bytes, Size size) {
    postrider_buffer_reserve(buffer, VARINT_BYTES_MAX + size);
    append_varint(buffer, size);
    append_bytes(buffer, bytes, size);
}

/* A bitmap of `count` zero bits; gives its place, since the buffer moves. */
static Size put_bitmap(CaptureBuffer *buffer, int count) {
    const Size size = (Size)(count + 7) / 8;
    const Size place = buffer->used;

    postrider_buffer_reserve(buffer, size);
    memset(buffer->bytes + place, 0, size);
    buffer->used += size;
    return place;
}

static inline void set_bit(CaptureBuffer *buffer, Size bitmap, int index) {
    buffer->bytes[bitmap + (Size)index / 8] |= (uint8)(1U << (index % 8));
}

static inline bool has_bit(const uint8 *bitmap, int index) {
    return (bitmap[index / 8] & (1U << (index % 8))) != 0;
}

/* --- The settings that output functions look at -------------------------------------------- */

static void set_for_now(const char *name, const char *value) {
    (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                            false);
}

/* Gives the level to go back to, or -1: the settings are right. An ERROR goes back by itself. */
static int begin_settings(const CapturePlan *plan) {
    const bool is_client_encoding =
        plan->server_encoding && pg_get_client_encoding() != GetDatabaseEncoding();
    int level;

    if (!plan->fixed_settings && !is_client_encoding) {
        return -1;
    }
    level = NewGUCNestLevel();
    if (is_client_encoding) {
        set_for_now("client_encoding", GetDatabaseEncodingName());
    }
    if (plan->fixed_settings) {
        if (DateStyle != USE_ISO_DATES) {
            set_for_now("datestyle", "ISO");
        }
        if (IntervalStyle != INTSTYLE_POSTGRES) {
            set_for_now("intervalstyle", "postgres");
        }
        if (extra_float_digits < 1) {
            set_for_now("extra_float_digits", "1");
        }
        /* Within ranges and composite values stand times, byte strings and names of objects. */
        if (strcmp(pg_get_timezone_name(session_timezone), "UTC") != 0) {
            set_for_now("timezone", "UTC");
        }
        if (bytea_output != BYTEA_OUTPUT_HEX) {
            set_for_now("bytea_output", "hex");
        }
        if (strcmp(namespace_search_path, "pg_catalog") != 0) {
            set_for_now("search_path", "pg_catalog");
        }
    }
    return level;
}

static void end_settings(int level) {
    if (level >= 0) {
        AtEOXact_GUC(true, level);
    }
}

/* --- Values -------------------------------------------------------------------------------- */

static void put_raw(CaptureBuffer *buffer, Datum value) {
    struct varlena *stored = (struct varlena *)DatumGetPointer(value);
    struct varlena *plain = pg_detoast_datum_packed(stored);

    put_bytes(buffer, VARDATA_ANY(plain), VARSIZE_ANY_EXHDR(plain));
    if (plain != stored) {
        pfree(plain);
    }
}

static void put_jsonb(CaptureBuffer *buffer, Datum value) {
    Jsonb *json = DatumGetJsonbP(value);
    StringInfoData text;

    initStringInfo(&text);
    (void)JsonbToCString(&text, &json->root, (int)VARSIZE(json));
    postrider_buffer_reserve(buffer, VARINT_BYTES_MAX + 1 + (Size)text.len);
    append_varint(buffer, (uint64)text.len + 1);
    buffer->bytes[buffer->used++] = 1;
    append_bytes(buffer, text.data, (Size)text.len);
    pfree(text.data);
    if ((Pointer)json != DatumGetPointer(value)) {
        pfree(json);
    }
}

static void put_sent(CaptureBuffer *buffer, CaptureColumn *column, Datum value) {
    bytea *sent = SendFunctionCall(&column->function, value);

    put_bytes(buffer, VARDATA(sent), VARSIZE(sent) - VARHDRSZ);
    pfree(sent);
}

static void put_output(CaptureBuffer *buffer, CaptureColumn *column, Datum value) {
    char *text = OutputFunctionCall(&column->function, value);

    put_bytes(buffer, text, strlen(text));
    pfree(text);
}

/* The values whose size is known before. */
static void put_fixed(CaptureBuffer *buffer, ValueForm form, Datum value) {
    postrider_buffer_reserve(buffer, FIXED_BYTES_MAX);
    if (form == VALUE_BYTE) {
        buffer->bytes[buffer->used++] = 1;
        buffer->bytes[buffer->used++] = DatumGetBool(value) ? 1 : 0;
    } else if (form == VALUE_SHORT) {
        const uint16 number = pg_hton16(DatumGetUInt16(value));
        buffer->bytes[buffer->used++] = sizeof number;
        append_bytes(buffer, &number, sizeof number);
    } else if (form == VALUE_INT) {
        const uint32 number = pg_hton32(DatumGetUInt32(value));
        buffer->bytes[buffer->used++] = sizeof number;
        append_bytes(buffer, &number, sizeof number);
    } else {
        const uint64 number = pg_hton64((uint64)DatumGetInt64(value));
        buffer->bytes[buffer->used++] = sizeof number;
        append_bytes(buffer, &number, sizeof number);
    }
}

static void put_interval(CaptureBuffer *buffer, const Interval *interval) {
    const uint64 time = pg_hton64((uint64)interval->time);
    const uint32 day = pg_hton32((uint32)interval->day);
    const uint32 month = pg_hton32((uint32)interval->month);

    postrider_buffer_reserve(buffer, FIXED_BYTES_MAX);
    buffer->bytes[buffer->used++] = sizeof time + sizeof day + sizeof month;
    append_bytes(buffer, &time, sizeof time);
    append_bytes(buffer, &day, sizeof day);
    append_bytes(buffer, &month, sizeof month);
}

static void put_value(CaptureBuffer *buffer, CaptureColumn *column, const TupleTableSlot *row) {
    const Datum value = row->tts_values[column->place];

    switch (column->form) {
    case VALUE_BYTE:
    case VALUE_SHORT:
    case VALUE_INT:
    case VALUE_LONG:
        put_fixed(buffer, column->form, value);
        break;
    case VALUE_UUID:
        put_bytes(buffer, DatumGetPointer(value), 16);
        break;
    case VALUE_INTERVAL:
        put_interval(buffer, DatumGetIntervalP(value));
        break;
    case VALUE_NAME:
        put_bytes(buffer, DatumGetPointer(value), strlen(DatumGetPointer(value)));
        break;
    case VALUE_RAW:
        put_raw(buffer, value);
        break;
    case VALUE_JSONB:
        put_jsonb(buffer, value);
        break;
    case VALUE_SEND:
        put_sent(buffer, column, value);
        break;
    case VALUE_OUTPUT:
        put_output(buffer, column, value);
        break;
    }
}

static inline bool is_null(const CaptureColumn *column, const TupleTableSlot *row) {
    return row->tts_isnull[column->place];
}

/* --- Records ------------------------------------------------------------------------------- */

void postrider_encode_event(CaptureBuffer *buffer, RecordKind kind, CapturePlan *plan) {
    postrider_put_byte(buffer, (uint8)kind);
    postrider_put_varint(buffer, plan->state->id);
}

/* The kept columns as they were. */
static void put_kept(CaptureBuffer *buffer, CapturePlan *plan, const TupleTableSlot *old) {
    const Size nulls = put_bitmap(buffer, plan->kept_count);

    for (int place = 0; place < plan->kept_count; ++place) {
        CaptureColumn *column = &plan->columns[plan->kept[place]];
        if (is_null(column, old)) {
            set_bit(buffer, nulls, place);
        } else {
            put_value(buffer, column, old);
        }
    }
}

/* The null bitmap, then the values; all of them, or those that `given` has. */
static void
put_row(CaptureBuffer *buffer, CapturePlan *plan, const TupleTableSlot *row, const uint8 *given) {
    const Size nulls = put_bitmap(buffer, plan->column_count);

    for (int index = 0; index < plan->column_count; ++index) {
        CaptureColumn *column = &plan->columns[index];
        if (given != NULL && !has_bit(given, index)) {
            continue;
        }
        if (is_null(column, row)) {
            set_bit(buffer, nulls, index);
        } else {
            put_value(buffer, column, row);
        }
    }
}

void postrider_encode_insert(CaptureBuffer *buffer, CapturePlan *plan, TupleTableSlot *row) {
    const int settings = begin_settings(plan);

    postrider_encode_event(buffer, RECORD_INSERT, plan);
    put_row(buffer, plan, row, NULL);
    end_settings(settings);
}

void postrider_encode_update(CaptureBuffer *buffer,
                             CapturePlan *plan,
                             TupleTableSlot *old,
                             TupleTableSlot *row,
                             const uint8 *changed) {
    const int settings = begin_settings(plan);
    uint8 given[MaxHeapAttributeNumber / 8 + 1];
    Size place;

    memset(given, 0, sizeof given);
    for (int index = 0; index < plan->column_count; ++index) {
        if (plan->kept_count > 0 || plan->columns[index].in_key || has_bit(changed, index)) {
            given[index / 8] |= (uint8)(1U << (index % 8));
        }
    }
    postrider_encode_event(buffer, RECORD_UPDATE, plan);
    place = put_bitmap(buffer, plan->column_count);
    memcpy(buffer->bytes + place, given, (Size)(plan->column_count + 7) / 8);
    put_row(buffer, plan, row, given);
    if (plan->kept_count > 0) {
        put_kept(buffer, plan, old);
    }
    end_settings(settings);
}

void postrider_encode_delete(CaptureBuffer *buffer, CapturePlan *plan, TupleTableSlot *old) {
    const int settings = begin_settings(plan);

    postrider_encode_event(buffer, RECORD_DELETE, plan);
    for (int place = 0; place < plan->key_count; ++place) {
        put_value(buffer, &plan->columns[plan->key[place]], old);
    }
    if (plan->kept_count > 0) {
        put_kept(buffer, plan, old);
    }
    end_settings(settings);
}
