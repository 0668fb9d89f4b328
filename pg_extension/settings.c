/* Names, texts and limits of the settings. */
#include <postgres.h>

#include "pg_extension/settings.h"

#include <nodes/pg_list.h>
#include <utils/guc.h>
#include <utils/varlena.h>

#include "pg_extension/compat.h"

char *postrider_secret_directory = NULL;
char *postrider_directories = NULL;
char *postrider_databases = NULL;
char *postrider_apply_role = NULL;
bool postrider_apply_role_may_be_superuser = false;

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

static bool check_directories(char **value,
                              void **extra pg_attribute_unused(),
                              GucSource source pg_attribute_unused()) {
    char *copy = pstrdup(*value);
    List *names = NIL;
    bool is_list = SplitDirectoriesString(copy, ',', &names);
    ListCell *cell;

    foreach (cell, names) {
        is_list = is_list && is_absolute_path((const char *)lfirst(cell));
    }
    if (!is_list) {
        GUC_check_errdetail("Paths begin with \"/\" and are separated by commas; those with commas "
                            "stand in double quotes.");
    }
    pfree(copy);
    list_free_deep(names);
    return is_list;
}

void postrider_define_settings(void) {
    DefineCustomStringVariable(
        "postrider.secret_directory", "Directory of the secret files of Postrider's nodes.",
        "Outside of the data directory and of every tablespace, so that no backup holds it.",
        &postrider_secret_directory, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL, NULL);
    DefineCustomStringVariable(
        "postrider.directories", "Directories in which whoever may declare may have maildirs.",
        "Others are for roles with the rights of pg_write_server_files.", &postrider_directories,
        "", PGC_SUSET, GUC_SUPERUSER_ONLY | GUC_LIST_INPUT, check_directories, NULL, NULL);
    DefineCustomStringVariable(
        "postrider.databases", "Databases in which a worker of Postrider is kept at work.",
        "Empty: all that have the extension. Needs shared_preload_libraries = 'postrider'.",
        &postrider_databases, "", PGC_SIGHUP, GUC_LIST_INPUT, check_databases, NULL, NULL);
    DefineCustomStringVariable(
        "postrider.apply_role", "Role that the workers are, whose rights count for users' tables.",
        "It can log in, with a connection limit of 0 if nobody else is to, and is no superuser.",
        &postrider_apply_role, POSTRIDER_OWN_APPLY_ROLE, PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL,
        NULL);
    DefineCustomBoolVariable(
        "postrider.apply_role_may_be_superuser",
        "Lets postrider.apply_role be a superuser, or one whom row level security does not bind.",
        "Triggers, defaults and conditions of every table of a task then run as it.",
        &postrider_apply_role_may_be_superuser, false, PGC_SIGHUP, GUC_SUPERUSER_ONLY, NULL, NULL,
        NULL);
    postrider_reserve_settings("postrider");
}
