// Quoting, the text forms of values, and the scanner for partial indexes.
#include <limits>

#include <gtest/gtest.h>

#include "common/dialect/sqlite.hpp"

namespace postrider {
namespace {

using dialect::sqlite;

std::string stored(const Value &value) {
    const Result<Value> result = sqlite().to_storage(value);
    EXPECT_TRUE(result);
    const Text *text = result->as<Text>();
    return text == nullptr ? "" : text->text;
}

TEST(SqliteText, quotes_are_doubled) {
    EXPECT_EQ(sqlite().quote_identifier("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(sqlite().quote_literal("it's"), "'it''s'");
    EXPECT_EQ(sqlite().state_name("queue"), "\"postrider_queue\"");
}

TEST(SqliteStorage, dates_and_times_read_as_sqlites_own_functions_write_them) {
    EXPECT_EQ(stored(Date{0}), "2000-01-01");
    EXPECT_EQ(stored(Date{-1}), "1999-12-31");
    EXPECT_EQ(stored(Date{9824}), "2026-11-24");
    EXPECT_EQ(stored(Date{std::numeric_limits<std::int32_t>::max()}), "infinity");
    EXPECT_EQ(stored(Date{2145031948}), "5874897-12-31"); // PostgreSQL's last one
    EXPECT_EQ(stored(Date{-2451545}), "-4713-11-24");     // its first one; the year 0 is 1 BC
    EXPECT_EQ(stored(Time{34'200'000'000}), "09:30:00");
    EXPECT_EQ(stored(Time{86'400'000'000}), "24:00:00");
    EXPECT_EQ(stored(Time{1}), "00:00:00.000001");
    EXPECT_EQ(stored(TimeWithZone{0, -12600}), "00:00:00-03:30");
    EXPECT_EQ(stored(LocalTimestamp{-1}), "1999-12-31 23:59:59.999999");
    EXPECT_EQ(stored(ZonedTimestamp{0}), "2000-01-01 00:00:00Z");
    EXPECT_EQ(stored(LocalTimestamp{std::numeric_limits<std::int64_t>::min()}), "-infinity");
}

TEST(SqliteStorage, other_kinds_have_their_documented_text) {
    EXPECT_EQ(stored(Interval{14, -3, -1'500'000}), "P14M-3DT-1.500000S");
    EXPECT_EQ(stored(Interval{0, 0, 0}), "PT0S");
    EXPECT_EQ(
        stored(Uuid{{0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0, 1, 2, 3, 4, 5, 6, 7, 8}}),
        "12345678-9abc-def0-0102-030405060708");
    EXPECT_EQ(stored(Bits{10, {0xa0, 0x40}}), "1010000001");
    EXPECT_EQ(stored(Decimal{"-0.10"}), "-0.10");
    EXPECT_EQ(stored(Json{"{}"}), "{}");
    EXPECT_EQ(stored(Native{"(1,2)"}), "(1,2)");
}

TEST(SqliteStorage, what_has_no_exact_form_is_an_error) {
    EXPECT_FALSE(sqlite().to_storage(Float64{0x7ff8000000000000}));
    EXPECT_FALSE(sqlite().to_storage(Float32{0x7fc00000}));
    EXPECT_FALSE(sqlite().to_storage(Array{}));
}

TEST(SqlitePredicate, is_what_follows_where_outside_of_everything_else) {
    EXPECT_EQ(sqlite().index_predicate("CREATE UNIQUE INDEX i ON t(a)"), "");
    EXPECT_EQ(sqlite().index_predicate("CREATE UNIQUE INDEX i ON t(a) WHERE a > 1"), "a > 1");
    EXPECT_EQ(sqlite().index_predicate("CREATE INDEX \"where\" ON [where](\"a) where\") wHeRe(b)"),
              "(b)");
    EXPECT_EQ(sqlite().index_predicate("CREATE INDEX i ON t(a /* ) where */) -- where\n WHERE\n b"),
              "b");
    EXPECT_EQ(sqlite().index_predicate("CREATE INDEX i ON t('it''s' , a) WHERE b = 'where'"),
              "b = 'where'");
    EXPECT_EQ(sqlite().index_predicate("CREATE INDEX nowhere ON wheres(a)"), "");
}

TEST(SqlitePredicate, ends_on_every_truncation) {
    const std::string sql = "CREATE INDEX \"w\" ON [t](a /* x */, 'b''c') -- y\n WHERE `d` = \"e\"";
    for (std::size_t size = 0; size <= sql.size(); ++size) {
        EXPECT_LE(sqlite().index_predicate(sql.substr(0, size)).size(), sql.size());
    }
}

TEST(SqliteTypes, follow_the_affinity_rules) {
    using dialect::Affinity;
    EXPECT_EQ(sqlite().affinity("CHARINT"), Affinity::integer);
    EXPECT_EQ(sqlite().affinity("VARCHAR(10)"), Affinity::text);
    EXPECT_EQ(sqlite().affinity(""), Affinity::none);
    EXPECT_EQ(sqlite().affinity("BLOB"), Affinity::none);
    EXPECT_EQ(sqlite().affinity("FLOATING POINT"), Affinity::integer);
    EXPECT_EQ(sqlite().affinity("DOUBLE"), Affinity::real);
    EXPECT_EQ(sqlite().affinity("DECIMAL(10,5)"), Affinity::numeric);
}

TEST(SqliteTypes, have_a_neutral_kind_and_keep_their_name) {
    EXPECT_EQ(sqlite().neutral_type("BIGINT").kind, Kind::int64);
    EXPECT_EQ(sqlite().neutral_type("DATETIME").kind, Kind::timestamp);
    EXPECT_EQ(sqlite().neutral_type("numeric(12, 3)").precision, 12);
    EXPECT_EQ(sqlite().neutral_type("").kind, Kind::native);
    EXPECT_EQ(sqlite().neutral_type("My Type").native_name, "My Type");
}

} // namespace
} // namespace postrider
