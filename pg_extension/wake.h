/* Wakes the worker of this database when something was committed that it has to send. */
#ifndef POSTRIDER_WAKE_H
#define POSTRIDER_WAKE_H

#include <postgres.h>

/* Called once, when the library is loaded. */
extern void postrider_wake_init(void);

/* The worker is woken when this transaction has been committed. Costs next to nothing. */
extern void postrider_wake_at_commit(void);
/* At once. */
extern void postrider_wake_worker(void);
/* The pid of this database's worker; 0: none runs. */
extern pid_t postrider_worker_pid(void);

/* What a worker that stays is called in pg_stat_activity.backend_type; it is found by it. */
#define POSTRIDER_WORKER_TYPE "postrider"

#endif
