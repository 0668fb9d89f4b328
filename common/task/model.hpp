// The statements of the task language as plain structs: the whole grammar, also what this version
// cannot do yet (docs/task_language.md). Places in the text are kept for messages and never make
// two models differ.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/clock.hpp"

namespace postrider::task {

/// Where something stands in its text, counted from 1 in characters; 0: it comes from no text.
struct Position {
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    /// Models are equal when they mean the same, wherever that was written.
    bool operator==(const Position & /*other*/) const { return true; }
};

/// A clause that may be given, with its place.
template <class T>
struct Clause {
    T value;
    Position at = {};
    bool operator==(const Clause &) const = default;
};

template <class T>
using Maybe = std::optional<Clause<T>>;

/// A clause without content.
using Flag = std::optional<Position>;

/// A name of ours: ASCII letters in lower case.
using Name = Clause<std::string>;

/// 'text', without the quotes.
using StringLiteral = Clause<std::string>;

/// A name of the user's database. `exact`: it was quoted and matches as written; else it matches
/// without case if that is unique.
struct Identifier {
    std::string text;
    bool exact = false;
    Position at = {};
    bool operator==(const Identifier &) const = default;
};

/// A table, with its schema and so on before it.
struct ObjectName {
    std::vector<Identifier> parts;
    bool operator==(const ObjectName &) const = default;
};

/// SQL of the node's own database as written between its parentheses.
struct Sql {
    std::string text;
    Position at = {};
    bool operator==(const Sql &) const = default;
};

enum class LiteralKind { text, number, boolean };

struct Literal {
    LiteralKind kind = LiteralKind::text;
    std::string text; // digits of a number as written; TRUE or FALSE
    bool operator==(const Literal &) const = default;
};

struct TimeOfDay {
    std::uint16_t minutes = 0; // since midnight, below 1440
    bool operator==(const TimeOfDay &) const = default;
};

struct Hours {
    TimeOfDay from;
    TimeOfDay to;
    bool operator==(const Hours &) const = default;
};

enum class LimitUnit { kb, mb, gb, mails };
enum class LimitPeriod { minute, hour, day, month };

struct Limit {
    std::uint64_t amount = 0;
    LimitUnit unit = LimitUnit::mb;
    LimitPeriod per = LimitPeriod::day;

    /// Of KB, MB and GB; no number is beyond UINT64_MAX.
    [[nodiscard]] constexpr std::uint64_t bytes() const {
        const std::uint64_t factor = unit == LimitUnit::kb   ? 1000
                                     : unit == LimitUnit::mb ? 1000 * 1000
                                                             : 1000 * 1000 * 1000;
        return amount > UINT64_MAX / factor ? UINT64_MAX : amount * factor;
    }

