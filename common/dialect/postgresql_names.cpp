// Splits at the first dot; quotes.
#include "common/dialect/postgresql_names.hpp"

#include <algorithm>

#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

/// https://www.postgresql.org/docs/current/sql-keywords-appendix.html, all that are reserved in any
/// way; a space stands around each.
constexpr std::string_view reserved_words =
    " all analyse analyze and any array as asc asymmetric authorization binary both case cast"
    " check collate collation column concurrently constraint create cross current_catalog"
    " current_date current_role current_schema current_time current_timestamp current_user"
    " default deferrable desc distinct do else end except false fetch for foreign freeze from"
    " full grant group having ilike in initially inner intersect into is isnull join lateral"
    " leading left like limit localtime localtimestamp natural not notnull null offset on"
    " only or order outer overlaps placing primary references returning right select"
    " session_user similar some symmetric system_user table tablesample then to trailing true"
    " union unique user using variadic verbose when where window with ";

constexpr std::string_view unnamed_schema = "public";

bool is_bare(std::string_view name) {
    return !name.empty() && (name.front() < '0' || name.front() > '9') &&
           std::all_of(name.begin(), name.end(), [](char letter) {
               return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
                      letter == '_';
           });
}

} // namespace

std::string identifier(std::string_view name) {
    return quoted(name, '"');
}

std::optional<std::string> known_name(Names parts) {
    const bool has_dot = std::any_of(parts.begin(), parts.end(), [](const std::string &part) {
        return part.find('.') != std::string::npos;
    });
    if (has_dot || parts.empty() || parts.size() > 2) {
        return std::nullopt;
    }
    const bool is_public = parts.size() == 1 || lower_ascii(parts.front()) == unnamed_schema;
    return is_public ? parts.back() : parts.front() + "." + parts.back();
}

std::vector<std::string> name_parts(std::string_view canonical) {
    TableName name = split_name(canonical);
    if (canonical.find('.') == std::string_view::npos) {
        return {std::move(name.table)};
    }
    return {std::move(name.schema), std::move(name.table)};
}

TableName split_name(std::string_view canonical) {
    const std::size_t dot = canonical.find('.');
    if (dot == std::string_view::npos) {
        return {std::string{unnamed_schema}, std::string{canonical}};
    }
    return {std::string{canonical.substr(0, dot)}, std::string{canonical.substr(dot + 1)}};
}

std::string table_name(std::string_view canonical) {
    const TableName name = split_name(canonical);
    return identifier(name.schema) + "." + identifier(name.table);
}

std::string column_list(Names columns, std::string_view before) {
    std::string text;
    for (const std::string &column : columns) {
        append(text, ", ", std::string{before} + identifier(column));
    }
    return text;
}

std::string placeholder(std::size_t number) {
    return "?" + std::to_string(number);
}

std::string placeholder_list(std::size_t first, std::size_t count) {
    std::string text;
    for (std::size_t number = first; number < first + count; ++number) {
        append(text, ", ", placeholder(number));
    }
    return text;
}

std::string plain_word(std::string_view name) {
    const bool is_reserved =
        reserved_words.find(" " + std::string{name} + " ") != std::string_view::npos;
    return is_bare(name) && !is_reserved ? std::string{name} : identifier(name);
}

} // namespace postrider::dialect::postgresql_text
