/* What a worker does when it is told to end or to read its settings again. */
#ifndef POSTRIDER_WORKER_SIGNALS_H
#define POSTRIDER_WORKER_SIGNALS_H

#include <postgres.h>

/* Called first in a worker. */
extern void postrider_worker_signals(void);
/* SIGTERM came. */
extern bool postrider_stop_asked(void);

/* Waits for the latch, at most so long; ends the process when the server wants that. True: settings
 * have been read again. */
extern bool postrider_worker_sleep(long milliseconds);

#endif
