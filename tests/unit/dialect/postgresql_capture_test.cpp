// What is captured in PostgreSQL, and by which triggers.
#include <gtest/gtest.h>

#include "common/dialect/postgresql.hpp"

namespace postrider::dialect {
namespace {

TableDescription captured_table() {
    TableDescription table;
    table.name = "crm.it's";
    for (const char *name : {"id", "na\"me", "price"}) {
        ColumnDescription column;
        column.name = name;
        table.columns.push_back(column);
    }
    table.key = {0};
    return table;
}

std::string refusal(const TableDescription &table) {
    const Result<void> result = postgresql().check_capturable(table);
    if (result) {
        return "";
    }
    EXPECT_NE(result.error().hint, "");
    const std::string begin = "cannot capture table \"" + table.name + "\": ";
    EXPECT_EQ(result.error().message.rfind(begin, 0), 0U) << result.error().message;
    return result.error().message.substr(begin.size());
}

TEST(PostgresqlCapture, is_two_triggers_that_fire_always) {
    const CaptureSchema schema =
        postgresql().capture_schema(captured_table(), 12, {.kept = {"na\"me", "price"}});
    EXPECT_EQ(schema.key_table, "");
    ASSERT_EQ(schema.triggers.size(), 2U);
    EXPECT_EQ(schema.triggers[0].name, "postrider_capture_12");
    EXPECT_EQ(schema.triggers[0].sql,
              "CREATE TRIGGER postrider_capture_12 AFTER INSERT OR DELETE OR UPDATE ON"
              " \"crm\".\"it's\" FOR EACH ROW EXECUTE FUNCTION postrider.capture('12',"
              " '\"na\"\"me\",\"price\"'); ALTER TABLE \"crm\".\"it's\" ENABLE ALWAYS TRIGGER"
              " postrider_capture_12");
    EXPECT_EQ(schema.triggers[1].sql,
              "CREATE TRIGGER postrider_capture_12_truncate AFTER TRUNCATE ON \"crm\".\"it's\" FOR"
              " EACH STATEMENT EXECUTE FUNCTION postrider.capture('12'); ALTER TABLE"
              " \"crm\".\"it's\" ENABLE ALWAYS TRIGGER postrider_capture_12_truncate");
    EXPECT_EQ(schema.triggers[1].drop_sql,
              "DROP TRIGGER postrider_capture_12_truncate ON \"crm\".\"it's\"");
}

TEST(PostgresqlCapture, names_no_column_when_none_is_kept) {
    const CaptureSchema schema = postgresql().capture_schema(captured_table(), 1, {});
    EXPECT_NE(schema.triggers[0].sql.find("postrider.capture('1', '');"), std::string::npos);
}

TEST(PostgresqlCapture, notes_changes_in_a_log) {
    EXPECT_EQ(postgresql().keys(), nullptr);
    ASSERT_NE(postgresql().log(), nullptr);
    EXPECT_EQ(postgresql().log()->find_any(), "SELECT 1 FROM @capture_log LIMIT 1");
}

TEST(PostgresqlCapture, takes_tables_whose_rows_stay_and_can_be_told_apart) {
    EXPECT_EQ(refusal(captured_table()), "");
    TableDescription table = captured_table();
    table.key.clear();
    EXPECT_EQ(refusal(table), "it has no primary key");
    table = captured_table();
    table.columns[0].collation = "citext";
    EXPECT_EQ(refusal(table),
              "column \"id\" of its key takes texts of different letters for equal (citext)");
    table = captured_table();
    table.columns[2].collation = "citext";
    EXPECT_EQ(refusal(table), "");
    for (const auto &[kind, reason] :
         {std::pair{TableKind::view, "it is a view"},
          std::pair{TableKind::virtual_table, "it is a foreign table, or has one as a partition"},
          std::pair{TableKind::temporary, "it is temporary"},
          std::pair{TableKind::unlogged, "it is unlogged, and its rows vanish in a crash"},
          std::pair{TableKind::inherited, "other tables inherit from it, whose rows show in it"}}) {
        table = captured_table();
        table.kind = kind;
        EXPECT_EQ(refusal(table), reason);
    }
    for (const char *name : {"pg_catalog.pg_class", "information_schema.x", "postrider.queue"}) {
        table = captured_table();
        table.name = name;
        EXPECT_EQ(refusal(table), "it belongs to the system");
    }
}

TEST(PostgresqlCapture, takes_an_identity_that_nobody_may_update_only_as_the_key) {
    TableDescription table = captured_table();
    table.columns[0].default_sql = "identity always";
    EXPECT_EQ(refusal(table), "");
    table.columns[2].default_sql = "identity";
    EXPECT_EQ(refusal(table), "");
    table.columns[2].default_sql = "identity always";
    EXPECT_EQ(refusal(table), "column \"price\" outside of the key is GENERATED ALWAYS AS IDENTITY,"
                              " so that no UPDATE can write it");
}

} // namespace
} // namespace postrider::dialect
