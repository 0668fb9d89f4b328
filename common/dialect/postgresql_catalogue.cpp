// One statement for each question, put together from common table expressions that several share.
#include "common/dialect/postgresql_catalogue.hpp"

#include <vector>

#include "common/dialect/postgresql_tokens.hpp"
#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

/// The one name of a table: c of pg_class, n of pg_namespace.
constexpr std::string_view canonical_name =
    "CASE n.nspname WHEN 'public' THEN CAST(c.relname AS text)"
    " ELSE n.nspname || '.' || c.relname END";

constexpr std::string_view has_one_name =
    "strpos(n.nspname, '.') = 0 AND strpos(c.relname, '.') = 0";

constexpr std::string_view class_and_schema =
    " FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace";

/// Whether the table, c of pg_class in n of pg_namespace, has the one name that the expression
/// gives; by the catalogue's indexes.
std::string is_named(const std::string &name) {
    return "n.nspname = CASE strpos(" + name + ", '.') WHEN 0 THEN 'public' ELSE split_part(" +
           name + ", '.', 1) END AND c.relname = substr(" + name + ", strpos(" + name +
           ", '.') + 1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND " +
           std::string{has_one_name};
}

/// The table that ?1 names.
std::string target() {
    return "target(oid) AS (SELECT c.oid" + std::string{class_and_schema} + " WHERE " +
           is_named("CAST(?1 AS text)") + ")";
}

/// Its columns as (attnum, type, typmod, not_null, default_sql): a domain's column is there again
/// with the type that the domain is over, down to one that is no domain.
std::string typed_columns() {
    return "typed(attnum, type, typmod, not_null, default_sql) AS ("
           "SELECT a.attnum, a.atttypid, a.atttypmod, a.attnotnull,"
           " pg_get_expr(d.adbin, d.adrelid)"
           " FROM target JOIN pg_catalog.pg_attribute AS a ON a.attrelid = target.oid"
           " LEFT JOIN pg_catalog.pg_attrdef AS d"
           " ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
           " WHERE a.attnum > 0 AND NOT a.attisdropped"
           " UNION ALL"
           " SELECT o.attnum, y.typbasetype, y.typtypmod, o.not_null OR y.typnotnull,"
           " coalesce(o.default_sql, y.typdefault)"
           " FROM typed AS o JOIN pg_catalog.pg_type AS y ON y.oid = o.type"
           " WHERE y.typtype = 'd')";
}

/// The index by which rows are told apart. A deferrable one cannot be named in ON CONFLICT, one
/// over nullable columns does not tell all rows apart, computed ones cannot be written, and an
/// exclusion is no equality.
std::string key_index() {
    return "key_index(indkey, size) AS (SELECT i.indkey, i.indnkeyatts"
           " FROM target JOIN pg_catalog.pg_index AS i ON i.indrelid = target.oid"
           " WHERE i.indisunique AND i.indimmediate AND i.indisvalid AND NOT i.indisexclusion"
           " AND i.indpred IS NULL AND i.indexprs IS NULL"
           " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute AS a"
           " WHERE a.attrelid = i.indrelid AND (NOT a.attnotnull OR a.attgenerated <> '')"
           " AND a.attnum IN"
           " (SELECT k.attnum FROM unnest(i.indkey) WITH ORDINALITY AS k(attnum, position)"
           " WHERE k.position <= i.indnkeyatts))"
           " ORDER BY i.indisprimary DESC, i.indisreplident DESC, i.indexrelid LIMIT 1)";
}

/// By what values of a column are compared: y of pg_type, l of pg_collation. Equal under a
/// deterministic collation are only texts of the same bytes.
constexpr std::string_view collation_name =
    "CASE WHEN y.typname = 'citext' THEN 'citext'"
    " WHEN coalesce(l.collisdeterministic, true) THEN 'BINARY'"
    " ELSE CAST(l.collname AS text) END";

std::string action(std::string_view column) {
    return "CASE " + std::string{column} +
           " WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL'"
           " WHEN 'd' THEN 'SET DEFAULT' ELSE 'NO ACTION' END";
}

