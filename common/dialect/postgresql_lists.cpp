// Several lists side by side: unnest() of them in ROWS FROM.
#include "common/dialect/postgresql_lists.hpp"

#include "common/dialect/postgresql_names.hpp"
#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

std::string rows_of_lists(std::size_t count, bool numbered) {
    std::string lists;
    std::string names;
    for (std::size_t number = 1; number <= count; ++number) {
        append(lists, ", ", "pg_catalog.unnest(" + placeholder(number) + ")");
        append(names, ", ", "v" + std::to_string(number));
    }
    return "ROWS FROM (" + lists + ")" + (numbered ? " WITH ORDINALITY" : "") + " AS k(" + names +
           (numbered ? ", number)" : ")");
}

std::string listed(std::size_t number) {
    return "k.v" + std::to_string(number);
}

std::string all_listed(std::size_t count) {
    std::string text;
    for (std::size_t number = 1; number <= count; ++number) {
        append(text, ", ", listed(number));
    }
    return text;
}

} // namespace postrider::dialect::postgresql_text
