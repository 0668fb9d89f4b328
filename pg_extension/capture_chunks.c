/* Rows of postrider.capture_log: records are packed into chunks that fill a page each, and what a
 * subtransaction has captured lives and dies with it.
 *
 * A row is written by the subtransaction whose changes it tells, or by one that has committed into
 * it. Each nesting level that has captured something has a chunk of its own in memory; an outer
 * level's chunk waits while an inner level works. A chunk takes its ordinal when it is begun, and
 * is gone on with as long as no row with a later ordinal was written, so ordinals follow the
 * changes. When an inner level commits, its chunk is appended to the outer one. Where it does not
 * fit, the outer one is written by the inner level in its last moment and kept until that has
 * committed: so a level has one chunk in memory, however many inner ones it has. */
#include <postgres.h>

#include <access/heapam.h>
#include <access/htup_details.h>
#include <access/table.h>
#include <access/xact.h>
#include <access/xlog.h>
#include <catalog/namespace.h>
#include <utils/inval.h>
#include <utils/lsyscache.h>
#include <utils/memutils.h>
#include <utils/xid8.h>

#include "pg_extension/capture.h"
#include "pg_extension/wake.h"

enum {
    LOG_COLUMNS = 4,
    CHUNK_BYTES_FIRST = 512,
    RECORD_BYTES_KEPT = 64 * 1024, /* a record's buffer of more is given back at once */
};

/* What fits on a page with the row's other columns, so that a row is never stored out of line. */
#define CONTENT_BYTES_MAX ((Size)(MaxHeapTupleSize - 96))
/* A greater record could not be read again in one piece. */
#define RECORD_BYTES_MAX ((Size)MaxAllocSize - 1024)

enum { CONTENT_RECORD = 0, CONTENT_CONTINUED = 1 };

typedef struct Chunk {
    struct Chunk *next;
    int64 ordinal;
    uint64 serial;               /* of this process; CaptureState.stated_in */
    SubTransactionId written_by; /* valid: this inner level has written it and may yet abort */
    uint64 first_layout;         /* the layout that it begins with, and its size */
    Size first_layout_bytes;
    uint64 last_layout; /* the layout that was told last */
    Size used;          /* of the content; 0: not begun */
    Size capacity;
    char *value; /* a bytea: its header, then the content */
} Chunk;

typedef struct Level {
    struct Level *outer;
    SubTransactionId subxact;
    Chunk *first; /* never null */
    Chunk *last;
} Level;

static struct {
    MemoryContext context; /* null: nothing was captured in this transaction */
    Level *level;
    CaptureBuffer *record; /* one that nobody uses */
    int64 last_ordinal;
    int64 last_written; /* the greatest ordinal of a row that was written */
    uint64 serial;
    XLogRecPtr flush_number; /* 0 before the transaction's end */
} transaction;

static uint64 last_transaction_serial;
static uint64 last_chunk_serial;
static Oid log_table;

/* --- Rows ---------------------------------------------------------------------------------- */

static void table_changed(Datum argument pg_attribute_unused(), Oid relation) {
    if (!OidIsValid(relation) || relation == log_table) {
        log_table = InvalidOid;
    }
}

Oid postrider_capture_log(void) {
    if (!OidIsValid(log_table)) {
        const Oid schema = get_namespace_oid("postrider", true);
        log_table = OidIsValid(schema) ? get_relname_relid("capture_log", schema) : InvalidOid;
    }
    return log_table;
}

/* The row bears the xid of the subtransaction that works now. `content` is a bytea. */
static void insert_row(int64 ordinal, const char *content) {
    const Oid id = postrider_capture_log();
    Datum values[LOG_COLUMNS];
    bool nulls[LOG_COLUMNS] = {false, transaction.flush_number == InvalidXLogRecPtr, false, false};
    Relation table;
    HeapTuple row;

    if (!OidIsValid(id)) {
        return; /* this transaction has dropped the extension */
    }
    table = table_open(id, RowExclusiveLock);
    if (RelationGetNumberOfAttributes(table) != LOG_COLUMNS) {
        elog(ERROR, "table postrider.capture_log has an unexpected number of columns");
    }
    values[0] = FullTransactionIdGetDatum(GetTopFullTransactionId());
    values[1] = Int64GetDatum((int64)transaction.flush_number);
    values[2] = Int64GetDatum(ordinal);
    values[3] = PointerGetDatum(content);
    row = heap_form_tuple(RelationGetDescr(table), values, nulls);
    /* Not for logical decoding: who subscribes to all tables of the host does not want this one. */
    heap_insert(table, row, GetCurrentCommandId(true), HEAP_INSERT_NO_LOGICAL, NULL);
    heap_freetuple(row);
    table_close(table, NoLock);
    transaction.last_written = Max(transaction.last_written, ordinal);
}