/// Tables that could take part: c of pg_class, n of pg_namespace. A partitioned table stands for
/// its partitions. A table from which others inherit would show their rows as its own.
std::string takes_part() {
    return "c.relkind IN ('r', 'p') AND c.relpersistence = 'p' AND NOT c.relispartition"
           " AND NOT starts_with(CAST(n.nspname AS text), 'pg_')"
           " AND n.nspname NOT IN ('information_schema', 'postrider') AND " +
           std::string{has_one_name} +
           " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend AS m"
           " WHERE m.classid = CAST('pg_catalog.pg_class' AS regclass) AND m.objid = c.oid"
           " AND m.deptype = 'e')"
           " AND (c.relkind = 'p' OR NOT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits AS h"
           " WHERE h.inhparent = c.oid))";
}

/// Rows of the catalogue that tell of a table.
struct CatalogueRows {
    std::string_view columns;
    std::string_view from;
    std::string_view where; // ends with the table's oid
    std::string_view order;
};

/// As one text, of the table `member`; a subquery, so that the catalogue's indexes are used.
std::string all_of_member(const CatalogueRows &rows) {
    std::string sql = "(SELECT string_agg(CAST(ROW(";
    sql += rows.columns;
    sql += ") AS text), chr(10) ORDER BY ";
    sql += rows.order;
    sql += ") FROM ";
    sql += rows.from;
    sql += " WHERE ";
    sql += rows.where;
    return sql + " = member.oid)";
}

/// A partition of the table c of pg_class for which `condition` (of p, its pg_class) holds.
std::string has_partition(std::string_view condition) {
    return "EXISTS (SELECT 1 FROM pg_partition_tree(c.oid) AS t"
           " JOIN pg_catalog.pg_class AS p ON p.oid = t.relid WHERE " +
           std::string{condition} + ")";
}

} // namespace

/// Another table is meant only where none has the very name, and it is the only one.
std::string describe_table() {
    const std::string kind =
        "CASE WHEN c.relpersistence = 't' THEN 'temporary'"
        " WHEN c.relkind IN ('v', 'm') THEN 'view' WHEN c.relkind = 'f' THEN 'virtual'"
        " WHEN c.relkind = 'r' AND EXISTS (SELECT 1 FROM pg_catalog.pg_inherits AS h"
        " WHERE h.inhparent = c.oid) THEN 'inherited'"
        " WHEN c.relpersistence = 'u' OR " +
        has_partition("p.relpersistence = 'u'") + " THEN 'unlogged' WHEN " +
        has_partition("p.relkind = 'f'") + " THEN 'virtual' ELSE 'table' END";
    return "WITH " + target() + ", found(oid) AS (SELECT oid FROM target UNION ALL SELECT c.oid" +
           std::string{class_and_schema} +
           " WHERE NOT EXISTS (SELECT 1 FROM target)"
           " AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND " +
           std::string{has_one_name} + " AND lower(" + std::string{canonical_name} +
           ") = lower(CAST(?1 AS text) COLLATE \"C\"))"
           " SELECT " +
           std::string{canonical_name} + ", " + kind +
           ", CAST(0 AS bigint), CAST(1 AS bigint), CAST(0 AS bigint)" +
           std::string{class_and_schema} +
           " JOIN found ON found.oid = c.oid WHERE (SELECT count(*) FROM found) = 1";
}

std::string number_columns() {
    return "WITH " + target() +
           " SELECT CAST(a.attnum AS bigint), CAST(a.attname AS text)"
           " FROM target JOIN pg_catalog.pg_attribute AS a ON a.attrelid = target.oid"
           " WHERE a.attnum > 0 AND NOT a.attisdropped";
}

std::string describe_columns() {
    return "WITH RECURSIVE " + target() + ", " + typed_columns() + ", " + key_index() +
           " SELECT CAST(a.attname AS text), format_type(o.type, o.typmod),"
           " CAST(CAST(o.not_null AS integer) AS bigint),"
           " CASE WHEN a.attidentity = 'a' THEN 'identity always'"
           " WHEN a.attidentity <> '' THEN 'identity'"
           " WHEN a.attgenerated <> '' THEN NULL ELSE o.default_sql END,"
           " coalesce((SELECT k.position FROM key_index,"
           " unnest(key_index.indkey) WITH ORDINALITY AS k(attnum, position)"
           " WHERE k.attnum = a.attnum AND k.position <= key_index.size), 0),"
           " CAST(CASE a.attgenerated WHEN 'v' THEN 1 WHEN 's' THEN 2 ELSE 0 END AS bigint),"
           " CAST(0 AS bigint)"
           " FROM target JOIN pg_catalog.pg_attribute AS a ON a.attrelid = target.oid"
           " JOIN typed AS o ON o.attnum = a.attnum"
           " JOIN pg_catalog.pg_type AS y ON y.oid = o.type AND y.typtype <> 'd'"
           " ORDER BY a.attnum";
}

