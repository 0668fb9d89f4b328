// A value is null, or an array of its kind's number and its parts.
#include "common/wire/value_format.hpp"

#include <algorithm>
#include <limits>

#include "common/base/limits.hpp"

namespace postrider::wire {

namespace {

struct ValueWriter {
    CborWriter &out;

    void head(Kind kind, std::size_t parts) const {
        out.array(1 + parts);
        out.unsigned_integer(static_cast<std::uint64_t>(kind));
    }

    void string(Kind kind, std::string_view content) const {
        head(kind, 1);
        out.bytes(as_bytes(content));
    }

    void number(Kind kind, std::int64_t content) const {
        head(kind, 1);
        out.integer(content);
    }

    void operator()(const Null & /*null*/) const { out.null(); }

    void operator()(bool value) const {
        head(Kind::boolean, 1);
        out.boolean(value);
    }

    void operator()(std::int64_t value) const { number(Kind::int64, value); }

    void operator()(const Decimal &value) const { string(Kind::decimal, value.digits); }

    void operator()(const Float64 &value) const {
        head(Kind::float64, 1);
        out.unsigned_integer(value.bits);
    }

    void operator()(const Float32 &value) const {
        head(Kind::float32, 1);
        out.unsigned_integer(value.bits);
    }

    void operator()(const Text &value) const { string(Kind::text, value.text); }

    void operator()(const Bytes &value) const {
        head(Kind::bytes, 1);
        out.bytes(value);
    }

    void operator()(const Date &value) const { number(Kind::date, value.days); }

    void operator()(const Time &value) const { number(Kind::time, value.microseconds); }

    void operator()(const TimeWithZone &value) const {
        head(Kind::time_with_zone, 2);
        out.integer(value.microseconds);
        out.integer(value.offset_seconds);
    }

    void operator()(const LocalTimestamp &value) const {
        number(Kind::timestamp, value.microseconds);
    }

    void operator()(const ZonedTimestamp &value) const {
        number(Kind::timestamp_with_zone, value.microseconds);
    }

    void operator()(const Interval &value) const {
        head(Kind::interval, 3);
        out.integer(value.months);
        out.integer(value.days);
        out.integer(value.microseconds);
    }

    void operator()(const Uuid &value) const {
        head(Kind::uuid, 1);
        out.bytes(value.bytes);
    }

    void operator()(const Json &value) const { string(Kind::json, value.text); }

    void operator()(const Bits &value) const {
        head(Kind::bits, 2);
        out.unsigned_integer(value.count);
        out.bytes(value.bytes);
    }

    void operator()(const Array &value) const {
        head(Kind::array, 2);
        out.array(value.dimensions.size());
        for (const ArrayDimension &dimension : value.dimensions) {
            out.array(2);
            out.integer(dimension.lower_bound);
            out.unsigned_integer(dimension.length);
        }
        out.array(value.elements.size());
        for (const Value &element : value.elements) {
            encode_value(out, element);
        }
    }

    void operator()(const Native &value) const { string(Kind::native, value.text); }
};

std::int32_t read_int32(CborReader &in) {
    const std::int64_t value = in.integer();
    if (value < std::numeric_limits<std::int32_t>::min() ||
        value > std::numeric_limits<std::int32_t>::max()) {
        in.fail();
        return 0;
    }
    return static_cast<std::int32_t>(value);
}

/// Reads the content of values, charging before it allocates.
struct ContentReader {
    CborReader &in;
    Allowance &allowance;

    bool charge(std::size_t cell_bytes) {
        if (!allowance.take_cell_bytes(cell_bytes)) {
            in.fail_with(Errc::too_large);
        }
        return in.ok();
    }

    ByteView bytes() {
        const ByteView view = in.bytes();
        return charge(view.size()) ? view : ByteView{};
    }

    std::string string() { return std::string(as_text(bytes())); }

    Decimal decimal() {
        std::string digits = string();
        if (digits.size() > limits::decimal_digits_max) {
            in.fail_with(Errc::too_large);
        }
        return {std::move(digits)};
    }

