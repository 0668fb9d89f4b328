/* Deferrable unique and exclusion constraints, whose triggers do not fire for the worker. */
#ifndef POSTRIDER_DEFERRED_H
#define POSTRIDER_DEFERRED_H

#include <postgres.h>

#include <executor/spi.h>

/* `rows` are places: a table and a ctid each, of rows of this transaction. An error, as the
 * server's own, where such a constraint refuses one of them. Waits for other sessions that write
 * what would be in conflict. */
extern void postrider_check_deferred(SPITupleTable *rows);

#endif
