/* Settings of a worker's own session. */
#ifndef POSTRIDER_WORKER_SESSION_H
#define POSTRIDER_WORKER_SESSION_H

/* Connects the process to the database, and as the role, that its start has named. */
extern void postrider_connect_worker(void);
/* At the begin of each transaction: users' code that ran in the one before, at its commit too, may
 * have left others behind. */
extern void postrider_settle_worker(void);
/* Before each statement: the session acts as its own user again, whomever it was made to act as. */
extern void postrider_settle_role(void);

#endif