std::string describe_indexes() {
    return "WITH RECURSIVE " + target() + ", " + typed_columns() +
           " SELECT CAST(x.relname AS text),"
           " CAST(CAST(i.indisunique AND NOT i.indisexclusion AS integer) AS bigint),"
           " CAST(CAST(i.indisprimary AS integer) AS bigint),"
           " CAST(CAST(i.indpred IS NOT NULL AS integer) AS bigint),"
           " CAST(a.attname AS text), " +
           std::string{collation_name} +
           ", pg_get_indexdef(i.indexrelid),"
           " CAST(CAST(NOT i.indimmediate AS integer) AS bigint)"
           " FROM target JOIN pg_catalog.pg_index AS i ON i.indrelid = target.oid"
           " JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid"
           " CROSS JOIN LATERAL unnest(i.indkey, i.indcollation)"
           " WITH ORDINALITY AS k(attnum, collation_oid, position)"
           " LEFT JOIN pg_catalog.pg_attribute AS a"
           " ON a.attrelid = i.indrelid AND a.attnum = k.attnum AND k.attnum <> 0"
           " LEFT JOIN (typed AS o JOIN pg_catalog.pg_type AS y"
           " ON y.oid = o.type AND y.typtype <> 'd') ON o.attnum = a.attnum"
           " LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = k.collation_oid"
           " WHERE i.indisvalid AND NOT (i.indisexclusion AND i.indimmediate)"
           " AND k.position <= i.indnkeyatts"
           " ORDER BY x.relname, k.position";
}

/// One that is not enforced refers to nothing, and one with a PERIOD not to a row of equal values;
/// PostgreSQL 18 has both, and the columns that tell. The columns of an action came with 15. Of one
/// to a partitioned table there are copies for its partitions.
std::string describe_foreign_keys() {
    return "WITH " + target() + " SELECT CAST(r.oid AS bigint), " + std::string{canonical_name} +
           ", CAST(a.attname AS text), CAST(b.attname AS text), " + action("r.confupdtype") + ", " +
           action("r.confdeltype") +
           ", CAST(CAST(r.confmatchtype = 'f' AS integer) AS bigint), CAST(CAST("
           "CASE jsonb_typeof(to_jsonb(r) -> 'confdelsetcols') WHEN 'array'"
           " THEN to_jsonb(r) -> 'confdelsetcols' @> to_jsonb(k.child) ELSE true END"
           " AS integer) AS bigint)"
           " FROM target JOIN pg_catalog.pg_constraint AS r ON r.conrelid = target.oid"
           " JOIN pg_catalog.pg_class AS c ON c.oid = r.confrelid"
           " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
           " CROSS JOIN LATERAL unnest(r.conkey, r.confkey)"
           " WITH ORDINALITY AS k(child, parent, position)"
           " JOIN pg_catalog.pg_attribute AS a ON a.attrelid = r.conrelid AND a.attnum = k.child"
           " JOIN pg_catalog.pg_attribute AS b ON b.attrelid = r.confrelid AND b.attnum = k.parent"
           " WHERE r.contype = 'f'"
           " AND coalesce(to_jsonb(r) ->> 'conenforced', 'true') = 'true'"
           " AND coalesce(to_jsonb(r) ->> 'conperiod', 'false') = 'false'"
           " AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint AS whole"
           " WHERE whole.oid = r.conparentid AND whole.conrelid = r.conrelid)"
           " ORDER BY r.oid, k.position";
}

std::string describe_parts() {
    return "WITH " + target() + " SELECT " + std::string{canonical_name} + " AS name" +
           std::string{class_and_schema} +
           " JOIN (SELECT t.relid FROM target, pg_partition_tree(target.oid) AS t"
           " WHERE t.isleaf AND t.level > 0) AS part ON part.relid = c.oid ORDER BY name";
}

std::string list_tables() {
    return "SELECT " + std::string{canonical_name} + " AS name" + std::string{class_and_schema} +
           " WHERE " + takes_part() + " ORDER BY name";
}

