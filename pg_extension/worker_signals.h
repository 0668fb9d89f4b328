/* What a worker does when it is told to end or to read its settings again. */
#ifndef POSTRIDER_WORKER_SIGNALS_H
#define POSTRIDER_WORKER_SIGNALS_H

#include <postgres.h>

/* Called first in a worker. */
extern void postrider_worker_signals(void);
/* SIGTERM came. */
extern bool postrider_stop_asked(void);

typedef enum WorkerWaking {
    WOKEN_BY_TIME,
    WOKEN_BY_LATCH,
    WOKEN_BY_SETTINGS, /* which have been read again */
    WOKEN_BY_DESCRIPTOR,
} WorkerWaking;

/* A descriptor that is waited for, too; negative: none. */
typedef struct WorkerWatch {
    int descriptor;
    bool until_writable; /* not only until it is readable */
} WorkerWatch;

/* Waits for the latch and what is watched, at most so long; ends the process when the server wants
 * that. */
extern WorkerWaking postrider_worker_sleep(long milliseconds, WorkerWatch watch);

#endif
