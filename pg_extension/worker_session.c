/* They are set as SET does it, since nothing less strong takes back what SET has done. */
#include <postgres.h>

#include "pg_extension/worker_session.h"

#include <miscadmin.h>
#include <postmaster/bgworker.h>
#include <utils/guc.h>

#include "pg_extension/compat.h"
#include "pg_extension/statement_rights.h"
#include "pg_extension/worker_start.h"

static const struct {
    const char *name;
    const char *value;
} settings[] = {
    {"search_path", POSTRIDER_SEARCH_PATH},
    /* Users' triggers do not fire for what the engine writes, and foreign keys are checked by the
     * engine (docs/correctness.md, A6). */
    {"session_replication_role", "replica"},
    {"row_security", "on"},
    {"lock_timeout", "10000"},
    {"statement_timeout", "0"},
    {"idle_in_transaction_session_timeout", "0"},
    {"default_transaction_read_only", "off"},
    {"default_transaction_deferrable", "off"},
    {"client_encoding", "UTF8"},
    {"DateStyle", "ISO, MDY"},
    {"IntervalStyle", "postgres"},
    {"extra_float_digits", "1"},
    {"application_name", "postrider"},
};

static void tell_role(void *argument pg_attribute_unused()) {
    errcontext("becoming the role of postrider.apply_role");
}

void postrider_connect_worker(void) {
    WorkerPlace place;
    ErrorContextCallback context = {error_context_stack, tell_role, NULL};

    memcpy(&place, MyBgworkerEntry->bgw_extra, sizeof place);
    error_context_stack = &context;
    BackgroundWorkerInitializeConnectionByOid(place.database, place.role, POSTRIDER_WORKER_FLAGS);
    error_context_stack = context.previous;
}

void postrider_settle_worker(void) {
    postrider_settle_role();
    for (size_t place = 0; place < lengthof(settings); ++place) {
        const char *now = GetConfigOption(settings[place].name, false, false);
        if (strcmp(now, settings[place].value) != 0) {
            SetConfigOption(settings[place].name, settings[place].value, PGC_SUSET, PGC_S_SESSION);
        }
    }
}

void postrider_settle_role(void) {
    if (GetUserId() != GetSessionUserId()) {
        SetConfigOption("role", "none", PGC_SUSET, PGC_S_SESSION);
    }
}
