// CREATE MISSING TABLES: tables and columns that are made after those of a peer.
#include <gtest/gtest.h>

#include "common/dialect/sqlite.hpp"
#include "common/engine/declare.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/control.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {
namespace {

using engine::ActionRows;
using engine::Session;

struct MissingTables : testing::Test {
    TemporaryDirectory directory;
    TestNode hq{directory / "hq.db", "hq", start};
    TestNode b7{directory / "b7.db", "b7", start};
    Application hq_application{hq.path};
    Application b7_application{b7.path};

    void SetUp() override {
        pair_directly(hq, b7, directory / "mail");
        declare(b7, "PEER hq MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
    }

    void distrust() { declare(b7, "PEER hq MAILDIR '" + (directory / "mail") + "'"); }

    static std::string tables(Application &application) {
        return application.ask("SELECT sql FROM sqlite_schema WHERE type = 'table'"
                               " AND name NOT LIKE 'postrider%' AND name NOT LIKE 'sqlite%'"
                               " ORDER BY name");
    }

    /// What a peer that makes up its own messages may send.
    Result<void> take(const wire::Offer &offer) {
        Result<void> taken;
        b7.write([&](const Session &session) {
            taken = engine::take_control_message(session,
                                                 *engine::load_peer(session.transaction, 1), offer);
        });
        return taken;
    }

    [[nodiscard]] wire::Offer forged(const std::string &local_name) const {
        wire::Offer offer;
        offer.task = {hq.identity.node, "forged"};
        offer.direction = wire::Direction::receive;
        offer.create_missing = true;
        offer.options = {{"engine", "sqlite"}};
        TableSchema schema{"t", {{"id", {Kind::int64, Kind::null, -1, -1, "INTEGER"}, false}}, {0}};
        offer.tables.push_back({"t", local_name, schema});
        return offer;
    }
};

TEST_F(MissingTables, AreMadeWithTheirKeysAndForeignKeysAndThenLoaded) {
    hq_application.run(
        "CREATE TABLE artist(id INTEGER PRIMARY KEY, name NVARCHAR(120));"
        "CREATE TABLE album(id INTEGER PRIMARY KEY, title TEXT NOT NULL,"
        " artist INTEGER NOT NULL REFERENCES artist, made DATETIME);"
        "INSERT INTO artist VALUES(1, 'x'); INSERT INTO album VALUES(5, 'y', 1, '2')");
    declare(hq, "TASK music SEND album, artist TO b7 CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    EXPECT_EQ(tables(b7_application),
              "CREATE TABLE \"album\"(\"id\" INTEGER NOT NULL, \"title\" TEXT NOT NULL,"
              " \"artist\" INTEGER NOT NULL, \"made\" DATETIME, PRIMARY KEY(\"id\"), FOREIGN "
              "KEY(\"artist\") REFERENCES"
              " \"artist\"(\"id\"))\n"
              "CREATE TABLE \"artist\"(\"id\" INTEGER NOT NULL, \"name\" VARCHAR(120),"
              " PRIMARY KEY(\"id\"))");
    EXPECT_EQ(b7_application.ask("SELECT * FROM artist JOIN album ON artist.id = album.artist"),
              "1|x|5|y|1|2");
}

TEST_F(MissingTables, HaveTheColumnsThatTravelUnderTheirNamesThere) {
    hq_application.run(
        "CREATE TABLE artist(id INTEGER PRIMARY KEY, name TEXT, fee INTEGER);"
        "CREATE TABLE album(id INTEGER PRIMARY KEY, artist INTEGER REFERENCES artist,"
        " owner INTEGER REFERENCES artist, cost REAL);"
        "INSERT INTO artist VALUES(1, 'x', 7); INSERT INTO album VALUES(5, 1, 1, 2)");
    declare(hq, "TASK music SEND album (id, artist AS by), artist (id AS nr, name) TO b7"
                " CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    EXPECT_EQ(
        tables(b7_application),
        "CREATE TABLE \"album\"(\"id\" INTEGER NOT NULL, \"by\" INTEGER, PRIMARY KEY(\"id\"),"
        " FOREIGN KEY(\"by\") REFERENCES \"artist\"(\"nr\"))\n"
        "CREATE TABLE \"artist\"(\"nr\" INTEGER NOT NULL, \"name\" TEXT, PRIMARY KEY(\"nr\"))");
    EXPECT_EQ(b7_application.ask("SELECT * FROM artist JOIN album ON artist.nr = album.by"),
              "1|x|5|1");
}

TEST_F(MissingTables, CannotBeListedByColumnBeforeTheyAreThere) {
    const Result<ActionRows> rows =
        try_declare(b7, "TASK music RECEIVE artist (id) FROM hq CREATE MISSING TABLES");
    ASSERT_FALSE(rows.has_value());
    EXPECT_EQ(rows.error().message,
              "line 1, column 27: table \"artist\" is not here, so its columns"
              " cannot be listed");
}

TEST_F(MissingTables, KeepEveryValueUnderEveryDeclaredType) {
    const std::vector<std::string> types = {"INTEGER",
                                            "INT",
                                            "BIGINT UNSIGNED",
                                            "BOOLEAN",
                                            "BOOLINT",
                                            "TINYINT(1)",
                                            "TEXT",
                                            "VARCHAR(3)",
                                            "NCHAR(55)",
                                            "CLOB",
                                            "JSON",
                                            "JSONTEXT",
                                            "UUID",
                                            "REAL",
                                            "DOUBLE PRECISION",
                                            "FLOAT",
                                            "DECIMAL(10,5)",
                                            "NUMERIC",
                                            "MONEY",
                                            "DATE",
                                            "DATETIME",
                                            "TIMESTAMP",
                                            "TIMESTAMP WITH TIME ZONE",
                                            "TIME",
                                            "TIMEPOINT",
                                            "BLOB",
                                            "LONGBLOB",
                                            "",
                                            "STRING",
                                            "DATETEXT",
                                            "TIMESTAMPTZ",
                                            "ANY",
                                            "VARYING CHARACTER(255)"};
    std::string columns = "id INTEGER PRIMARY KEY";
    std::string filled = "NULL";
    std::string shown = "id";
    for (std::size_t index = 0; index < types.size(); ++index) {
        const std::string name = "c" + std::to_string(index);
        columns += ", " + name + " " + types[index];
        filled += ", v";
        shown += ", typeof(" + name + "), quote(" + name + ")";
    }
    hq_application.run(
        "CREATE TABLE kinds(" + columns +
        ");"
        "CREATE TABLE \"values\"(v);"
        "INSERT INTO \"values\" VALUES (1), (0), (NULL), (1.5), (2.0), ('5'), ('007'), ('1.50'),"
        " ('1e3'), ('abc'), (''), (x'00ff'), (x''), ('2009-01-01'), ('2009'), "
        "(9223372036854775807),"
        " ('9223372036854775808'), (-0.0), (1e300), (' 12 '), ('true'), (0.1);"
        "INSERT INTO kinds SELECT " +
        filled + " FROM \"values\"");
    declare(hq, "TASK t SEND kinds TO b7 CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    const std::string rows = "SELECT " + shown + " FROM kinds ORDER BY id";
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM kinds"), "22");
    EXPECT_EQ(b7_application.ask(rows), hq_application.ask(rows));
}

TEST_F(MissingTables, KeepTextInKeysAndAnyValueWhereTheSenderDoes) {
    hq_application.run("CREATE TABLE a(id INTEGER PRIMARY KEY, v) WITHOUT ROWID;"
                       "INSERT INTO a VALUES('x', 1), (2, 2);"
                       "CREATE TABLE b(id INTEGER PRIMARY KEY DESC, v);"
                       "INSERT INTO b VALUES('y', 1);"
                       "CREATE TABLE c(id ANY PRIMARY KEY, v ANY) STRICT;"
                       "INSERT INTO c VALUES('1', '2'), (1, 2)");
    declare(hq, "TASK t SEND a, c TO b7 CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT quote(id) FROM a ORDER BY id"), "2\n'x'");
    EXPECT_EQ(b7_application.ask("SELECT quote(id), quote(v) FROM c ORDER BY id"), "1|2\n'1'|'2'");
}

TEST_F(MissingTables, ReferToThemselvesAndToEachOther) {
    hq_application.run("PRAGMA foreign_keys = OFF; CREATE TABLE person(id INTEGER PRIMARY KEY, "
                       "boss INTEGER REFERENCES person,"
                       " room INTEGER REFERENCES room(id));"
                       "CREATE TABLE room(id INTEGER PRIMARY KEY, owner INTEGER REFERENCES person,"
                       " kind INTEGER REFERENCES kind(id));"
                       "CREATE TABLE kind(id INTEGER PRIMARY KEY);"
                       "INSERT INTO kind VALUES(9); INSERT INTO person VALUES(1, 2, 7), (2, 2, 8);"
                       "INSERT INTO room VALUES(7, 2, 9), (8, 1, 9)");
    declare(hq, "TASK t SEND person, room TO b7 CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT * FROM person"), "1|2|7\n2|2|8");
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM pragma_foreign_key_list('room')"), "1")
        << "the table of kinds does not take part";
}

TEST_F(MissingTables, AreShownInTheOfferAndMadeWhenItIsAccepted) {
    distrust();
    hq_application.run(
        "CREATE TABLE \"Price List\"(id INTEGER PRIMARY KEY, v \"odd \"\"type\"\"\")");
    declare(hq, "TASK t SEND \"Price List\" TO b7 CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    const std::string sql =
        "CREATE TABLE main.\"Price List\"(\"id\" INTEGER NOT NULL, \"v\" NUMERIC,"
        " PRIMARY KEY(\"id\"))";
    EXPECT_EQ(b7_application.ask("SELECT state, ddl FROM postrider_offers"), "open|" + sql + ";");
    EXPECT_EQ(tables(b7_application), "");
    const auto rows = accept(b7, "hq.t");
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    ASSERT_GE(rows->size(), 2U);
    EXPECT_EQ((*rows)[1], (engine::ActionRow{"create", "table Price List", sql}));
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM \"Price List\""), "0");
}