static void write_chunk(Chunk *chunk) {
    SET_VARSIZE(chunk->value, VARHDRSZ + chunk->used);
    insert_row(chunk->ordinal, chunk->value);
}

/* --- Chunks -------------------------------------------------------------------------------- */

static Chunk *new_chunk(void) {
    Chunk *chunk = MemoryContextAllocZero(transaction.context, sizeof(Chunk));

    chunk->capacity = CHUNK_BYTES_FIRST;
    chunk->value = MemoryContextAlloc(transaction.context, VARHDRSZ + chunk->capacity);
    return chunk;
}

static void free_chunk(Chunk *chunk) {
    pfree(chunk->value);
    pfree(chunk);
}

static void reserve(Chunk *chunk, Size more) {
    if (chunk->capacity - chunk->used < more) {
        const Size capacity = Min(CONTENT_BYTES_MAX, Max(chunk->capacity * 2, chunk->used + more));
        chunk->value = repalloc(chunk->value, VARHDRSZ + capacity);
        chunk->capacity = capacity;
    }
}

static void append(Chunk *chunk, const void *bytes, Size size) {
    memcpy(chunk->value + VARHDRSZ + chunk->used, bytes, size);
    chunk->used += size;
}

static void begin_chunk(Chunk *chunk, char first_byte) {
    chunk->used = 0;
    chunk->ordinal = ++transaction.last_ordinal;
    chunk->serial = ++last_chunk_serial;
    chunk->written_by = InvalidSubTransactionId;
    chunk->first_layout = 0;
    chunk->first_layout_bytes = 0;
    chunk->last_layout = 0;
    reserve(chunk, 1);
    append(chunk, &first_byte, 1);
}

/* --- Levels -------------------------------------------------------------------------------- */

static void begin_transaction(void) {
    transaction.context =
        AllocSetContextCreate(TopTransactionContext, "postrider capture", ALLOCSET_DEFAULT_SIZES);
    transaction.serial = ++last_transaction_serial;
}

static void forget_transaction(void) {
    memset(&transaction, 0, sizeof transaction);
}

static Level *current_level(void) {
    const SubTransactionId subxact = GetCurrentSubTransactionId();
    Level *level;

    if (transaction.level != NULL && transaction.level->subxact == subxact) {
        return transaction.level;
    }
    level = MemoryContextAllocZero(transaction.context, sizeof(Level));
    level->first = level->last = new_chunk();
    level->subxact = subxact;
    level->outer = transaction.level;
    transaction.level = level;
    return level;
}

static void pop_level(void) {
    Level *level = transaction.level;

    transaction.level = level->outer;
    pfree(level);
}

/* Writes what waits at the level, which is the current one; an empty chunk is left. */
static void write_level(Level *level) {
    for (;;) {
        Chunk *chunk = level->first;
        if (chunk->used > 0) {
            write_chunk(chunk);
            chunk->used = 0;
        }
        if (chunk->next == NULL) {
            return;
        }
        level->first = chunk->next;
        free_chunk(chunk);
    }
}

/* --- Records ------------------------------------------------------------------------------- */

uint64 postrider_capture_transaction(void) {
    if (transaction.context == NULL) {
        begin_transaction();
    }
    return transaction.serial;
}

CaptureBuffer *postrider_record_begin(void) {
    CaptureBuffer *record;

    (void)postrider_capture_transaction();
    record = transaction.record;
    /* An output function may capture in turn: it then gets another one. */
    transaction.record = NULL;
    if (record == NULL) {
        record = MemoryContextAllocZero(transaction.context, sizeof(CaptureBuffer));
        record->context = transaction.context;
    }
    record->used = 0;
    return record;
}

static void end_buffer(CaptureBuffer *record) {
    if (transaction.record == NULL && record->capacity <= RECORD_BYTES_KEPT) {
        transaction.record = record;
    } else {
        pfree(record->bytes);
        pfree(record);
    }
}

