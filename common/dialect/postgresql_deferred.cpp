// A row's place is its table, which may be a part of a partitioned one, and where it lies therein.
#include "common/dialect/postgresql_deferred.hpp"

#include <algorithm>

#include "common/dialect/postgresql_lists.hpp"
#include "common/dialect/postgresql_names.hpp"
#include "common/dialect/postgresql_rows.hpp"

namespace postrider::dialect::postgresql_text {

bool has_deferred(const TableDescription &table) {
    return std::any_of(table.indexes.begin(), table.indexes.end(),
                       [](const IndexDescription &index) { return index.deferrable; });
}

std::string places_of(std::string_view alias) {
    const std::string before{alias};
    return before + ".tableoid, " + before + ".ctid";
}

BlockStatement check_deferred(const TableDescription &table) {
    if (!has_deferred(table)) {
        return {};
    }
    const std::string select = "SELECT " + places_of("t") + " FROM ";
    const std::string from = table_name(table.name) + " AS t";
    return {.one_row = select + from + " WHERE " + same_key(table, 1, "t."),
            .many_rows = select + rows_of_lists(table.key.size(), false) + " JOIN " + from +
                         " ON " + same_listed_key(table, 1),
            .gives_places = true};
}

} // namespace postrider::dialect::postgresql_text
