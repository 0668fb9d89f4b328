// PostgreSQL's types and the neutral ones. The declared types are what format_type() of a server
// prints.
#include <gtest/gtest.h>

#include "common/dialect/postgresql_types.hpp"

namespace postrider::dialect::postgresql_text {
namespace {

struct Expected {
    const char *declared;
    Kind kind;
    Kind element = Kind::null;
    std::int32_t precision = -1;
    std::int32_t scale = -1;
};

TEST(PostgresqlTypes, BuiltInTypesHaveANeutralKind) {
    for (const Expected &expected : std::vector<Expected>{
             {"boolean", Kind::boolean},
             {"smallint", Kind::int64},
             {"integer", Kind::int64},
             {"bigint", Kind::int64},
             {"oid", Kind::int64},
             {"numeric", Kind::decimal},
             {"real", Kind::float32},
             {"double precision", Kind::float64},
             {"text", Kind::text},
             {"character varying", Kind::text},
             {"bpchar", Kind::text},
             {"character", Kind::text},
             {"\"char\"", Kind::text},
             {"name", Kind::text},
             {"bytea", Kind::bytes},
             {"date", Kind::date},
             {"time without time zone", Kind::time},
             {"time with time zone", Kind::time_with_zone},
             {"timestamp without time zone", Kind::timestamp},
             {"timestamp with time zone", Kind::timestamp_with_zone},
             {"interval", Kind::interval},
             {"interval year to month", Kind::interval},
             {"uuid", Kind::uuid},
             {"json", Kind::json},
             {"jsonb", Kind::json},
             {"\"bit\"", Kind::bits},
             {"bit varying", Kind::bits},
         }) {
        const Type type = neutral_type(expected.declared);
        EXPECT_EQ(type, (Type{expected.kind, Kind::null, -1, -1, expected.declared}))
            << expected.declared;
    }
}

TEST(PostgresqlTypes, LengthsAreReadOutOfTheDeclaration) {
    for (const Expected &expected : std::vector<Expected>{
             {"numeric(10,2)", Kind::decimal, Kind::null, 10, 2},
             {"numeric(5,0)", Kind::decimal, Kind::null, 5, 0},
             {"numeric(2,5)", Kind::decimal, Kind::null, 2, 5},
             {"numeric(3,-2)", Kind::decimal, Kind::null, 5, 0},
             {"numeric(1000,1000)", Kind::decimal, Kind::null, 1000, 1000},
             {"character varying(20)", Kind::text, Kind::null, 20},
             {"character(5)", Kind::text, Kind::null, 5},
             {"bit(8)", Kind::bits, Kind::null, 8},
             {"bit varying(5)", Kind::bits, Kind::null, 5},
             {"time(2) without time zone", Kind::time, Kind::null, 2},
             {"time(1) with time zone", Kind::time_with_zone, Kind::null, 1},
             {"timestamp(3) without time zone", Kind::timestamp, Kind::null, 3},
             {"timestamp(0) with time zone", Kind::timestamp_with_zone, Kind::null, 0},
             {"interval(3)", Kind::interval, Kind::null, 3},
             {"interval day to second(2)", Kind::interval, Kind::null, 2},
             {"interval second(1)", Kind::interval, Kind::null, 1},
         }) {
        const Type type = neutral_type(expected.declared);
        EXPECT_EQ(type, (Type{expected.kind, Kind::null, expected.precision, expected.scale,
                              expected.declared}))
            << expected.declared;
    }
}

TEST(PostgresqlTypes, ArraysHaveTheKindAndLengthsOfTheirElements) {
    for (const Expected &expected : std::vector<Expected>{
             {"integer[]", Kind::array, Kind::int64},
             {"numeric(5,2)[]", Kind::array, Kind::decimal, 5, 2},
             {"character varying(7)[]", Kind::array, Kind::text, 7},
             {"timestamp(3) without time zone[]", Kind::array, Kind::timestamp, 3},
             {"interval day to second(2)[]", Kind::array, Kind::interval, 2},
             {"\"bit\"[]", Kind::array, Kind::bits},
             {"bpchar[]", Kind::array, Kind::text},
         }) {
        const Type type = neutral_type(expected.declared);
        EXPECT_EQ(type, (Type{expected.kind, expected.element, expected.precision, expected.scale,
                              expected.declared}))
            << expected.declared;
    }
}

TEST(PostgresqlTypes, EverythingElseIsNative) {
    for (const char *declared : {"inet",
                                 "inet[]",
                                 "money",
                                 "xml",
                                 "int4range",
                                 "tsvector",
                                 "point",
                                 "public.mood",
                                 "hstore",
                                 "mood[]",
                                 "",
                                 "[]",
                                 "integer[][]",
                                 "numeric(",
                                 "numeric)",
                                 "numeric()",
                                 "numeric(1,2,3)",
                                 "numeric(0,0)",
                                 "numeric(1001,0)",
                                 "numeric(1,1001)",
                                 "numeric(5)",
                                 "numeric(5, 2)",
                                 "integer(4)",
                                 "text(4)",
                                 "bpchar(4)",
                                 "character(0)",
                                 "character(10485761)",
                                 "bit(83886081)",
                                 "character(1,1)",
                                 "timestamp without time zone(3)",
                                 "timestamp(7) with time zone",
                                 "timestamp(-1) with time zone",
                                 "(3)timestamp",
                                 "interval century",
                                 "interval year(3)",
                                 "interval(3) second",
                                 "INTEGER",
                                 " integer",
                                 "integer; DROP TABLE t",
                                 "numeric(10,2); --",
                                 "character(+5)",
                                 "numeric(010,2)"}) {
        EXPECT_EQ(neutral_type(declared), (Type{Kind::native, Kind::null, -1, -1, declared}))
            << declared;
    }
}

TEST(PostgresqlTypes, AreFoundByTheirOid) {
    EXPECT_EQ(builtin_of(23)->name, "integer");
    EXPECT_EQ(builtin_of(1042)->name, "character");
    EXPECT_EQ(builtin_of(0), nullptr);
    EXPECT_EQ(builtin_of(1007), nullptr);
    EXPECT_EQ(array_element_of(1007)->name, "integer");
    EXPECT_EQ(array_element_of(1041), nullptr) << "inet has no neutral kind";
    EXPECT_EQ(array_element_of(0), nullptr);
}

std::string declared_as(const Type &type, std::string_view engine) {
    return declared_type({"c", type, true}, engine);
}

TEST(PostgresqlTypes, ATableOfPostgresqlIsDeclaredAsItWas) {
    for (const char *declared : {"boolean",
                                 "smallint",
                                 "integer",
                                 "oid",
                                 "numeric",
                                 "numeric(10,2)",
                                 "numeric(3,-2)",
                                 "character varying(20)",
                                 "character(5)",
                                 "bpchar",
                                 "\"char\"",
                                 "name",
                                 "timestamp(3) with time zone",
                                 "time(2) without time zone",
                                 "interval(3)",
                                 "interval year to month",
                                 "interval day to second(2)",
                                 "bit(8)",
                                 "\"bit\"",
                                 "jsonb",
                                 "integer[]",
                                 "numeric(5,2)[]",
                                 "inet",
                                 "inet[]",
                                 "money",
                                 "xml",
                                 "tsvector",
                                 "int4multirange",
                                 "macaddr8"}) {
        EXPECT_EQ(declared_as(neutral_type(declared), "postgresql"), declared);
    }
    EXPECT_EQ(declared_as(neutral_type("character"), "postgresql"), "bpchar");
    EXPECT_EQ(declared_as(neutral_type("bit"), "postgresql"), "\"bit\"");
}

TEST(PostgresqlTypes, NoTextOfAPeerGetsIntoADeclaration) {
    for (const char *hostile : {"mood", "integer; DROP TABLE t", "text DEFAULT now()",
                                "integer CHECK (true)", "numeric(1001,0)", "pg_temp.t", ""}) {
        EXPECT_EQ(declared_as({Kind::native, Kind::null, -1, -1, hostile}, "postgresql"), "text");
    }
    EXPECT_EQ(declared_as({Kind::int64, Kind::null, -1, -1, "smallint"}, "sqlite"), "bigint");
}

TEST(PostgresqlTypes, OfOtherEnginesTheKindIsDeclared) {
    const auto of_kind = [](Kind kind, std::int32_t precision = -1, std::int32_t scale = -1) {
        return declared_as({kind, Kind::null, precision, scale, "WHATEVER"}, "sqlite");
    };
    EXPECT_EQ(of_kind(Kind::boolean), "boolean");
    EXPECT_EQ(of_kind(Kind::int64), "bigint");
    EXPECT_EQ(of_kind(Kind::decimal), "numeric");
    EXPECT_EQ(of_kind(Kind::decimal, 10, 2), "numeric(10,2)");
    EXPECT_EQ(of_kind(Kind::decimal, 10), "numeric");
    EXPECT_EQ(of_kind(Kind::decimal, 1001, 2), "numeric");
    EXPECT_EQ(of_kind(Kind::decimal, 2, 5), "numeric");
    EXPECT_EQ(of_kind(Kind::float64), "double precision");
    EXPECT_EQ(of_kind(Kind::float32), "real");
    EXPECT_EQ(of_kind(Kind::text, 20), "text");
    EXPECT_EQ(of_kind(Kind::bytes), "bytea");
    EXPECT_EQ(of_kind(Kind::date), "date");
    EXPECT_EQ(of_kind(Kind::time), "time without time zone");
    EXPECT_EQ(of_kind(Kind::time_with_zone), "time with time zone");
    EXPECT_EQ(of_kind(Kind::timestamp), "timestamp without time zone");
    EXPECT_EQ(of_kind(Kind::timestamp_with_zone), "timestamp with time zone");
    EXPECT_EQ(of_kind(Kind::interval), "interval");
    EXPECT_EQ(of_kind(Kind::uuid), "uuid");
    EXPECT_EQ(of_kind(Kind::json), "json");
    EXPECT_EQ(of_kind(Kind::bits, 8), "bit varying");
    EXPECT_EQ(of_kind(Kind::native), "text");
    EXPECT_EQ(of_kind(Kind::null), "text");
}

TEST(PostgresqlTypes, ArraysOfOtherEnginesAreDeclaredByTheirElements) {
    const auto of_element = [](Kind element, std::int32_t precision = -1, std::int32_t scale = -1) {
        return declared_as({Kind::array, element, precision, scale, ""}, "other");
    };
    EXPECT_EQ(of_element(Kind::int64), "bigint[]");
    EXPECT_EQ(of_element(Kind::decimal, 5, 2), "numeric(5,2)[]");
    EXPECT_EQ(of_element(Kind::native), "text");
    EXPECT_EQ(of_element(Kind::array), "text");
    EXPECT_EQ(of_element(Kind::null), "text");
}

} // namespace
} // namespace postrider::dialect::postgresql_text
