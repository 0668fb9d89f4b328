// What columns of PostgreSQL hold exactly.
#include <bit>
#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "common/dialect/postgresql_fit.hpp"
#include "common/dialect/postgresql_types.hpp"
#include "common/dialect/sqlite_storage.hpp"

namespace postrider::dialect::postgresql_text {
namespace {

Value number(std::int64_t integer) {
    return integer;
}

Value decimal(std::string digits) {
    return Decimal{std::move(digits)};
}

Value text(std::string content) {
    return Value::text(std::move(content));
}

Value real(float content) {
    return Float32{std::bit_cast<std::uint32_t>(content)};
}

struct PostgresqlTable {
    explicit PostgresqlTable(const std::string &type) {
        description.name = "t";
        ColumnDescription column;
        column.name = "c";
        column.type = neutral_type(type);
        description.columns.push_back(column);
    }

    [[nodiscard]] Result<Value> fitted(const Value &value, Exactness exactness) const {
        return fit(description, description.columns[0], value, exactness);
    }

    [[nodiscard]] Value exact(const Value &value) const {
        const auto fit = fitted(value, Exactness::exact);
        EXPECT_TRUE(fit) << description.columns[0].type.native_name << ": "
                         << (fit ? "" : fit.error().message);
        return fit ? *fit : Value{};
    }

    /// Why the value is not held exactly, where it is with LOSSY.
    [[nodiscard]] std::string loss(const Value &value) const {
        EXPECT_TRUE(fitted(value, Exactness::nearest));
        return reason(value, Exactness::exact, "LOSSY");
    }

    /// Why the value is not held even with LOSSY.
    [[nodiscard]] std::string refusal(const Value &value) const {
        EXPECT_FALSE(fitted(value, Exactness::exact));
        return reason(value, Exactness::nearest, "leave it out");
    }

    [[nodiscard]] Value nearest(const Value &value) const {
        const auto fit = fitted(value, Exactness::nearest);
        return fit ? *fit : Value{};
    }

    [[nodiscard]] std::string
    reason(const Value &value, Exactness exactness, const char *hint) const {
        const auto fit = fitted(value, exactness);
        if (fit) {
            ADD_FAILURE() << description.columns[0].type.native_name << " holds it";
            return "";
        }
        EXPECT_EQ(fit.error().code, Errc::conflict);
        EXPECT_NE(fit.error().hint.find(hint), std::string::npos) << fit.error().hint;
        const std::string begin = "column \"c\" of table \"t\" cannot hold a value exactly: ";
        EXPECT_TRUE(fit.error().message.starts_with(begin)) << fit.error().message;
        return fit.error().message.substr(begin.size());
    }

