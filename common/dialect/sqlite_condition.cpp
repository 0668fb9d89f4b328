// A condition is read token by token and may hold only what is named here: columns of the row,
// PEER.x, literals, operators, and functions that give the same result at any time and on any
// connection. Everything else (a subquery, a clock, a function of the application's) would let a
// row enter or leave without being changed. An expression is read likewise.
//
// Both are evaluated over images in a temporary table whose columns have the affinities and
// collations of the table's own, because comparisons lean on both.
#include "common/dialect/sqlite_condition.hpp"

#include <algorithm>
#include <array>

#include "common/base/utf8.hpp"
#include "common/dialect/sql_text.hpp"
#include "common/dialect/sqlite_rows.hpp"
#include "common/dialect/sqlite_tokens.hpp"

namespace postrider::dialect::sqlite_text {

namespace {

constexpr std::string_view row_number = "\"postrider_row\"";
constexpr std::string_view image_table = "\"postrider_image\"";

constexpr std::array<std::string_view, 32> operators{
    "and",  "or",   "not",     "is",   "isnull", "notnull", "null",     "in",
    "like", "glob", "escape",  "case", "when",   "then",    "else",     "end",
    "cast", "as",   "collate", "true", "false",  "between", "distinct", "from",
    "int",  "real", "integer", "text", "blob",   "numeric", "nocase",   "rtrim"};

constexpr std::array<std::string_view, 24> functions{
    "abs",     "char",   "coalesce", "format", "glob",   "hex",    "ifnull", "iif",
    "instr",   "length", "like",     "lower",  "ltrim",  "nullif", "printf", "quote",
    "replace", "round",  "rtrim",    "sign",   "substr", "trim",   "typeof", "upper"};

constexpr std::array<std::string_view, 5> of_queries{"select", "exists", "values", "with", "over"};

constexpr std::array<std::string_view, 16> of_the_moment{
    "random",   "randomblob",        "current_time", "current_date",
    "date",     "current_timestamp", "time",         "datetime",
    "strftime", "julianday",         "unixepoch",    "timediff",
    "changes",  "total_changes",     "now",          "last_insert_rowid"};

template <std::size_t size>
bool holds(const std::array<std::string_view, size> &words, std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// What the SQL is for, in the words of its refusals.
struct Purpose {
    std::string_view name;
    std::string_view danger; // of looking at more than the row
};

constexpr Purpose for_condition{"condition", "a row would enter or leave without being changed"};
constexpr Purpose for_expression{"expression",
                                 "the column would change without its row being changed"};

class ConditionReader {
  public:
    ConditionReader(std::string_view text, const TableDescription &table, const Purpose &purpose)
        : text_(text), table_(table), purpose_(purpose) {}

    Result<Condition> read() {
        while (at_ < text_.size()) {
            if (Result<void> taken = take(); !taken) {
                return taken.error();
            }
        }
        return std::move(out_);
    }

  private:
    [[nodiscard]] Error not_usable(const std::string &why, std::string hint) const {
        return {Errc::refused,
                "this " + std::string{purpose_.name} + " cannot be used: " + why,
                {},
                std::move(hint)};
    }

    [[nodiscard]] std::string row_alone(const std::string &with_what) const {
        return "Use columns of the row alone: with " + with_what + ", " +
               std::string{purpose_.danger} + ".";
    }

    Result<void> take() {
        const char first = text_[at_];
        const std::string_view token = text_.substr(at_, whole_token_end(text_, at_) - at_);
        if (is_space(first)) {
            return copy(token);
        }
        if (token.starts_with("--") || token.starts_with("/*")) {
            return not_usable("it has a comment", "Take the comment out.");
        }
        if (first == '\'' || (first >= '0' && first <= '9')) {
            return copy(token);
        }
        if (first == '"' || first == '`' || first == '[') {
            return take_name(token, name_of_token(token));
        }
        if (is_word(first) && first != '$') {
            return take_word(token);
        }
        if (std::string_view{"()+-*/%|&~<>=!,."}.find(first) == std::string_view::npos) {
            return not_usable("it holds the character \"" + printable(std::string(1, first)) + "\"",
                              "Write columns, PEER.name, literals and operators.");
        }
        return copy(token);
    }

    Result<void> copy(std::string_view token) { return write(token, token); }

    Result<void> write(std::string_view token, std::string_view as) {
        out_.sql += as;
        at_ += token.size();
        return {};
    }

    /// What stands behind the token, spaces aside.
    [[nodiscard]] char next_sign(std::string_view token) const {
        std::size_t at = at_ + token.size();
        while (at < text_.size() && is_space(text_[at])) {
            ++at;
        }
        return at < text_.size() ? text_[at] : '\0';
    }

    Result<void> take_word(std::string_view token) {
        const std::string word = lower_ascii(token);
        const char next = next_sign(token);
        if (word == "peer" && next == '.') {
            return take_attribute(token);
        }
        if (next == '(' && holds(functions, word)) {
            return copy(token);
        }
        if (word == "x" && at_ + 1 < text_.size() && text_[at_ + 1] == '\'') {
            return copy(token); // a literal of bytes
        }
        if (find_column(token) || is_table(token, next)) {
            return take_name(token, std::string{token});
        }
        if (holds(of_queries, word)) {
            return not_usable("it has a subquery or a window", row_alone("others"));
        }
        if (holds(of_the_moment, word)) {
            return not_usable("\"" + word + "\" gives another result at another time",
                              row_alone("a clock or chance"));
        }
        if (word == "in" && next != '(') {
            return not_usable("IN names a table", "Write the values in parentheses.");
        }
        if (holds(operators, word) && (next != '(' || !is_callable(word))) {
            return copy(token);
        }
        if (next == '(') {
            return not_usable("the function \"" + printable(std::string{token}) +
                                  "\" is not one of those whose result is the same everywhere",
                              "These are: " + list_of_functions() + ".");
        }
        return no_column(std::string{token});
    }

    /// A type or collation in whose place a function of that name would be called.
    static bool is_callable(std::string_view word) {
        static constexpr std::array<std::string_view, 8> names{
            "int", "real", "integer", "text", "blob", "numeric", "nocase", "rtrim"};
        return holds(names, word);
    }

    Result<void> take_name(std::string_view token, const std::string &name) {
        if (is_table(name, next_sign(token))) {
            return write(token, identifier(table_.name));
        }
        const ColumnDescription *column = find_column(name);
        if (column == nullptr) {
            return no_column(name);
        }
        if (column->generated != Generated::no) {
            return not_usable("column \"" + column->name + "\" is computed by the table",
                              "Use the columns that it is computed from.");
        }
        if (!is_built_in_collation(column->collation)) {
            return not_usable("column \"" + column->name + "\" has the application's collation \"" +
                                  column->collation + "\"",
                              "Use columns that are compared by BINARY, NOCASE or RTRIM.");
        }
        if (std::find(out_.columns.begin(), out_.columns.end(), column->name) ==
            out_.columns.end()) {
            out_.columns.push_back(column->name);
        }
        return write(token, identifier(column->name));
    }

    Result<void> take_attribute(std::string_view token) {
        std::size_t at = text_.find('.', at_) + 1;
        while (at < text_.size() && is_space(text_[at])) {
            ++at;
        }
        const std::size_t end = at < text_.size() ? whole_token_end(text_, at) : at;
        const std::string name = lower_ascii(name_of_token(text_.substr(at, end - at)));
        if (name.empty() || !is_word(name.front())) {
            return not_usable("\"" + std::string{token} + ".\" stands without a name",
                              "Write an attribute of the peers, such as PEER.code.");
        }
        auto place = std::find(out_.attributes.begin(), out_.attributes.end(), name);
        if (place == out_.attributes.end()) {
            place = out_.attributes.insert(place, name);
        }
        out_.sql += "?" + std::to_string(place - out_.attributes.begin() + 1);
        at_ = end;
        return {};
    }

    /// Names are compared as SQLite does: without the case of ASCII letters, quoted or not.
    [[nodiscard]] const ColumnDescription *find_column(std::string_view name) const {
        const auto found =
            std::find_if(table_.columns.begin(), table_.columns.end(), [&](const auto &column) {
                return lower_ascii(column.name) == lower_ascii(name);
            });
        return found == table_.columns.end() ? nullptr : &*found;
    }

    [[nodiscard]] bool is_table(std::string_view name, char next) const {
        return next == '.' && lower_ascii(table_.name) == lower_ascii(name);
    }

    [[nodiscard]] Error no_column(const std::string &name) const {
        std::string names;
        for (const ColumnDescription &column : table_.columns) {
            append(names, ", ", column.name);
        }
        return not_usable("table \"" + table_.name + "\" has no column \"" + printable(name) + "\"",
                          "Its columns are " + names +
                              "; texts stand in single quotes, attributes of peers behind PEER.");
    }

    static std::string list_of_functions() {
        std::string list;
        for (const std::string_view function : functions) {
            append(list, ", ", function);
        }
        return list;
    }

    std::string_view text_;
    const TableDescription &table_;
    const Purpose &purpose_;
    std::size_t at_ = 0;
    Condition out_;
};

/// Affinity and collation in the words of a column's definition.
std::string type_of(const ColumnDescription &column) {
    static constexpr std::array<const char *, 5> types{"BLOB", "INTEGER", "NUMERIC", "REAL",
                                                       "TEXT"};
    return std::string{types.at(static_cast<std::size_t>(column.affinity))} + " COLLATE " +
           identifier(column.collation);
}

std::string select_of_images(const TableDescription &table, const std::string &what) {
    return "SELECT " + what + " FROM temp." + std::string{image_table} + " AS " +
           identifier(table.name) + " ORDER BY " + std::string{row_number};
}

std::string is_true(const Condition &condition) {
    return "((" + condition.sql + ") IS TRUE)";
}

} // namespace

Result<Condition> read_condition(std::string_view text, const TableDescription &table) {
    return ConditionReader{text, table, for_condition}.read();
}

Result<Condition> read_expression(std::string_view text, const TableDescription &table) {
    return ConditionReader{text, table, for_expression}.read();
}

ImageStatements images(const TableDescription &table, Names columns) {
    std::string definitions;
    std::string names;
    std::string values;
    std::size_t number = 0;
    for (const std::string &name : columns) {
        const ColumnDescription *column = table.find_column(name);
        definitions += ", " + identifier(name) + " " +
                       type_of(column == nullptr ? ColumnDescription{} : *column);
        append(names, ", ", identifier(name));
        append(values, ", ", "?" + std::to_string(++number));
    }
    const std::string where = "temp." + std::string{image_table};
    return {.create = "DROP TABLE IF EXISTS " + where + "; CREATE TABLE " + where + "(" +
                      std::string{row_number} + " INTEGER PRIMARY KEY" + definitions + ")",
            .clear = "DELETE FROM " + where,
            .insert =
                "INSERT INTO " + where +
                (names.empty() ? " DEFAULT VALUES" : "(" + names + ") VALUES(" + values + ")")};
}

std::string select_images(const TableDescription &table, const Condition &condition) {
    return select_of_images(table, is_true(condition));
}

std::string select_values(const TableDescription &table, const Condition &expression) {
    return select_of_images(table, "(" + expression.sql + ")");
}

std::string select_computed(const TableDescription &table, const Condition &expression) {
    return "SELECT (" + expression.sql + ") FROM main." + identifier(table.name);
}

std::string select_where(const TableDescription &table,
                         Names columns,
                         const Condition &condition,
                         bool one_row) {
    std::string list;
    for (const std::string &column : columns) {
        append(list, ", ", identifier(column));
    }
    // The attributes come first, then the key.
    const std::string key =
        same_key(table, identifier(table.name) + ".", [&](std::size_t position) {
            return "?" + std::to_string(condition.attributes.size() + position + 1);
        });
    return "SELECT " + list + " FROM main." + identifier(table.name) + " WHERE " +
           is_true(condition) + (one_row ? " AND " + key : "");
}

} // namespace postrider::dialect::sqlite_text
