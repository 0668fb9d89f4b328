// A value in the neutral form that every engine's values are translated to and from
// (docs/protocol.md, "Values").
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.hpp"

namespace postrider {

/// The numbers are those of the wire; never renumber.
enum class Kind : std::uint8_t {
    null = 0,
    boolean = 1,
    int64 = 2,
    decimal = 3,
    float64 = 4,
    float32 = 5,
    text = 6,
    bytes = 7,
    date = 8,
    time = 9,
    time_with_zone = 10,
    timestamp = 11,
    timestamp_with_zone = 12,
    interval = 13,
    uuid = 14,
    json = 15,
    bits = 16,
    array = 17,
    native = 18,
};

inline constexpr std::uint64_t value_kinds = 19;

std::string_view name_of(Kind kind);

class Value;

/// What every value costs beside its payload (Value::cell_bytes).
inline constexpr std::size_t value_bytes_fixed = 32;

struct Null {
    auto operator<=>(const Null &) const = default;
};

/// Any precision: [-]digits[.digits] with the scale as written, or NaN, Infinity, -Infinity.
struct Decimal {
    std::string digits;
    auto operator<=>(const Decimal &) const = default;
};

/// IEEE 754 bits, so that -0.0 differs from 0.0 and a NaN keeps its payload.
struct Float64 {
    std::uint64_t bits;
    auto operator<=>(const Float64 &) const = default;
};

struct Float32 {
    std::uint32_t bits;
    auto operator<=>(const Float32 &) const = default;
};

/// UTF-8 where the engine guarantees it; SQLite keeps any bytes under TEXT, U+0000 among them.
struct Text {
    std::string text;
    auto operator<=>(const Text &) const = default;
};

/// Days since 2000-01-01; the smallest and greatest int32 are -infinity and infinity.
struct Date {
    std::int32_t days;
    auto operator<=>(const Date &) const = default;
};

/// Microseconds since midnight, 0 to 86 400 000 000.
struct Time {
    std::int64_t microseconds;
    auto operator<=>(const Time &) const = default;
};

/// `offset_seconds` is east of UTC.
struct TimeWithZone {
    std::int64_t microseconds;
    std::int32_t offset_seconds;
    auto operator<=>(const TimeWithZone &) const = default;
};

/// Microseconds since 2000-01-01 00:00; the smallest and greatest int64 are -infinity and infinity.
struct LocalTimestamp {
    std::int64_t microseconds;
    auto operator<=>(const LocalTimestamp &) const = default;
};

/// As LocalTimestamp, in UTC.
struct ZonedTimestamp {
    std::int64_t microseconds;
    auto operator<=>(const ZonedTimestamp &) const = default;
};

struct Interval {
    std::int32_t months;
    std::int32_t days;
    std::int64_t microseconds;
    auto operator<=>(const Interval &) const = default;
};

struct Uuid {
    FixedBytes<16> bytes;
    auto operator<=>(const Uuid &) const = default;
};

struct Json {
    std::string text;
    auto operator<=>(const Json &) const = default;
};

/// The first bit is the highest of the first byte; unused low bits of the last byte are zero.
struct Bits {
    std::uint64_t count = 0;
    Bytes bytes;
    auto operator<=>(const Bits &) const = default;
};

struct ArrayDimension {
    std::int32_t lower_bound;
    std::uint32_t length;
    auto operator<=>(const ArrayDimension &) const = default;
};

/// Elements in row-major order, each null or of one kind.
struct Array {
    std::vector<ArrayDimension> dimensions;
    std::vector<Value> elements;
    bool operator==(const Array &other) const;
    std::strong_ordering operator<=>(const Array &other) const;
};

/// The text form of a type that only equal engines share; the column's type names it.
struct Native {
    std::string text;
    auto operator<=>(const Native &) const = default;
};

/// Equality and order are those of kind and bits, not of SQL: 1 and 1.0 differ, -0.0 and 0.0
/// differ, null equals null.
class Value {
  public:
    using Content = std::variant<Null,
                                 bool,
                                 std::int64_t,
                                 Decimal,
                                 Float64,
                                 Float32,
                                 Text,
                                 Bytes,
                                 Date,
                                 Time,
                                 TimeWithZone,
                                 LocalTimestamp,
                                 ZonedTimestamp,
                                 Interval,
                                 Uuid,
                                 Json,
                                 Bits,
                                 Array,
                                 Native>;

    Value() = default;
    template <class T>

    requires(std::is_constructible_v<Content, T> &&
             !std::is_same_v<std::remove_cvref_t<T>, Value> &&
             !std::is_pointer_v<std::remove_cvref_t<T>>)
        // NOLINTNEXTLINE(google-explicit-constructor)
        Value(T content)
        : content_(std::move(content)) {}

    static Value float64(double number);

    static Value text(std::string text) { return Value{Text{std::move(text)}}; }

    [[nodiscard]] Kind kind() const { return static_cast<Kind>(content_.index()); }

    [[nodiscard]] bool is_null() const { return kind() == Kind::null; }

    [[nodiscard]] const Content &content() const { return content_; }

    /// Null when the value is of another kind.
    template <class T>
    [[nodiscard]] const T *as() const {
        return std::get_if<T>(&content_);
    }

    /// What the value costs in memory and is charged for while a batch is materialised: 32, and the
    /// bytes of a text, decimal, byte or bit string; an array adds 8 per dimension and the cost of
    /// its elements. The same everywhere, since headers declare it.
    [[nodiscard]] std::size_t cell_bytes() const;

    bool operator==(const Value &other) const = default;

    /// Keys are integers most often, and a variant's own comparison looks its kind up in a table.
    std::strong_ordering operator<=>(const Value &other) const {
        const auto *mine = std::get_if<std::int64_t>(&content_);
        const auto *others = std::get_if<std::int64_t>(&other.content_);
        return mine != nullptr && others != nullptr ? *mine <=> *others
                                                    : content_ <=> other.content_;
    }

  private:
    Content content_;
};

} // namespace postrider
