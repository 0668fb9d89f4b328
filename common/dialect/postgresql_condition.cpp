// A condition is read token by token and may hold only what is named here, as in SQLite
// (sqlite_condition.cpp): columns of the row, PEER.x, literals, operators, and functions and casts
// that give the same result at any time and in any session. The server resolves names with an empty
// search_path, so that an operator or function of the list is the built-in one.
//
// Whether it leans on the session (postgresql_session_use.hpp) is told by all of it together, at
// the end.
#include "common/dialect/postgresql_condition.hpp"

#include <algorithm>
#include <utility>

#include "common/base/utf8.hpp"
#include "common/dialect/postgresql_names.hpp"
#include "common/dialect/postgresql_rows.hpp"
#include "common/dialect/postgresql_session_use.hpp"
#include "common/dialect/postgresql_tokens.hpp"
#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

constexpr std::string_view condition_words =
    " and or not is isnull notnull null in like ilike similar to escape case when then else"
    " end cast as collate true false unknown between from distinct symmetric any all some"
    " array asymmetric ";

/// Words that the server reads as such before parentheses; every other one calls a function.
constexpr std::string_view words_before_parenthesis =
    " and or not in like ilike to case when then else cast any all between some from ";

/// All their variants are immutable.
constexpr std::string_view condition_functions =
    " abs ascii bit_length btrim cardinality ceil ceiling char_length character_length chr"
    " coalesce decode div encode floor greatest initcap jsonb_typeof least left length lower"
    " lpad ltrim md5 mod nullif num_nonnulls num_nulls octet_length power regexp_replace"
    " repeat replace reverse right round rpad rtrim sign split_part sqrt starts_with strpos"
    " substr translate trunc upper ";

constexpr std::string_view words_of_queries =
    " select exists values with over table filter within ";

constexpr std::string_view words_of_the_moment =
    " now current_date current_time current_timestamp localtime localtimestamp"
    " clock_timestamp statement_timestamp timeofday random transaction_timestamp"
    " gen_random_uuid nextval current_setting current_user session_user user current_role"
    " current_schema ";

/// Types whose values are the same in every session.
constexpr std::string_view plain_types =
    " bool boolean smallint int2 integer int int4 bigint int8 numeric decimal real float4"
    " float8 double text varchar char character bytea uuid json jsonb bit varbit ";

/// Types whose texts may name the moment at which they are read.
constexpr std::string_view time_types = " date time timestamp interval ";

constexpr std::string_view text_types = " text varchar char character json ";

constexpr std::string_view zone_types = " timestamptz timetz ";

constexpr std::string_view condition_operators =
    " + - * / % ^ = <> != < <= > >= || ~ ~* !~ !~* ~~ !~~ ~~* !~~* & | # << >> -> ->> #> #>>"
    " @> <@ && ";

/// Whether the word, which holds no space, is one of `words` with spaces around each.
bool is_one_of(std::string_view words, std::string_view word) {
    return words.find(" " + std::string{word} + " ") != std::string_view::npos;
}

/// What the SQL is for, in the words of its refusals.
struct SqlPurpose {
    std::string_view name;
    std::string_view danger; // of looking at more than the row
};

constexpr SqlPurpose condition_purpose{"condition",
                                       "a row would enter or leave without being changed"};
constexpr SqlPurpose expression_purpose{"expression",
                                        "the column would change without its row being changed"};

/// Behind a backslash of E'…' a quote would end the text for whoever knows only doubled ones.
bool has_escaped_quote(std::string_view literal) {
    const bool has_escapes = literal.front() == 'e' || literal.front() == 'E';
    for (std::size_t at = 0; has_escapes && at + 1 < literal.size(); ++at) {
        if (literal[at] == '\\') {
            ++at;
            if (literal[at] == '\'') {
                return true;
            }
        }
    }
    return false;
}

/// The opening and the closing quote are one, as are doubled ones inside.
bool has_pairs(std::string_view token, char quote) {
    return std::count(token.begin(), token.end(), quote) % 2 == 0;
}

class SqlReader {
  public:
    SqlReader(std::string_view text, const TableDescription &table, const SqlPurpose &purpose)
        : text_(text), table_(table), name_(split_name(table.name)), purpose_(purpose) {}

