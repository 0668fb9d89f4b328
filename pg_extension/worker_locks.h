/* Locks that keep processes of one database apart, from one transaction to the next. */
#ifndef POSTRIDER_WORKER_LOCKS_H
#define POSTRIDER_WORKER_LOCKS_H

#include <postgres.h>

/* False: this database has a worker already. Held until this process ends. */
extern bool postrider_be_the_worker(void);
/* Another process is to be it. */
extern void postrider_end_being_the_worker(void);

/* Rounds of one process at a time: who is called in between waits for the one that is at work. */
extern void postrider_take_turn(void);
extern void postrider_end_turn(void);
/* Nobody begins a round until the transaction ends. False: somebody is at one. */
extern bool postrider_hold_turns(void);

#endif
