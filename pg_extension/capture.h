/*
 * Capture in PostgreSQL: an AFTER trigger notes whole changes, and the changes of a transaction are
 * packed into rows of postrider.capture_log, which wire/capture_log.hpp describes and reads.
 *
 * capture.c          the trigger function: which event, and what changed
 * capture_plan.c     what is known of a trigger's table, kept from one row to the next
 * capture_columns.c  which of its columns are told, and how
 * capture_encode.c   values and records
 * capture_chunks.c   rows of the log: packing, subtransactions, the end of a transaction
 * capture_declared.c whether the trigger is one of this database's own
 * capture_take.c     reads and removes rows of the log
 */
#ifndef POSTRIDER_CAPTURE_H
#define POSTRIDER_CAPTURE_H

#include <postgres.h>

#include <commands/trigger.h>
#include <executor/tuptable.h>

#include "pg_extension/compat.h"

/* The first byte of each record in the log. */
typedef enum RecordKind {
    RECORD_LAYOUT = 1,
    RECORD_INSERT = 2,
    RECORD_UPDATE = 3,
    RECORD_DELETE = 4,
    RECORD_TRUNCATE = 5,
    RECORD_LOST = 6,
} RecordKind;

/* How a value's bytes are made. */
typedef enum ValueForm {
    VALUE_BYTE,     /* by value, 1 byte */
    VALUE_SHORT,    /* by value, 2 bytes in network order, and so on */
    VALUE_INT,      /* … */
    VALUE_LONG,     /* … */
    VALUE_UUID,     /* 16 bytes as they are */
    VALUE_INTERVAL, /* microseconds, days, months */
    VALUE_NAME,     /* a zero-terminated text */
    VALUE_RAW,      /* the bytes of a variable-length value as they are */
    VALUE_JSONB,    /* version 1, then the text */
    VALUE_SEND,     /* what the type's send function gives */
    VALUE_OUTPUT,   /* what the type's output function gives */
} ValueForm;

/* Bytes that grow. They may become more than palloc gives at once. */
typedef struct CaptureBuffer {
    MemoryContext context;
    uint8 *bytes;
    Size used;
    Size capacity;
} CaptureBuffer;

typedef struct CaptureColumn {
    AttrNumber attnum; /* as the log tells it: of the table that has the capture */
    Oid type;          /* as the log tells it: 0 for the text form */
    int place;         /* in a row of the relation, from 0 */
    int16 length;
    bool by_value;
    bool in_key;
    ValueForm form;
    FmgrInfo function; /* of VALUE_SEND and VALUE_OUTPUT */
} CaptureColumn;

/* What is known of a capture id in this process, whatever relations it is made of. */
typedef struct CaptureState {
    uint64 id;            /* the hash key; first */
    uint64 stated_in;     /* the chunk that tells `stated_layout` last */
    uint64 stated_layout; /* CapturePlan.layout_number */
    uint64 lost_in;       /* the transaction, and its subtransaction, that has noted LOST */
    SubTransactionId lost_subxact;
    uint64 truncated_in; /* the same for TRUNCATE, and its command */
    SubTransactionId truncated_subxact;
    CommandId truncated_command;
} CaptureState;

/* What is known of one trigger's table. Not valid any more: it is replaced at its next use, and
 * freed when the transaction has ended, since somebody may be encoding with it. */
typedef struct CapturePlan {
    struct CapturePlan *next_retired;
    MemoryContext context;
    Oid trigger;
    Oid relation;
    bool valid;
    bool is_declared;     /* else the trigger came with a dump, and notes nothing */
    bool is_part;         /* the capture belongs to a table of which this is a partition */
    bool fixed_settings;  /* output depends on settings */
    bool server_encoding; /* a send function would convert to the client's encoding */
    CaptureState *state;
    int column_count;
    CaptureColumn *columns;
    int key_count; /* 0: rows cannot be told apart */
    int *key;      /* indexes into columns */
    int kept_count;
    int *kept;
    uint64 layout_number; /* equal for equal layouts of a capture, else different */
    CaptureBuffer layout; /* the whole LAYOUT record */
} CapturePlan;

/* module.c calls these once. */
extern void postrider_capture_plan_init(void);
extern void postrider_capture_chunks_init(void);

/* capture.c: the statements of Postrider itself, whose changes are not to be captured again. */

/* Between begin and end the caller runs one statement, read_only = false: what that statement
 * itself changes is not captured; what triggers and foreign keys make of it is. It ends by itself
 * with the (sub)transaction that is aborted. */
extern bool postrider_applying;
extern void postrider_applying_begin(void);
extern void postrider_applying_end(void);
extern void postrider_applying_aborted(SubTransactionId subxact);

/* capture_plan.c */
extern CapturePlan *postrider_capture_plan(const TriggerData *trigger);
extern void postrider_capture_plan_sweep(void);

/* capture_columns.c */

/* `captured` is the table whose places of columns are told, `kept` has names as C strings. */
extern void postrider_plan_columns(CapturePlan *plan, Relation relation, Oid captured, List *kept);

/* capture_encode.c */
extern void postrider_buffer_reserve(CaptureBuffer *buffer, Size more);
extern void postrider_put_byte(CaptureBuffer *buffer, uint8 byte);
extern void postrider_put_varint(CaptureBuffer *buffer, uint64 number);
extern void postrider_encode_event(CaptureBuffer *buffer, RecordKind kind, CapturePlan *plan);
extern void postrider_encode_insert(CaptureBuffer *buffer, CapturePlan *plan, TupleTableSlot *row);
/* `changed` has a bit for each column of the plan. */
extern void postrider_encode_update(CaptureBuffer *buffer,
                                    CapturePlan *plan,
                                    TupleTableSlot *old,
                                    TupleTableSlot *row,
                                    const uint8 *changed);
extern void postrider_encode_delete(CaptureBuffer *buffer, CapturePlan *plan, TupleTableSlot *old);

/* capture_chunks.c */

/* A buffer for one record; it goes back with its record, or with the transaction. */
extern CaptureBuffer *postrider_record_begin(void);
/* Puts the record into the log, behind all that was captured before. */
extern void postrider_record_end(CaptureBuffer *record, CapturePlan *plan);
/* A number of this transaction that no other one of this process has. */
extern uint64 postrider_capture_transaction(void);
/* The table postrider.capture_log; invalid when it is not there. */
extern Oid postrider_capture_log(void);

/* capture_declared.c */
extern bool postrider_capture_is_declared(uint64 id);

/* capture_take.c */

/* Gives what a drained log takes on the disk back to the file system, where nobody reads or writes
 * it just then. A transaction of its own. */
extern void postrider_capture_give_back(void);

#endif
