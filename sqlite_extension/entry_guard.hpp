// The border between SQLite's C callbacks and our C++: nothing is thrown through it.
#pragma once

#include <exception>
#include <new>
#include <optional>

#include "common/base/ensure.hpp"
#include "common/base/result.hpp"
#include "common/engine/database.hpp"

#include "sqlite_extension/error_text.hpp"

namespace postrider::sqlite {

/// Runs `body`, which gives a Result; what it throws becomes an Error. Empty: out of memory.
template <class Body>
std::optional<std::invoke_result_t<Body>> caught(Body &&body) noexcept {
    try {
        try {
            return body();
        } catch (const engine::DatabaseError &error) {
            return error.error();
        } catch (const std::bad_alloc &) {
            return std::nullopt;
        } catch (const std::exception &error) {
            return Error{Errc::internal, std::string{"Postrider failed: "} + error.what(), "",
                         "This is a bug in Postrider; nothing was changed."};
        }
    } catch (...) {
        return std::nullopt; // no memory for the Error itself
    }
}

/// The result of a scalar function.
void set_result(sqlite3_context *context, const Value &value) noexcept;
void set_error(sqlite3_context *context, const Error &error) noexcept;

/// Body of a SQL function: `work` gives Result<Value>.
template <class Work>
void entry(sqlite3_context *context, Work &&work) noexcept {
    const auto result = caught(std::forward<Work>(work));
    if (!result) {
        sqlite3_result_error_nomem(context);
    } else if (*result) {
        set_result(context, result->value());
    } else {
        set_error(context, result->error());
    }
}

} // namespace postrider::sqlite
