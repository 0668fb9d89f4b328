/* The role that workers are: their session user, whose rights everything has that they do to users'
 * tables (docs/security.md). */
#ifndef POSTRIDER_APPLY_ROLE_H
#define POSTRIDER_APPLY_ROLE_H

#include <postgres.h>

#include <nodes/parsenodes.h>

typedef struct ApplyRole {
    Oid id; /* invalid: it cannot be used, for this reason */
    char problem[256];
    char hint[512];
} ApplyRole;

/* Looks the role of postrider.apply_role up, for workers of the database. In a transaction. */
extern void postrider_find_apply_role(Oid database, ApplyRole *role);
/* The same for this database, with an ERROR where it cannot be used. */
extern Oid postrider_require_apply_role(void);

/* Which of the rights the role lacks on the table, and whether it lacks USAGE on its schema. */
typedef struct MissingRights {
    AclMode on_table;
    bool on_schema;
} MissingRights;

extern MissingRights postrider_missing_rights(Oid table, Oid role, AclMode wanted);

/* An ERROR unless COPY may put rows into the table for the user of now. */
extern void postrider_check_copy(Oid table);

#endif
