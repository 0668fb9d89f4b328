/* What the server calls when it loads the library. */
#include <postgres.h>

#include "pg_extension/capture.h"
#include "pg_extension/settings.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
    postrider_define_settings();
    postrider_capture_plan_init();
    postrider_capture_chunks_init();
}
