// The border between C++ and the server: how C++ calls PostgreSQL, and how PostgreSQL calls C++.
// An ERROR leaves C by longjmp, past destructors; an exception must not pass through C frames. Both
// are turned into the other here and nowhere else.
#pragma once

#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <cxxabi.h>

#include "common/base/result.hpp"
#include "common/engine/database.hpp"

extern "C" {
#include "pg_extension/compat.h"
#include "pg_extension/pg_try.h"
}

namespace postrider::pg {

/// A PostgreSQL ERROR on its way out through C++ frames.
struct PgError {
    ErrorData *report;
};

/// Calls into PostgreSQL from C++. `body` is C in C++ clothing: it must not own anything, because
/// an ERROR leaves it by longjmp.
template <typename Body>
auto call(Body body) -> std::invoke_result_t<Body &> {
    using Value = std::invoke_result_t<Body &>;
    static_assert(std::is_trivially_destructible_v<Body>, "capture by reference only");
    static_assert(std::is_nothrow_invocable_v<Body &>,
                  "mark the lambda noexcept: no C++ throw may pass PG_TRY");
    if constexpr (std::is_void_v<Value>) {
        const auto thunk = [](void *arg) { (*static_cast<Body *>(arg))(); };
        if (ErrorData *report = postrider_pg_try(thunk, &body)) {
            throw PgError{report};
        }
    } else {
        static_assert(std::is_trivially_copyable_v<Value>);

        struct Frame {
            Body &body;
            Value value;
        } frame{body, Value{}};

        const auto thunk = [](void *arg) {
            auto *inner = static_cast<Frame *>(arg);
            inner->value = inner->body();
        };
        if (ErrorData *report = postrider_pg_try(thunk, &frame)) {
            throw PgError{report};
        }
        return frame.value;
    }
}

/// What is left of a C++ failure once its exception object is gone. Plain data, so that the jump of
/// `raise` passes over nothing.
struct Failure {
    ErrorData *report = nullptr;
    int sqlstate = ERRCODE_INTERNAL_ERROR;
    char message[512] = "";
    char detail[512] = "";
    char hint[512] = "";

    void set(int code, const char *text) noexcept;
    void set(const Error &error) noexcept;
};

static_assert(std::is_trivially_destructible_v<Failure>);

int sqlstate_of(Errc code) noexcept;

/// Ends in ereport(ERROR).
[[noreturn]] void raise(const Failure &failure);

/// Carries an Error of the core to the border.
struct CoreError : std::exception {
    explicit CoreError(Error reason) : error(std::move(reason)) {}

    [[nodiscard]] const char *what() const noexcept override { return error.message.c_str(); }

    Error error;
};

/// Enters C++ from PostgreSQL. Every function that PostgreSQL calls is one `return pg::entry(…)`.
template <typename Body>
Datum entry(Body &&body) {
    static_assert(std::is_trivially_destructible_v<std::remove_reference_t<Body>>,
                  "what the body owns would be jumped over");
    Failure failure;
    try {
        return body();
    } catch (const PgError &error) {
        failure.report = error.report;
    } catch (const CoreError &error) {
        failure.set(error.error);
    } catch (const engine::DatabaseError &error) {
        failure.set(error.error());
    } catch (const std::bad_alloc &) {
        failure.set(ERRCODE_OUT_OF_MEMORY, "out of memory");
    } catch (const std::exception &error) {
        failure.set(ERRCODE_INTERNAL_ERROR, error.what());
    } catch (abi::__forced_unwind &) {
        throw;
    } catch (...) {
        failure.set(ERRCODE_INTERNAL_ERROR, "unknown C++ exception");
    }
    raise(failure);
}

template <typename T>
T unwrap(Result<T> result) {
    if (!result) {
        throw CoreError(std::move(result.error()));
    }
    return *std::move(result);
}

inline void unwrap(const Result<void> &result) {
    if (!result) {
        throw CoreError(result.error());
    }
}

} // namespace postrider::pg
