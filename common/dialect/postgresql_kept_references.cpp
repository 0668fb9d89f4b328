// The parent is always p, the child c, the lists k. Parameters have the types of the columns beside
// which they stand first, and lists those of the statement for one row.
#include "common/dialect/postgresql_kept_references.hpp"

#include <functional>

#include "common/dialect/postgresql_deferred.hpp"
#include "common/dialect/postgresql_lists.hpp"
#include "common/dialect/postgresql_names.hpp"
#include "common/dialect/postgresql_references.hpp"
#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

/// How a statement writes the values that it is given: as parameters or out of lists.
using Given = std::string (*)(std::size_t);

/// `before`"column" = given, for each.
std::string equal(Names columns, std::string_view before, Given given) {
    std::string condition;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        append(condition, " AND ",
               std::string{before} + identifier(columns[index]) + " = " + given(index + 1));
    }
    return condition;
}

std::vector<std::string> key_of(const TableDescription &table) {
    std::vector<std::string> names;
    names.reserve(table.key.size());
    for (const std::uint32_t column : table.key) {
        names.push_back(table.columns[column].name);
    }
    return names;
}

std::string as_child(const Reference &reference) {
    return table_name(reference.child->name) + " AS c";
}

std::string as_parent(const Reference &reference) {
    return table_name(reference.parent->name) + " AS p";
}

/// A row of the server's that is locked so can neither go nor change its key: what the server's own
/// foreign keys do.
std::string lacks_locked_parent(const Reference &reference) {
    std::string same;
    for (std::size_t index = 0; index < reference.key.columns.size(); ++index) {
        append(same, " AND ",
               "p." + identifier(reference.key.parent_columns.at(index)) + " = c." +
                   identifier(reference.key.columns[index]));
    }
    return refers(reference) + " AND NOT EXISTS (SELECT 1 FROM " + as_parent(reference) +
           " WHERE " + same + " FOR KEY SHARE OF p)";
}

/// The parent's columns come first, so that it is their types that the parameters have.
std::string is_stranded(const Reference &reference, Given given) {
    return "NOT EXISTS (SELECT 1 FROM " + as_parent(reference) + " WHERE " +
           equal(reference.key.parent_columns, "p.", given) + ") AND " +
           equal(reference.key.columns, "c.", given);
}

std::string with_comma(const std::string &list) {
    return list.empty() ? list : ", " + list;
}

class PostgresqlKeptReferences final : public KeptReferences {
  public:
    [[nodiscard]] BlockStatement select_rows(const TableDescription &table,
                                             Names columns) const override {
        const std::vector<std::string> key = key_of(table);
        const std::string list = column_list(columns, "t.");
        const std::string from = table_name(table.name) + " AS t";
        return {.one_row =
                    "SELECT " + list + " FROM " + from + " WHERE " + equal(key, "t.", placeholder),
                .many_rows = "SELECT k.number, " + list + " FROM " +
                             rows_of_lists(key.size(), true) + " JOIN " + from + " ON " +
                             equal(key, "t.", listed),
                .by_owners = true};
    }

    [[nodiscard]] BlockStatement find_orphans(const Reference &reference) const override {
        const std::vector<std::string> key = key_of(*reference.child);
        return {.one_row = "SELECT 1 FROM " + as_child(reference) + " WHERE " +
                           equal(key, "c.", placeholder) + " AND " + lacks_locked_parent(reference),
                .many_rows = "SELECT k.number FROM " + rows_of_lists(key.size(), true) + " JOIN " +
                             as_child(reference) + " ON " + equal(key, "c.", listed) + " WHERE " +
                             lacks_locked_parent(reference),
                .by_owners = true};
    }

    [[nodiscard]] BlockStatement find_stranded(const Reference &reference,
                                               Names columns) const override {
        const std::string list = column_list(columns, "c.");
        return {.one_row = "SELECT " + (list.empty() ? "1" : list) + " FROM " +
                           as_child(reference) + " WHERE " + is_stranded(reference, placeholder),
                .many_rows = "SELECT k.number" + with_comma(list) + " FROM " +
                             rows_of_lists(reference.key.columns.size(), true) + " CROSS JOIN " +
                             as_child(reference) + " WHERE " + is_stranded(reference, listed),
                .by_owners = true};
    }

    [[nodiscard]] BlockStatement remove_stranded(const Reference &reference) const override {
        const std::string remove = "DELETE FROM " + as_child(reference);
        return {.one_row = remove + " WHERE " + is_stranded(reference, placeholder),
                .many_rows = remove + " USING " +
                             rows_of_lists(reference.key.columns.size(), false) + " WHERE " +
                             is_stranded(reference, listed),
                .is_own_change = true,
                .by_owners = true};
    }

    [[nodiscard]] BlockStatement
    clear_stranded(const Reference &reference, Names columns, bool to_default) const override {
        return update(reference, columns, reference.key.columns.size(), [&](std::size_t, Given) {
            return std::string{to_default ? "DEFAULT" : "NULL"};
        });
    }

    [[nodiscard]] BlockStatement move_stranded(const Reference &reference) const override {
        const std::size_t columns = reference.key.columns.size();
        return update(reference, reference.key.columns, 2 * columns,
                      [&](std::size_t number, Given given) { return given(columns + number); });
    }

  private:
    using Becomes = std::function<std::string(std::size_t, Given)>;

    /// What is deferred of the child's constraints is looked at with each row: nobody does later.
    static BlockStatement update(const Reference &reference,
                                 Names columns,
                                 std::size_t parameters,
                                 const Becomes &becomes) {
        const auto assigned = [&](Given given) {
            std::string assignments;
            for (std::size_t index = 0; index < columns.size(); ++index) {
                append(assignments, ", ",
                       identifier(columns[index]) + " = " + becomes(index + 1, given));
            }
            return "UPDATE " + as_child(reference) + " SET " + assignments;
        };
        const bool is_deferred = has_deferred(*reference.child);
        const std::string places = is_deferred ? " RETURNING " + places_of("c") : "";
        return {.one_row = assigned(placeholder) + " WHERE " + is_stranded(reference, placeholder) +
                           places,
                .many_rows = assigned(listed) + " FROM " + rows_of_lists(parameters, false) +
                             " WHERE " + is_stranded(reference, listed) + places,
                .is_own_change = true,
                .gives_places = is_deferred,
                .by_owners = true};
    }
};

} // namespace

const KeptReferences &kept_references() {
    static const PostgresqlKeptReferences references;
    return references;
}

} // namespace postrider::dialect::postgresql_text
