// What is done to those who refer to rows that go or change, where the database does nothing: over
// a connection of SQLite that keeps no foreign keys.
#include <algorithm>
#include <deque>

#include <gtest/gtest.h>

#include "common/dialect/sqlite.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/reference_keeper.hpp"
#include "common/engine/store/rows.hpp"

#include "sqlite_extension/sqlite_database.hpp"

namespace postrider::engine {
namespace {

using dialect::BlockStatement;
using dialect::Names;
using dialect::Reference;
using dialect::TableDescription;

/// The texts of dialect/kept_references.hpp for SQLite, which needs none of them by itself.
class Kept final : public dialect::KeptReferences {
  public:
    BlockStatement select_rows(const TableDescription &table, Names columns) const override {
        return {"SELECT " + list(columns) + " FROM " + table.name + " AS c WHERE " +
                equal(key_names(table), 0)};
    }

    BlockStatement find_orphans(const Reference &reference) const override {
        std::string same;
        std::string refers;
        for (std::size_t index = 0; index < reference.key.columns.size(); ++index) {
            const std::string column = "c." + reference.key.columns[index];
            same += " AND p." + reference.key.parent_columns[index] + " = " + column;
            refers += (index == 0                 ? ""
                       : reference.key.match_full ? " OR "
                                                  : " AND ") +
                      column + " IS NOT NULL";
        }
        return {"SELECT 1 FROM " + reference.child->name + " AS c WHERE " +
                equal(key_names(*reference.child), 0) + " AND (" + refers +
                ") AND NOT EXISTS (SELECT 1 FROM " + reference.parent->name + " AS p WHERE 1" +
                same + ")"};
    }

    BlockStatement find_stranded(const Reference &reference, Names columns) const override {
        return {"SELECT " + (columns.empty() ? "1" : list(columns)) + " FROM " +
                reference.child->name + " AS c WHERE " + is_stranded(reference)};
    }

    BlockStatement remove_stranded(const Reference &reference) const override {
        return {"DELETE FROM " + reference.child->name + " AS c WHERE " + is_stranded(reference)};
    }

    BlockStatement
    clear_stranded(const Reference &reference, Names columns, bool to_default) const override {
        std::string assignments;
        for (const std::string &column : columns) {
            const std::string &value = reference.child->find_column(column)->default_sql;
            assignments += (assignments.empty() ? "" : ", ") + column + " = " +
                           (to_default && !value.empty() ? value : "NULL");
        }
        return {"UPDATE " + reference.child->name + " AS c SET " + assignments + " WHERE " +
                is_stranded(reference)};
    }

    BlockStatement move_stranded(const Reference &reference) const override {
        const std::vector<std::string> &columns = reference.key.columns;
        std::string assignments;
        for (std::size_t index = 0; index < columns.size(); ++index) {
            assignments += (index == 0 ? "" : ", ") + columns[index] + " = ?" +
                           std::to_string(columns.size() + index + 1);
        }
        return {"UPDATE " + reference.child->name + " AS c SET " + assignments + " WHERE " +
                is_stranded(reference)};
    }

  private:
    static std::string list(Names columns) {
        std::string text;
        for (const std::string &column : columns) {
            text += (text.empty() ? "c." : ", c.") + column;
        }
        return text;
    }

    static std::string equal(Names columns, std::size_t before, const std::string &row = "c.") {
        std::string text;
        for (std::size_t index = 0; index < columns.size(); ++index) {
            text += (index == 0 ? "" : " AND ") + row + columns[index] + " = ?" +
                    std::to_string(before + index + 1);
        }
        return text;
    }

