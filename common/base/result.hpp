// A value or an Error, with the names of std::expected (which our compilers do not have yet).
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "common/base/ensure.hpp"
#include "common/base/error.hpp"

namespace postrider {

template <class T>
class [[nodiscard]] Result {
  public:
    // Implicit on purpose: `return value;` and `return Error{…};` both read as what they are.
    // NOLINTNEXTLINE(google-explicit-constructor)
    Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}

    // NOLINTNEXTLINE(google-explicit-constructor)
    Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }

    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] T &value() & {
        ensure(has_value(), "value() is asked only of a result that has one");
        return *std::get_if<0>(&state_);
    }

    [[nodiscard]] const T &value() const & {
        ensure(has_value(), "value() is asked only of a result that has one");
        return *std::get_if<0>(&state_);
    }

    [[nodiscard]] T &&value() && {
        ensure(has_value(), "value() is asked only of a result that has one");
        return std::move(*std::get_if<0>(&state_));
    }

    T &operator*() & { return value(); }

    const T &operator*() const & { return value(); }

    T &&operator*() && { return std::move(*this).value(); }

    T *operator->() { return &value(); }

    const T *operator->() const { return &value(); }

    [[nodiscard]] Error &error() & {
        ensure(!has_value(), "error() is asked only of a result that failed");
        return *std::get_if<1>(&state_);
    }

    [[nodiscard]] const Error &error() const & {
        ensure(!has_value(), "error() is asked only of a result that failed");
        return *std::get_if<1>(&state_);
    }

    [[nodiscard]] Error &&error() && {
        ensure(!has_value(), "error() is asked only of a result that failed");
        return std::move(*std::get_if<1>(&state_));
    }

  private:
    std::variant<T, Error> state_;
};

/// Success without a value: `return {};` succeeds.
template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;

    // NOLINTNEXTLINE(google-explicit-constructor)
    Result(Error error) : error_(std::move(error)) {}

    [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }

    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] Error &error() {
        ensure(error_.has_value(), "error() is asked only of a result that failed");
        return *error_;
    }

    [[nodiscard]] const Error &error() const {
        ensure(error_.has_value(), "error() is asked only of a result that failed");
        return *error_;
    }

  private:
    std::optional<Error> error_;
};

} // namespace postrider
