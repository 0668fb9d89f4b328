// What an ERROR of the server means to the engine.
#pragma once

#include <string_view>

#include "pg_extension/boundary.hpp"

namespace postrider::pg {

/// Frees the report. Cancelled statements and shutdowns are no DatabaseError: they are thrown on as
/// they came.
[[noreturn]] void throw_database_error(const PgError &error, std::string_view doing);

/// Runs `body`; an ERROR of the server leaves it as a DatabaseError.
template <typename Body>
auto as_database_error(std::string_view doing, Body body) {
    try {
        return body();
    } catch (const PgError &error) {
        throw_database_error(error, doing);
    }
}

} // namespace postrider::pg
