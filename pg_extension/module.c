/* What the server calls when it loads the library. */
#include <postgres.h>

#include <miscadmin.h>

#include "pg_extension/capture.h"
#include "pg_extension/settings.h"
#include "pg_extension/statement_rights.h"
#include "pg_extension/wake.h"
#include "pg_extension/watch.h"
#include "pg_extension/worker_slots.h"
#include "pg_extension/worker_start.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
    postrider_define_settings();
    postrider_statement_rights_init();
    postrider_capture_plan_init();
    postrider_capture_chunks_init();
    postrider_wake_init();
    postrider_watch_init();
    postrider_slots_init();
    if (process_shared_preload_libraries_in_progress) {
        postrider_launcher_init();
    }
}