TEST_F(MissingTables, AreTheSameForNamesThatDifferInCase) {
    hq_application.run("CREATE TABLE Goods(id INTEGER PRIMARY KEY); INSERT INTO Goods VALUES(1);"
                       "CREATE TABLE Other(id INTEGER PRIMARY KEY)");
    b7_application.run("CREATE TABLE GOODS(id INTEGER PRIMARY KEY)");
    declare(hq, "TASK t SEND goods, other TO b7 CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT * FROM goods"), "1");
    EXPECT_EQ(b7_application.ask("SELECT name FROM sqlite_schema WHERE name LIKE 'other'"),
              "Other");
}

TEST_F(MissingTables, ATableOfAnotherShapeIsLeftAsItIs) {
    hq_application.run("CREATE TABLE t(id INTEGER PRIMARY KEY, v); CREATE TABLE u(id INTEGER"
                       " PRIMARY KEY)");
    b7_application.run("CREATE TABLE t(id INTEGER PRIMARY KEY, w)");
    declare(hq, "TASK t SEND u, t TO b7 CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    EXPECT_EQ(accept(b7, "hq.t").error().message, "table \"t\" has no column \"v\"");
    EXPECT_EQ(tables(b7_application), "CREATE TABLE t(id INTEGER PRIMARY KEY, w)")
        << "all tables of a task are made, or none";
    b7_application.run("DROP TABLE t; CREATE TABLE t(id, v NOT NULL PRIMARY KEY)");
    EXPECT_EQ(accept(b7, "hq.t").error().message,
              "table \"t\" has another primary key than the peer's");
    b7_application.run("DROP TABLE t; CREATE VIEW t AS SELECT 1 AS id, 2 AS v");
    EXPECT_FALSE(accept(b7, "hq.t").has_value());
}