/* A record that no chunk could take: it begins a row, and further rows go on with it. */
static void write_large(Level *level, const CaptureBuffer *record, const CapturePlan *plan) {
    const CaptureBuffer *parts[] = {&plan->layout, record};
    Chunk *chunk = level->last;

    begin_chunk(chunk, CONTENT_RECORD);
    for (size_t part = 0; part < lengthof(parts); ++part) {
        for (Size done = 0; done < parts[part]->used;) {
            Size size;
            if (chunk->used == CONTENT_BYTES_MAX) {
                write_chunk(chunk);
                begin_chunk(chunk, CONTENT_CONTINUED);
            }
            size = Min(parts[part]->used - done, CONTENT_BYTES_MAX - chunk->used);
            reserve(chunk, size);
            append(chunk, parts[part]->bytes + done, size);
            done += size;
        }
    }
    write_chunk(chunk);
    chunk->used = 0;
}

static void append_layout(Chunk *chunk, CapturePlan *plan) {
    if (chunk->used == 1) {
        chunk->first_layout = plan->layout_number;
        chunk->first_layout_bytes = plan->layout.used;
    }
    append(chunk, plan->layout.bytes, plan->layout.used);
    chunk->last_layout = plan->layout_number;
    plan->state->stated_in = chunk->serial;
    plan->state->stated_layout = plan->layout_number;
}

static void add_record(const CaptureBuffer *record, CapturePlan *plan) {
    Level *level = current_level();
    Chunk *chunk = level->last;
    bool has_layout = chunk->used > 0 && plan->state->stated_in == chunk->serial &&
                      plan->state->stated_layout == plan->layout_number;
    Size more = record->used + (has_layout ? 0 : plan->layout.used);

    if (chunk->used > 0 && (transaction.last_written > chunk->ordinal || level->first != chunk ||
                            chunk->used + more > CONTENT_BYTES_MAX)) {
        write_level(level);
        chunk = level->last;
        has_layout = false;
        more = record->used + plan->layout.used;
    }
    if (1 + more > CONTENT_BYTES_MAX && chunk->used == 0) {
        write_large(level, record, plan);
        return;
    }
    if (chunk->used == 0) {
        begin_chunk(chunk, CONTENT_RECORD);
    }
    reserve(chunk, more);
    if (!has_layout) {
        append_layout(chunk, plan);
    }
    append(chunk, record->bytes, record->used);
}

void postrider_record_end(CaptureBuffer *record, CapturePlan *plan) {
    if (record->used > RECORD_BYTES_MAX) {
        record->used = 0;
        postrider_encode_event(record, RECORD_LOST, plan);
    }
    add_record(record, plan);
    if (transaction.flush_number != InvalidXLogRecPtr) {
        /* The transaction's end has already been noted. */
        write_level(transaction.level);
    }
    end_buffer(record);
}

/* --- The ends of transactions -------------------------------------------------------------- */

/* The last row tells where the transaction stands among others. The number is the place in the WAL:
 * it is taken after all changes, and whoever depends on them takes his own after our commit record
 * was written. A sequence would do as well, but its nextval would become the session's lastval().
 */
static void flush_transaction(void) {
    Level *level = transaction.level;

    if (level == NULL || transaction.flush_number != InvalidXLogRecPtr) {
        return;
    }
    if (level->first->next != NULL || transaction.last_written > level->first->ordinal) {
        write_level(level);
    }
    if (level->first->used == 0) {
        begin_chunk(level->first, CONTENT_RECORD);
    }
    transaction.flush_number = GetXLogInsertRecPtr();
    write_level(level);
    postrider_wake_at_commit();
}

static void transaction_event(XactEvent event, void *argument pg_attribute_unused()) {
    switch (event) {
    case XACT_EVENT_PRE_COMMIT:
    case XACT_EVENT_PRE_PREPARE:
        flush_transaction();
        break;
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PREPARE:
    case XACT_EVENT_ABORT:
        forget_transaction();
        postrider_applying_aborted(TopSubTransactionId);
        postrider_capture_plan_sweep();
        break;
    case XACT_EVENT_PARALLEL_PRE_COMMIT:
    case XACT_EVENT_PARALLEL_COMMIT:
    case XACT_EVENT_PARALLEL_ABORT:
        break;
    }
}

/* Whether the inner level's chunk can be appended to the outer one's: it fits, and no row stands
 * between them. */
