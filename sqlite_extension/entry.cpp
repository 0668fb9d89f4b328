// Where SQLite enters: `.load mod_postrider`, or sqlite3_load_extension. SQLite derives the name of
// the function from the letters of the file's name.
#include <initializer_list>

#include <sodium.h>
#include <sqlite3ext.h>

#include "sqlite_extension/surface.hpp"

extern "C" {
SQLITE_EXTENSION_INIT1
}

namespace {

/// Triggers, upserts and the functions used here are all there since this version.
constexpr int sqlite_version_min = 3'037'000;

} // namespace

extern "C" __attribute__((visibility("default"))) int sqlite3_modpostrider_init(
    sqlite3 *connection, char **error, const sqlite3_api_routines *api) noexcept {
    SQLITE_EXTENSION_INIT2(api)
    if (sqlite3_libversion_number() < sqlite_version_min) {
        *error = sqlite3_mprintf("Postrider needs SQLite 3.37 or later, and this is %s",
                                 sqlite3_libversion());
        return SQLITE_ERROR;
    }
    if (sodium_init() < 0) {
        *error = sqlite3_mprintf("could not start libsodium");
        return SQLITE_ERROR;
    }
    for (const auto add :
         {postrider::sqlite::register_functions, postrider::sqlite::register_table_functions,
          postrider::sqlite::register_look_functions}) {
        if (const int code = add(connection); code != SQLITE_OK) {
            return code;
        }
    }
    // The library stays when this connection closes: a worker thread may be running in it.
    return SQLITE_OK_LOAD_PERMANENTLY;
}
