// SQLite's interface, the same names for both builds of this folder: through the host's table of
// functions in the loadable extension (POSTRIDER_LOADABLE), linked in programs and tests. Two
// copies of SQLite on one file in one process would drop each other's locks.
#pragma once

#ifdef POSTRIDER_LOADABLE
#include <sqlite3ext.h>

extern "C" {
SQLITE_EXTENSION_INIT3
}
#else
#include <sqlite3.h>
#endif