static bool can_join(const Level *inner, const Level *outer) {
    const Chunk *left = outer->last;
    const Chunk *right = inner->first;

    return left->used > 0 && right->next == NULL && transaction.last_written < left->ordinal &&
           left->used + right->used - 1 <= CONTENT_BYTES_MAX;
}

/* The inner level is still at work: what has to be written or allocated is so now. */
static void before_subcommit(SubTransactionId subxact, SubTransactionId outer_subxact) {
    Level *inner = transaction.level;
    Level *outer = inner == NULL ? NULL : inner->outer;

    if (outer == NULL || inner->subxact != subxact || outer->subxact != outer_subxact ||
        inner->first->used == 0) {
        return;
    }
    if (can_join(inner, outer)) {
        reserve(outer->last, inner->first->used - 1);
        return;
    }
    for (Chunk *chunk = outer->first; chunk != NULL; chunk = chunk->next) {
        if (chunk->used > 0) {
            write_chunk(chunk);
            chunk->written_by = subxact;
        }
    }
}

/* Appends the inner chunk; a layout that is told again is left out. */
static void join(Chunk *left, const Chunk *right) {
    const Size skipped =
        1 + (right->first_layout == left->last_layout ? right->first_layout_bytes : 0);

    append(left, right->value + VARHDRSZ + skipped, right->used - skipped);
    left->last_layout = right->last_layout;
    left->serial = right->serial;
}

static void drop_written(Level *level, SubTransactionId subxact) {
    for (;;) {
        Chunk *chunk = level->first;
        if (chunk->used > 0 && chunk->written_by == subxact) {
            chunk->used = 0;
        }
        if (chunk->used > 0 || chunk->next == NULL) {
            return;
        }
        level->first = chunk->next;
        free_chunk(chunk);
    }
}

/* Nothing may fail here. */
static void after_subcommit(SubTransactionId subxact, SubTransactionId outer_subxact) {
    Level *inner = transaction.level;
    Level *outer = inner == NULL ? NULL : inner->outer;

    if (inner == NULL || inner->subxact != subxact) {
        return;
    }
    if (outer == NULL || outer->subxact != outer_subxact) {
        inner->subxact = outer_subxact;
        return;
    }
    drop_written(outer, subxact);
    if (inner->first->used == 0) {
        free_chunk(inner->first);
    } else if (can_join(inner, outer) &&
               outer->last->capacity - outer->last->used >= inner->first->used - 1) {
        join(outer->last, inner->first);
        free_chunk(inner->first);
    } else if (outer->last->used == 0) {
        free_chunk(outer->last);
        outer->first = inner->first;
        outer->last = inner->last;
    } else {
        outer->last->next = inner->first;
        outer->last = inner->last;
    }
    pop_level();
}

static void after_subabort(SubTransactionId subxact) {
    while (transaction.level != NULL && transaction.level->subxact >= subxact) {
        Level *level = transaction.level;
        while (level->first != NULL) {
            Chunk *chunk = level->first;
            level->first = chunk->next;
            free_chunk(chunk);
        }
        pop_level();
    }
    if (transaction.level != NULL) {
        /* What the level has written in the place of the outer one has gone with it. */
        for (Chunk *chunk = transaction.level->first; chunk != NULL; chunk = chunk->next) {
            if (chunk->written_by == subxact) {
                chunk->written_by = InvalidSubTransactionId;
            }
        }
    }
    postrider_applying_aborted(subxact);
}

static void subtransaction_event(SubXactEvent event,
                                 SubTransactionId subxact,
                                 SubTransactionId outer_subxact,
                                 void *argument pg_attribute_unused()) {
    switch (event) {
    case SUBXACT_EVENT_START_SUB:
        break;
    case SUBXACT_EVENT_PRE_COMMIT_SUB:
        before_subcommit(subxact, outer_subxact);
        break;
    case SUBXACT_EVENT_COMMIT_SUB:
        after_subcommit(subxact, outer_subxact);
        break;
    case SUBXACT_EVENT_ABORT_SUB:
        after_subabort(subxact);
        break;
    }
}

void postrider_capture_chunks_init(void) {
    RegisterXactCallback(transaction_event, NULL);
    RegisterSubXactCallback(subtransaction_event, NULL);
    CacheRegisterRelcacheCallback(table_changed, (Datum)0);
}
