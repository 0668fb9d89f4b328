// All numbers are big-endian:
//
//   boolean                1 byte, 0 or 1
//   smallint, integer, bigint, oid, real, double precision
//                          2, 4 or 8 bytes
//   text and its like, bytea, json
//                          the bytes; "char" is one byte, 0 where it is empty
//   jsonb                  1, then the text
//   date                   days since 2000-01-01, 4 bytes
//   time                   microseconds, 8 bytes; with a zone followed by its seconds WEST, 4 bytes
//   timestamp              microseconds since 2000-01-01 00:00, in UTC where it has a zone, 8 bytes
//   interval               microseconds, 8 bytes; days, 4 bytes; months, 4 bytes
//   uuid                   16 bytes
//   bit, bit varying       count of bits, 4 bytes; the bits, the first one highest
//   numeric                postgresql_numeric.cpp
#include "common/dialect/postgresql_scalar.hpp"

#include <limits>

#include "common/dialect/postgresql_numeric.hpp"

namespace postrider::dialect::postgresql_binary {

namespace {

namespace oids = postgresql_text::oids;

constexpr std::int64_t day_microseconds = 86'400'000'000;
constexpr std::int32_t zone_seconds_max = 16 * 3600 - 1;
constexpr std::uint8_t jsonb_version = 1;

bool is_time(std::int64_t microseconds) {
    return microseconds >= 0 && microseconds <= day_microseconds;
}

bool is_zone(std::int32_t seconds) {
    return seconds >= -zone_seconds_max && seconds <= zone_seconds_max;
}

std::string text_of(ByteView bytes) {
    return std::string{as_text(bytes)};
}

std::int64_t read_integer(const BuiltinType &type, ByteReader &in) {
    switch (type.oid) {
    case oids::smallint:
        return static_cast<std::int16_t>(in.u16());
    case oids::integer:
        return static_cast<std::int32_t>(in.u32());
    case oids::bigint:
        return static_cast<std::int64_t>(in.u64());
    default:
        return in.u32();
    }
}

/// A byte that is no character of ASCII is shown in octal, as PostgreSQL 16 and later do.
Text char_text(std::uint8_t byte) {
    if (byte == 0) {
        return {};
    }
    if (byte < 0x80) {
        return {std::string(1, static_cast<char>(byte))};
    }
    const auto digit = [&](unsigned shift) {
        return static_cast<char>('0' + ((byte >> shift) & 7U));
    };
    return {std::string{'\\', digit(6), digit(3), digit(0)}};
}

bool has_clear_end(std::uint64_t count, ByteView bytes) {
    const unsigned used = count % 8;
    return bytes.size() == count / 8 + (used == 0 ? 0 : 1) &&
           (used == 0 || (bytes.back() & (0xffU >> used)) == 0);
}

/// Reads straight down; the caller looks whether all was there and nothing is left.
// NOLINTNEXTLINE(readability-function-size): one flat switch of a codec
std::optional<Value> read_fixed(const BuiltinType &type, ByteReader &in) {
    switch (type.kind) {
    case Kind::boolean: {
        const std::uint8_t byte = in.u8();
        return byte <= 1 ? std::optional<Value>{byte == 1} : std::nullopt;
    }
    case Kind::int64:
        return read_integer(type, in);
    case Kind::float64:
        return Float64{in.u64()};
    case Kind::float32:
        return Float32{in.u32()};
    case Kind::date:
        return Date{static_cast<std::int32_t>(in.u32())};
    case Kind::time: {
        const auto microseconds = static_cast<std::int64_t>(in.u64());
        return is_time(microseconds) ? std::optional<Value>{Time{microseconds}} : std::nullopt;
    }
    case Kind::time_with_zone: {
        const auto microseconds = static_cast<std::int64_t>(in.u64());
        const auto west = static_cast<std::int32_t>(in.u32());
        if (!is_time(microseconds) || !is_zone(west)) {
            return std::nullopt;
        }
        return TimeWithZone{microseconds, -west};
    }
    case Kind::timestamp:
        return LocalTimestamp{static_cast<std::int64_t>(in.u64())};
    case Kind::timestamp_with_zone:
        return ZonedTimestamp{static_cast<std::int64_t>(in.u64())};
    case Kind::interval: {
        const auto microseconds = static_cast<std::int64_t>(in.u64());
        const auto days = static_cast<std::int32_t>(in.u32());
        const auto months = static_cast<std::int32_t>(in.u32());
        return Interval{months, days, microseconds};
    }
    case Kind::uuid:
        return Uuid{in.fixed<16>()};
    case Kind::bits: {
        const std::uint64_t count = in.u32();
        const ByteView bits = in.raw(in.remaining());
        if (!in.ok() || count > std::numeric_limits<std::int32_t>::max() ||
            !has_clear_end(count, bits)) {
            return std::nullopt;
        }
        return Bits{count, Bytes(bits.begin(), bits.end())};
    }
    default:
        return std::nullopt;
    }
}

/// Appends values of one type; false, and nothing appended, when the value is none of it.
struct ScalarWriter {
    const BuiltinType &type;
    Bytes &out;

    [[nodiscard]] bool is(Kind kind) const { return type.kind == kind; }

    [[nodiscard]] bool raw(std::string_view text) const {
        const ByteView bytes = as_bytes(text);
        out.insert(out.end(), bytes.begin(), bytes.end());
        return true;
    }

