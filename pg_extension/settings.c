/* Names, texts and limits of the settings. */
#include <postgres.h>

#include "pg_extension/settings.h"

#include <utils/guc.h>

#include "pg_extension/compat.h"

char *postrider_secret_directory = NULL;

void postrider_define_settings(void) {
    DefineCustomStringVariable(
        "postrider.secret_directory", "Directory of the secret files of Postrider's nodes.",
        "Outside of the data directory and of every tablespace, so that no backup holds it.",
        &postrider_secret_directory, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
    postrider_reserve_settings("postrider");
}