TEST_F(MissingTables, GetTheColumnsThatTheSenderAddsLater) {
    hq_application.run("CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES(1)");
    declare(hq, "TASK t SEND t TO b7 CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    hq_application.run("ALTER TABLE t ADD COLUMN \"a\"\"b\" VARCHAR(7) NOT NULL DEFAULT 'd';"
                       "INSERT INTO t VALUES(2, 'e')");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT * FROM t"), "1|d\n2|e");
    EXPECT_EQ(tables(b7_application), "CREATE TABLE \"t\"(\"id\" INTEGER NOT NULL, \"a\"\"b\""
                                      " VARCHAR(7), PRIMARY KEY(\"id\"))");
    hq_application.run("ALTER TABLE t ADD COLUMN c");
    declare(hq, "TASK t SEND t TO b7 CREATE MISSING TABLES LOAD FIRST");
    hq_application.run("UPDATE t SET c = 3");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT * FROM t"), "1|d|3\n2|e|3");
}

TEST_F(MissingTables, WithoutTheClauseNoColumnIsAdded) {
    for (Application *application : {&hq_application, &b7_application}) {
        application->run("CREATE TABLE t(id INTEGER PRIMARY KEY)");
    }
    declare(hq, "TASK t SEND t TO b7");
    run_until_quiet(hq, b7);
    hq_application.run("ALTER TABLE t ADD COLUMN v; INSERT INTO t VALUES(1, 2)");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT count(*) FROM pragma_table_info('t')"), "1");
    EXPECT_EQ(b7_application.ask("SELECT reason FROM postrider_stream_in WHERE stream = 1"),
              "table \"t\" has no column \"v\"");
}