    bool operator==(const Limit &) const = default;
};

/// When, and how much: of a mailbox, a path or a task.
struct Pacing {
    Maybe<Duration> every;
    Maybe<std::vector<TimeOfDay>> at;
    Maybe<Hours> between;
    Maybe<Limit> at_most;
    bool operator==(const Pacing &) const = default;
};

enum class KeepUnit { days, weeks, mb, gb };

struct Keep {
    std::uint64_t amount = 0;
    KeepUnit unit = KeepUnit::days;
    bool operator==(const Keep &) const = default;
};

enum class SecretKind { password, token };
enum class SecretSource { file, command };

struct Secret {
    SecretKind kind = SecretKind::password;
    SecretSource source = SecretSource::file;
    std::string where; // the file or the command, never the secret itself
    bool operator==(const Secret &) const = default;
};

struct Login {
    std::optional<StringLiteral> user;
    Maybe<Secret> secret;
    bool operator==(const Login &) const = default;
};

enum class CaptureKind { triggers, decoding, watermark, comparison };

struct CaptureMethod {
    CaptureKind kind = CaptureKind::triggers;
    std::optional<Identifier> watermark; // the column
    bool operator==(const CaptureMethod &) const = default;
};

enum class ConflictRule { newest_wins, newest_row_wins, sender_wins, local_wins, node_wins, park };

struct Conflict {
    ConflictRule rule = ConflictRule::newest_wins;
    std::optional<Name> node; // of node_wins
    std::vector<Identifier> adding;
    bool operator==(const Conflict &) const = default;
};

struct Alert {
    std::string address;
    std::optional<Duration> after;
    bool operator==(const Alert &) const = default;
};

/// This database, once.
struct Node {
    Name name;
    std::optional<StringLiteral> time_zone;
    Maybe<Keep> keep;
    Maybe<Alert> alert;
    bool operator==(const Node &) const = default;
};

struct HostedNode {
    Name name;
    StringLiteral at;
    Login login;
    Maybe<CaptureMethod> capture;
    bool operator==(const HostedNode &) const = default;
};

struct Mailbox {
    Name name;
    StringLiteral address;
    std::optional<StringLiteral> receive;
    std::optional<StringLiteral> send;
    Login login;
    Pacing pacing;
    bool operator==(const Mailbox &) const = default;
};

struct Group {
    Name name;
    bool operator==(const Group &) const = default;
};

struct Attribute {
    Name name;
    Literal value;
    bool operator==(const Attribute &) const = default;
};

enum class PathKind { mail, direct, maildir };

struct Path {
    PathKind kind = PathKind::mail;
    std::optional<StringLiteral> target; // always there but for a DIRECT that waits for the peer
    std::optional<Name> via;             // the mailbox of a MAIL path
    Pacing pacing;
    Position at = {};
    bool operator==(const Path &) const = default;
};

struct Peer {
    Name name;
    std::vector<Name> groups;
    std::vector<Attribute> attributes;
    std::vector<Path> paths;
    Maybe<Keep> keep;
    Maybe<Duration> report_every;
    Flag trust_tasks;
    bool operator==(const Peer &) const = default;
};

/// A column as it is; `as` is its name at the other side.
struct PlainColumn {
    Identifier name;
    std::optional<Identifier> as;
    bool operator==(const PlainColumn &) const = default;
};

/// A column that is computed: `(sql) AS name` or `function(sql) AS name`.
struct ComputedColumn {
    std::optional<Identifier> function;
    Sql sql;
    Identifier as;
    bool operator==(const ComputedColumn &) const = default;
};

struct TypeName {
    Identifier name;
    std::optional<Sql> arguments;
    bool operator==(const TypeName &) const = default;
};

struct TableColumn {
    std::variant<PlainColumn, ComputedColumn> source;
    Maybe<TypeName> type;
    Flag lossy;
    Flag is_private;
    bool operator==(const TableColumn &) const = default;
};

/// `* EXCEPT …`
struct AllColumnsExcept {
    std::vector<Identifier> names;
    bool operator==(const AllColumnsExcept &) const = default;
};

using Columns = std::variant<AllColumnsExcept, std::vector<TableColumn>>;

struct Table {
    ObjectName name;
    std::optional<ObjectName> as;
    Maybe<Columns> columns;
    std::optional<Sql> where;
    Flag without_delete;
    Maybe<Conflict> conflict;
    bool operator==(const Table &) const = default;
};

enum class Direction { send, receive, sync };
enum class Priority { high, normal, low };
enum class Load { first, none };
enum class OnError { park, stop };

struct By {
    std::vector<PathKind> kinds;
    std::optional<Duration> after;
    bool operator==(const By &) const = default;
};

struct Verify {
    Duration every{};
    bool repair = false;
    std::optional<Name> repair_from;
    bool operator==(const Verify &) const = default;
};

struct Task {
    Name name;
    std::optional<Name> on; // the hosted node
    Clause<Direction> direction{Direction::send};
    std::vector<Table> tables;
    std::vector<Name> peers; // peers and groups
    Maybe<By> by;
    Pacing pacing;
    Maybe<Priority> priority;
    Maybe<Load> load;
    Flag create_missing;
    Maybe<CaptureMethod> capture;
    Maybe<Conflict> conflict;
    Maybe<OnError> on_error;
    Maybe<Verify> verify;
    Flag fire_triggers;
    Flag no_history;
    bool operator==(const Task &) const = default;
};

enum class ObjectKind { peer, task, group, mailbox, hosted_node };

struct Drop {
    ObjectKind kind = ObjectKind::peer;
    Name name;
    bool operator==(const Drop &) const = default;
};

struct Pause {
    bool resume = false;
    ObjectKind kind = ObjectKind::task; // task or peer
    Name name;
    bool operator==(const Pause &) const = default;
};

using Statement = std::variant<Node, HostedNode, Mailbox, Group, Peer, Task, Drop, Pause>;

struct TaskText {
    std::vector<Statement> statements;
    bool operator==(const TaskText &) const = default;
};

} // namespace postrider::task