std::string list_referring_tables() {
    return "WITH ends(oid) AS (SELECT conrelid FROM pg_catalog.pg_constraint WHERE contype = 'f'"
           " UNION SELECT confrelid FROM pg_catalog.pg_constraint WHERE contype = 'f')"
           " SELECT " +
           std::string{canonical_name} + " AS name" + std::string{class_and_schema} +
           " JOIN ends ON ends.oid = c.oid WHERE " + takes_part() + " ORDER BY name";
}

/// A hash over everything of the captured tables and their partitions on which capture leans.
std::string schema_version() {
    return "WITH captured(oid) AS (SELECT c.oid FROM @capture AS p"
           " JOIN pg_catalog.pg_class AS c ON true"
           " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE " +
           is_named("p.table_name") +
           "), member(oid) AS (SELECT oid FROM captured UNION"
           " SELECT CAST(t.relid AS oid) FROM captured, pg_partition_tree(captured.oid) AS t)"
           " SELECT hashtextextended(coalesce(string_agg(concat_ws(chr(10), " +
           all_of_member({"c.oid, c.relname, n.nspname, c.relkind, c.relpersistence,"
                          " c.relhassubclass",
                          "pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n"
                          " ON n.oid = c.relnamespace",
                          "c.oid", "c.oid"}) +
           ", " +
           all_of_member({"a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),"
                          " a.attcollation, a.attnotnull, a.attidentity, a.attgenerated,"
                          " a.attisdropped, pg_get_expr(d.adbin, d.adrelid)",
                          "pg_catalog.pg_attribute AS a LEFT JOIN pg_catalog.pg_attrdef AS d"
                          " ON d.adrelid = a.attrelid AND d.adnum = a.attnum",
                          "a.attnum > 0 AND a.attrelid", "a.attnum"}) +
           ", " +
           all_of_member({"i.indexrelid, i.indisprimary, i.indisreplident, i.indisvalid,"
                          " i.indimmediate, pg_get_indexdef(i.indexrelid)",
                          "pg_catalog.pg_index AS i", "i.indrelid", "i.indexrelid"}) +
           ", " +
           all_of_member({"r.oid, pg_get_constraintdef(r.oid)", "pg_catalog.pg_constraint AS r",
                          "r.contype = 'f' AND r.conrelid", "r.oid"}) +
           ", " +
           all_of_member({"g.oid, g.tgenabled, pg_get_triggerdef(g.oid)",
                          "pg_catalog.pg_trigger AS g",
                          "(g.tgparentid <> 0 OR NOT g.tgisinternal) AND g.tgrelid", "g.oid"}) +
           "), chr(10) ORDER BY member.oid), ''), 0) FROM member";
}

std::string table_definition() {
    return "WITH RECURSIVE " + target() + ", " + typed_columns() +
           ", compared(attnum, name, collated_by) AS (SELECT a.attnum, CAST(a.attname AS text), " +
           std::string{collation_name} +
           " FROM target JOIN pg_catalog.pg_attribute AS a ON a.attrelid = target.oid"
           " JOIN typed AS o ON o.attnum = a.attnum"
           " JOIN pg_catalog.pg_type AS y ON y.oid = o.type AND y.typtype <> 'd'"
           " LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation)"
           " SELECT '\"' || replace(name, '\"', '\"\"') || '\" COLLATE \"'"
           " || replace(collated_by, '\"', '\"\"') || '\"'"
           " FROM compared WHERE collated_by <> 'BINARY' ORDER BY attnum";
}

std::map<std::string, std::string> column_collations(std::string_view definition) {
    std::vector<std::string> names;
    for (std::size_t at = 0; at < definition.size();) {
        const std::size_t end = token_end(definition, at);
        const std::string_view token = definition.substr(at, end - at);
        if (token.front() == '"') {
            names.push_back(name_of_token(token));
        }
        at = end;
    }
    return names.size() == 2 ? std::map<std::string, std::string>{{names[0], names[1]}}
                             : std::map<std::string, std::string>{};
}

std::string index_predicate(std::string_view create_index) {
    int depth = 0;
    for (std::size_t at = 0; at < create_index.size();) {
        const std::size_t end = token_end(create_index, at);
        const std::string_view token = create_index.substr(at, end - at);
        if (token == "(") {
            ++depth;
        } else if (token == ")") {
            --depth;
        } else if (depth == 0 && token == "WHERE") {
            const std::size_t first = create_index.find_first_not_of(' ', end);
            return std::string{first == std::string_view::npos ? "" : create_index.substr(first)};
        }
        at = end;
    }
    return "";
}

} // namespace postrider::dialect::postgresql_text