    TableDescription description;
};

using Target = PostgresqlTable;

TEST(PostgresqlFit, AValueOfTheColumnsKindIsHeldAsItIs) {
    const std::vector<std::pair<const char *, Value>> values{
        {"boolean", Value{true}},
        {"bigint", number(INT64_MIN)},
        {"numeric", decimal("1.50")},
        {"numeric", decimal("NaN")},
        {"double precision", Float64{0x7ff8000000000001}},
        {"real", Float32{0x7fc00001}},
        {"text", text("\xc3\xa5")},
        {"bytea", Bytes{0, 255}},
        {"date", Date{INT32_MAX}},
        {"time without time zone", Time{86'400'000'000}},
        {"time with time zone", TimeWithZone{1, -57'599}},
        {"timestamp without time zone", LocalTimestamp{1}},
        {"timestamp with time zone", ZonedTimestamp{INT64_MIN}},
        {"interval", Interval{1, -2, 3}},
        {"uuid", Uuid{}},
        {"json", Json{"{ }"}},
        {"jsonb", Json{"{ }"}},
        {"bit varying", Bits{1, {0x80}}},
        {"integer[]", Array{{{1, 2}}, {number(1), Value{}}}},
    };
    for (const auto &[type, value] : values) {
        EXPECT_EQ(Target{type}.exact(value), value) << type;
        EXPECT_EQ(Target{type}.nearest(value), value) << type;
        EXPECT_EQ(Target{type}.exact(Value{}), Value{}) << type;
    }
}

TEST(PostgresqlFit, ColumnsTakeTheTextsThatSqliteHoldsForTheirValues) {
    const std::vector<std::pair<const char *, Value>> values{
        {"numeric", decimal("1.50")},
        {"numeric", decimal("NaN")},
        {"numeric", decimal("-Infinity")},
        {"numeric(10,2)", decimal("-1.50")},
        {"bigint", number(-5)},
        {"date", Date{9830}},
        {"date", Date{INT32_MIN}},
        {"time without time zone", Time{45'296'789'012}},
        {"time with time zone", TimeWithZone{45'296'789'012, 19'800}},
        {"timestamp without time zone", LocalTimestamp{-1}},
        {"timestamp with time zone", ZonedTimestamp{INT64_MAX}},
        {"interval", Interval{1, -2, 3}},
        {"uuid", Uuid{{1, 2, 3}}},
        {"bit varying", Bits{4, {0x50}}},
    };
    for (const auto &[type, value] : values) {
        const Value stored = *to_sqlite_storage(value);
        EXPECT_EQ(Target{type}.exact(stored), value) << type;
    }
    EXPECT_EQ(Target{"boolean"}.exact(number(1)), Value{true});
    EXPECT_EQ(Target{"boolean"}.exact(number(0)), Value{false});
    EXPECT_EQ(Target{"json"}.exact(text("{ }")), text("{ }"));
    EXPECT_EQ(Target{"jsonb"}.exact(text("{ }")), text("{ }"));
    EXPECT_EQ(Target{"inet"}.exact(text("10.0.0.1")), text("10.0.0.1"));
}

TEST(PostgresqlFit, OtherTextsAreNotGuessedAt) {
    EXPECT_EQ(Target{"numeric"}.refusal(text("rope")), "this value is no number");
    EXPECT_EQ(Target{"numeric"}.refusal(text("007")), "this value is no number");
    EXPECT_EQ(Target{"double precision"}.refusal(text("0x10")), "this value is no number");
    EXPECT_EQ(Target{"integer"}.refusal(text("007")), "this value is not an integer of 32 bits");
    EXPECT_EQ(Target{"boolean"}.refusal(text("yes")), "this value is neither true nor false");
    EXPECT_EQ(Target{"date"}.refusal(text("30.11.2026")), "this value is no date");
    EXPECT_EQ(Target{"date"}.refusal(text("today")), "this value is no date");
    EXPECT_EQ(Target{"time without time zone"}.refusal(text("12:00")),
              "this value is no time without a zone");
    EXPECT_EQ(Target{"time with time zone"}.refusal(text("12:00:00")),
              "this value is no time with a zone");
    EXPECT_EQ(Target{"timestamp without time zone"}.refusal(text("2026-11-30 12:00:00Z")),
              "this value is no timestamp without a zone");
    EXPECT_EQ(Target{"timestamp with time zone"}.refusal(text("2026-11-30 12:00:00")),
              "this value is no timestamp with a zone");
    EXPECT_EQ(Target{"interval"}.refusal(text("1 day")), "this value is no interval");
    EXPECT_EQ(Target{"uuid"}.refusal(text("a")), "this value is no uuid");
    EXPECT_EQ(Target{"bit varying"}.refusal(text("2")), "this value is no bit string");
    EXPECT_EQ(Target{"bytea"}.refusal(text("\\x00")), "this value is no byte string");
}

TEST(PostgresqlFit, KindsAreNotConverted) {
    EXPECT_EQ(Target{"timestamp with time zone"}.refusal(LocalTimestamp{0}),
              "this value is no timestamp with a zone");
    EXPECT_EQ(Target{"timestamp without time zone"}.refusal(ZonedTimestamp{0}),
              "this value is no timestamp without a zone");
    EXPECT_EQ(Target{"date"}.refusal(LocalTimestamp{0}), "this value is no date");
    EXPECT_EQ(Target{"date"}.refusal(number(0)), "this value is no date");
    EXPECT_EQ(Target{"boolean"}.refusal(number(2)), "this value is neither true nor false");
    EXPECT_EQ(Target{"boolean"}.refusal(Value::float64(1)), "this value is neither true nor false");
    EXPECT_EQ(Target{"text"}.refusal(Bytes{0x61}), "this value is no text");
    EXPECT_EQ(Target{"text"}.refusal(Array{}), "this value is no text");
    EXPECT_EQ(Target{"inet"}.refusal(Bytes{0x61}), "this value is no text");
    EXPECT_EQ(Target{"bytea"}.refusal(Uuid{}), "this value is no byte string");
    EXPECT_EQ(Target{"uuid"}.refusal(Bytes(16)), "this value is no uuid");
    EXPECT_EQ(Target{"json"}.refusal(number(1)), "this value is no JSON");
    EXPECT_EQ(Target{"numeric"}.refusal(Date{0}), "this value is no number");
    EXPECT_EQ(Target{"integer"}.refusal(Json{"1"}), "this value is not an integer of 32 bits");
    EXPECT_EQ(Target{"integer"}.refusal(Native{"1"}), "this value is not an integer of 32 bits");
}

TEST(PostgresqlFit, IntegersHaveTheirWidth) {
    EXPECT_EQ(Target{"smallint"}.exact(number(-32768)), number(-32768));
    EXPECT_EQ(Target{"smallint"}.refusal(number(32768)), "this value is not an integer of 16 bits");
    EXPECT_EQ(Target{"integer"}.exact(number(INT32_MAX)), number(INT32_MAX));
    EXPECT_EQ(Target{"integer"}.refusal(number(std::int64_t{INT32_MIN} - 1)),
              "this value is not an integer of 32 bits");
    EXPECT_EQ(Target{"oid"}.exact(number(UINT32_MAX)), number(UINT32_MAX));
    EXPECT_EQ(Target{"oid"}.refusal(number(-1)),
              "this value is not an integer of 32 bits without a sign");
    EXPECT_EQ(Target{"integer"}.exact(Value{true}), number(1));
}

TEST(PostgresqlFit, WholeNumbersAreIntegersHoweverTheyAreWritten) {
    const Target table{"bigint"};
    EXPECT_EQ(table.exact(decimal("5.00")), number(5));
    EXPECT_EQ(table.exact(decimal("-9223372036854775808")), number(INT64_MIN));
    EXPECT_EQ(table.exact(Value::float64(-3)), number(-3));
    EXPECT_EQ(table.exact(Value::float64(9007199254740994.0)), number(9007199254740994));
    EXPECT_EQ(table.exact(real(16777216)), number(16777216));
    EXPECT_EQ(table.exact(text("9223372036854775807")), number(INT64_MAX));
    const std::string no_integer = "this value is not an integer of 64 bits";
    EXPECT_EQ(table.refusal(decimal("9223372036854775808")), no_integer);
    EXPECT_EQ(table.refusal(decimal("NaN")), no_integer);
    EXPECT_EQ(table.refusal(Value::float64(1e19)), no_integer);
    EXPECT_EQ(table.refusal(Value::float64(std::nan(""))), no_integer);
    EXPECT_EQ(table.loss(Value::float64(1.5)), no_integer);
    EXPECT_EQ(table.loss(text("5.0")), no_integer) << "it would be written as 5";
    EXPECT_EQ(table.nearest(Value::float64(1.5)), number(2));
    EXPECT_EQ(table.nearest(decimal("-1.5")), number(-2));
    EXPECT_EQ(table.nearest(text("1.4")), number(1));
}

TEST(PostgresqlFit, NumericTakesTheShortestDigitsOfBinaryNumbers) {
    const Target table{"numeric"};
    EXPECT_EQ(table.exact(Value::float64(0.1)), decimal("0.1"));
    EXPECT_EQ(table.exact(Value::float64(0.1 + 0.2)), decimal("0.30000000000000004"));
    EXPECT_EQ(table.exact(real(0.1F)), decimal("0.1"));
    EXPECT_EQ(table.exact(Value::float64(1e22)), decimal("1" + std::string(22, '0')));
    EXPECT_EQ(table.exact(Value::float64(-HUGE_VAL)), decimal("-Infinity"));
    EXPECT_EQ(table.exact(real(NAN)), decimal("NaN"));
    EXPECT_EQ(table.exact(number(-7)), decimal("-7"));
}

TEST(PostgresqlFit, NumericHasItsScale) {
    const Target table{"numeric(6,2)"};
    EXPECT_EQ(table.exact(decimal("1.5")), decimal("1.50"));
    EXPECT_EQ(table.exact(decimal("1.500")), decimal("1.50"));
    EXPECT_EQ(table.exact(number(3)), decimal("3.00"));
    EXPECT_EQ(table.exact(Value::float64(0.25)), decimal("0.25"));
    EXPECT_EQ(table.exact(decimal("123456789")), decimal("123456789.00"))
        << "the server refuses it";
    EXPECT_EQ(table.exact(decimal("Infinity")), decimal("Infinity")) << "the server refuses it";
    EXPECT_EQ(table.loss(decimal("1.005")), "this number has more digits behind the point than 2");
    EXPECT_EQ(table.nearest(decimal("1.005")), decimal("1.01"));
    EXPECT_EQ(table.nearest(decimal("-1.005")), decimal("-1.01"));
    EXPECT_EQ(table.nearest(text("0.004")), decimal("0.00"));
    EXPECT_EQ(Target{"numeric(3,-2)"}.exact(decimal("1200")), decimal("1200"));
    EXPECT_EQ(Target{"numeric(3,-2)"}.loss(decimal("1250")),
              "this number has digits other than 0 in its last 2");
    EXPECT_EQ(Target{"numeric(3,-2)"}.nearest(decimal("1250")), decimal("1300"));
    EXPECT_EQ(table.refusal(decimal("rope")), "this decimal is no number");
}

TEST(PostgresqlFit, NumericHasNoMoreThan16383DigitsBehindThePoint) {
    const Target table{"numeric"};
    const std::string most = "0." + std::string(16'383, '1');
    EXPECT_EQ(table.exact(decimal(most)), decimal(most));
    EXPECT_EQ(table.exact(decimal(most + "0")), decimal(most));
    EXPECT_EQ(table.loss(decimal(most + "1")),
              "this number has more digits behind the point than 16383");
}

TEST(PostgresqlFit, BinaryNumbersKeepDigitsThatTheyShow) {
    const Target wide{"double precision"};
    EXPECT_EQ(wide.exact(decimal("0.1")), Value::float64(0.1));
    EXPECT_EQ(wide.exact(decimal("12.50")), Value::float64(12.5));
    EXPECT_EQ(wide.exact(decimal("0.30000000000000004")), Value::float64(0.1 + 0.2));
    EXPECT_EQ(wide.exact(decimal("123456789012345")), Value::float64(123456789012345.0));
    EXPECT_EQ(wide.exact(decimal("NaN")).kind(), Kind::float64);
    EXPECT_EQ(wide.exact(decimal("-Infinity")), Value::float64(-HUGE_VAL));
    EXPECT_EQ(wide.exact(text("1e+15")), Value::float64(1e15)) << "as it is written into a text";
    EXPECT_EQ(wide.exact(real(0.1F)), Value::float64(static_cast<double>(0.1F)));
    EXPECT_EQ(wide.loss(decimal("0.1234567890123456789")),
              "as a number of 15 digits it would lose digits");
    EXPECT_EQ(wide.nearest(decimal("0.1234567890123456789")), Value::float64(0.12345678901234568));
    EXPECT_EQ(wide.refusal(decimal("1" + std::string(309, '0'))),
              "this number is beyond the range of the type");
    EXPECT_EQ(wide.refusal(decimal("0." + std::string(330, '0') + "1")),
              "this number is beyond the range of the type");
}

TEST(PostgresqlFit, BinaryNumbersHoldIntegersThatComeBack) {
    constexpr std::int64_t exact = std::int64_t{1} << 53U;
    const Target wide{"double precision"};
    for (const std::int64_t kept : {std::int64_t{0}, exact, -exact, exact * 2, INT64_MIN}) {
        EXPECT_EQ(wide.exact(number(kept)), Value::float64(static_cast<double>(kept)));
    }
    for (const std::int64_t changed : {exact + 1, -exact - 1, INT64_MAX}) {
        EXPECT_EQ(wide.loss(number(changed)), "as a number of 15 digits it would lose digits");
    }
    EXPECT_EQ(Target{"real"}.exact(number(16777216)), real(16777216));
    EXPECT_EQ(Target{"real"}.loss(number(16777217)),
              "as a number of 6 digits it would lose digits");
}

TEST(PostgresqlFit, RealTakesWideNumbersThatItShowsAlike) {
    const Target table{"real"};
    EXPECT_EQ(table.exact(Value::float64(0.1)), real(0.1F));
    EXPECT_EQ(table.exact(Value::float64(static_cast<double>(0.1F))), real(0.1F));
    EXPECT_EQ(table.exact(Value::float64(-0.0)), real(-0.0F));
    EXPECT_EQ(table.exact(Value::float64(HUGE_VAL)), real(HUGE_VALF));
    EXPECT_EQ(table.loss(Value::float64(0.123456789)),
              "as a number of 6 digits it would lose digits");
    EXPECT_EQ(table.nearest(Value::float64(0.123456789)), real(0.12345679F));
    EXPECT_EQ(table.refusal(Value::float64(1e300)), "this number is beyond the range of the type");
}

TEST(PostgresqlFit, TextsHoldWhatHasAUsualText) {
    const Target table{"text"};
    EXPECT_EQ(table.exact(number(-5)), text("-5"));
    EXPECT_EQ(table.exact(decimal("1.50")), text("1.50"));
    EXPECT_EQ(table.exact(Value::float64(0.1 + 0.2)), text("0.30000000000000004"));
    EXPECT_EQ(table.exact(Value::float64(1e300)), text("1e+300"));
    EXPECT_EQ(table.exact(Value::float64(std::nan(""))), text("NaN"));
    EXPECT_EQ(table.exact(real(0.1F)), text("0.1"));
    EXPECT_EQ(table.exact(Value{true}), text("true"));
    EXPECT_EQ(table.exact(Date{9830}), text("2026-11-30"));
    EXPECT_EQ(table.exact(ZonedTimestamp{0}), text("2000-01-01 00:00:00Z"));
    EXPECT_EQ(table.exact(Interval{1, 2, 3'500'000}), text("P1M2DT3.500000S"));
    EXPECT_EQ(table.exact(Json{"{ }"}), text("{ }"));
    EXPECT_EQ(table.exact(Bits{4, {0x50}}), text("0101"));
    EXPECT_EQ(table.exact(Native{"10.0.0.1"}), text("10.0.0.1"));
}

TEST(PostgresqlFit, WhatIsWrittenIntoATextIsReadBackAsANumber) {
    for (const double content : {0.1, -0.0, 1e15, 1e-300, 123456789012345680.0, 5e-324}) {
        const Value value = Value::float64(content);
        EXPECT_EQ(Target{"double precision"}.exact(Target{"text"}.exact(value)), value) << content;
    }
}

TEST(PostgresqlFit, NoTextHoldsTheCharacterZeroOrBrokenUtf8) {
    const std::string zero{"a\0b", 3};
    for (const char *type : {"text", "character varying(1)", "inet", "json"}) {
        EXPECT_EQ(Target{type}.refusal(text(zero)), "it contains the character U+0000") << type;
        EXPECT_EQ(Target{type}.refusal(text("\xff")), "it is not UTF-8") << type;
    }
    EXPECT_EQ(Target{"inet"}.refusal(Native{zero}), "it contains the character U+0000");
}

TEST(PostgresqlFit, TooLongTextsAreLeftToTheTableOrCut) {
    for (const char *type : {"character varying(3)", "character(3)"}) {
        const Target table{type};
        EXPECT_EQ(table.exact(text("abc")), text("abc"));
        EXPECT_EQ(table.exact(text("abcd")), text("abcd"));
        EXPECT_EQ(table.nearest(text("abcd")), text("abc"));
        EXPECT_EQ(table.exact(text("\xc3\xa5\xc3\xa5\xc3\xa5")), text("\xc3\xa5\xc3\xa5\xc3\xa5"));
        EXPECT_EQ(table.nearest(text("\xc3\xa5\xc3\xa5\xc3\xa5x")),
                  text("\xc3\xa5\xc3\xa5\xc3\xa5"));
        EXPECT_EQ(table.exact(number(12345)), text("12345"));
    }
}

TEST(PostgresqlFit, SpacesThatTheServerWouldCutSilentlyAreALoss) {
    const Target varying{"character varying(3)"};
    EXPECT_EQ(varying.exact(text("ab ")), text("ab "));
    EXPECT_EQ(varying.loss(text("abc ")), "this text would lose spaces at its end");
    EXPECT_EQ(varying.nearest(text("abc ")), text("abc"));
    EXPECT_EQ(Target{"character(3)"}.exact(text("abc ")), text("abc"))
        << "such a column does not tell spaces at the end";
}

TEST(PostgresqlFit, NamesAndSingleBytesWouldBeCutSilently) {
    const std::string longest(63, 'a');
    EXPECT_EQ(Target{"name"}.exact(text(longest)), text(longest));
    EXPECT_EQ(Target{"name"}.loss(text(longest + "a")), "this text is longer than 63 bytes");
    EXPECT_EQ(Target{"name"}.nearest(text(longest + "a")), text(longest));
    EXPECT_EQ(Target{"\"char\""}.exact(text("a")), text("a"));
    EXPECT_EQ(Target{"\"char\""}.exact(text("\\351")), text("\\351"));
    EXPECT_EQ(Target{"\"char\""}.refusal(text("ab")), "this text is longer than one byte");
    EXPECT_EQ(Target{"\"char\""}.refusal(text("\xc3\xa5")), "this text is longer than one byte");
}

TEST(PostgresqlFit, TooManyBitsAreLeftToTheTableOrCut) {
    for (const char *type : {"bit(4)", "bit varying(4)"}) {
        const Target table{type};
        EXPECT_EQ(table.exact(Bits{4, {0xf0}}), (Value{Bits{4, {0xf0}}}));
        EXPECT_EQ(table.exact(Bits{9, {0xff, 0x80}}), (Value{Bits{9, {0xff, 0x80}}}));
        EXPECT_EQ(table.nearest(Bits{9, {0xff, 0x80}}), (Value{Bits{4, {0xf0}}}));
        EXPECT_EQ(table.nearest(text("11111")), (Value{Bits{4, {0xf0}}}));
    }
    EXPECT_EQ(Target{"bit(8)"}.nearest(Bits{9, {0xff, 0x80}}), (Value{Bits{8, {0xff}}}));
}

TEST(PostgresqlFit, DigitsOfASecondAreRounded) {
    const Target table{"timestamp(3) without time zone"};
    const std::string loss = "this time has more digits of a second than 3";
    EXPECT_EQ(table.exact(LocalTimestamp{-1'000}), Value{LocalTimestamp{-1'000}});
    EXPECT_EQ(table.exact(LocalTimestamp{INT64_MAX}), Value{LocalTimestamp{INT64_MAX}});
    EXPECT_EQ(table.loss(LocalTimestamp{1}), loss);
    EXPECT_EQ(table.nearest(LocalTimestamp{1'500}), Value{LocalTimestamp{2'000}});
    EXPECT_EQ(table.nearest(LocalTimestamp{-1'500}), Value{LocalTimestamp{-2'000}});
    EXPECT_EQ(table.nearest(LocalTimestamp{-1'499}), Value{LocalTimestamp{-1'000}});
    EXPECT_EQ(table.refusal(LocalTimestamp{INT64_MAX - 1}),
              "this time is beyond the range of the type");
    EXPECT_EQ(Target{"timestamp(0) with time zone"}.nearest(ZonedTimestamp{500'000}),
              Value{ZonedTimestamp{1'000'000}});
    EXPECT_EQ(Target{"time(0) without time zone"}.nearest(Time{86'399'999'999}),
              Value{Time{86'400'000'000}});
    EXPECT_EQ(Target{"time(3) with time zone"}.nearest(TimeWithZone{1, 3600}),
              (Value{TimeWithZone{0, 3600}}));
    EXPECT_EQ(Target{"interval(3)"}.nearest(Interval{1, 2, -500}), (Value{Interval{1, 2, -1'000}}));
    EXPECT_EQ(Target{"timestamp(6) without time zone"}.exact(LocalTimestamp{1}),
              Value{LocalTimestamp{1}});
}

TEST(PostgresqlFit, TimesOfNoDayAreRefused) {
    const std::string beyond = "this time is beyond the range of the type";
    EXPECT_EQ(Target{"time without time zone"}.refusal(Time{-1}), beyond);
    EXPECT_EQ(Target{"time without time zone"}.refusal(Time{86'400'000'001}), beyond);
    EXPECT_EQ(Target{"time with time zone"}.refusal(TimeWithZone{0, 57'600}), beyond);
    EXPECT_EQ(Target{"time with time zone"}.refusal(TimeWithZone{0, INT32_MIN}), beyond);
}

TEST(PostgresqlFit, IntervalsKeepTheDeclaredFields) {
    const Interval all{14, 3, 3'723'500'000};
    const auto kept = [&](const char *fields) {
        const Target table{std::string{"interval "} + fields};
        EXPECT_EQ(table.loss(all), "this interval has other fields than " + std::string{fields});
        return table.nearest(all);
    };
    EXPECT_EQ(kept("year"), (Value{Interval{12, 0, 0}}));
    EXPECT_EQ(kept("month"), (Value{Interval{14, 0, 0}}));
    EXPECT_EQ(kept("year to month"), (Value{Interval{14, 0, 0}}));
    EXPECT_EQ(kept("day"), (Value{Interval{14, 3, 0}}));
    EXPECT_EQ(kept("day to hour"), (Value{Interval{14, 3, 3'600'000'000}}));
    EXPECT_EQ(kept("hour to minute"), (Value{Interval{14, 3, 3'720'000'000}}));
    EXPECT_EQ(Target{"interval day to second"}.exact(all), Value{all});
    EXPECT_EQ(Target{"interval year"}.exact(Interval{-24, 0, 0}), (Value{Interval{-24, 0, 0}}));
    const Interval endless{INT32_MAX, INT32_MAX, INT64_MAX};
    EXPECT_EQ(Target{"interval year"}.exact(endless), Value{endless});
}

TEST(PostgresqlFit, ArraysHoldElementsOfTheirKind) {
    const Array longer{{{1, 2}}, {number(1), number(40'000)}};
    EXPECT_EQ(Target{"integer[]"}.exact(longer), Value{longer});
    EXPECT_EQ(Target{"integer[]"}.exact(Array{}), Value{Array{}});
    EXPECT_EQ(Target{"smallint[]"}.refusal(longer), "this value is not an integer of 16 bits");
    EXPECT_EQ(Target{"numeric[]"}.refusal(longer), "the array has elements of another kind");
    EXPECT_EQ(Target{"text[]"}.refusal(longer), "the array has elements of another kind");
    EXPECT_EQ(Target{"integer[]"}.refusal(number(1)), "this value is no array");
    EXPECT_EQ(Target{"integer[]"}.refusal(text("{1}")), "this value is no array");
    const Array sparse{{{0, 1}}, {Value{}}};
    EXPECT_EQ(Target{"numeric[]"}.exact(sparse), Value{sparse});
}

TEST(PostgresqlFit, ArraysHaveBoundsThatTheServerTakes) {
    const Target table{"integer[]"};
    const std::string loss = "the array has bounds that no array has here";
    EXPECT_EQ(table.refusal(Array{{{1, 0}}, {}}), loss);
    EXPECT_EQ(table.refusal(Array{{{INT32_MAX, 1}}, {number(1)}}), loss);
    const Array last{{{INT32_MAX - 1, 1}}, {number(1)}};
    EXPECT_EQ(table.exact(last), Value{last});
}

TEST(PostgresqlFit, ArraysHaveTheLengthsOfTheirElements) {
    const Target table{"numeric(5,1)[]"};
    const Array digits{{{1, 3}}, {decimal("1"), Value{}, decimal("2.25")}};
    EXPECT_EQ(table.loss(digits), "this number has more digits behind the point than 1");
    EXPECT_EQ(table.nearest(digits),
              (Value{Array{{{1, 3}}, {decimal("1.0"), Value{}, decimal("2.3")}}}));
    const Array words{{{1, 1}}, {text("abcd")}};
    EXPECT_EQ(Target{"character varying(3)[]"}.exact(words), Value{words});
    EXPECT_EQ(Target{"character varying(3)[]"}.nearest(words),
              (Value{Array{{{1, 1}}, {text("abc")}}}));
}

TEST(PostgresqlFit, NativeColumnsReadTexts) {
    const Target table{"mood"};
    EXPECT_EQ(table.exact(Native{"happy"}), text("happy"));
    EXPECT_EQ(table.exact(text("happy")), text("happy"));
    EXPECT_EQ(table.exact(number(5)), text("5")) << "of a domain over integers";
}

TEST(PostgresqlStorage, HoldsEveryKindAsItIs) {
    for (const Value &value : {Value{}, Value{true}, Value{Float32{1}}, decimal("NaN"),
                               Value{Bytes{0}}, Value{Array{}}, text("\xc3\xa5")}) {
        EXPECT_EQ(*to_storage(value), value);
    }
}

TEST(PostgresqlStorage, HoldsNoTextWithTheCharacterZero) {
    const std::string zero{"\0", 1};
    for (const Value &value : {text(zero), Value{Json{zero}}, Value{Native{zero}}, text("\x80")}) {
        const auto stored = to_storage(value);
        ASSERT_FALSE(stored);
        EXPECT_EQ(stored.error().code, Errc::conflict);
        EXPECT_NE(stored.error().hint, "");
    }
    EXPECT_EQ(to_storage(text(zero)).error().message,
              "cannot store a text in PostgreSQL: it contains the character U+0000");
}

std::string narrower_than(const std::string &to, const Type &from) {
    const Target table{to};
    return narrower(table.description, table.description.columns[0], from);
}

std::string narrower_than(const std::string &to, const std::string &from) {
    return narrower_than(to, neutral_type(from));
}

TEST(PostgresqlNarrower, SaysNothingOfTypesThatAreHeld) {
    const std::vector<std::pair<const char *, const char *>> held{
        {"integer", "integer"},
        {"bigint", "smallint"},
        {"bigint", "oid"},
        {"integer", "smallint"},
        {"integer", "boolean"},
        {"numeric", "bigint"},
        {"numeric", "double precision"},
        {"numeric(10,2)", "numeric(5,1)"},
        {"numeric(12,2)", "integer"},
        {"numeric(5,0)", "smallint"},
        {"numeric(2,1)", "boolean"},
        {"double precision", "real"},
        {"double precision", "integer"},
        {"double precision", "numeric(15,2)"},
        {"real", "smallint"},
        {"text", "character varying(5)"},
        {"text", "date"},
        {"text", "inet"},
        {"character varying(5)", "character(5)"},
        {"timestamp without time zone", "timestamp(3) without time zone"},
        {"timestamp(3) without time zone", "timestamp(2) without time zone"},
        {"interval", "interval year"},
        {"jsonb", "json"},
        {"bit varying", "bit(4)"},
        {"bigint[]", "integer[]"},
        {"mood", "mood"},
    };
    for (const auto &[to, from] : held) {
        EXPECT_EQ(narrower_than(to, from), "") << to << " from " << from;
    }
}

TEST(PostgresqlNarrower, SaysWhatOfATypeAColumnDoesNotHold) {
    EXPECT_EQ(narrower_than("integer", "bigint"), "it holds integers of 32 bits only");
    EXPECT_EQ(narrower_than("smallint", Type{Kind::int64, Kind::null, -1, -1, "INTEGER"}),
              "it holds integers of 16 bits only");
    EXPECT_EQ(narrower_than("integer", "oid"), "it holds integers of 32 bits only");
    EXPECT_EQ(narrower_than("oid", "integer"), "it holds integers of 32 bits without a sign only");
    EXPECT_EQ(narrower_than("bigint", "numeric"), "it holds integers only");
    EXPECT_EQ(narrower_than("bigint", "text"), "it holds integers only");
    EXPECT_EQ(narrower_than("numeric(10,2)", "numeric"),
              "it holds 8 digits before the point and 2 behind it");
    EXPECT_EQ(narrower_than("numeric(10,2)", "real"),
              "it holds 8 digits before the point and 2 behind it");
    EXPECT_EQ(narrower_than("numeric(10,2)", "integer"),
              "it holds 8 digits before the point and 2 behind it");
    EXPECT_EQ(narrower_than("numeric(2,1)", "numeric(3,1)"),
              "it holds 1 digit before the point and 1 behind it");
    EXPECT_EQ(narrower_than("numeric(3,-2)", "smallint"),
              "it holds 5 digits before the point and 0 behind it");
    EXPECT_EQ(narrower_than("numeric", "text"), "it holds numbers only");
    EXPECT_EQ(narrower_than("double precision", "bigint"), "numbers become ones of 15 digits");
    EXPECT_EQ(narrower_than("real", "double precision"), "numbers become ones of 6 digits");
    EXPECT_EQ(narrower_than("real", "integer"), "numbers become ones of 6 digits");
    EXPECT_EQ(narrower_than("real", "numeric(7,2)"), "numbers become ones of 6 digits");
    EXPECT_EQ(narrower_than("numeric(10,1)", "numeric"),
              "it holds 9 digits before the point and 1 behind it");
    EXPECT_EQ(narrower_than("boolean", "integer"), "it holds true and false only");
    EXPECT_EQ(narrower_than("text", "bytea"), "it holds texts only");
    EXPECT_EQ(narrower_than("bytea", "text"), "it holds byte strings only");
    EXPECT_EQ(narrower_than("character varying(5)", "text"), "it holds texts of 5 characters");
    EXPECT_EQ(narrower_than("\"char\"", "text"), "it holds texts of one byte");
    EXPECT_EQ(narrower_than("name", "text"), "it holds texts of 63 bytes");
    EXPECT_EQ(narrower_than("bit(4)", "bit varying"), "it holds 4 bits");
    EXPECT_EQ(narrower_than("date", "text"), "it holds dates only");
    EXPECT_EQ(narrower_than("timestamp with time zone", "timestamp without time zone"),
              "it holds timestamps with a zone only");
    EXPECT_EQ(narrower_than("time(0) without time zone", "time without time zone"),
              "it holds 0 digits of a second");
    EXPECT_EQ(narrower_than("interval year", "interval"), "it holds the fields year only");
    EXPECT_EQ(narrower_than("uuid", "text"), "it holds uuids only");
    EXPECT_EQ(narrower_than("json", "text"), "it holds JSON only");
    EXPECT_EQ(narrower_than("integer[]", "text[]"), "it holds arrays of its own kind only");
    EXPECT_EQ(narrower_than("integer[]", "integer"), "it holds arrays of its own kind only");
    EXPECT_EQ(narrower_than("smallint[]", "integer[]"), "it holds integers of 16 bits only");
    EXPECT_EQ(narrower_than("inet", "text"), "it holds what its type reads only");
}

TEST(PostgresqlFit, ValuesOfTheColumnsOwnTypePassAsTheyAre) {
    const std::vector<std::pair<const char *, Value>> values{
        {"bigint", number(std::numeric_limits<std::int64_t>::min())},
        {"integer", number(std::numeric_limits<std::int32_t>::max())},
        {"text", text("sch\xc3\xb6n")},
        {"numeric(12,2)", decimal("-0.50")},
        {"timestamp with time zone", ZonedTimestamp{-1}}};
    for (const auto &[type, value] : values) {
        EXPECT_EQ(PostgresqlTable{type}.exact(value), value) << type;
    }
    EXPECT_NE(PostgresqlTable{"integer"}.refusal(number(std::int64_t{1} << 31U)), "");
    EXPECT_NE(PostgresqlTable{"text"}.refusal(text(std::string("a\0b", 3))), "");
    EXPECT_EQ(PostgresqlTable{"numeric(12,2)"}.exact(decimal("1.500")), decimal("1.50"));
}

} // namespace
} // namespace postrider::dialect::postgresql_text
