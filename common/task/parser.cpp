// The parser's tokens, messages and small pieces.
#include "common/task/parser.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/task/task_text.hpp"
#include "common/task/words.hpp"

namespace postrider::task {

namespace {

/// More digits than any amount, limit or duration may have.
constexpr std::size_t number_digits_max = 15;
constexpr std::uint64_t duration_amount_max = 1'000'000'000;
constexpr std::size_t shown_bytes_max = 60;

bool is_keyword(const std::string &expected) {
    return !expected.empty() && expected[0] >= 'A' && expected[0] <= 'Z';
}

std::string listed(const std::vector<std::string> &expected) {
    std::string list;
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (i > 0) {
            list += i + 1 == expected.size() ? " or " : ", ";
        }
        list += expected[i];
    }
    return list;
}

} // namespace

Parser::Parser(std::string_view text, Position begin) : lexer_(text, begin) {
    take();
}

void Parser::fail(Error error) {
    if (!error_) {
        error_ = std::move(error);
    }
    current_ = Token{TokenKind::end, {}, current_.at};
}

void Parser::fail_at(Position at, std::string message, std::string hint) {
    fail(error_at(at, std::move(message), std::move(hint)));
}

void Parser::take() {
    expected_.clear();
    if (error_) {
        return;
    }
    Result<Token> token = lexer_.next();
    if (!token) {
        fail(token.error());
        return;
    }
    current_ = std::move(*token);
}

std::string Parser::found() const {
    const std::string shown = printable(current_.text, shown_bytes_max);
    switch (current_.kind) {
    case TokenKind::end:
        return "the text ends here";
    case TokenKind::string:
        return "found the string '" + shown + "'";
    case TokenKind::quoted_name:
        return "found the name \"" + shown + "\"";
    case TokenKind::word:
        return is_reserved(current_.text) ? "found the reserved word " + upper_ascii(shown)
                                          : "found \"" + shown + "\"";
    case TokenKind::number:
    case TokenKind::sign:
        break;
    }
    return "found \"" + shown + "\"";
}

std::string Parser::hint() const {
    std::vector<std::string> keywords;
    std::copy_if(expected_.begin(), expected_.end(), std::back_inserter(keywords), is_keyword);
    const bool is_name =
        current_.kind == TokenKind::word || current_.kind == TokenKind::quoted_name;
    if (current_.kind == TokenKind::word) {
        if (const auto near = nearest(current_.text, keywords)) {
            return "Did you mean " + *near + "?";
        }
        if (keywords.empty() && is_reserved(current_.text)) {
            return "Put the word in double quotes to use it as a name.";
        }
    }
    if (is_name && expects("in single quotes")) {
        return "Put it in single quotes: '" + printable(current_.text, shown_bytes_max) + "'.";
    }
    if (current_.kind == TokenKind::quoted_name && !keywords.empty()) {
        return "Keywords stand without quotes.";
    }
    if (expects("in parentheses")) {
        return "Put it in parentheses: (…).";
    }
    if (current_.kind == TokenKind::string && expects("the name of")) {
        return "Names stand without quotes, or in double ones.";
    }
    if (std::find(expected_.begin(), expected_.end(), "\";\"") != expected_.end()) {
        return "If a new statement begins here, end the one before with \";\".";
    }
    if (expected_.size() > 1) {
        return "Write one of these here.";
    }
    return current_.kind == TokenKind::end ? "Write it at the end." : "Write it here.";
}

bool Parser::expects(std::string_view phrase) const {
    return std::any_of(expected_.begin(), expected_.end(), [&](const std::string &each) {
        return each.find(phrase) != std::string::npos;
    });
}

void Parser::fail_expected() {
    if (error_) {
        return;
    }
    fail_at(current_.at, "expected " + listed(expected_) + ", " + found(), hint());
}

void Parser::fail_expected(const std::string &what) {
    expected_.push_back(what);
    fail_expected();
}

bool Parser::stands(std::string_view keyword) const {
    return current_.kind == TokenKind::word && upper_ascii(current_.text) == keyword;
}

bool Parser::stands_sign(char sign) const {
    return current_.kind == TokenKind::sign && current_.text[0] == sign;
}

bool Parser::accept(std::string_view keyword) {
    if (stands(keyword)) {
        take();
        return true;
    }
    if (std::find(expected_.begin(), expected_.end(), keyword) == expected_.end()) {
        expected_.emplace_back(keyword);
    }
    return false;
}

