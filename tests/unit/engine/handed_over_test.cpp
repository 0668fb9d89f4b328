// Rows that refer to a unique value which is not a key: what their parent's changes do to them
// here is what they did at the sender, whose step does not name the rows that stayed as they were.
#include <gtest/gtest.h>

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

struct HandedOver : testing::Test {
    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application there{shop.path};
    Application here{office.path};

    /// Three rows with a child each, and a child of that. Here no v is above 9.
    void begin_with(const std::string &code, const std::string &actions) {
        pair_directly(shop, office, directory / "mail");
        for (Application *application : {&there, &here}) {
            application->run("CREATE TABLE p(id INTEGER PRIMARY KEY, code " + code +
                             " UNIQUE, label TEXT UNIQUE, v" +
                             (application == &here ? " CHECK(v < 10)" : "") +
                             ");"
                             "CREATE TABLE c(id INTEGER PRIMARY KEY, p TEXT REFERENCES p(code) " +
                             actions +
                             ");"
                             "CREATE TABLE g(c INT NOT NULL REFERENCES c ON UPDATE CASCADE"
                             " ON DELETE CASCADE, n INT, PRIMARY KEY(c, n)) WITHOUT ROWID;"
                             "CREATE TABLE k(p TEXT NOT NULL REFERENCES p(code) " +
                             actions + ", n INT NOT NULL, PRIMARY KEY(p, n))");
        }
        shop.send("task", "office", {"p", "c", "g", "k"});
        office.receive("task", "shop", {"p", "c", "g", "k"});
        there.run("INSERT INTO p VALUES(1, 'a', 'x', 0), (2, 'b', 'y', 0), (3, 'c', 'z', 0);"
                  "INSERT INTO c VALUES(1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO g VALUES(1, 1),"
                  " (2, 2), (3, 3); INSERT INTO k VALUES('a', 1), ('b', 2), ('c', 3)");
        run_until_quiet(shop, office);
    }

    void write(const std::string &change) {
        there.run(change);
        run_until_quiet(shop, office);
    }

    std::string parked() {
        return here.ask("SELECT \"table\", row, change FROM postrider_parked ORDER BY row");
    }

    void expect_equal_after(const std::string &change) {
        write(change);
        for (const std::string table : {"p", "c", "g", "k"}) {
            const std::string rows = "SELECT * FROM " + table + " ORDER BY 1, 2";
            EXPECT_EQ(here.ask(rows), there.ask(rows)) << table;
        }
        EXPECT_EQ(here.ask("SELECT reason FROM postrider_parked"), "");
        EXPECT_EQ(here.ask("SELECT count(*) FROM c JOIN p ON p.code = c.p"), "3");
    }
};

const std::string cascade = "ON UPDATE CASCADE ON DELETE CASCADE";
const std::string set_null = "ON UPDATE SET NULL ON DELETE SET NULL";
const std::string change_keys = "UPDATE p SET id = id + 10 WHERE id < 3";
const std::string swap_keys = "BEGIN; UPDATE p SET id = 9 WHERE id = 1; UPDATE p SET id = 1 WHERE "
                              "id = 2; UPDATE p SET id = 2 WHERE id = 9; COMMIT";
const std::string swap_labels = "BEGIN; UPDATE p SET label = 'w' WHERE id = 1; UPDATE p SET label ="
                                " 'x' WHERE id = 2; UPDATE p SET label = 'y' WHERE id = 1; COMMIT";

TEST_F(HandedOver, ChildrenStayWhenTheKeyOfTheirParentChanges) {
    begin_with("TEXT", cascade);
    expect_equal_after(change_keys);
}

TEST_F(HandedOver, ChildrenStayWhenParentsSwapTheirKeys) {
    begin_with("TEXT NOT NULL", cascade);
    expect_equal_after(swap_keys);
}

TEST_F(HandedOver, ChildrenStayWhenParentsSwapOtherUniqueValues) {
    begin_with("TEXT", cascade);
    expect_equal_after(swap_labels);
}

TEST_F(HandedOver, ChildrenStayWhereActionsWouldSetThemToNull) {
    begin_with("TEXT", set_null);
    expect_equal_after(change_keys);
    expect_equal_after(swap_labels);
}

TEST_F(HandedOver, ChildrenStayWhereTheirParentMayNotGo) {
    begin_with("TEXT", "ON UPDATE RESTRICT ON DELETE RESTRICT");
    expect_equal_after(change_keys);
    expect_equal_after(swap_keys + ";" + swap_labels);
}

TEST_F(HandedOver, ChildrenStayWhenANewRowTakesTheKeyOfTheirParent) {
    begin_with("TEXT NOT NULL", cascade);
    expect_equal_after("BEGIN; UPDATE p SET id = 4 WHERE id = 1;"
                       "INSERT INTO p VALUES(1, 'new', 'v', 0); COMMIT");
}

TEST_F(HandedOver, ChildrenFollowWhenTheirParentsSwapTheValue) {
    begin_with("TEXT NOT NULL", cascade);
    expect_equal_after("BEGIN; UPDATE p SET code = 'w' WHERE id = 1; UPDATE p SET code = 'a' WHERE"
                       " id = 2; UPDATE p SET code = 'b' WHERE id = 1; COMMIT");
}

TEST_F(HandedOver, ChildrenThatComeAgainWithAnotherParentAreThere) {
    begin_with("TEXT", cascade);
    expect_equal_after("BEGIN; DELETE FROM p WHERE id = 1; INSERT INTO p VALUES(4, 'a', 'x', 1);"
                       "INSERT INTO c VALUES(1, 'a'); INSERT INTO g VALUES(1, 1);"
                       "INSERT INTO k VALUES('a', 1); COMMIT");
}

TEST_F(HandedOver, AParentStaysAsLongAsTheRowThatItBecomesIsParked) {
    begin_with("TEXT", cascade);
    write("UPDATE p SET id = 11, v = 20 WHERE id = 1");
    EXPECT_EQ(parked(), "p|1|delete\np|11|write");
    EXPECT_EQ(here.ask("SELECT id, p FROM c"), "1|a\n2|b\n3|c");
    EXPECT_EQ(here.ask("SELECT c FROM g"), "1\n2\n3");
    expect_equal_after("UPDATE p SET v = 5 WHERE id = 11");
}

TEST_F(HandedOver, AParentKeepsItsValueAsLongAsTheRowThatGetsItIsParked) {
    begin_with("TEXT", cascade);
    write("UPDATE p SET id = 11, v = 20 WHERE id = 1");
    write("INSERT INTO p VALUES(1, 'new', 'new', 0); UPDATE p SET v = 1 WHERE id = 2");
    EXPECT_EQ(parked(), "p|1|write\np|11|write");
    EXPECT_EQ(here.ask("SELECT id, p FROM c"), "1|a\n2|b\n3|c");
    EXPECT_EQ(here.ask("SELECT v FROM p WHERE id = 2"), "1");
    expect_equal_after("UPDATE p SET v = 5 WHERE id = 11");
}

} // namespace
} // namespace postrider::test