    Result<Condition> read() {
        while (at_ < text_.size()) {
            if (Result<void> taken = take(); !taken) {
                return taken.error();
            }
        }
        if (depth_ != 0) {
            return not_balanced();
        }
        if (const auto lean = find_leaning(use_, !out_.attributes.empty())) {
            return not_usable(lean->why, lean->hint.empty() ? row_alone("a clock") : lean->hint);
        }
        return std::move(out_);
    }

  private:
    /// What stood before a token, spaces aside.
    enum class Before { other, literal, cast, varying_type, double_type, collate };

    [[nodiscard]] Error not_usable(const std::string &why, std::string hint) const {
        return {Errc::refused,
                "this " + std::string{purpose_.name} + " cannot be used: " + why,
                {},
                std::move(hint)};
    }

    [[nodiscard]] Error not_balanced() const {
        return not_usable("its parentheses do not match", "Close each one that is opened.");
    }

    [[nodiscard]] std::string row_alone(const std::string &with_what) const {
        return "Use columns of the row alone: with " + with_what + ", " +
               std::string{purpose_.danger} + ".";
    }

    Result<void> take() {
        const TokenKind kind = kind_of_token(text_, at_);
        const std::string_view token = text_.substr(at_, token_end(text_, at_) - at_);
        if (kind == TokenKind::space) {
            write(token, token);
            return {};
        }
        const Before before = std::exchange(before_, Before::other);
        switch (kind) {
        case TokenKind::comment:
            return not_usable("it has a comment", "Take the comment out.");
        case TokenKind::number:
            return take_number(token);
        case TokenKind::text:
            return take_literal(token, before);
        case TokenKind::quoted_name:
            return before == Before::collate ? take_collation(token) : take_quoted(token);
        case TokenKind::word:
            return before == Before::other || before == Before::literal
                       ? take_word(token)
                       : take_word_of_type(token, before);
        case TokenKind::operation:
            return take_operator(token, before);
        default:
            return take_sign(token);
        }
    }

    void write(std::string_view token, std::string_view as) {
        out_.sql += as;
        at_ += token.size();
    }

    Result<void> copy(std::string_view token, Before before = Before::other) {
        write(token, token);
        before_ = before;
        return {};
    }

    /// Where the next token begins, spaces aside.
    [[nodiscard]] std::size_t behind_spaces(std::size_t at) const {
        while (at < text_.size() && kind_of_token(text_, at) == TokenKind::space) {
            ++at;
        }
        return at;
    }

    [[nodiscard]] char next_sign(std::string_view token) const {
        const std::size_t at = behind_spaces(at_ + token.size());
        return at < text_.size() ? text_[at] : '\0';
    }

    Result<void> take_number(std::string_view token) {
        const std::size_t end = at_ + token.size();
        if (end < text_.size() && kind_of_token(text_, end) == TokenKind::word) {
            return not_usable("a number and a word stand side by side",
                              "Write decimal digits, and a space behind them.");
        }
        return copy(token);
    }

    Result<void> take_literal(std::string_view token, Before before) {
        if (has_escaped_quote(token)) {
            return not_usable("a text has a backslash before a quote",
                              "Write two single quotes for one.");
        }
        if (!has_pairs(token, '\'')) {
            return not_usable("a text is not closed", "Write a single quote at its end.");
        }
        if (before == Before::literal) {
            // The server would read the second one by the rules of the first.
            return not_usable("two texts stand side by side", "Join them with ||.");
        }
        note_literal(use_, token);
        return copy(token, Before::literal);
    }

    Result<void> take_operator(std::string_view token, Before before) {
        if (!is_one_of(condition_operators, token)) {
            return not_usable("it holds the operator \"" + printable(std::string{token}) + "\"",
                              "Write columns, PEER.name, literals and operators such as = or <.");
        }
        use_.text_cast = use_.text_cast || token == "||";
        const char next = next_sign(token);
        const bool of_number = before != Before::literal && (next == '.' || is_digit(next));
        use_.sum = use_.sum || ((token == "+" || token == "-") && !of_number);
        return copy(token);
    }

