/* The least that a row trigger can do: what every capture by triggers costs before it begins. */
#include <postgres.h>

#include <commands/trigger.h>
#include <fmgr.h>

PG_MODULE_MAGIC;

extern PGDLLEXPORT Datum empty_trigger(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(empty_trigger);

Datum empty_trigger(PG_FUNCTION_ARGS) {
    Assert(CALLED_AS_TRIGGER(fcinfo));
    return PointerGetDatum(NULL);
}
