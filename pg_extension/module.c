/* What the server calls when it loads the library. */
#include "pg_extension/compat.h"
#include "pg_extension/settings.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void _PG_init(void) {
    postrider_define_settings();
}