TEST_F(MissingTables, WithoutTheClauseATaskWaitsForItsTableAndGoesOnByItself) {
    distrust();
    hq_application.run("CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES(1)");
    declare(hq, "TASK t SEND t TO b7");
    run_until_quiet(hq, b7);
    const auto rows = accept(b7, "hq.t");
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    EXPECT_EQ(rows->back().detail,
              "CREATE TABLE main.\"t\"(\"id\" INTEGER NOT NULL, PRIMARY KEY(\"id\"));");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT state FROM postrider_offers"), "waiting for table");
    EXPECT_EQ(b7_application.ask("SELECT state FROM postrider_status"), "waiting for table");
    EXPECT_EQ(tables(b7_application), "");
    b7_application.run("CREATE TABLE t(id INTEGER PRIMARY KEY)");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT state FROM postrider_offers"), "accepted");
    EXPECT_EQ(b7_application.ask("SELECT * FROM t"), "1");
}

TEST_F(MissingTables, ATableThatComesWithAnotherShapeOpensTheOfferAgain) {
    hq_application.run("CREATE TABLE t(id INTEGER PRIMARY KEY, v)");
    declare(hq, "TASK t SEND t TO b7");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT state FROM postrider_offers"), "waiting for table");
    b7_application.run("CREATE TABLE t(id INTEGER PRIMARY KEY)");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT state FROM postrider_offers"), "open");
    EXPECT_NE(b7_application.ask("SELECT message FROM postrider_events")
                  .find("cannot be used yet: table \"t\" has no column \"v\""),
              std::string::npos);
}

TEST_F(MissingTables, AReceivingTaskMakesItsOwn) {
    declare(hq, "PEER b7 MAILDIR '" + (directory / "mail") + "' TRUST TASKS");
    hq_application.run("CREATE TABLE artist(id INTEGER PRIMARY KEY, name TEXT);"
                       "CREATE TABLE album(id INTEGER PRIMARY KEY, artist REFERENCES artist);"
                       "INSERT INTO artist VALUES(1, 'x'); INSERT INTO album VALUES(5, 1)");
    EXPECT_FALSE(try_declare(b7, "TASK m RECEIVE album, artist FROM hq").has_value());
    declare(b7, "TASK m RECEIVE album, artist AS singer FROM hq CREATE MISSING TABLES");
    run_until_quiet(hq, b7);
    EXPECT_EQ(tables(b7_application),
              "CREATE TABLE \"album\"(\"id\" INTEGER NOT NULL, \"artist\", PRIMARY KEY(\"id\"),"
              " FOREIGN KEY(\"artist\") REFERENCES \"singer\"(\"id\"))\n"
              "CREATE TABLE \"singer\"(\"id\" INTEGER NOT NULL, \"name\" TEXT,"
              " PRIMARY KEY(\"id\"))");
    EXPECT_EQ(b7_application.ask("SELECT * FROM singer JOIN album ON artist = singer.id"),
              "1|x|5|1");
    hq_application.run("ALTER TABLE artist ADD COLUMN born INTEGER; UPDATE artist SET born = 70");
    run_until_quiet(hq, b7);
    EXPECT_EQ(b7_application.ask("SELECT * FROM singer"), "1|x|70");
}