bool Parser::accept_sign(char sign) {
    if (stands_sign(sign)) {
        take();
        return true;
    }
    expected_.push_back(std::string{"\""} + sign + "\"");
    return false;
}

void Parser::expect(std::string_view keyword) {
    if (!accept(keyword)) {
        fail_expected();
    }
}

void Parser::expect_sign(char sign) {
    if (!accept_sign(sign)) {
        fail_expected();
    }
}

void Parser::once(bool given, Position at, std::string_view clause) {
    if (given) {
        fail_at(at, std::string{clause} + " is given twice", "Keep one of the two.");
    }
}

Name Parser::name(const std::string &what) {
    Identifier given = identifier(what);
    return {lower_ascii(given.text), given.at};
}

std::vector<Name> Parser::names(const std::string &what) {
    std::vector<Name> all;
    do {
        all.push_back(name(what));
    } while (accept_sign(','));
    return all;
}

Identifier Parser::identifier(const std::string &what) {
    const bool word = current_.kind == TokenKind::word && !is_reserved(current_.text);
    if (!word && current_.kind != TokenKind::quoted_name) {
        fail_expected(what);
        return {};
    }
    Identifier identifier{current_.text, !word, current_.at};
    if (identifier.text.empty()) {
        fail_at(identifier.at, "the quoted name is empty", "Write the name between the quotes.");
    }
    take();
    return identifier;
}

std::vector<Identifier> Parser::identifiers(const std::string &what) {
    std::vector<Identifier> all;
    do {
        all.push_back(identifier(what));
    } while (accept_sign(','));
    return all;
}

ObjectName Parser::object_name() {
    ObjectName object;
    do {
        object.parts.push_back(identifier("a table"));
    } while (accept_sign('.'));
    return object;
}

StringLiteral Parser::string(const std::string &what) {
    if (current_.kind != TokenKind::string) {
        fail_expected(what);
        return {};
    }
    StringLiteral literal{current_.text, current_.at};
    take();
    return literal;
}

std::uint64_t Parser::whole_number(const std::string &what) {
    if (current_.kind != TokenKind::number) {
        fail_expected(what);
        return 0;
    }
    if (current_.text.find('.') != std::string::npos) {
        fail_at(current_.at, "expected " + what + " without fraction, " + found(),
                "Use a smaller unit.");
        return 0;
    }
    if (current_.text.size() > number_digits_max) {
        fail_at(current_.at, "this number is too large",
                "A number has at most " + std::to_string(number_digits_max) + " digits.");
        return 0;
    }
    const std::uint64_t number = std::stoull(current_.text);
    take();
    return number;
}

Literal Parser::literal() {
    if (current_.kind == TokenKind::string) {
        return {LiteralKind::text, string("a string").value};
    }
    const bool negative = accept_sign('-');
    if (current_.kind == TokenKind::number) {
        Literal number{LiteralKind::number, (negative ? "-" : "") + current_.text};
        if (std::count(number.text.begin(), number.text.end(), '.') > 1) {
            fail_at(current_.at, "this is not a number", "Put it in single quotes.");
        }
        take();
        return number;
    }
    if (!negative && accept("TRUE")) {
        return {LiteralKind::boolean, "TRUE"};
    }
    if (!negative && accept("FALSE")) {
        return {LiteralKind::boolean, "FALSE"};
    }
    expected_.erase(std::remove(expected_.begin(), expected_.end(), "\"-\""), expected_.end());
    expected_.emplace_back("a number");
    fail_expected("a string in single quotes");
    return {};
}

Duration Parser::duration() {
    const Position at = current_.at;
    const std::uint64_t amount = whole_number("a duration such as 15 MINUTES");
    if (amount > duration_amount_max) {
        fail_at(at, "this duration is too long", "A duration is at most ten years.");
    }
    const auto times = [amount](Duration unit) { return unit * static_cast<std::int64_t>(amount); };
    if (accept("SECOND") || accept("SECONDS")) {
        return times(std::chrono::seconds{1});
    }
    if (accept("MINUTE") || accept("MINUTES")) {
        return times(std::chrono::minutes{1});
    }
    if (accept("HOUR") || accept("HOURS")) {
        return times(std::chrono::hours{1});
    }
    if (accept("DAY") || accept("DAYS")) {
        return times(std::chrono::hours{24});
    }
    if (accept("WEEK") || accept("WEEKS")) {
        return times(std::chrono::hours{24 * 7});
    }
    fail_expected();
    return {};
}

