/* PG_TRY for C++, which may not contain one. */
#include "pg_extension/pg_try.h"

#include <utils/memutils.h>

static bool keeps_reports = false;

void postrider_keep_reports(void) {
    keeps_reports = true;
}

static ErrorData *copy_error(MemoryContext destination) {
    static ErrorData out_of_memory;
    ErrorData *volatile copy = NULL;

    PG_TRY();
    {
        MemoryContextSwitchTo(destination);
        copy = CopyErrorData();
    }
    PG_CATCH();
    {
        /* No memory even for the report: hand out a static one. */
        out_of_memory.elevel = ERROR;
        out_of_memory.sqlerrcode = ERRCODE_OUT_OF_MEMORY;
        out_of_memory.message = "out of memory while copying an error report";
        out_of_memory.assoc_context = ErrorContext;
        copy = &out_of_memory;
    }
    PG_END_TRY();
    FlushErrorState();
    return copy;
}

ErrorData *postrider_pg_try(void (*body)(void *), void *arg) {
    MemoryContext caller_context = CurrentMemoryContext;
    MemoryContext lasting =
        TopTransactionContext == NULL || keeps_reports ? TopMemoryContext : TopTransactionContext;
    ErrorData *volatile error = NULL;

    PG_TRY();
    { body(arg); }
    PG_CATCH();
    {
        error = copy_error(lasting);
        MemoryContextSwitchTo(caller_context);
    }
    PG_END_TRY();
    return error;
}
