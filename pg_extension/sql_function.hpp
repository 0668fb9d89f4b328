// How a function that SQL calls is written: SQL_FUNCTION(postrider_x) { … return Datum; }.
#pragma once

#include "pg_extension/boundary.hpp"

// The body runs inside pg::entry; `fcinfo` is what PG_GETARG_… take.
#define SQL_FUNCTION(name)                                                                         \
    extern "C" {                                                                                   \
    PGDLLEXPORT Datum name(PG_FUNCTION_ARGS);                                                      \
    PG_FUNCTION_INFO_V1(name);                                                                     \
    }                                                                                              \
    static Datum name##_body(FunctionCallInfo fcinfo);                                             \
    Datum name(PG_FUNCTION_ARGS) {                                                                 \
        return postrider::pg::entry([&] { return name##_body(fcinfo); });                          \
    }                                                                                              \
    static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
