/* Whether this database has the extension, and whether it is the library's. */
#ifndef POSTRIDER_EXTENSION_STATE_H
#define POSTRIDER_EXTENSION_STATE_H

#include <postgres.h>

typedef struct ExtensionState {
    Oid id;           /* invalid: it is not there */
    bool is_ours;     /* of the version that this library was made for */
    char version[32]; /* as the database has it */
} ExtensionState;

/* In a transaction of its own. */
extern ExtensionState postrider_extension_state(void);

#endif
