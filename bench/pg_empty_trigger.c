/* The least that a row trigger can do: what every capture by triggers costs before it begins. */
#include <postgres.h>

#include <fmgr.h>

PG_MODULE_MAGIC;

extern PGDLLEXPORT Datum empty_trigger(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(empty_trigger);

Datum empty_trigger(FunctionCallInfo fcinfo pg_attribute_unused()) {
    return PointerGetDatum(NULL);
}
