/* Watches statements of this session that concern the worker of a database. */
#ifndef POSTRIDER_WATCH_H
#define POSTRIDER_WATCH_H

/* Called once, when the library is loaded. */
extern void postrider_watch_init(void);

#endif
