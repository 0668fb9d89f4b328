// What the language can say and this version cannot do: refused by name, never ignored.
#include "common/task/check.hpp"
#include "common/task/task_text.hpp"

namespace postrider::task {

namespace {

Mistake no(Position at, const std::string &clause, std::string way_out = {}) {
    return mistake_at(at, clause + " is not available in this version",
                      way_out.empty() ? "Leave it out." : std::move(way_out));
}

Mistake one(const Node & /*node*/) {
    return std::nullopt;
}

Mistake one(const HostedNode &hosted) {
    return no(hosted.name.at, "HOSTED NODE", "Install Postrider in the database itself.");
}

Mistake one(const Mailbox & /*mailbox*/) {
    return std::nullopt;
}

Mistake one(const Group & /*group*/) {
    return std::nullopt;
}

Mistake one(const Peer &peer) {
    for (const Path &path : peer.paths) {
        if (path.kind == PathKind::direct) {
            return no(path.at, "a DIRECT path",
                      "Use MAIL, or MAILDIR with a folder that both "
                      "nodes reach.");
        }
    }
    return std::nullopt;
}

Mistake column(const TableColumn &column, Direction direction) {
    const auto *computed = std::get_if<ComputedColumn>(&column.source);
    if (computed != nullptr && direction == Direction::receive) {
        return no(expression_of(*computed).at, "an expression in RECEIVE",
                  "Put it into the task of the node that sends, or let a generated column of the"
                  " table here compute it.");
    }
    if (column.type && direction == Direction::receive) {
        return no(column.type->at, "TYPE in RECEIVE",
                  "Give the column of the table here the type, or put TYPE into the task of the"
                  " node that sends.");
    }
    return std::nullopt;
}

Mistake table(const Table &table, Direction direction) {
    for (const TableColumn &each : listed_columns(table)) {
        if (auto mistake = column(each, direction)) {
            return mistake;
        }
    }
    return table.conflict ? no(table.conflict->at, "ON CONFLICT of a table") : std::nullopt;
}

Mistake by(const By &by, Position at) {
    if (by.after) {
        return no(at, "AFTER");
    }
    for (const PathKind kind : by.kinds) {
        if (kind == PathKind::direct) {
            return no(at, "BY DIRECT", "Use BY MAIL or BY MAILDIR.");
        }
    }
    return std::nullopt;
}

Mistake options(const Task &task) {
    if (task.capture && task.capture->value.kind != CaptureKind::triggers) {
        return no(task.capture->at, "CAPTURE other than BY TRIGGERS", "Use CAPTURE BY TRIGGERS.");
    }
    if (task.conflict && task.conflict->value.rule != ConflictRule::sender_wins) {
        return no(task.conflict->at, "ON CONFLICT other than SENDER WINS", "Use SENDER WINS.");
    }
    if (task.verify) {
        return no(task.verify->at, "VERIFY");
    }
    return task.fire_triggers ? no(*task.fire_triggers, "FIRE TRIGGERS") : std::nullopt;
}

Mistake one(const Task &task) {
    if (task.on) {
        return no(task.on->at, "ON, a hosted node,");
    }
    if (task.direction.value == Direction::sync) {
        return no(task.direction.at, "SYNC", "Use SEND or RECEIVE.");
    }
    for (const Table &each : task.tables) {
        if (auto mistake = table(each, task.direction.value)) {
            return mistake;
        }
    }
    if (task.by) {
        if (auto mistake = by(task.by->value, task.by->at)) {
            return mistake;
        }
    }
    return options(task);
}

Mistake one(const Drop &drop) {
    return drop.kind == ObjectKind::hosted_node ? no(drop.name.at, "HOSTED NODE") : std::nullopt;
}

Mistake one(const Pause & /*pause*/) {
    return std::nullopt;
}

} // namespace

std::optional<Error> unavailable(const TaskText &text) {
    for (const Statement &statement : text.statements) {
        if (auto mistake = std::visit([](const auto &each) { return one(each); }, statement)) {
            return mistake;
        }
    }
    return std::nullopt;
}

} // namespace postrider::task