    Bits bits() {
        Bits out;
        out.count = in.unsigned_integer();
        const ByteView view = bytes();
        out.bytes.assign(view.begin(), view.end());
        const unsigned used = out.count % 8;
        if (view.size() != out.count / 8 + (used == 0 ? 0 : 1) ||
            (used != 0 && (view.back() & (0xffU >> used)) != 0)) {
            in.fail();
        }
        return out;
    }

    Array array() {
        Array out;
        std::uint64_t product = 0;
        const std::size_t dimensions = in.array(limits::array_dimensions_max);
        charge(dimensions * sizeof(ArrayDimension));
        for (std::size_t index = 0; index < dimensions && in.ok(); ++index) {
            if (in.array(2) != 2) {
                in.fail();
            }
            const std::int32_t lower_bound = read_int32(in);
            const auto length = static_cast<std::uint32_t>(in.choice(std::uint64_t{1} << 32U));
            out.dimensions.push_back({lower_bound, length});
            product = index == 0 ? length : product * length;
            if (product > limits::batch_rows_max) {
                in.fail_with(Errc::too_large);
            }
        }
        const std::size_t elements = in.array(limits::batch_rows_max);
        if (elements != product) {
            in.fail();
        }
        for (std::size_t index = 0; index < elements && in.ok(); ++index) {
            out.elements.push_back(element());
        }
        return out;
    }

    Value element() {
        if (!charge(value_bytes_fixed) || in.skip_null()) {
            return {};
        }
        const std::size_t size = in.array(4);
        const auto kind =
            static_cast<Kind>(in.choice(static_cast<std::uint64_t>(Kind::native) + 1));
        if (kind == Kind::array) {
            in.fail();
        }
        return content(kind, size);
    }

    Value content(Kind kind, std::size_t size);
};

std::size_t parts_of(Kind kind) {
    switch (kind) {
    case Kind::time_with_zone:
    case Kind::bits:
    case Kind::array:
        return 2;
    case Kind::interval:
        return 3;
    default:
        return 1;
    }
}

// NOLINTNEXTLINE(readability-function-size): one flat switch of a codec
Value ContentReader::content(Kind kind, std::size_t size) {
    if (!in.ok() || kind == Kind::null || size != 1 + parts_of(kind)) {
        in.fail();
        return {};
    }
    switch (kind) {
    case Kind::boolean:
        return in.boolean();
    case Kind::int64:
        return in.integer();
    case Kind::decimal:
        return decimal();
    case Kind::float64:
        return Float64{in.unsigned_integer()};
    case Kind::float32:
        return Float32{static_cast<std::uint32_t>(in.choice(std::uint64_t{1} << 32U))};
    case Kind::text:
        return Text{string()};
    case Kind::bytes: {
        const ByteView view = bytes();
        return Bytes(view.begin(), view.end());
    }
    case Kind::date:
        return Date{read_int32(in)};
    case Kind::time:
        return Time{in.integer()};
    case Kind::time_with_zone: {
        const std::int64_t microseconds = in.integer();
        return TimeWithZone{microseconds, read_int32(in)};
    }
    case Kind::timestamp:
        return LocalTimestamp{in.integer()};
    case Kind::timestamp_with_zone:
        return ZonedTimestamp{in.integer()};
    case Kind::interval: {
        const std::int32_t months = read_int32(in);
        const std::int32_t days = read_int32(in);
        return Interval{months, days, in.integer()};
    }
    case Kind::uuid:
        return Uuid{in.fixed<16>()};
    case Kind::json:
        return Json{string()};
    case Kind::bits:
        return bits();
    case Kind::array:
        return array();
    case Kind::native:
        return Native{string()};
    case Kind::null:
        break;
    }
    return {};
}

} // namespace

void encode_value(CborWriter &out, const Value &value) {
    std::visit(ValueWriter{out}, value.content());
}

Value decode_value(CborReader &in, Allowance &allowance) {
    constexpr std::size_t parts_max = 3;
    ContentReader reader{in, allowance};
    if (!reader.charge(value_bytes_fixed) || in.skip_null()) {
        return {};
    }
    const std::size_t size = in.array(1 + parts_max);
    const auto kind = static_cast<Kind>(in.choice(static_cast<std::uint64_t>(Kind::native) + 1));
    Value value = reader.content(kind, size);
    return in.ok() ? value : Value{};
}

} // namespace postrider::wire