    static std::string is_stranded(const Reference &reference) {
        return "NOT EXISTS (SELECT 1 FROM " + reference.parent->name + " AS p WHERE " +
               equal(reference.key.parent_columns, 0, "p.") + ") AND " +
               equal(reference.key.columns, 0);
    }
};

/// Begins with tables of which nobody keeps the foreign keys.
class Kin {
  public:
    explicit Kin(const std::string &sql) {
        EXPECT_EQ(sqlite3_open(":memory:", &connection_), SQLITE_OK);
        run("PRAGMA foreign_keys = OFF;" + sql);
        transaction_ = sqlite::join_transaction(connection_);
        references_.emplace(*transaction_, dialect::sqlite());
        keeper.emplace(*transaction_, &kept_, *references_);
    }

    Kin(const Kin &) = delete;
    Kin &operator=(const Kin &) = delete;

    ~Kin() {
        keeper.reset();
        references_.reset();
        transaction_.reset();
        sqlite3_close(connection_);
    }

    void run(const std::string &sql) {
        char *message = nullptr;
        EXPECT_EQ(sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK)
            << (message == nullptr ? "" : message);
        sqlite3_free(message);
    }

    /// All rows, columns joined with '|', rows with ' '.
    std::string rows(const std::string &sql) {
        std::string text;
        const auto cursor = transaction_->query(sql);
        while (const Row *row = cursor->next()) {
            std::string line;
            for (const Value &value : *row) {
                line += (&value == row->data() ? "" : "|") + shown(value);
            }
            text += (text.empty() ? "" : " ") + line;
        }
        return text;
    }

    /// The rows with these keys go.
    const TableWork &remove(const std::string &table, const std::vector<std::int64_t> &ids) {
        TableWork &work = new_work(table);
        for (const std::int64_t id : ids) {
            keys_.push_back({Value{id}});
            work.removals.rows.push_back({Value{id}});
            work.removals.keys.push_back(&keys_.back());
        }
        keeper->look_before(work);
        for (const std::int64_t id : ids) {
            run("DELETE FROM " + table + " WHERE id = " + std::to_string(id));
        }
        return work;
    }

    /// The row gets another value.
    const TableWork &
    set(const std::string &table, std::int64_t id, const std::string &column, const Value &value) {
        TableWork &work = new_work(table);
        RowBlock &block = work.writes.emplace_back();
        block.columns = {column, "id"};
        block.rows.push_back({value, Value{id}});
        keys_.push_back({Value{id}});
        block.keys.push_back(&keys_.back());
        keeper->look_before(work);
        transaction_->execute("UPDATE " + table + " SET " + column + " = ?1 WHERE id = ?2",
                              {value, id});
        return work;
    }

    /// The keys of what `act` could not settle.
    std::vector<std::int64_t> stranding() {
        std::vector<std::int64_t> ids;
        for (const Stranding &each : keeper->stranding()) {
            ids.push_back(*each.key->front().as<std::int64_t>());
        }
        return ids;
    }

    const Reference &reference(const std::string &child) { return *references_->from(child).at(0); }

    std::optional<ReferenceKeeper> keeper;

  private:
    static std::string shown(const Value &value) {
        const auto *integer = value.as<std::int64_t>();
        const auto *text = value.as<Text>();
        return integer != nullptr ? std::to_string(*integer) : text != nullptr ? text->text : "-";
    }

    TableWork &new_work(const std::string &table) {
        TargetTable &target = targets_.emplace_back();
        target.table = describe_table(*transaction_, dialect::sqlite(), table).value();
        TableWork &work = works_.emplace_back();
        work.target = &target;
        work.key_columns = key_names(target.table);
        work.removals.columns = work.key_columns;
        return work;
    }

