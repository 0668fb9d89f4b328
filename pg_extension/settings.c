/* Names, texts and limits of the settings. */
#include <postgres.h>

#include "pg_extension/settings.h"

#include <nodes/pg_list.h>
#include <utils/guc.h>
#include <utils/varlena.h>

#include "pg_extension/compat.h"

char *postrider_secret_directory = NULL;
char *postrider_databases = NULL;

static bool check_databases(char **value,
                            void **extra pg_attribute_unused(),
                            GucSource source pg_attribute_unused()) {
    char *copy = pstrdup(*value);
    List *names = NIL;
    const bool is_list = SplitIdentifierString(copy, ',', &names);

    if (!is_list) {
        GUC_check_errdetail("Names are separated by commas; those with other characters than small "
                            "letters, digits and underscores stand in double quotes.");
    }
    pfree(copy);
    list_free(names);
    return is_list;
}

void postrider_define_settings(void) {
    DefineCustomStringVariable(
        "postrider.secret_directory", "Directory of the secret files of Postrider's nodes.",
        "Outside of the data directory and of every tablespace, so that no backup holds it.",
        &postrider_secret_directory, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
    DefineCustomStringVariable(
        "postrider.databases", "Databases in which a worker of Postrider is kept at work.",
        "Empty: all that have the extension. Needs shared_preload_libraries = 'postrider'.",
        &postrider_databases, "", PGC_SIGHUP, GUC_LIST_INPUT, check_databases, NULL, NULL);
    postrider_reserve_settings("postrider");
}
