// What columns of SQLite hold exactly.
#include <gtest/gtest.h>

#include "common/dialect/sqlite.hpp"

namespace postrider::dialect {
namespace {

struct Table {
    explicit Table(const std::string &type, bool strict = false) {
        description.name = "t";
        description.strict = strict;
        ColumnDescription column;
        column.name = "c";
        column.type = sqlite().neutral_type(type);
        column.affinity = sqlite().affinity(type);
        description.columns.push_back(column);
    }

    [[nodiscard]] std::string loss(const Value &value) const {
        const Result<Value> fit =
            sqlite().fit(description, description.columns[0], value, Exactness::exact);
        if (fit) {
            return "";
        }
        EXPECT_EQ(fit.error().code, Errc::conflict);
        EXPECT_NE(fit.error().hint, "");
        const std::string begin = "column \"c\" of table \"t\" cannot hold a value exactly: ";
        EXPECT_EQ(fit.error().message.rfind(begin, 0), 0U) << fit.error().message;
        return fit.error().message.substr(begin.size());
    }

    [[nodiscard]] Value nearest(const Value &value) const {
        return *sqlite().fit(description, description.columns[0], value, Exactness::nearest);
    }

    TableDescription description;
};

const std::string otherwise = "this text would become a number that is written otherwise";

TEST(Fit, TextsThatAreNumbersMustBeWrittenAsSqliteWritesThem) {
    for (const char *type : {"INTEGER", "NUMERIC", "DECIMAL(10,2)"}) {
        const Table table{type};
        for (const char *kept : {"rope", "", "5", "-5", "0", "9223372036854775807", "1.5", "-0.25",
                                 "0.0001", "123456789012.345", "2026-01-01", "1,5", "0x10", "-",
                                 ".", "e5", "1e", "5 rope", "12e"}) {
            EXPECT_EQ(table.loss(Value::text(kept)), "") << type << " " << kept;
        }
        for (const char *changed :
             {"007", "+5", " 5", "5 ", "5.", ".5", "5.0", "1.50", "1e5", "-0", "0.00001",
              "9223372036854775808", "1234567890123.456", "00", "-00.5", "1E-2"}) {
            EXPECT_EQ(table.loss(Value::text(changed)), otherwise) << type << " " << changed;
        }
    }
}

TEST(Fit, RealColumnsKeepFifteenDigits) {
    const Table table{"REAL"};
    for (const char *kept : {"5", "5.0", "0.1", "-123456789012345", "rope"}) {
        EXPECT_EQ(table.loss(Value::text(kept)), "") << kept;
    }
    for (const char *changed : {"1234567890123456", "5.00", "05"}) {
        EXPECT_EQ(table.loss(Value::text(changed)), otherwise) << changed;
    }
    constexpr std::int64_t exact = std::int64_t{1} << 53U;
    for (const std::int64_t kept : {std::int64_t{0}, exact, -exact, exact * 2, INT64_MIN}) {
        EXPECT_EQ(table.loss(kept), "") << kept;
    }
    for (const std::int64_t changed : {exact + 1, -exact - 1, INT64_MAX}) {
        EXPECT_EQ(table.loss(changed), "as a real number this integer would lose digits");
    }
}

TEST(Fit, DecimalsAreNumbersHoweverTheyAreWritten) {
    const Table table{"DECIMAL(30,2)"};
    for (const char *kept :
         {"12.50", "007", "0.10", "9223372036854775807", "1000000000000000000000", "NaN"}) {
        EXPECT_EQ(table.loss(Value{Decimal{kept}}), "") << kept;
    }
    EXPECT_EQ(table.loss(Value{Decimal{"12345678901234567890.12"}}),
              "this decimal has more than 15 digits");
    EXPECT_EQ(Table{"TEXT"}.loss(Value{Decimal{"12345678901234567890.12"}}), "");
}

TEST(Fit, TextColumnsKeepNumbersOfFifteenDigits) {
    const Table table{"VARCHAR(2)"};
    EXPECT_EQ(table.loss(Value::float64(0.1)), "");
    EXPECT_EQ(table.loss(std::int64_t{INT64_MAX}), "");
    EXPECT_EQ(table.loss(Value::text("longer than it says")), "");
    EXPECT_EQ(table.loss(Value::float64(0.1 + 0.2)), "as a text this number would lose digits");
}

TEST(Fit, ColumnsThatTurnNothingHoldAnything) {
    for (const Table &table : {Table{""}, Table{"BLOB"}, Table{"ANY", true}}) {
        EXPECT_EQ(table.loss(Value::text("007")), "");
        EXPECT_EQ(table.loss(Value::float64(0.1 + 0.2)), "");
        EXPECT_EQ(table.loss(Value{}), "");
    }
}

TEST(Fit, StrictIntegersAreWhole) {
    const Table table{"INTEGER", true};
    EXPECT_EQ(table.loss(Value::float64(5)), "");
    EXPECT_EQ(table.loss(Value::float64(1.5)), "this number is not an integer of 64 bits");
    EXPECT_EQ(table.loss(Value::float64(1e19)), "this number is not an integer of 64 bits");
    EXPECT_EQ(table.nearest(Value::float64(1.5)), Value{std::int64_t{2}});
    EXPECT_EQ(table.nearest(Value::text("1.4")), Value{std::int64_t{1}});
    EXPECT_EQ(table.nearest(Value::text("rope")), Value::text("rope"));
    EXPECT_EQ(table.nearest(Value::float64(1e19)), Value::float64(1e19));
    EXPECT_EQ(Table{"INTEGER"}.nearest(Value::float64(1.5)), Value::float64(1.5));
    EXPECT_EQ(Table{"INTEGER"}.loss(Value::float64(1.5)), "");
}

TEST(Narrower, SaysWhatOfATypeAColumnDoesNotHold) {
    const auto narrower = [](const std::string &from, const Table &to) {
        return sqlite().narrower(to.description, to.description.columns[0],
                                 sqlite().neutral_type(from));
    };
    EXPECT_EQ(narrower("TEXT", Table{"INTEGER"}), "texts that look like numbers become numbers");
    EXPECT_EQ(narrower("INTEGER", Table{"REAL"}), "integers become real numbers of 15 digits");
    EXPECT_EQ(narrower("REAL", Table{"TEXT"}), "numbers become texts of 15 digits");
    EXPECT_EQ(narrower("REAL", Table("INTEGER", true)), "it holds integers only");
    EXPECT_EQ(narrower("BLOB", Table("TEXT", true)), "it holds no blobs");
    for (const char *type : {"TEXT", "INTEGER", "REAL", "BLOB", "DATE", "DECIMAL(5)"}) {
        EXPECT_EQ(narrower(type, Table{type}), "") << type;
        EXPECT_EQ(narrower(type, Table{""}), "") << type;
    }
}

} // namespace
} // namespace postrider::dialect
