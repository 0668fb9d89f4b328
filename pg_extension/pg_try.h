/* PG_TRY for C++, which may not contain one: an ERROR becomes a value. */
#ifndef POSTRIDER_PG_TRY_H
#define POSTRIDER_PG_TRY_H

#include <postgres.h>

/*
 * Runs body(arg). Null: it returned. Otherwise the report of the ERROR that left it, which lives
 * until the transaction ends: the memory context of the caller may be gone when C++ has unwound.
 * The transaction is then to be aborted, wholly or up to a subtransaction of the caller's.
 */
extern ErrorData *postrider_pg_try(void (*body)(void *), void *arg);

/* For a process that ends transactions itself: from now on it has to free every report. */
extern void postrider_keep_reports(void);

#endif
