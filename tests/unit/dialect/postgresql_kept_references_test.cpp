// The statements by which the engine keeps foreign keys of PostgreSQL.
#include <gtest/gtest.h>

#include "common/dialect/postgresql.hpp"
#include "common/dialect/sqlite.hpp"

namespace postrider::dialect {
namespace {

std::vector<ColumnDescription> columns_named(const std::vector<std::string> &names) {
    std::vector<ColumnDescription> columns;
    for (const std::string &name : names) {
        columns.emplace_back().name = name;
    }
    return columns;
}

struct Family {
    TableDescription parent;
    TableDescription child;
    Reference reference;

    Family() {
        parent.name = "parents";
        parent.columns = columns_named({"a", "b"});
        parent.key = {0, 1};
        child.name = "shop.children";
        child.columns = columns_named({"id", "x", "y"});
        child.key = {0};
        reference = {&child, &parent, {}};
        reference.key.parent = "parents";
        reference.key.columns = {"x", "y"};
        reference.key.parent_columns = {"a", "b"};
    }
};

const KeptReferences &kept() {
    return *postgresql().kept_references();
}

TEST(KeptReferences, are_sqlites_own_business) {
    EXPECT_EQ(sqlite().kept_references(), nullptr);
}

TEST(KeptReferences, find_orphans_and_hold_the_parents_of_the_others) {
    const Family family;
    const std::string lacks = "c.\"x\" IS NOT NULL AND c.\"y\" IS NOT NULL AND NOT EXISTS (SELECT 1"
                              " FROM \"public\".\"parents\" AS p WHERE p.\"a\" = c.\"x\""
                              " AND p.\"b\" = c.\"y\" FOR KEY SHARE OF p)";
    const BlockStatement found = kept().find_orphans(family.reference);
    EXPECT_EQ(found.one_row,
              "SELECT 1 FROM \"shop\".\"children\" AS c WHERE c.\"id\" = ?1 AND " + lacks);
    EXPECT_EQ(found.many_rows,
              "SELECT k.number FROM ROWS FROM (pg_catalog.unnest(?1)) WITH ORDINALITY AS"
              " k(v1, number) JOIN \"shop\".\"children\" AS c ON c.\"id\" = k.v1 WHERE " +
                  lacks);
    EXPECT_FALSE(found.is_own_change);
}

TEST(KeptReferences, take_parameters_of_the_types_of_the_parents_columns) {
    const Family family;
    const std::vector<std::string> columns{"id"};
    const BlockStatement found = kept().find_stranded(family.reference, columns);
    EXPECT_EQ(found.one_row,
              "SELECT c.\"id\" FROM \"shop\".\"children\" AS c WHERE NOT EXISTS (SELECT 1 FROM"
              " \"public\".\"parents\" AS p WHERE p.\"a\" = ?1 AND p.\"b\" = ?2) AND"
              " c.\"x\" = ?1 AND c.\"y\" = ?2");
    EXPECT_EQ(kept().find_stranded(family.reference, {}).many_rows,
              "SELECT k.number FROM ROWS FROM (pg_catalog.unnest(?1), pg_catalog.unnest(?2)) WITH"
              " ORDINALITY AS k(v1, v2, number) CROSS JOIN \"shop\".\"children\" AS c WHERE NOT"
              " EXISTS (SELECT 1 FROM \"public\".\"parents\" AS p WHERE p.\"a\" = k.v1 AND"
              " p.\"b\" = k.v2) AND c.\"x\" = k.v1 AND c.\"y\" = k.v2");
}

TEST(KeptReferences, act_as_changes_of_this_nodes_own) {
    const Family family;
    const std::string stranded = "NOT EXISTS (SELECT 1 FROM \"public\".\"parents\" AS p WHERE"
                                 " p.\"a\" = ?1 AND p.\"b\" = ?2) AND c.\"x\" = ?1"
                                 " AND c.\"y\" = ?2";
    const BlockStatement remove = kept().remove_stranded(family.reference);
    EXPECT_EQ(remove.one_row, "DELETE FROM \"shop\".\"children\" AS c WHERE " + stranded);
    const Names both{family.reference.key.columns};
    const BlockStatement clear = kept().clear_stranded(family.reference, both, false);
    EXPECT_EQ(clear.one_row,
              "UPDATE \"shop\".\"children\" AS c SET \"x\" = NULL, \"y\" = NULL WHERE " + stranded);
    EXPECT_EQ(kept().clear_stranded(family.reference, both.last(1), false).one_row,
              "UPDATE \"shop\".\"children\" AS c SET \"y\" = NULL WHERE " + stranded);
    EXPECT_NE(kept().clear_stranded(family.reference, both, true).one_row.find("\"x\" = DEFAULT"),
              std::string::npos);
    const BlockStatement move = kept().move_stranded(family.reference);
    EXPECT_EQ(move.one_row,
              "UPDATE \"shop\".\"children\" AS c SET \"x\" = ?3, \"y\" = ?4 WHERE " + stranded);
    for (const BlockStatement &each : {remove, clear, move}) {
        EXPECT_TRUE(each.is_own_change);
        EXPECT_FALSE(each.gives_places);
    }
}

TEST(KeptReferences, are_matched_in_full_where_that_is_said) {
    Family family;
    family.reference.key.match_full = true;
    EXPECT_NE(kept()
                  .find_orphans(family.reference)
                  .one_row.find("(c.\"x\" IS NOT NULL OR c.\"y\" IS NOT NULL) AND NOT EXISTS"),
              std::string::npos);
}

TEST(KeptReferences, tell_where_children_lie_whose_constraints_are_deferrable) {
    Family family;
    family.child.indexes.emplace_back().deferrable = true;
    const BlockStatement move = kept().move_stranded(family.reference);
    EXPECT_TRUE(move.gives_places);
    EXPECT_TRUE(move.one_row.ends_with(" RETURNING c.tableoid, c.ctid"));
    EXPECT_TRUE(move.many_rows.ends_with(" RETURNING c.tableoid, c.ctid"));
    EXPECT_FALSE(kept().remove_stranded(family.reference).gives_places);
}

} // namespace
} // namespace postrider::dialect