TEST_F(MissingTables, NamesOfTheSystemAreRefused) {
    for (const char *name :
         {"sqlite_thing", "postrider_peer2", "\"Postrider_x\"", "other.t", "\"SQLITE_x\""}) {
        ASSERT_TRUE(take(forged(name)).has_value());
        EXPECT_FALSE(accept(b7, "hq.forged").has_value()) << name;
    }
    EXPECT_EQ(tables(b7_application), "");
    EXPECT_FALSE(try_declare(b7, "TASK r RECEIVE t AS sqlite_x FROM hq CREATE MISSING TABLES"));
}

TEST_F(MissingTables, NothingThatAPeerWritesIsSql) {
    distrust();
    wire::Offer offer = forged("\"t\"\"); DROP TABLE postrider_peer; --\"");
    TableSchema &schema = *offer.tables[0].schema;
    schema.columns.push_back(
        {"v\", w DEFAULT (1)", {Kind::text, Kind::null, 5, -1, "TEXT DEFAULT (evil())"}, true});
    offer.tables[0].foreign_keys = {{{"v\", w DEFAULT (1)"}, "t", {"id"}},
                                    {{"id"}, "elsewhere", {"id"}},
                                    {{"nothing"}, "t", {"id"}},
                                    {{"id"}, "t", {"no key"}}};
    ASSERT_TRUE(take(offer).has_value());
    const auto rows = accept(b7, "hq.forged");
    ASSERT_TRUE(rows.has_value()) << rows.error().message;
    EXPECT_EQ(tables(b7_application),
              "CREATE TABLE \"t\"\"); DROP TABLE postrider_peer; --\"(\"id\" INTEGER NOT NULL,"
              " \"v\"\", w DEFAULT (1)\" VARCHAR(5), PRIMARY KEY(\"id\"), FOREIGN KEY(\"v\"\", w"
              " DEFAULT (1)\") REFERENCES \"t\"\"); DROP TABLE postrider_peer; --\"(\"id\"))");
}

TEST_F(MissingTables, TwoThatDifferOnlyInCaseAreRefused) {
    wire::Offer offer = forged("one");
    offer.tables.push_back(offer.tables[0]);
    offer.tables[1].wire_name = "T";
    offer.tables[1].schema->name = "T";
    offer.tables[1].local_name = "ONE";
    ASSERT_TRUE(take(offer).has_value());
    EXPECT_FALSE(accept(b7, "hq.forged").has_value());
    offer = forged("one");
    offer.tables[0].schema->columns.push_back({"ID", {}, true});
    ASSERT_TRUE(take(offer).has_value());
    EXPECT_EQ(accept(b7, "hq.forged").error().message,
              "table \"one\" cannot be made here: two of its columns differ only in the case of"
              " letters");
    EXPECT_EQ(tables(b7_application), "");
}

TEST(DeclaredTypes, OfOtherEnginesKeepWhatIsNoNumberAsText) {
    const dialect::NewTable table{"t",
                                  {{"a", {Kind::decimal, Kind::null, 10, 2, "numeric"}, false},
                                   {"b", {Kind::uuid, Kind::null, -1, -1, "uuid"}, true},
                                   {"c", {Kind::int64, Kind::null, -1, -1, "bigint"}, true},
                                   {"d", {Kind::bytes, Kind::null, -1, -1, "bytea"}, true}},
                                  {0},
                                  {}};
    EXPECT_EQ(dialect::sqlite().create_missing_table(table, "postgresql"),
              "CREATE TABLE main.\"t\"(\"a\" TEXT NOT NULL, \"b\" TEXT, \"c\" INTEGER, \"d\" BLOB,"
              " PRIMARY KEY(\"a\"))");
}

} // namespace
} // namespace postrider::test