TimeOfDay Parser::time_of_day() {
    const Position at = current_.at;
    const std::string hours = current_.text;
    const std::uint64_t hour = whole_number("a time such as 08:30");
    expect_sign(':');
    const std::string minutes = current_.text;
    const std::uint64_t minute = whole_number("the minutes of a time such as 08:30");
    if (!error_ && (hours.size() != 2 || minutes.size() != 2 || hour > 23 || minute > 59)) {
        fail_at(at, "\"" + hours + ":" + minutes + "\" is not a time of day",
                "Times run from 00:00 to 23:59, two digits each.");
    }
    return error_ ? TimeOfDay{} : TimeOfDay{static_cast<std::uint16_t>(hour * 60 + minute)};
}

Sql Parser::sql(const std::string &what) {
    const Position at = current_.at;
    if (!stands_sign('(')) {
        fail_expected(what);
        return {};
    }
    Result<std::string> text = lexer_.sql_after_parenthesis(at);
    if (!text) {
        fail(text.error());
        return {};
    }
    if (text->find_first_not_of(" \t\r\n\f") == std::string::npos) {
        fail_at(at, "the parentheses are empty", "Write SQL of the node's database between them.");
    }
    take();
    return {std::move(*text), at};
}

Result<TaskText> Parser::text() {
    version();
    TaskText text;
    while (!error_ && current_.kind != TokenKind::end) {
        auto next = statement();
        if (!next) {
            break;
        }
        text.statements.push_back(std::move(*next));
        if (current_.kind == TokenKind::end) {
            break;
        }
        expect_sign(';');
    }
    if (error_) {
        return *error_;
    }
    return text;
}

Result<ObjectName> Parser::object() {
    ObjectName name = object_name();
    if (current_.kind != TokenKind::end) {
        fail_expected("the end of the name");
    }
    if (error_) {
        return *error_;
    }
    return name;
}

Result<Table> Parser::table_alone() {
    Table one = table();
    if (current_.kind != TokenKind::end) {
        fail_expected("the end of the table");
    }
    if (error_) {
        return *error_;
    }
    return one;
}

Result<Pacing> Parser::pacing() {
    Pacing pacing;
    while (pacing_clause(pacing)) {
    }
    if (current_.kind != TokenKind::end) {
        fail_expected();
    }
    if (error_) {
        return *error_;
    }
    return pacing;
}

namespace {

Result<void> check_characters(std::string_view text) {
    if (text.size() > limits::task_text_bytes_max) {
        return Error{Errc::too_large,
                     "the task text has " + std::to_string(text.size()) + " bytes",
                     {},
                     "At most " + std::to_string(limits::task_text_bytes_max) +
                         " are allowed; declare it in several texts."};
    }
    if (!is_utf8(text) || text.find('\0') != std::string_view::npos) {
        return Error{Errc::malformed,
                     "the task text is not valid UTF-8 text",
                     {},
                     "Save the text as UTF-8."};
    }
    return {};
}

} // namespace

Result<TaskText> parse(std::string_view text) {
    if (const Result<void> checked = check_characters(text); !checked) {
        return checked.error();
    }
    return Parser{text, {1, 1}}.text();
}

Result<TaskText> parse_stored(std::string_view text) {
    if (const Result<void> checked = check_characters(text); !checked) {
        return checked.error();
    }
    return Parser{text, {}}.text();
}

Result<ObjectName> parse_object(std::string_view text) {
    if (const Result<void> checked = check_characters(text); !checked) {
        return checked.error();
    }
    return Parser{text, {}}.object();
}

Result<Table> parse_table(std::string_view text) {
    if (const Result<void> checked = check_characters(text); !checked) {
        return checked.error();
    }
    return Parser{text, {}}.table_alone();
}

Result<Pacing> parse_pacing(std::string_view text) {
    if (const Result<void> checked = check_characters(text); !checked) {
        return checked.error();
    }
    return Parser{text, {}}.pacing();
}

Result<Priority> parse_priority(std::string_view text) {
    for (const Priority priority : {Priority::high, Priority::normal, Priority::low}) {
        if (print(priority) == text) {
            return priority;
        }
    }
    return Error{Errc::malformed, "\"" + printable(text) + "\" is no priority"};
}

} // namespace postrider::task
