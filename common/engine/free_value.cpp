// Random values of each type.
#include "common/engine/free_value.hpp"

#include <algorithm>

#include <sodium.h>

#include "common/base/text_encoding.hpp"
#include "common/crypto/secret_bytes.hpp"

namespace postrider::engine {

namespace {

/// Where values have no type that their column does not name. As text, which every type reads, long
/// before any value in use; a collision frees nothing and the row waits on.
class TypedFreeValue {
  public:
    explicit TypedFreeValue(const Type &type) : type_(type) {
        ByteReader reader{random_};
        first_ = reader.u64();
        second_ = reader.u64();
    }

    [[nodiscard]] Value value() const {
        switch (type_.kind) {
        case Kind::int64:
            return -static_cast<std::int64_t>(first_ % integers());
        case Kind::decimal:
            return Value::text("-" + std::to_string(first_ % whole_numbers()));
        case Kind::float32:
        case Kind::float64:
            return Value::text("-" + std::to_string(first_ >> 12U));
        case Kind::bytes:
            return Bytes(random_.begin(), random_.end());
        case Kind::uuid:
            return Value::text(to_hex(random_));
        case Kind::date:
            return Value::text(date() + " BC");
        case Kind::time:
            return Value::text(time());
        case Kind::time_with_zone:
            return Value::text(time() + "+00");
        case Kind::timestamp:
            return Value::text(date() + " " + time() + " BC");
        case Kind::timestamp_with_zone:
            return Value::text(date() + " " + time() + "+00 BC");
        case Kind::bits:
            return Value::text(bits());
        case Kind::text:
        case Kind::native:
            return Value::text(text());
        default:
            return Value{};
        }
    }

  private:
    [[nodiscard]] std::uint64_t integers() const {
        if (type_.native_name == "smallint") {
            return 1U << 15U;
        }
        return type_.native_name == "integer" ? std::uint64_t{1} << 31U : std::uint64_t{1} << 52U;
    }

    [[nodiscard]] std::uint64_t whole_numbers() const {
        const std::int32_t digits =
            type_.precision < 0 ? 15 : type_.precision - std::max(type_.scale, 0);
        std::uint64_t numbers = 1;
        for (std::int32_t digit = 0; digit < std::min(digits, 15); ++digit) {
            numbers *= 10;
        }
        return numbers;
    }

    static std::string two(std::uint64_t number) {
        const std::string digits = std::to_string(number);
        return digits.size() < 2 ? "0" + digits : digits;
    }

    [[nodiscard]] std::string date() const {
        return std::to_string(1000 + first_ % 3700) + "-" + two(1 + (first_ >> 16U) % 12) + "-" +
               two(1 + (first_ >> 32U) % 28);
    }

    [[nodiscard]] std::string time() const {
        return two(second_ % 24) + ":" + two((second_ >> 16U) % 60) + ":" +
               two((second_ >> 32U) % 60);
    }

    [[nodiscard]] std::string bits() const {
        std::string text;
        for (std::int32_t bit = 0; bit < std::min(type_.precision, 64); ++bit) {
            text += (second_ >> static_cast<unsigned>(bit)) % 2 == 0 ? '0' : '1';
        }
        text.resize(static_cast<std::size_t>(std::max(type_.precision, 0)), '0');
        return text;
    }

    [[nodiscard]] std::string text() const {
        std::string hex = to_hex(random_);
        if (type_.precision >= 0 && hex.size() > static_cast<std::size_t>(type_.precision)) {
            hex.resize(static_cast<std::size_t>(type_.precision));
        }
        return hex;
    }

    const Type &type_;
    FixedBytes<16> random_ = crypto::random_bytes<16>();
    std::uint64_t first_ = 0;
    std::uint64_t second_ = 0;
};

} // namespace

Value free_value(const dialect::Dialect &dialect, const dialect::ColumnDescription &column) {
    if (!column.not_null) {
        return Value{};
    }
    if (dialect.has_strict_types()) {
        return TypedFreeValue{column.type}.value();
    }
    const FixedBytes<16> random = crypto::random_bytes<16>();
    if (column.affinity == dialect::Affinity::text || column.affinity == dialect::Affinity::none) {
        return Value::text(to_hex(random));
    }
    ByteReader reader{random};
    // 52 bits: exact in an integer and in a double alike.
    return -static_cast<std::int64_t>(reader.u64() >> 12U);
}

} // namespace postrider::engine
