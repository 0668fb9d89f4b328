// Recursive descent over the tokens of a task text: one function per production. The first mistake
// ends everything: from then on there seem to be no more tokens, so that no function needs to look.
// docs/decisions/hand_written_parser.md says why it is written by hand.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/task/lexer.hpp"

namespace postrider::task {

class Parser {
  public:
    Parser(std::string_view text, Position begin);

    Result<TaskText> text();
    /// Nothing but the name of a table.
    Result<ObjectName> object();
    /// Nothing but when and how much.
    Result<Pacing> pacing();
    /// Nothing but a table with its clauses.
    Result<Table> table_alone();

  private:
    // tokens (parser.cpp)
    void take();
    void fail(Error error);
    void fail_at(Position at, std::string message, std::string hint);
    void fail_expected();
    void fail_expected(const std::string &what);
    [[nodiscard]] std::string found() const;
    [[nodiscard]] std::string hint() const;
    [[nodiscard]] bool expects(std::string_view phrase) const;
    bool accept(std::string_view keyword);
    bool accept_sign(char sign);
    void expect(std::string_view keyword);
    void expect_sign(char sign);
    [[nodiscard]] bool stands(std::string_view keyword) const;
    [[nodiscard]] bool stands_sign(char sign) const;
    void once(bool given, Position at, std::string_view clause);

    // small pieces (parser.cpp)
    Name name(const std::string &what);
    std::vector<Name> names(const std::string &what);
    Identifier identifier(const std::string &what);
    std::vector<Identifier> identifiers(const std::string &what);
    ObjectName object_name();
    StringLiteral string(const std::string &what);
    std::uint64_t whole_number(const std::string &what);
    Literal literal();
    Duration duration();
    TimeOfDay time_of_day();
    Sql sql(const std::string &what);

    // statements (parse_statements.cpp)
    void version();
    std::optional<Statement> statement();
    Statement node();
    Statement hosted_node();
    Statement mailbox();
    Statement peer();
    Statement drop();
    Statement pause(bool resume);
    ObjectKind dropped_kind();
    void peer_attributes(Peer &peer);
    bool peer_option(Peer &peer);
    Path path();
    [[nodiscard]] bool path_follows() const;
    bool login_clause(Login &login);
    bool keep_clause(Maybe<Keep> &keep);
    bool pacing_clause(Pacing &pacing);
    bool at_clause(Pacing &pacing, Position at);
    [[nodiscard]] bool number_follows() const;
    Limit limit();

    // tasks (parse_task.cpp)
    Statement task();
    std::vector<Table> tables();
    Table table();
    Columns columns();
    TableColumn column();
    std::variant<PlainColumn, ComputedColumn> column_source();
    bool task_option(Task &task);
    bool task_flag(Task &task);
    bool on_clause(Task &task);
    bool capture_clause(Maybe<CaptureMethod> &capture);
    By by();
    PathKind path_kind();
    Priority priority();
    Verify verify();
    CaptureMethod capture_method();
    Conflict conflict();

    Lexer lexer_;
    Token current_;
    std::vector<std::string> expected_; // what would have been right at `current_`
    std::optional<Error> error_;
};

} // namespace postrider::task