    Result<void> take_sign(std::string_view token) {
        const char sign = token.front();
        if (sign == ':' && text_.substr(at_, 2) == "::") {
            return copy(text_.substr(at_, 2), Before::cast);
        }
        if (std::string_view{"(),.[]"}.find(sign) == std::string_view::npos) {
            return not_usable("it holds the character \"" + printable(std::string(1, sign)) + "\"",
                              "Write columns, PEER.name, literals and operators.");
        }
        if (sign == '(') {
            ++depth_;
        } else if (sign == ')' && --depth_ < 0) {
            return not_balanced();
        }
        return copy(token);
    }

    Result<void> take_word(std::string_view token) {
        const std::string word = lower_ascii(token);
        const char next = next_sign(token);
        if (word == "peer" && next == '.') {
            return take_attribute(token);
        }
        if (word == "u" && text_.substr(at_ + 1, 1) == "&") {
            return not_usable("it begins a text or a name with U&",
                              "Write a space behind u, or the letters themselves.");
        }
        if ((is_one_of(plain_types, word) || is_one_of(time_types, word) ||
             is_one_of(zone_types, word)) &&
            next == '\'') {
            return take_word_of_type(token, Before::cast);
        }
        if (is_one_of(condition_words, word) &&
            (next != '(' || is_one_of(words_before_parenthesis, word))) {
            use_.other_column = use_.other_column || word == "array";
            return copy(token, before_of(word));
        }
        if (next == '(' && is_one_of(condition_functions, word)) {
            use_.call = true;
            return copy(token);
        }
        if (next != '(' && (is_own_name(word, next) || find_bare(token) != nullptr)) {
            return take_name(token, word, find_bare(token));
        }
        return refuse_word(token, word, next);
    }

    static Before before_of(std::string_view word) {
        if (word == "as") {
            return Before::cast;
        }
        return word == "collate" ? Before::collate : Before::other;
    }

    [[nodiscard]] Error
    refuse_word(std::string_view token, const std::string &word, char next) const {
        if (is_one_of(words_of_queries, word)) {
            return not_usable("it has a subquery or a window", row_alone("others"));
        }
        if (is_one_of(words_of_the_moment, word)) {
            return not_usable("\"" + word + "\" gives another result at another time",
                              row_alone("a clock, chance or the session"));
        }
        if (next == '(') {
            return not_usable("the function \"" + printable(std::string{token}) +
                                  "\" is not one of those whose result is the same everywhere",
                              "These are:" + std::string{condition_functions} + "and no others.");
        }
        return no_column(std::string{token});
    }

    /// A type, or its second word.
    Result<void> take_word_of_type(std::string_view token, Before before) {
        const std::string word = lower_ascii(token);
        if ((before == Before::varying_type && word == "varying") ||
            (before == Before::double_type && word == "precision")) {
            return copy(token);
        }
        if (before != Before::cast) {
            before_ = Before::other;
            return before == Before::collate ? no_collation(word) : take_word(token);
        }
        if (is_one_of(zone_types, word)) {
            return not_usable("\"" + word + "\" is read in the session's time zone",
                              "Use columns with time zones as they are.");
        }
        const bool is_time = is_one_of(time_types, word);
        if (!is_time && !is_one_of(plain_types, word)) {
            return not_usable("the type \"" + printable(std::string{token}) +
                                  "\" is not one of those that are the same everywhere",
                              "These are numbers, texts, bytea, boolean, uuid, jsonb, bit, date,"
                              " time, timestamp and interval.");
        }
        const bool is_literal = next_sign(token) == '\'';
        use_.time_literal = use_.time_literal || (is_time && is_literal);
        use_.time_cast = use_.time_cast || (is_time && !is_literal);
        use_.text_cast = use_.text_cast || is_one_of(text_types, word);
        if (word == "double") {
            return copy(token, Before::double_type);
        }
        const bool may_vary = word == "character" || word == "char" || word == "bit";
        return copy(token, may_vary ? Before::varying_type : Before::other);
    }

    Result<void> take_collation(std::string_view token) {
        const std::string name = name_of_token(token);
        if (name != "C" && name != "POSIX") {
            return no_collation(name);
        }
        return copy(token);
    }

    [[nodiscard]] Error no_collation(const std::string &name) const {
        return not_usable("the collation \"" + printable(name) + "\" is not the same everywhere",
                          "Write COLLATE \"C\", or none.");
    }

