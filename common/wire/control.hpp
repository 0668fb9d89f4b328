// The messages of stream 0: offers of tasks and the answers, pause, farewell, new streams
// (docs/protocol.md, "Control messages"). One message is one frame of kind control.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/model/table.hpp"
#include "common/wire/frame.hpp"

namespace postrider::wire {

/// The option of an offer whose task says NO HISTORY, and its value.
inline constexpr const char *history_option = "history";
inline constexpr const char *no_history = "none";

/// A task's identity: the node that declared it, and its name there.
struct TaskName {
    NodeId declaring_node{};
    std::string name;
    auto operator<=>(const TaskName &) const = default;
};

/// As the receiver of the message will see it. The numbers are those of the wire.
enum class Direction : std::uint8_t {
    send = 0,
    receive = 1,
    sync = 2,
};

/// Columns of a table that hold the key of another table of the same task, or of the same table.
struct OfferedForeignKey {
    std::vector<std::string> columns;
    std::string parent;                      // its wire name
    std::vector<std::string> parent_columns; // beside `columns`
    bool operator==(const OfferedForeignKey &) const = default;
};

struct OfferedTable {
    std::string wire_name;
    std::string local_name; // a suggestion: the table's name at the receiver
    /// Columns by their wire names; its name is wire_name. None: the sender of the message has no
    /// such table yet.
    std::optional<TableSchema> schema;
    std::vector<OfferedForeignKey> foreign_keys = {};
    bool operator==(const OfferedTable &) const = default;
};

/// Options are words of the task language without SQL text and without paths, such as
/// {"conflict", "NEWEST WINS"}; unknown names are shown, not obeyed.
struct Offer {
    TaskName task;
    Direction direction = Direction::receive;
    std::vector<OfferedTable> tables;
    std::map<std::string, std::string> options;
    bool create_missing = false;
    bool no_load = false;
    bool paused = false;
    std::uint64_t number = 0; // drawn at random each time that the task is offered
    bool operator==(const Offer &) const = default;
};

struct OfferWithdrawn {
    TaskName task;
    bool operator==(const OfferWithdrawn &) const = default;
};

struct TaskAccepted {
    TaskName task;
    std::vector<std::string> tables; // wire names
    /// What the tables are at the sender of the message, and the kind of database that it is, where
    /// the task lets the other side make those that it lacks; else empty.
    std::vector<OfferedTable> shapes = {};
    std::string engine = {};
    std::uint64_t number = 0; // that of the offer which is accepted
    bool operator==(const TaskAccepted &) const = default;
};

struct TaskRefused {
    TaskName task;
    std::string reason;
    bool operator==(const TaskRefused &) const = default;
};

struct PauseTask {
    TaskName task;
    bool operator==(const PauseTask &) const = default;
};

struct ResumeTask {
    TaskName task;
    bool operator==(const ResumeTask &) const = default;
};

/// The sender no longer wants to be a peer.
struct Farewell {
    bool operator==(const Farewell &) const = default;
};

/// A stream that begins, the lane it carries and the tasks in it.
struct StreamOpen {
    std::uint32_t stream = 0;
    std::string lane;
    std::vector<TaskName> tasks;
    bool operator==(const StreamOpen &) const = default;
};

/// Every task that the sender has declared for the receiver. Said when stream 0 begins anew: word
/// of what it does not name any more may have been lost.
struct TasksInForce {
    std::vector<std::string> names;
    bool operator==(const TasksInForce &) const = default;
};

/// The answer to a name in TasksInForce that the receiver does not know, or not any more.
struct TaskUnknown {
    TaskName task;
    bool operator==(const TaskUnknown &) const = default;
};

/// The sender asks for a report at least so often, whether or not there is anything to tell; zero:
/// no longer. Whole seconds, at most limits::report_every_max.
struct ReportEvery {
    Duration every{};
    bool operator==(const ReportEvery &) const = default;
};

/// What the sender asks its receiver to keep to in what it sends through the sender's mailbox:
/// clauses of the task language, AT MOST and EVERY; empty: nothing any more.
struct KeepTo {
    std::string pacing;
    bool operator==(const KeepTo &) const = default;
};

using ControlMessage = std::variant<Offer,
                                    OfferWithdrawn,
                                    TaskAccepted,
                                    TaskRefused,
                                    PauseTask,
                                    ResumeTask,
                                    Farewell,
                                    StreamOpen,
                                    TasksInForce,
                                    TaskUnknown,
                                    ReportEvery,
                                    KeepTo>;

Frame encode_control(const ControlMessage &message);
/// Errors: malformed, too_large, unsupported_version for a message this version does not know.
Result<ControlMessage> decode_control(ByteView raw);

} // namespace postrider::wire
