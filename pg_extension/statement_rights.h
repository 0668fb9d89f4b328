/* By whose rights a statement of the engine runs. What is not said runs by those of the session:
 * in a worker those of the apply role, in a function those of its caller. */
#ifndef POSTRIDER_STATEMENT_RIGHTS_H
#define POSTRIDER_STATEMENT_RIGHTS_H

#include <postgres.h>

#include <executor/spi.h>
#include <storage/lockdefs.h>

typedef enum StatementRights {
    RIGHTS_OF_SESSION,
    /* Of the extension's owner: state tables. The statement may name nothing but what is the
     * extension's or the server's own. */
    RIGHTS_OF_EXTENSION,
    /* Each table of the statement is read and written with the rights of its owner, while its code
     * runs as the session's user: foreign keys. */
    RIGHTS_OF_OWNERS,
} StatementRights;

/* What the worker and our functions resolve names by. */
#define POSTRIDER_SEARCH_PATH "pg_catalog, pg_temp"

/* module.c calls it once. */
extern void postrider_statement_rights_init(void);

/* The next statement that is analysed out of this very text gets these rights, or is refused. True
 * from `met` once that has happened; `forget` ends the waiting for it. */
extern void postrider_expect_statement(StatementRights rights, const char *text);
extern bool postrider_statement_met(void);
extern void postrider_forget_statement(void);

/* The plan was prepared by another user than the one who is to run it; what policies make of it
 * does not depend on either, since the owners of its tables are asked. */
extern void postrider_plan_is_for(SPIPlanPtr plan, Oid user);

/* The owner of the extension's tables, of which the one that stands for all of them is locked until
 * the transaction ends. Needs no right. */
extern Oid postrider_open_state(LOCKMODE lock);

/* Users' code that has run in this session may have left settings behind by which the next
 * statement would mean something else. */
extern void postrider_settle_names(void);

#endif