    Result<void> take_quoted(std::string_view token) {
        if (!has_pairs(token, '"')) {
            return not_usable("a name is not closed", "Write a double quote at its end.");
        }
        const std::string name = name_of_token(token);
        if (next_sign(token) == '(') {
            return refuse_word(name, name, '(');
        }
        return take_name(token, name, table_.find_column(name));
    }

    /// The table's or its schema's name, behind which a dot stands.
    [[nodiscard]] bool is_own_name(std::string_view name, char next) const {
        return next == '.' && (lower_ascii(name_.table) == lower_ascii(name) ||
                               lower_ascii(name_.schema) == lower_ascii(name));
    }

    Result<void>
    take_name(std::string_view token, const std::string &name, const ColumnDescription *column) {
        if (is_own_name(name, next_sign(token))) {
            at_ = text_.find('.', at_ + token.size()) + 1; // the columns stand without it
            return {};
        }
        if (column == nullptr) {
            return no_column(name);
        }
        if (column->generated != Generated::no) {
            return not_usable("column \"" + column->name + "\" is computed by the table",
                              "Use the columns that it is computed from.");
        }
        if (column->collation == "citext") {
            return not_usable("column \"" + column->name +
                                  "\" is of type citext, whose"
                                  " comparisons are not built in",
                              "Use columns of other types.");
        }
        note_column(use_, column->type.kind);
        if (std::find(out_.columns.begin(), out_.columns.end(), column->name) ==
            out_.columns.end()) {
            out_.columns.push_back(column->name);
        }
        write(token, identifier(column->name));
        return {};
    }

    Result<void> take_attribute(std::string_view token) {
        const std::size_t at = behind_spaces(text_.find('.', at_) + 1);
        const TokenKind kind = at < text_.size() ? kind_of_token(text_, at) : TokenKind::sign;
        if (kind != TokenKind::word && kind != TokenKind::quoted_name) {
            return not_usable("\"" + std::string{token} + ".\" stands without a name",
                              "Write an attribute of the peers, such as PEER.code.");
        }
        const std::size_t end = token_end(text_, at);
        const std::string_view written = text_.substr(at, end - at);
        const std::string name =
            lower_ascii(kind == TokenKind::word ? std::string{written} : name_of_token(written));
        auto place = std::find(out_.attributes.begin(), out_.attributes.end(), name);
        if (place == out_.attributes.end()) {
            place = out_.attributes.insert(place, name);
        }
        out_.sql += placeholder(static_cast<std::size_t>(place - out_.attributes.begin()) + 1);
        at_ = end;
        return {};
    }

    /// A name without quotes: as the server reads it, else the only one in other letters.
    [[nodiscard]] const ColumnDescription *find_bare(std::string_view token) const {
        const std::string name = lower_ascii(token);
        if (const ColumnDescription *column = table_.find_column(name)) {
            return column;
        }
        const ColumnDescription *found = nullptr;
        for (const ColumnDescription &column : table_.columns) {
            if (lower_ascii(column.name) == name) {
                if (found != nullptr) {
                    return nullptr;
                }
                found = &column;
            }
        }
        return found;
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

    std::string_view text_;
    const TableDescription &table_;
    TableName name_;
    const SqlPurpose &purpose_;
    std::size_t at_ = 0;
    int depth_ = 0;
    Before before_ = Before::other;
    SessionUse use_;
    Condition out_;
};

} // namespace

Result<Condition> read_condition(std::string_view text, const TableDescription &table) {
    return SqlReader{text, table, condition_purpose}.read();
}

Result<Condition> read_expression(std::string_view text, const TableDescription &table) {
    return SqlReader{text, table, expression_purpose}.read();
}

std::string select_computed(const TableDescription &table, const Condition &expression) {
    return "SELECT (" + expression.sql + ") FROM " + table_name(table.name);
}

std::string select_where(const TableDescription &table,
                         Names columns,
                         const Condition &condition,
                         bool one_row) {
    // The attributes come first, then the key.
    const std::string key = same_key(table, condition.attributes.size() + 1);
    return "SELECT " + column_list(columns) + " FROM " + table_name(table.name) + " WHERE ((" +
           condition.sql + ") IS TRUE)" + (one_row ? " AND " + key : "");
}

} // namespace postrider::dialect::postgresql_text
