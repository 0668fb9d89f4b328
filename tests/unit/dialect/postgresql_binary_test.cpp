// PostgreSQL's binary form. The vectors are what the send functions of a PostgreSQL 15 gave.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/dialect/postgresql_binary.hpp"
#include "common/dialect/sqlite_storage.hpp"

namespace postrider::dialect::postgresql_binary {
namespace {

constexpr std::uint32_t oid_boolean = 16;
constexpr std::uint32_t oid_bytea = 17;
constexpr std::uint32_t oid_char = 18;
constexpr std::uint32_t oid_name = 19;
constexpr std::uint32_t oid_bigint = 20;
constexpr std::uint32_t oid_smallint = 21;
constexpr std::uint32_t oid_integer = 23;
constexpr std::uint32_t oid_text = 25;
constexpr std::uint32_t oid_oid = 26;
constexpr std::uint32_t oid_json = 114;
constexpr std::uint32_t oid_real = 700;
constexpr std::uint32_t oid_double = 701;
constexpr std::uint32_t oid_boolean_array = 1000;
constexpr std::uint32_t oid_smallint_array = 1005;
constexpr std::uint32_t oid_integer_array = 1007;
constexpr std::uint32_t oid_text_array = 1009;
constexpr std::uint32_t oid_character = 1042;
constexpr std::uint32_t oid_varchar = 1043;
constexpr std::uint32_t oid_date = 1082;
constexpr std::uint32_t oid_time = 1083;
constexpr std::uint32_t oid_timestamp = 1114;
constexpr std::uint32_t oid_timestamptz = 1184;
constexpr std::uint32_t oid_interval = 1186;
constexpr std::uint32_t oid_numeric_array = 1231;
constexpr std::uint32_t oid_timetz = 1266;
constexpr std::uint32_t oid_bit = 1560;
constexpr std::uint32_t oid_varbit = 1562;
constexpr std::uint32_t oid_varbit_array = 1563;
constexpr std::uint32_t oid_numeric = 1700;
constexpr std::uint32_t oid_uuid = 2950;
constexpr std::uint32_t oid_jsonb = 3802;
constexpr std::uint32_t oid_jsonb_array = 3807;

struct Vector {
    std::uint32_t oid;
    Value value;
    const char *hex;
};

Value of_text(const char *text) {
    return Value::text(text);
}

Value of_decimal(const char *digits) {
    return Decimal{digits};
}

std::vector<Vector> numbers() {
    return {
        {oid_boolean, true, "01"},
        {oid_boolean, false, "00"},
        {oid_smallint, std::int64_t{-1}, "ffff"},
        {oid_smallint, std::int64_t{32767}, "7fff"},
        {oid_smallint, std::int64_t{-32768}, "8000"},
        {oid_integer, std::int64_t{0}, "00000000"},
        {oid_integer, std::int64_t{-32768}, "ffff8000"},
        {oid_bigint, std::int64_t{-1}, "ffffffffffffffff"},
        {oid_bigint, std::int64_t{32767}, "0000000000007fff"},
        {oid_oid, std::int64_t{4294967295}, "ffffffff"},
        {oid_real, Float32{0x80000000}, "80000000"},
        {oid_real, Float32{0x7fc00000}, "7fc00000"},
        {oid_real, Float32{0x3dcccccd}, "3dcccccd"},
        {oid_double, Value::float64(0.1), "3fb999999999999a"},
        {oid_double, Value::float64(-0.0), "8000000000000000"},
        {oid_double, Float64{0x7ff8000000000000}, "7ff8000000000000"},
        {oid_double, Float64{0xfff0000000000000}, "fff0000000000000"},
    };
}

std::vector<Vector> numerics() {
    return {
        {oid_numeric, of_decimal("0"), "0000000000000000"},
        {oid_numeric, of_decimal("0.00"), "0000000000000002"},
        {oid_numeric, of_decimal("1"), "00010000000000000001"},
        {oid_numeric, of_decimal("-1"), "00010000400000000001"},
        {oid_numeric, of_decimal("1.50"), "000200000000000200011388"},
        {oid_numeric, of_decimal("-1.50"), "000200004000000200011388"},
        {oid_numeric, of_decimal("0.1"), "0001ffff0000000103e8"},
        {oid_numeric, of_decimal("0.10"), "0001ffff0000000203e8"},
        {oid_numeric, of_decimal("0.0001"), "0001ffff000000040001"},
        {oid_numeric, of_decimal("0.00001"), "0001fffe0000000503e8"},
        {oid_numeric, of_decimal("0.0000000010"), "0001fffd0000000a03e8"},
        {oid_numeric, of_decimal("9999"), "0001000000000000270f"},
        {oid_numeric, of_decimal("10000"), "00010001000000000001"},
        {oid_numeric, of_decimal("99990000"), "0001000100000000270f"},
        {oid_numeric, of_decimal("100000000"), "00010002000000000001"},
        {oid_numeric, of_decimal("10000.0001"), "0003000100000004000100000001"},
        {oid_numeric, of_decimal("1000000000000.0000000"), "00010003000000070001"},
        {oid_numeric, of_decimal("-9999.9999"), "0002000040000004270f270f"},
        {oid_numeric, of_decimal("123456789.123456789"),
         "0006000200000009000109291a8504d2162e2328"},
        {oid_numeric, of_decimal("12345678901234567890.12345"),
         "000700040000000504d2162e23340d801ed204d21388"},
        {oid_numeric, of_decimal("3.14159265358979323846"),
         "00060000000000140003058724310e051efc0f06"},
        {oid_numeric, of_decimal("-0.000000000000000001"), "0001fffb400000120064"},
        {oid_numeric, of_decimal("100000000000000000000"), "00010005000000000001"},
        {oid_numeric, of_decimal("0.00000000000000000001"), "0001fffb000000140001"},
        {oid_numeric, of_decimal("NaN"), "00000000c0000000"},
    };
}

std::vector<Vector> texts() {
    return {
        {oid_text, of_text(""), ""},
        {oid_text, of_text("\xc3\xa5"), "c3a5"},
        {oid_varchar, of_text("ab"), "6162"},
        {oid_name, of_text("ab"), "6162"},
        {oid_character, of_text("ab   "), "6162202020"},
        {oid_char, of_text("a"), "61"},
        {oid_char, of_text(""), "00"},
        {oid_char, of_text("\\303"), "c3"},
        {oid_char, of_text("\\"), "5c"},
        {oid_bytea, Bytes{0x00, 0xff}, "00ff"},
        {oid_bytea, Bytes{}, ""},
        {oid_json, Json{R"({"a": 1})"}, "7b2261223a20317d"},
        {oid_jsonb, Json{R"({"a": 1})"}, "017b2261223a20317d"},
        {oid_varbit, Bits{0, {}}, "00000000"},
        {oid_varbit, Bits{1, {0x80}}, "0000000180"},
        {oid_varbit, Bits{8, {0xff}}, "00000008ff"},
        {oid_varbit, Bits{9, {0xaa, 0x80}}, "00000009aa80"},
        {oid_bit, Bits{4, {0x50}}, "0000000450"},
        {oid_uuid,
         Uuid{{0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8, 0xbb, 0x6d, 0x6b, 0xb9, 0xbd, 0x38,
               0x0a, 0x11}},
         "a0eebc999c0b4ef8bb6d6bb9bd380a11"},
    };
}

std::vector<Vector> times() {
    return {
        {oid_date, Date{0}, "00000000"},
        {oid_date, Date{-1}, "ffffffff"},
        {oid_date, Date{INT32_MAX}, "7fffffff"},
        {oid_date, Date{INT32_MIN}, "80000000"},
        {oid_time, Time{0}, "0000000000000000"},
        {oid_time, Time{86'400'000'000}, "000000141dd76000"},
        {oid_time, Time{45'296'789'012}, "0000000a8be62614"},
        {oid_timetz, TimeWithZone{45'296'789'012, 19'800}, "0000000a8be62614ffffb2a8"},
        {oid_timetz, TimeWithZone{86'399'000'000, -28'800}, "000000141dc81dc000007080"},
        {oid_timetz, TimeWithZone{3'723'000'000, 57'599}, "00000000dde878c0ffff1f01"},
        {oid_timestamp, LocalTimestamp{0}, "0000000000000000"},
        {oid_timestamp, LocalTimestamp{-1}, "ffffffffffffffff"},
        {oid_timestamp, LocalTimestamp{INT64_MAX}, "7fffffffffffffff"},
        {oid_timestamp, LocalTimestamp{INT64_MIN}, "8000000000000000"},
        {oid_timestamptz, ZonedTimestamp{0}, "0000000000000000"},
        {oid_timestamptz, ZonedTimestamp{INT64_MAX}, "7fffffffffffffff"},
        {oid_interval, Interval{0, 0, 0}, "00000000000000000000000000000000"},
        {oid_interval, Interval{1, 2, 3'500'000}, "00000000003567e00000000200000001"},
        {oid_interval, Interval{-12, -1, 0}, "0000000000000000fffffffffffffff4"},
        {oid_interval, Interval{0, 0, -1}, "ffffffffffffffff0000000000000000"},
        {oid_interval, Interval{2'136'000'000, 0, 0}, "0000000000000000000000007f50c600"},
    };
}

std::vector<Vector> arrays() {
    const auto integer = [](std::int64_t number) { return Value{number}; };
    return {
        {oid_integer_array, Array{}, "000000000000000000000017"},
        {oid_integer_array, Array{{{1, 3}}, {integer(1), Value{}, integer(3)}},
         "00000001000000010000001700000003000000010000000400000001ffffffff0000000400000003"},
        {oid_smallint_array,
         Array{{{1, 2}, {1, 2}}, {integer(1), integer(2), integer(3), integer(4)}},
         "00000002000000000000001500000002000000010000000200000001000000020001000000020002000000020"
         "0"
         "030000000200"
         "04"},
        {oid_text_array, Array{{{0, 2}}, {of_text("a"), Value{}}},
         "00000001000000010000001900000002000000000000000161ffffffff"},
        {oid_numeric_array, Array{{{-2, 2}, {5, 1}}, {of_decimal("1.50"), of_decimal("NaN")}},
         "0000000200000000000006a400000002fffffffe00000001000000050000000c0002000000000002000113880"
         "0"
         "00000800000000c0000000"},
        {oid_boolean_array, Array{{{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}, {Value{true}}},
         "00000006000000000000001000000001000000010000000100000001000000010000000100000001000000010"
         "0"
         "00000100000001"
         "00000001000000010000000101"},
        {oid_jsonb_array, Array{{{1, 1}}, {Value{Json{R"({"a": 1})"}}}},
         "000000010000000000000eda000000010000000100000009017b2261223a20317d"},
        {oid_varbit_array, Array{{{1, 2}}, {Value{Bits{2, {0x40}}}, Value{Bits{1, {0x80}}}}},
         "00000001000000000000061a0000000200000001000000050000000240000000050000000180"},
    };
}

std::vector<Vector> all_vectors() {
    std::vector<Vector> all;
    for (const auto &part : {numbers(), numerics(), texts(), times(), arrays()}) {
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

Errc decoding_error(std::uint32_t oid, const char *hex) {
    const auto value = decode_binary(oid, *from_hex(hex));
    EXPECT_FALSE(value) << hex;
    return value ? Errc::internal : value.error().code;
}

Errc encoding_error(std::uint32_t oid, const Value &value) {
    Bytes out{0x11};
    const auto encoded = encode_binary(oid, value, out);
    EXPECT_FALSE(encoded);
    EXPECT_EQ(out, Bytes{0x11}) << "nothing is appended";
    return encoded ? Errc::internal : encoded.error().code;
}

TEST(PostgresqlBinary, DecodesWhatTheServerSends) {
    for (const Vector &vector : all_vectors()) {
        const auto value = decode_binary(vector.oid, *from_hex(vector.hex));
        ASSERT_TRUE(value) << vector.oid << " " << vector.hex << " " << value.error().message;
        EXPECT_EQ(*value, vector.value) << vector.oid << " " << vector.hex;
    }
}

TEST(PostgresqlBinary, EncodesAsTheServerDoes) {
    for (const Vector &vector : all_vectors()) {
        Bytes out{0x11};
        const auto encoded = encode_binary(vector.oid, vector.value, out);
        ASSERT_TRUE(encoded) << vector.oid << " " << encoded.error().message;
        EXPECT_EQ(to_hex(out), "11" + std::string{vector.hex}) << vector.oid;
    }
}

TEST(PostgresqlBinary, DaysCountAsTheServerCountsThem) {
    const auto shown = [](std::uint32_t oid, const char *hex) {
        return to_sqlite_storage(*decode_binary(oid, *from_hex(hex)))->as<Text>()->text;
    };
    EXPECT_EQ(shown(oid_date, "00002666"), "2026-11-30");
    EXPECT_EQ(shown(oid_date, "fff4dbf9"), "0001-01-01");
    EXPECT_EQ(shown(oid_date, "fff49d7b"), "-0043-03-15") << "44 BC is the year -43";
    EXPECT_EQ(shown(oid_date, "ffda97cd"), "-4712-01-01");
    EXPECT_EQ(shown(oid_date, "7fda970c"), "5874897-12-31");
    EXPECT_EQ(shown(oid_timestamp, "0003047f49581900"), "2026-11-30 16:01:08");
    EXPECT_EQ(shown(oid_timestamp, "fd0f7fbdaf17e000"), "-4712-01-01 00:00:00");
    EXPECT_EQ(shown(oid_timestamptz, "0003047e72cc1620"), "2026-11-30 15:01:08.500000Z");
}

TEST(PostgresqlBinary, AnInfiniteNumericHasTheScaleThatTheServerGivesIt) {
    EXPECT_EQ(*decode_binary(oid_numeric, *from_hex("00000000d0000020")), of_decimal("Infinity"));
    EXPECT_EQ(*decode_binary(oid_numeric, *from_hex("00000000f0000020")), of_decimal("-Infinity"));
    for (const char *digits : {"Infinity", "-Infinity"}) {
        Bytes out;
        ASSERT_TRUE(encode_binary(oid_numeric, of_decimal(digits), out));
        EXPECT_EQ(*decode_binary(oid_numeric, out), of_decimal(digits));
    }
}

TEST(PostgresqlBinary, EveryTruncationIsMalformed) {
    const auto is_any_length = [](std::uint32_t oid) {
        return oid == oid_text || oid == oid_varchar || oid == oid_character || oid == oid_name ||
               oid == oid_bytea || oid == oid_json || oid == oid_jsonb;
    };
    for (const Vector &vector : all_vectors()) {
        const Bytes whole = *from_hex(vector.hex);
        for (std::size_t size = is_any_length(vector.oid) ? whole.size() : 0; size < whole.size();
             ++size) {
            const auto value = decode_binary(vector.oid, ByteView{whole}.first(size));
            ASSERT_FALSE(value) << vector.oid << " " << vector.hex << " at " << size;
            EXPECT_EQ(value.error().code, Errc::malformed);
        }
    }
    EXPECT_EQ(decoding_error(oid_jsonb, ""), Errc::malformed);
}

TEST(PostgresqlBinary, BytesTooManyAreMalformed) {
    for (const Vector &vector : all_vectors()) {
        const bool is_text = vector.value.kind() == Kind::text ||
                             vector.value.kind() == Kind::json ||
                             vector.value.kind() == Kind::bytes;
        if (!is_text || vector.oid == oid_char) {
            EXPECT_EQ(decoding_error(vector.oid, (std::string{vector.hex} + "00").c_str()),
                      Errc::malformed);
        }
    }
}

TEST(PostgresqlBinary, AFlippedBitNeverDecodesToWhatDoesNotComeBack) {
    for (const Vector &vector : all_vectors()) {
        const Bytes whole = *from_hex(vector.hex);
        for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
            Bytes flipped = whole;
            flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
            const auto value = decode_binary(vector.oid, flipped);
            Bytes out;
            if (value) {
                ASSERT_TRUE(encode_binary(vector.oid, *value, out)) << to_hex(flipped);
                EXPECT_EQ(*decode_binary(vector.oid, out), *value) << to_hex(flipped);
            }
        }
    }
}

TEST(PostgresqlBinary, ValuesBeyondTheirTypeAreMalformed) {
    EXPECT_EQ(decoding_error(oid_boolean, "02"), Errc::malformed);
    EXPECT_EQ(decoding_error(oid_time, "ffffffffffffffff"), Errc::malformed);
    EXPECT_EQ(decoding_error(oid_time, "000000141dd76001"), Errc::malformed);
    EXPECT_EQ(decoding_error(oid_timetz, "00000000000000000000e100"), Errc::malformed);
    EXPECT_EQ(decoding_error(oid_timetz, "000000000000000080000000"), Errc::malformed);
    EXPECT_EQ(decoding_error(oid_jsonb, "027b7d"), Errc::malformed);
    EXPECT_EQ(decoding_error(oid_varbit, "00000004ff"), Errc::malformed);
    EXPECT_EQ(decoding_error(oid_varbit, "80000000"), Errc::malformed);
    EXPECT_EQ(decoding_error(oid_varbit, "00000009ff"), Errc::malformed);
}

TEST(PostgresqlBinary, NumericsOfOtherFormsAreMalformed) {
    EXPECT_EQ(decoding_error(oid_numeric, "00010000000000002710"), Errc::malformed) << "10000";
    EXPECT_EQ(decoding_error(oid_numeric, "00010000000100000001"), Errc::malformed) << "sign";
    EXPECT_EQ(decoding_error(oid_numeric, "00010000000040000001"), Errc::malformed) << "scale";
    EXPECT_EQ(decoding_error(oid_numeric, "0001ffff000000000001"), Errc::malformed) << "hidden";
    EXPECT_EQ(decoding_error(oid_numeric, "00010000c00000000001"), Errc::malformed) << "NaN";
    EXPECT_EQ(*decode_binary(oid_numeric, *from_hex("000100004000000000"
                                                    "00")),
              of_decimal("0"))
        << "zero has no sign";
}

TEST(PostgresqlBinary, NumericsHaveAsManyDigitsAsCanTravel) {
    // One digit worth 10000^32767: 131 069 digits before the point, or three more.
    EXPECT_EQ(
        decode_binary(oid_numeric, *from_hex("00017fff00000000270f"))->as<Decimal>()->digits.size(),
        limits::decimal_digits_max);
    EXPECT_EQ(decoding_error(oid_numeric, "00017fff40000000270f"), Errc::too_large);
    EXPECT_EQ(decoding_error(oid_numeric, "00017fff00000001270f"), Errc::too_large);
    Bytes out;
    const std::string most(limits::decimal_digits_max, '9');
    ASSERT_TRUE(encode_binary(oid_numeric, Decimal{most}, out));
    EXPECT_EQ(*decode_binary(oid_numeric, out), Value{Decimal{most}});
    EXPECT_EQ(encoding_error(oid_numeric, Decimal{most + "9"}), Errc::too_large);
    EXPECT_EQ(encoding_error(oid_numeric, Decimal{"0." + std::string(16'384, '1')}),
              Errc::too_large);
    out.clear();
    EXPECT_TRUE(encode_binary(oid_numeric, Decimal{"0." + std::string(16'383, '1')}, out));
}

TEST(PostgresqlBinary, DecimalsNeedNotBeInTheirUsualForm) {
    const auto hex = [](const char *digits) {
        Bytes out;
        EXPECT_TRUE(encode_binary(oid_numeric, of_decimal(digits), out)) << digits;
        return to_hex(out);
    };
    EXPECT_EQ(hex("000001.50"), "000200000000000200011388");
    EXPECT_EQ(hex("-0.00"), "0000000000000002");
    for (const char *digits : {"", "-", "1.", ".5", "1e5", "+1", "abc", "nan"}) {
        EXPECT_EQ(encoding_error(oid_numeric, of_decimal(digits)), Errc::malformed) << digits;
    }
}

TEST(PostgresqlBinary, IntegersAreCheckedAgainstTheirWidth) {
    EXPECT_EQ(encoding_error(oid_smallint, std::int64_t{32768}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_smallint, std::int64_t{-32769}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_integer, std::int64_t{2147483648}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_oid, std::int64_t{-1}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_oid, std::int64_t{4294967296}), Errc::malformed);
}

TEST(PostgresqlBinary, ValuesOfAnotherKindAreMalformed) {
    EXPECT_EQ(encoding_error(oid_integer, of_text("1")), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_text, std::int64_t{1}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_text, Value{}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_text, Native{"1"}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_text, of_decimal("1")), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_numeric, std::int64_t{1}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_real, Value::float64(1)), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_timestamp, ZonedTimestamp{0}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_integer_array, std::int64_t{1}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_char, of_text("ab")), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_char, of_text("\\103")), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_time, Time{-1}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_timetz, TimeWithZone{0, 57'600}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_varbit, Bits{9, {0xff}}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_varbit, Bits{4, {0xff}}), Errc::malformed);
}

TEST(PostgresqlBinary, ATextIsGivenToJsonAsItIs) {
    Bytes out;
    ASSERT_TRUE(encode_binary(oid_jsonb, of_text("{}"), out));
    ASSERT_TRUE(encode_binary(oid_json, of_text("{}"), out));
    EXPECT_EQ(to_hex(out), "017b7d7b7d");
}

TEST(PostgresqlBinary, ArraysOfOtherFormsAreMalformed) {
    const auto integers = [](const std::string &hex) {
        return decoding_error(oid_integer_array, hex.c_str());
    };
    const std::string one_element = "0000000400000001";
    EXPECT_EQ(integers("000000010000000000000019"
                       "0000000100000001" +
                       one_element),
              Errc::malformed)
        << "the element type is another";
    EXPECT_EQ(integers("000000010000000200000017"
                       "0000000100000001" +
                       one_element),
              Errc::malformed)
        << "flags";
    EXPECT_EQ(integers("000000010000000000000017"
                       "0000000000000001"),
              Errc::malformed)
        << "a dimension without length";
    EXPECT_EQ(integers("000000010000000000000017"
                       "000000017fffffff" +
                       one_element),
              Errc::malformed)
        << "the index behind the last one has no number";
    EXPECT_EQ(integers("000000010000000000000017"
                       "000f424000000001" +
                       one_element),
              Errc::malformed)
        << "a million elements that are not there";
    EXPECT_EQ(integers("000000010000000000000017"
                       "000f424100000001" +
                       one_element),
              Errc::too_large);
    EXPECT_EQ(integers("000000010000000000000017"
                       "ffffffff00000001" +
                       one_element),
              Errc::malformed);
    EXPECT_EQ(integers("000000010000000000000017"
                       "0000000100000001"
                       "fffffffe"),
              Errc::malformed);
    EXPECT_EQ(integers("000000010000000000000017"
                       "0000000100000001"
                       "000000020001"),
              Errc::malformed)
        << "an integer of two bytes";
}

TEST(PostgresqlBinary, ArraysHaveSixDimensionsAtMost) {
    EXPECT_EQ(decoding_error(oid_integer_array, "000000070000000000000017"), Errc::malformed);
    Array array;
    array.dimensions.resize(limits::array_dimensions_max + 1, {1, 1});
    array.elements.emplace_back(std::int64_t{1});
    EXPECT_EQ(encoding_error(oid_integer_array, array), Errc::malformed);
    array.dimensions.pop_back();
    Bytes out;
    EXPECT_TRUE(encode_binary(oid_integer_array, array, out));
}

TEST(PostgresqlBinary, ArraysHaveAsManyElementsAsCanTravel) {
    Array array{{{1, limits::batch_rows_max}}, std::vector<Value>(limits::batch_rows_max)};
    Bytes out;
    ASSERT_TRUE(encode_binary(oid_integer_array, array, out));
    EXPECT_EQ(*decode_binary(oid_integer_array, out), Value{array});
    array.dimensions[0].length += 1;
    array.elements.emplace_back();
    EXPECT_EQ(encoding_error(oid_integer_array, array), Errc::too_large);
}

TEST(PostgresqlBinary, ArraysAreGivenWhole) {
    const Value one{std::int64_t{1}};
    EXPECT_EQ(encoding_error(oid_integer_array, Array{{{1, 2}}, {one}}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_integer_array, Array{{{1, 0}}, {}}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_integer_array, Array{{{INT32_MAX, 1}}, {one}}), Errc::malformed);
    EXPECT_EQ(encoding_error(oid_integer_array, Array{{{1, 2}}, {one, of_text("1")}}),
              Errc::malformed);
}

TEST(PostgresqlBinary, OtherTypesHaveNone) {
    for (const Vector &vector : all_vectors()) {
        EXPECT_TRUE(has_binary_form(vector.oid)) << vector.oid;
    }
    // None, money, inet, xml, int2vector, point, inet[] and one of a user.
    for (const std::uint32_t oid : {0U, 790U, 869U, 142U, 22U, 600U, 1041U, 16384U}) {
        EXPECT_FALSE(has_binary_form(oid)) << oid;
        EXPECT_EQ(decoding_error(oid, "00"), Errc::internal);
        EXPECT_EQ(encoding_error(oid, of_text("a")), Errc::internal);
    }
}

} // namespace
} // namespace postrider::dialect::postgresql_binary