    sqlite3 *connection_ = nullptr;
    Kept kept_;
    std::unique_ptr<Transaction> transaction_;
    std::optional<References> references_;
    std::deque<TargetTable> targets_;
    std::deque<TableWork> works_;
    std::deque<Key> keys_;
};

using Ids = std::vector<std::int64_t>;

constexpr const char *chain =
    "CREATE TABLE a(id INTEGER PRIMARY KEY);"
    "CREATE TABLE b(id INTEGER PRIMARY KEY, a INTEGER REFERENCES a ON DELETE CASCADE);"
    "CREATE TABLE c(id INTEGER PRIMARY KEY, b INTEGER REFERENCES b ON DELETE CASCADE);"
    "CREATE TABLE d(id INTEGER PRIMARY KEY, c INTEGER REFERENCES c ON DELETE SET NULL);"
    "INSERT INTO a VALUES(1), (2); INSERT INTO b VALUES(10, 1), (11, 1), (20, 2), (30, NULL);"
    "INSERT INTO c VALUES(100, 10), (110, 11), (200, 20); INSERT INTO d VALUES(7, 100), (8, 200);";

TEST(ReferenceKeeper, DoesNothingWhereTheDatabaseKeepsForeignKeysItself) {
    sqlite3 *connection = nullptr;
    ASSERT_EQ(sqlite3_open(":memory:", &connection), SQLITE_OK);
    {
        const auto transaction = sqlite::join_transaction(connection);
        const References references{*transaction, dialect::sqlite()};
        EXPECT_FALSE((ReferenceKeeper{*transaction, dialect::sqlite().kept_references(), references}
                          .is_needed()));
    }
    sqlite3_close(connection);
}

TEST(ReferenceKeeper, CascadesAlongAChain) {
    Kin kin{chain};
    kin.remove("a", {1});
    kin.keeper->act();
    EXPECT_EQ(kin.rows("SELECT id FROM b"), "20 30");
    EXPECT_EQ(kin.rows("SELECT id FROM c"), "200");
    EXPECT_EQ(kin.rows("SELECT * FROM d"), "7|- 8|200");
    EXPECT_EQ(kin.stranding(), Ids{});
}

TEST(ReferenceKeeper, LeavesWhoRefersToRowsThatCameBack) {
    Kin kin{chain};
    kin.remove("a", {1, 2});
    kin.run("INSERT INTO a VALUES(1)");
    kin.keeper->act();
    EXPECT_EQ(kin.rows("SELECT id FROM b"), "10 11 30");
    EXPECT_EQ(kin.rows("SELECT * FROM d"), "7|100 8|-");
}

TEST(ReferenceKeeper, ActsAgainWhenMoreHasGone) {
    Kin kin{chain};
    kin.remove("a", {1});
    kin.keeper->act();
    kin.remove("a", {2});
    kin.keeper->act();
    EXPECT_EQ(kin.rows("SELECT id FROM b"), "30");
    EXPECT_EQ(kin.rows("SELECT * FROM d"), "7|- 8|-");
}

TEST(ReferenceKeeper, TellsWhatARestrictionFurtherDownStrands) {
    Kin kin{"CREATE TABLE a(id INTEGER PRIMARY KEY);"
            "CREATE TABLE b(id INTEGER PRIMARY KEY, a INTEGER REFERENCES a ON DELETE CASCADE);"
            "CREATE TABLE c(id INTEGER PRIMARY KEY, b INTEGER REFERENCES b);"
            "INSERT INTO a VALUES(1), (2), (3); INSERT INTO b VALUES(10, 1), (20, 2);"
            "INSERT INTO c VALUES(100, 20);"};
    kin.remove("a", {1, 2, 3});
    kin.keeper->act();
    EXPECT_EQ(kin.stranding(), Ids{2});
    EXPECT_EQ(kin.keeper->stranding().at(0).work->target->table.name, "a");
    EXPECT_EQ(kin.rows("SELECT * FROM c"), "100|20");
}

TEST(ReferenceKeeper, FollowsValuesThatChange) {
    Kin kin{"CREATE TABLE a(id INTEGER PRIMARY KEY, code TEXT UNIQUE);"
            "CREATE TABLE b(id INTEGER PRIMARY KEY,"
            " code TEXT UNIQUE REFERENCES a(code) ON UPDATE CASCADE);"
            "CREATE TABLE c(id INTEGER PRIMARY KEY, code TEXT REFERENCES b(code)"
            " ON UPDATE CASCADE);"
            "CREATE TABLE d(id INTEGER PRIMARY KEY, code TEXT REFERENCES b(code)"
            " ON UPDATE SET NULL);"
            "INSERT INTO a VALUES(1, 'x'), (2, 'y'); INSERT INTO b VALUES(1, 'x'), (2, 'y');"
            "INSERT INTO c SELECT * FROM b; INSERT INTO d SELECT * FROM b;"};
    kin.set("a", 1, "code", Value::text("z"));
    kin.set("a", 2, "code", Value::text("y"));
    kin.keeper->act();
    EXPECT_EQ(kin.rows("SELECT * FROM b"), "1|z 2|y");
    EXPECT_EQ(kin.rows("SELECT * FROM c"), "1|z 2|y");
    EXPECT_EQ(kin.rows("SELECT * FROM d"), "1|- 2|y");
    EXPECT_EQ(kin.stranding(), Ids{});
}

constexpr const char *with_default =
    "CREATE TABLE a(id INTEGER PRIMARY KEY);"
    "CREATE TABLE b(id INTEGER PRIMARY KEY, a INTEGER DEFAULT 9 REFERENCES a"
    " ON DELETE SET DEFAULT);"
    "INSERT INTO a VALUES(1), (2), (9); INSERT INTO b VALUES(10, 1), (20, 2);";

TEST(ReferenceKeeper, GivesTheDefault) {
    Kin kin{with_default};
    kin.remove("a", {1});
    kin.keeper->act();
    EXPECT_EQ(kin.rows("SELECT * FROM b"), "10|9 20|2");
    EXPECT_EQ(kin.stranding(), Ids{});
}

TEST(ReferenceKeeper, TellsWhatADefaultWithoutAParentStrands) {
    Kin kin{with_default};
    kin.run("DELETE FROM a WHERE id = 9");
    kin.remove("a", {1});
    kin.keeper->act();
    EXPECT_EQ(kin.rows("SELECT * FROM b"), "10|9 20|2");
    EXPECT_EQ(kin.stranding(), Ids{1});
}

TEST(ReferenceKeeper, TellsWhatADefaultThatGoesItselfStrands) {
    Kin kin{with_default};
    kin.run("UPDATE b SET a = 9 WHERE id = 10");
    kin.remove("a", {9});
    kin.keeper->act();
    const Ids stranding = kin.stranding();
    ASSERT_FALSE(stranding.empty());
    EXPECT_EQ(stranding.front(), 9);
}

TEST(ReferenceKeeper, EndsWhereForeignKeysLeadInACircle) {
    Kin kin{"CREATE TABLE a(id INTEGER PRIMARY KEY, up INTEGER REFERENCES a ON DELETE CASCADE);"
            "INSERT INTO a VALUES(1, 1), (2, 1), (3, 2), (4, NULL), (5, 4);"
            "CREATE TABLE b(id INTEGER PRIMARY KEY, c INTEGER REFERENCES c ON DELETE CASCADE);"
            "CREATE TABLE c(id INTEGER PRIMARY KEY, b INTEGER REFERENCES b ON DELETE CASCADE);"
            "INSERT INTO b VALUES(1, 2), (3, 4); INSERT INTO c VALUES(2, 3), (4, 1);"};
    kin.remove("a", {1});
    kin.remove("b", {1});
    kin.keeper->act();
    EXPECT_EQ(kin.rows("SELECT * FROM a"), "4|- 5|4");
    EXPECT_EQ(kin.rows("SELECT count(*) FROM b"), "0");
    EXPECT_EQ(kin.rows("SELECT count(*) FROM c"), "0");
    EXPECT_EQ(kin.stranding(), Ids{});
}

TEST(ReferenceKeeper, TellsWhoseChildrenInTheSameTableStay) {
    Kin kin{"CREATE TABLE a(id INTEGER PRIMARY KEY, up INTEGER REFERENCES a);"
            "INSERT INTO a VALUES(1, 1), (2, NULL), (3, 2), (4, NULL);"};
    kin.remove("a", {1, 2, 4});
    kin.keeper->act();
    EXPECT_EQ(kin.stranding(), Ids{2});
}

TEST(ReferenceKeeper, FindsWrittenRowsThatReferToNothing) {
    Kin kin{chain};
    kin.run("INSERT INTO c VALUES(300, 99), (400, NULL)");
    const TableWork &good = kin.set("c", 100, "b", Value{std::int64_t{20}});
    EXPECT_TRUE(kin.keeper->find_orphans(good).empty());
    const TableWork &bad = kin.set("c", 300, "b", Value{std::int64_t{98}});
    const std::vector<Orphan> orphans = kin.keeper->find_orphans(bad);
    ASSERT_EQ(orphans.size(), 1U);
    EXPECT_EQ(orphans[0].block, bad.writes.data());
    EXPECT_EQ(orphans[0].index, 0U);
    EXPECT_EQ(orphans[0].reference->parent->name, "b");
    TableWork waiting = bad;
    waiting.writes[0].waiting = {0};
    EXPECT_TRUE(kin.keeper->find_orphans(waiting).empty());
}

TEST(ReferenceKeeper, KnowsOrphansUntilTheirParentComes) {
    Kin kin{chain};
    kin.run("INSERT INTO c VALUES(300, 99), (400, NULL)");
    const Reference &reference = kin.reference("c");
    EXPECT_FALSE(kin.keeper->are_orphans(reference, {}));
    EXPECT_FALSE(kin.keeper->are_orphans(reference,
                                         {{Value{std::int64_t{100}}}, {Value{std::int64_t{400}}}}));
    const std::vector<Row> keys{{Value{std::int64_t{100}}}, {Value{std::int64_t{300}}}};
    EXPECT_TRUE(kin.keeper->are_orphans(reference, keys));
    kin.run("INSERT INTO b VALUES(99, NULL)");
    EXPECT_FALSE(kin.keeper->are_orphans(reference, keys));
}

TEST(ReferenceKeeper, MatchesInFullWhereThatIsSaid) {
    Kin kin{"CREATE TABLE a(x INTEGER, y INTEGER, PRIMARY KEY(x, y));"
            "CREATE TABLE b(id INTEGER PRIMARY KEY, x INTEGER, y INTEGER,"
            " FOREIGN KEY(x, y) REFERENCES a);"
            "INSERT INTO a VALUES(1, 1); INSERT INTO b VALUES(1, 1, 1), (2, 1, NULL),"
            " (3, NULL, NULL);"};
    Reference reference = kin.reference("b");
    const std::vector<Row> partly{{Value{std::int64_t{2}}}};
    EXPECT_FALSE(kin.keeper->are_orphans(reference, partly));
    reference.key.match_full = true;
    EXPECT_TRUE(kin.keeper->are_orphans(reference, partly));
    EXPECT_FALSE(
        kin.keeper->are_orphans(reference, {{Value{std::int64_t{1}}}, {Value{std::int64_t{3}}}}));
}

TEST(ReferenceKeeper, ForgetsWhatNobodyRefersTo) {
    Kin kin{"CREATE TABLE a(id INTEGER PRIMARY KEY);"
            "CREATE TABLE b(id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);"
            "INSERT INTO a VALUES(1), (2); INSERT INTO b VALUES(10, 1);"};
    kin.remove("a", {1, 2});
    kin.keeper->forget_settled();
    kin.keeper->act();
    ASSERT_EQ(kin.keeper->stranding().size(), 1U);
    EXPECT_EQ(kin.keeper->stranding()[0].work, nullptr);
    EXPECT_EQ(kin.keeper->stranding()[0].key, nullptr);
    kin.run("INSERT INTO b VALUES(20, 2)"); // what nobody can do any more
    kin.keeper->act();
    EXPECT_EQ(kin.keeper->stranding().size(), 1U);
    kin.run("UPDATE b SET a = NULL");
    kin.keeper->act();
    EXPECT_TRUE(kin.keeper->stranding().empty());
}

} // namespace
} // namespace postrider::engine