    [[nodiscard]] bool number(Kind kind, std::int64_t content, std::size_t size) const {
        if (is(kind)) {
            put_integer(out, static_cast<std::uint64_t>(content), size);
        }
        return is(kind);
    }

    template <class Integer>
    [[nodiscard]] bool integer(std::int64_t content) const {
        const bool fits = content >= std::numeric_limits<Integer>::min() &&
                          content <= std::int64_t{std::numeric_limits<Integer>::max()};
        return fits && number(Kind::int64, content, sizeof(Integer));
    }

    bool operator()(bool content) const { return number(Kind::boolean, content ? 1 : 0, 1); }

    bool operator()(std::int64_t content) const {
        switch (type.oid) {
        case oids::smallint:
            return integer<std::int16_t>(content);
        case oids::integer:
            return integer<std::int32_t>(content);
        case oids::bigint:
            return integer<std::int64_t>(content);
        default:
            return integer<std::uint32_t>(content);
        }
    }

    bool operator()(const Float64 &content) const {
        return number(Kind::float64, static_cast<std::int64_t>(content.bits), sizeof(content.bits));
    }

    bool operator()(const Float32 &content) const {
        return number(Kind::float32, content.bits, sizeof(content.bits));
    }

    bool operator()(const Text &content) const {
        if (is(Kind::json)) {
            return json(content.text);
        }
        if (type.oid != oids::single_char) {
            return is(Kind::text) && raw(content.text);
        }
        const auto byte = postgresql_text::single_char(content.text);
        if (byte) {
            out.push_back(*byte);
        }
        return byte.has_value();
    }

    bool operator()(const Bytes &content) const { return is(Kind::bytes) && raw(as_text(content)); }

    bool operator()(const Date &content) const { return number(Kind::date, content.days, 4); }

    bool operator()(const Time &content) const {
        return is_time(content.microseconds) && number(Kind::time, content.microseconds, 8);
    }

    bool operator()(const TimeWithZone &content) const {
        return is_time(content.microseconds) && is_zone(content.offset_seconds) &&
               number(Kind::time_with_zone, content.microseconds, 8) &&
               number(Kind::time_with_zone, -content.offset_seconds, 4);
    }

    bool operator()(const LocalTimestamp &content) const {
        return number(Kind::timestamp, content.microseconds, 8);
    }

    bool operator()(const ZonedTimestamp &content) const {
        return number(Kind::timestamp_with_zone, content.microseconds, 8);
    }

    bool operator()(const Interval &content) const {
        return number(Kind::interval, content.microseconds, 8) &&
               number(Kind::interval, content.days, 4) && number(Kind::interval, content.months, 4);
    }

    bool operator()(const Uuid &content) const {
        return is(Kind::uuid) && raw(as_text(content.bytes));
    }

    bool operator()(const Json &content) const { return is(Kind::json) && json(content.text); }

    bool operator()(const Bits &content) const {
        return content.count <= std::numeric_limits<std::int32_t>::max() &&
               has_clear_end(content.count, content.bytes) &&
               number(Kind::bits, static_cast<std::int64_t>(content.count), 4) &&
               raw(as_text(content.bytes));
    }

    /// Null, arrays and native values, which have no form here, and decimals, which have their own.
    template <class T>
    bool operator()(const T & /*content*/) const {
        return false;
    }

    [[nodiscard]] bool json(std::string_view text) const {
        if (type.oid == oids::jsonb) {
            out.push_back(jsonb_version);
        }
        return raw(text);
    }
};

} // namespace

void put_integer(Bytes &out, std::uint64_t number, std::size_t size) {
    for (std::size_t byte = size; byte-- > 0;) {
        out.push_back(static_cast<std::uint8_t>(number >> (8 * byte)));
    }
}

Error malformed_value(const BuiltinType &type) {
    return {Errc::malformed, "malformed binary value of type " + std::string{type.name}};
}

Result<Value> decode_scalar(const BuiltinType &type, ByteView bytes) {
    switch (type.kind) {
    case Kind::decimal:
        return decode_numeric(bytes);
    case Kind::bytes:
        return Value{Bytes(bytes.begin(), bytes.end())};
    case Kind::text:
        if (type.oid != oids::single_char) {
            return Value::text(text_of(bytes));
        }
        return bytes.size() == 1 ? Result<Value>{char_text(bytes[0])} : malformed_value(type);
    case Kind::json:
        if (type.oid != oids::jsonb) {
            return Value{Json{text_of(bytes)}};
        }
        return !bytes.empty() && bytes[0] == jsonb_version
                   ? Result<Value>{Json{text_of(bytes.subspan(1))}}
                   : malformed_value(type);
    default:
        break;
    }
    ByteReader in{bytes};
    std::optional<Value> value = read_fixed(type, in);
    if (!value || !in.at_end()) {
        return malformed_value(type);
    }
    return *std::move(value);
}

Result<void> encode_scalar(const BuiltinType &type, const Value &value, Bytes &out) {
    const auto *decimal = value.as<Decimal>();
    if (decimal != nullptr && type.kind == Kind::decimal) {
        return encode_numeric(decimal->digits, out);
    }
    if (std::visit(ScalarWriter{type, out}, value.content())) {
        return {};
    }
    return Error{Errc::malformed, "a value of kind " + std::string{name_of(value.kind())} +
                                      " is none of type " + std::string{type.name}};
}

} // namespace postrider::dialect::postgresql_binary
