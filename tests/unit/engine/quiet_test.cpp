// A round in which nothing is to be done asks the database for nothing but whether that is so.
#include "tests/support/two_nodes.hpp"

namespace postrider::test {
namespace {

using std::chrono::seconds;

int count_statement(unsigned, void *count, void *, void *) {
    ++*static_cast<int *>(count);
    return 0;
}

struct Quiet : TwoNodes {
    void SetUp() override {
        TwoNodes::SetUp();
        insert_rope();
        run_until_quiet(shop, office);
        office.cycle();
    }

    /// How many statements a round of the office takes.
    int statements() {
        int count = 0;
        sqlite3_trace_v2(office.database->handle(), SQLITE_TRACE_STMT, count_statement, &count);
        office.cycle();
        sqlite3_trace_v2(office.database->handle(), 0, nullptr, nullptr);
        return count;
    }
};

constexpr int quiet_statements_max = 6; // those of a pragma are counted too

TEST_F(Quiet, NothingIsAskedWhereNothingHasHappened) {
    office.now += seconds{1};
    EXPECT_LE(statements(), quiet_statements_max);
}

TEST_F(Quiet, AMailEndsIt) {
    shop_application.run("INSERT INTO item(id, name) VALUES(2, 'lamp')");
    shop.cycle();
    EXPECT_GT(statements(), quiet_statements_max);
    EXPECT_EQ(items(office_application), "1|rope|\n2|lamp|");
}

TEST_F(Quiet, AWriteByTheEnginesOwnConnectionEndsIt) {
    office.write([](const engine::Session &session) {
        session.transaction.execute("UPDATE @node SET last_stamp = last_stamp");
    });
    EXPECT_GT(statements(), quiet_statements_max);
}

TEST_F(Quiet, AnApplicationEndsIt) {
    office_application.run("CREATE TABLE other(a)");
    EXPECT_GT(statements(), quiet_statements_max);
    office.cycle();
    EXPECT_LE(statements(), quiet_statements_max);
}

TEST_F(Quiet, SomeMinutesEndItAndSoDoesAClockThatGoesBack) {
    office.now += seconds{601};
    EXPECT_GT(statements(), quiet_statements_max);
    office.cycle();
    office.now -= seconds{1};
    EXPECT_GT(statements(), quiet_statements_max);
}

} // namespace
} // namespace postrider::test
