/* What the server calls when it loads the library. */
#include "pg_extension/compat.h"

PG_MODULE_MAGIC;
