// What went wrong, as a value: the core returns these, the adapters turn them into SQLSTATEs and
// SQLite results.
#pragma once

#include <string>
#include <string_view>

namespace postrider {

/// Grouped by what the caller does next.
enum class Errc {
    // try again later
    unavailable,
    timed_out,
    // reject the input; it will never become good
    malformed,
    too_large,
    unsupported_version,
    bad_signature,
    unknown_peer,
    // wait until something else has arrived
    gap,
    // ask the operator
    conflict,
    schema_mismatch,
    refused,
    not_permitted, // whoever asks lacks a right
    // a bug of ours
    internal,
};

/// The code's name as written above, for views and logs.
std::string_view name_of(Errc code);

/// `message` follows PostgreSQL: lower case, no full stop, kind of object + quoted name + reason.
/// `detail` and `hint` are sentences or empty. Never a password, a key or a row value.
struct Error {
    Errc code = Errc::internal;
    std::string message;
    std::string detail = {};
    std::string hint = {};
};

} // namespace postrider
