// Canonical text of a model: clauses in the order of the grammar, times in their largest unit.
#include <algorithm>
#include <array>

#include "common/base/ensure.hpp"
#include "common/task/task_text.hpp"
#include "common/task/words.hpp"

namespace postrider::task {

namespace {

std::string doubled(std::string_view text, char quote) {
    std::string out(1, quote);
    for (const char c : text) {
        out += c;
        if (c == quote) {
            out += c;
        }
    }
    return out + quote;
}

bool is_bare_word(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    return !text.empty() && letter(text[0]) && !is_reserved(text) &&
           std::all_of(text.begin(), text.end(),
                       [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_'; });
}

std::string words(const Attribute &attribute);
std::string words(const Path &path);
std::string words(const TableColumn &column);
std::string words(const Table &table);

std::string words(const Identifier &identifier) {
    return identifier.exact ? doubled(identifier.text, '"') : identifier.text;
}

std::string words(const Name &name) {
    return quote_name(name.value);
}

std::string words(const ObjectName &object) {
    std::string out;
    for (const Identifier &part : object.parts) {
        out += (out.empty() ? "" : ".") + words(part);
    }
    return out;
}

std::string words(const Sql &sql) {
    return "(" + sql.text + ")";
}

std::string words(Duration duration) {
    struct Unit {
        Duration length;
        const char *name;
    };

    static constexpr std::array<Unit, 5> units{{{std::chrono::hours{24 * 7}, "WEEK"},
                                                {std::chrono::hours{24}, "DAY"},
                                                {std::chrono::hours{1}, "HOUR"},
                                                {std::chrono::minutes{1}, "MINUTE"},
                                                {std::chrono::seconds{1}, "SECOND"}}};
    for (const Unit &unit : units) {
        if (duration.count() != 0 && duration % unit.length == Duration::zero()) {
            const auto amount = duration / unit.length;
            return std::to_string(amount) + " " + unit.name + (amount == 1 ? "" : "S");
        }
    }
    ensure(duration == Duration::zero(), "durations of the task language are whole seconds");
    return "0 SECONDS";
}

std::string words(TimeOfDay time) {
    const auto two_digits = [](int number) {
        return (number < 10 ? "0" : "") + std::to_string(number);
    };
    return two_digits(time.minutes / 60) + ":" + two_digits(time.minutes % 60);
}

std::string words(const CaptureMethod &capture) {
    switch (capture.kind) {
    case CaptureKind::triggers:
        return "CAPTURE BY TRIGGERS";
    case CaptureKind::decoding:
        return "CAPTURE BY DECODING";
    case CaptureKind::watermark:
        return "CAPTURE BY WATERMARK " + words(*capture.watermark);
    case CaptureKind::comparison:
        break;
    }
    return "CAPTURE BY COMPARISON";
}

template <class T>
std::string listed(const std::vector<T> &all) {
    std::string out;
    for (const T &one : all) {
        out += (out.empty() ? "" : ", ") + words(one);
    }
    return out;
}

std::string_view words(PathKind kind) {
    switch (kind) {
    case PathKind::mail:
        return "MAIL";
    case PathKind::direct:
        return "DIRECT";
    case PathKind::maildir:
        break;
    }
    return "MAILDIR";
}

std::string words(const Login &login) {
    std::string out;
    if (login.user) {
        out += " USER " + quote_string(login.user->value);
    }
    if (login.secret) {
        const Secret &secret = login.secret->value;
        out += secret.kind == SecretKind::password ? " PASSWORD" : " TOKEN";
        out += secret.source == SecretSource::file ? " FILE " : " COMMAND ";
        out += quote_string(secret.where);
    }
    return out;
}

/// With a space before each clause.
std::string clauses(const Pacing &pacing) {
    const std::string text = print(pacing);
    return text.empty() ? text : " " + text;
}

std::string words(const Limit &limit) {
    static constexpr std::array<const char *, 4> units{"KB", "MB", "GB", "MAILS"};
    static constexpr std::array<const char *, 4> periods{"MINUTE", "HOUR", "DAY", "MONTH"};
    return std::to_string(limit.amount) + " " + units.at(static_cast<std::size_t>(limit.unit)) +
           " PER " + periods.at(static_cast<std::size_t>(limit.per));
}

std::string statement(const Node &node) {
    const std::string options = print_options(node);
    return "NODE " + words(node.name) + (options.empty() ? "" : " ") + options;
}

std::string statement(const HostedNode &hosted) {
    return "HOSTED NODE " + words(hosted.name) + " AT " + quote_string(hosted.at.value) +
           words(hosted.login) + (hosted.capture ? " " + words(hosted.capture->value) : "");
}

std::string statement(const Mailbox &mailbox) {
    std::string out =
        "MAILBOX " + words(mailbox.name) + " ADDRESS " + quote_string(mailbox.address.value);
    if (mailbox.receive) {
        out += " RECEIVE " + quote_string(mailbox.receive->value);
    }
    if (mailbox.send) {
        out += " SEND " + quote_string(mailbox.send->value);
    }
    const std::string options = print_options(mailbox);
    return out + (options.empty() ? "" : " ") + options;
}

std::string statement(const Group &group) {
    return "GROUP " + words(group.name);
}

std::string words(const Attribute &attribute) {
    return words(attribute.name) + " = " +
           (attribute.value.kind == LiteralKind::text ? quote_string(attribute.value.text)
                                                      : attribute.value.text);
}

std::string words(const Path &path) {
    return print(path);
}

std::string statement(const Peer &peer) {
    std::string out = "PEER " + words(peer.name);
    if (!peer.groups.empty()) {
        out += " IN " + listed(peer.groups);
    }
    if (!peer.attributes.empty()) {
        out += " (" + print_attributes(peer) + ")";
    }
    if (!peer.paths.empty()) {
        out += " " + listed(peer.paths);
    }
    const std::string options = print_options(peer);
    out += (options.empty() ? "" : " ") + options;
    return out + (peer.trust_tasks ? " TRUST TASKS" : "");
}

std::string words(const TableColumn &column) {
    std::string out;
    if (const auto *plain = std::get_if<PlainColumn>(&column.source)) {
        out = words(plain->name) + (plain->as ? " AS " + words(*plain->as) : "");
    } else {
        const auto &computed = std::get<ComputedColumn>(column.source);
        out = (computed.function ? words(*computed.function) : "") + words(computed.sql) + " AS " +
              words(computed.as);
    }
    if (column.type) {
        out += " TYPE " + words(column.type->value.name);
        out += column.type->value.arguments ? " " + words(*column.type->value.arguments) : "";
    }
    return out + (column.lossy ? " LOSSY" : "") + (column.is_private ? " PRIVATE" : "");
}

std::string words(const Columns &columns) {
    if (const auto *except = std::get_if<AllColumnsExcept>(&columns)) {
        return "(* EXCEPT " + listed(except->names) + ")";
    }
    return "(" + listed(std::get<std::vector<TableColumn>>(columns)) + ")";
}

std::string words(const Table &table) {
    std::string out = words(table.name);
    if (table.as) {
        out += " AS " + words(*table.as);
    }
    if (table.columns) {
        out += " " + words(table.columns->value);
    }
    const std::string clauses = print_clauses(table);
    return out + (clauses.empty() ? "" : " ") + clauses;
}

std::string tables_and_peers(const Task &task) {
    switch (task.direction.value) {
    case Direction::send:
        return "SEND " + listed(task.tables) + " TO " + listed(task.peers);
    case Direction::receive:
        return "RECEIVE " + listed(task.tables) + " FROM " + listed(task.peers);
    case Direction::sync:
        break;
    }
    return "SYNC " + listed(task.tables) + " WITH " + listed(task.peers);
}

std::string words(const Verify &verify) {
    return "VERIFY EVERY " + words(verify.every) + (verify.repair ? " REPAIR" : "") +
           (verify.repair_from ? " FROM " + words(*verify.repair_from) : "");
}

std::string statement(const Task &task) {
    std::string out = "TASK " + words(task.name) + (task.on ? " ON " + words(*task.on) : "") + " " +
                      tables_and_peers(task);
    out += task.by ? " " + print(task.by->value) : "";
    out += clauses(task.pacing);
    if (task.priority) {
        out += " PRIORITY " + print(task.priority->value);
    }
    if (task.load) {
        out += task.load->value == Load::first ? " LOAD FIRST" : " NO LOAD";
    }
    out += task.create_missing ? " CREATE MISSING TABLES" : "";
    out += task.capture ? " " + words(task.capture->value) : "";
    out += task.conflict ? " " + print(task.conflict->value) : "";
    if (task.on_error) {
        out += task.on_error->value == OnError::park ? " ON ERROR PARK" : " ON ERROR STOP";
    }
    out += task.verify ? " " + words(task.verify->value) : "";
    out += task.fire_triggers ? " FIRE TRIGGERS" : "";
    return out + (task.no_history ? " NO HISTORY" : "");
}

std::string statement(const Drop &drop) {
    static constexpr std::array<const char *, 5> kinds{"PEER", "TASK", "GROUP", "MAILBOX",
                                                       "HOSTED NODE"};
    return std::string{"DROP "} + kinds.at(static_cast<std::size_t>(drop.kind)) + " " +
           words(drop.name);
}

std::string statement(const Pause &pause) {
    return std::string{pause.resume ? "RESUME" : "PAUSE"} +
           (pause.kind == ObjectKind::peer ? " PEER " : " TASK ") + words(pause.name);
}

} // namespace

std::string quote_string(std::string_view text) {
    return doubled(text, '\'');
}

std::string quote_name(std::string_view name) {
    return is_bare_word(name) ? std::string{name} : doubled(name, '"');
}

std::string print(const ObjectName &name) {
    return words(name);
}

std::string print(const Conflict &conflict) {
    std::string out = "ON CONFLICT ";
    switch (conflict.rule) {
    case ConflictRule::newest_wins:
        out += "NEWEST WINS";
        break;
    case ConflictRule::newest_row_wins:
        out += "NEWEST ROW WINS";
        break;
    case ConflictRule::sender_wins:
        out += "SENDER WINS";
        break;
    case ConflictRule::local_wins:
        out += "LOCAL WINS";
        break;
    case ConflictRule::node_wins:
        out += "NODE " + words(*conflict.node) + " WINS";
        break;
    case ConflictRule::park:
        out += "PARK";
        break;
    }
    return out + (conflict.adding.empty() ? "" : " ADDING (" + listed(conflict.adding) + ")");
}

std::string print(const Columns &columns) {
    return words(columns);
}

std::string print_clauses(const Table &table) {
    std::string out;
    if (table.where) {
        out += " WHERE " + words(*table.where);
    }
    if (table.without_delete) {
        out += " WITHOUT DELETE";
    }
    if (table.conflict) {
        out += " " + print(table.conflict->value);
    }
    return out.empty() ? out : out.substr(1);
}

std::string print(const By &by) {
    std::string out;
    for (const PathKind kind : by.kinds) {
        out += (out.empty() ? "BY " : " ELSE ") + std::string{words(kind)};
    }
    return out + (by.after ? " AFTER " + words(*by.after) : "");
}

std::string print(const Pacing &pacing) {
    std::string out;
    if (pacing.every) {
        out += " EVERY " + words(pacing.every->value);
    }
    if (pacing.at) {
        out += " AT " + listed(pacing.at->value);
    }
    if (pacing.between) {
        out += " BETWEEN " + words(pacing.between->value.from) + " AND " +
               words(pacing.between->value.to);
    }
    if (pacing.at_most) {
        out += " AT MOST " + words(pacing.at_most->value);
    }
    return out.empty() ? out : out.substr(1);
}

std::string print(Priority priority) {
    static constexpr std::array<const char *, 3> priorities{"HIGH", "NORMAL", "LOW"};
    return priorities.at(static_cast<std::size_t>(priority));
}

std::string print(const Path &path) {
    std::string out{words(path.kind)};
    if (path.target) {
        out += " " + quote_string(path.target->value);
    }
    if (path.via) {
        out += " VIA " + words(*path.via);
    }
    return out + clauses(path.pacing);
}

std::string print(const Keep &keep) {
    static constexpr std::array<const char *, 4> units{"DAYS", "WEEKS", "MB", "GB"};
    return "KEEP " + std::to_string(keep.amount) + " " +
           units.at(static_cast<std::size_t>(keep.unit));
}

std::string print_options(const Node &node) {
    std::string out;
    if (node.time_zone) {
        out += " TIME ZONE " + quote_string(node.time_zone->value);
    }
    if (node.keep) {
        out += " " + print(node.keep->value);
    }
    if (node.alert) {
        out += " ALERT " + quote_string(node.alert->value.address);
        if (node.alert->value.after) {
            out += " AFTER " + words(*node.alert->value.after);
        }
    }
    return out.empty() ? out : out.substr(1);
}

std::string print_attributes(const Peer &peer) {
    return listed(peer.attributes);
}

std::string print_options(const Mailbox &mailbox) {
    const std::string out = words(mailbox.login) + clauses(mailbox.pacing);
    return out.empty() ? out : out.substr(1);
}

std::string print_options(const Peer &peer) {
    std::string out = peer.keep ? " " + print(peer.keep->value) : "";
    if (peer.report_every) {
        out += " REPORT EVERY " + words(peer.report_every->value);
    }
    return out.empty() ? out : out.substr(1);
}

std::string print(const Statement &statement_) {
    return std::visit([](const auto &one) { return statement(one); }, statement_) + ";";
}

std::string print(const TaskText &text) {
    std::string out = "POSTRIDER 1;\n";
    for (const Statement &one : text.statements) {
        out += print(one) + "\n";
    }
    return out;
}

} // namespace postrider::task
