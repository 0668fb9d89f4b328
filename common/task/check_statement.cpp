// What is wrong with one statement by itself.
#include <algorithm>
#include <array>
#include <set>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/task/check.hpp"
#include "common/task/task_text.hpp"
#include "common/task/words.hpp"

namespace postrider::task {

namespace {

constexpr Duration duration_max = std::chrono::hours{24 * 3650};
constexpr std::size_t text_bytes_max = 1000; // of an address, a path or a file name

Mistake check_name(const Name &name) {
    const bool plain = std::all_of(name.value.begin(), name.value.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    if (name.value.empty() || !plain) {
        return mistake_at(name.at,
                          "the name \"" + printable(name.value) + "\" has unusual characters",
                          "Names of nodes, peers, groups, mailboxes, tasks and attributes consist "
                          "of ASCII letters, digits, \"_\" and \"-\".");
    }
    if (name.value.size() > limits::task_name_bytes_max) {
        return mistake_at(name.at, "this name is too long",
                          "A name has at most " + std::to_string(limits::task_name_bytes_max) +
                              " characters.");
    }
    return std::nullopt;
}

Mistake check_duration(Duration duration, Position at, const std::string &clause) {
    if (duration <= Duration::zero()) {
        return mistake_at(at, "the duration of " + clause + " is zero",
                          "Give at least 1 SECOND, or leave the clause out.");
    }
    if (duration > duration_max) {
        return mistake_at(at, "the duration of " + clause + " is too long",
                          "A duration is at most ten years (3650 DAYS).");
    }
    return std::nullopt;
}

Mistake check_keep(const Maybe<Keep> &keep) {
    if (keep && keep->value.amount == 0) {
        return mistake_at(keep->at, "KEEP 0 would keep nothing",
                          "Give at least 1 DAY, or leave the clause out for 30 DAYS.");
    }
    return std::nullopt;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Mistake check_plain_text(const std::string &text, Position at, const std::string &what) {
    if (text.empty()) {
        return mistake_at(at, what + " is empty", "Write it between the single quotes.");
    }
    if (text.size() > text_bytes_max) {
        return mistake_at(at, what + " is too long",
                          "At most " + std::to_string(text_bytes_max) + " bytes are allowed.");
    }
    if (has_control(text)) {
        return mistake_at(at, what + " contains a line break or control character", "Remove it.");
    }
    return std::nullopt;
}

Mistake check_address(const std::string &address, Position at) {
    if (auto mistake = check_plain_text(address, at, "the mail address")) {
        return mistake;
    }
    const std::size_t sign = address.rfind('@');
    const bool shaped = sign != std::string::npos && sign > 0 && sign + 1 < address.size() &&
                        address.find_first_of(" <>,;:\"()[]\\") == std::string::npos &&
                        address.find('@') == sign;
    if (!shaped || address.size() > limits::mail_address_bytes_max) {
        return mistake_at(at, "\"" + printable(address) + "\" is not a mail address",
                          "Write it as 'name@domain.example', without a display name.");
    }
    return std::nullopt;
}

/// user:secret@host, or PWD=secret in a connection string.
bool holds_password(const std::string &target) {
    const std::size_t scheme = target.find("://");
    if (scheme != std::string::npos) {
        const std::size_t begin = scheme + 3;
        const std::string authority =
            target.substr(begin, target.find_first_of("/?#", begin) - begin);
        const std::size_t at = authority.rfind('@');
        if (at != std::string::npos && authority.find(':') < at) {
            return true;
        }
    }
    const std::string lower = lower_ascii(target);
    const std::array<std::string_view, 3> keys{"password=", "pwd=", "passwd="};
    return std::any_of(keys.begin(), keys.end(),
                       [&](std::string_view key) { return lower.find(key) != std::string::npos; });
}

Mistake check_location(const StringLiteral &target, const std::string &what) {
    if (holds_password(target.value)) {
        return mistake_at(target.at, what + " holds a password",
                          "A task text is shown, printed and mailed. Take the password out of it "
                          "and give it by USER '…' PASSWORD FILE '…' or PASSWORD COMMAND '…'.");
    }
    return check_plain_text(target.value, target.at, what);
}

Mistake check_scheme(const StringLiteral &target,
                     const std::vector<std::string> &schemes,
                     const std::string &example) {
    const std::size_t colon = target.value.find(':');
    const std::string scheme = lower_ascii(target.value.substr(0, colon));
    if (colon != std::string::npos &&
        std::find(schemes.begin(), schemes.end(), scheme) != schemes.end()) {
        return std::nullopt;
    }
    const auto near = nearest(scheme, schemes);
    return mistake_at(target.at,
                      "\"" + printable(target.value) +
                          "\" does not begin with a "
                          "protocol that is known here",
                      near ? "Did you mean \"" + *near + ":\"?"
                           : "Write it like '" + example + "'.");
}

Mistake check_pacing(const Pacing &pacing) {
    if (pacing.every) {
        if (auto mistake = check_duration(pacing.every->value, pacing.every->at, "EVERY")) {
            return mistake;
        }
    }
    if (pacing.at && (pacing.every || pacing.between)) {
        return mistake_at(pacing.at->at, "AT and EVERY or BETWEEN exclude each other",
                          "Say either at which times (AT), or how often (EVERY) and during which "
                          "hours (BETWEEN).");
    }
    if (pacing.at) {
        const auto &times = pacing.at->value;
        for (std::size_t i = 1; i < times.size(); ++i) {
            if (times[i].minutes <= times[i - 1].minutes) {
                return mistake_at(pacing.at->at, "the times of AT do not rise",
                                  "Write each time once, the earliest first.");
            }
        }
    }
    if (pacing.between && pacing.between->value.from == pacing.between->value.to) {
        return mistake_at(pacing.between->at, "BETWEEN names the same time twice",
                          "Leave the clause out to allow the whole day.");
    }
    if (pacing.at_most && pacing.at_most->value.amount == 0) {
        return mistake_at(pacing.at_most->at, "AT MOST 0 would never let anything pass",
                          "Give a greater amount, or use PAUSE.");
    }
    if (pacing.at_most && pacing.at_most->value.unit != LimitUnit::mails &&
        pacing.at_most->value.bytes() < limits::budget_bytes_min) {
        return mistake_at(pacing.at_most->at, "AT MOST so few bytes would not let a report pass",
                          "Give at least 100 KB, in a longer period if need be, or count MAILS.");
    }
    return std::nullopt;
}

Mistake check_login(const Login &login) {
    if (login.user) {
        if (auto mistake = check_plain_text(login.user->value, login.user->at, "the user")) {
            return mistake;
        }
    }
    if (login.secret) {
        return check_plain_text(login.secret->value.where, login.secret->at,
                                "the file or command of the password");
    }
    return std::nullopt;
}

template <class Named>
Mistake check_twice(const std::vector<Named> &all, const std::string &what) {
    std::set<std::string> seen;
    for (const Named &one : all) {
        std::string text;
        if constexpr (std::is_same_v<Named, Identifier>) {
            text = one.exact ? one.text : lower_ascii(one.text);
        } else {
            text = one.value;
        }
        if (!seen.insert(text).second) {
            return mistake_at(one.at, "the " + what + " \"" + printable(text) + "\" is given twice",
                              "Name it once.");
        }
    }
    return std::nullopt;
}

Mistake check_one(const Node &node) {
    if (auto mistake = check_name(node.name)) {
        return mistake;
    }
    if (node.time_zone) {
        const std::string &zone = node.time_zone->value;
        const bool plain = std::all_of(zone.begin(), zone.end(), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   std::string_view{"/_+-"}.find(c) != std::string_view::npos;
        });
        if (zone.empty() || !plain) {
            return mistake_at(node.time_zone->at, "this is not the name of a time zone",
                              "Write it like 'Europe/Berlin' or 'UTC'.");
        }
    }
    if (node.alert) {
        if (auto mistake = check_address(node.alert->value.address, node.alert->at)) {
            return mistake;
        }
        if (node.alert->value.after) {
            if (auto mistake =
                    check_duration(*node.alert->value.after, node.alert->at, "ALERT AFTER")) {
                return mistake;
            }
        }
    }
    return check_keep(node.keep);
}

Mistake check_one(const HostedNode &hosted) {
    if (auto mistake = check_name(hosted.name)) {
        return mistake;
    }
    if (auto mistake = check_location(hosted.at, "the address of the hosted node")) {
        return mistake;
    }
    if (auto mistake = check_scheme(
            hosted.at,
            {"odbc", "firebird", "postgresql", "mariadb", "mysql", "sqlserver", "oracle", "sqlite"},
            "odbc:DSN=name")) {
        return mistake;
    }
    return check_login(hosted.login);
}

Mistake check_one(const Mailbox &mailbox) {
    if (auto mistake = check_name(mailbox.name)) {
        return mistake;
    }
    if (auto mistake = check_address(mailbox.address.value, mailbox.address.at)) {
        return mistake;
    }
    if (mailbox.receive) {
        if (auto mistake = check_location(*mailbox.receive, "RECEIVE")) {
            return mistake;
        }
        if (auto mistake =
                check_scheme(*mailbox.receive, {"imaps", "imap", "pop3s", "pop3", "maildir"},
                             "imaps://mail.example")) {
            return mistake;
        }
    }
    if (mailbox.send) {
        if (auto mistake = check_location(*mailbox.send, "SEND")) {
            return mistake;
        }
        if (auto mistake = check_scheme(*mailbox.send, {"smtps", "smtp"}, "smtps://mail.example")) {
            return mistake;
        }
    }
    if (auto mistake = check_login(mailbox.login)) {
        return mistake;
    }
    return check_pacing(mailbox.pacing);
}

Mistake check_one(const Group &group) {
    return check_name(group.name);
}

Mistake check_path(const Path &path) {
    if (path.kind == PathKind::mail) {
        if (auto mistake = check_address(path.target->value, path.target->at)) {
            return mistake;
        }
    } else if (path.kind == PathKind::maildir) {
        if (auto mistake = check_plain_text(path.target->value, path.target->at, "the folder")) {
            return mistake;
        }
        if (path.target->value[0] != '/') {
            return mistake_at(path.target->at,
                              "the folder \"" + printable(path.target->value) +
                                  "\" is not an absolute path",
                              "Begin it with \"/\": programs run in different folders.");
        }
    } else if (path.target) {
        if (auto mistake = check_location(*path.target, "the address of the direct path")) {
            return mistake;
        }
    }
    return check_pacing(path.pacing);
}

Mistake check_one(const Peer &peer) {
    if (auto mistake = check_name(peer.name)) {
        return mistake;
    }
    if (auto mistake = check_twice(peer.groups, "group")) {
        return mistake;
    }
    std::vector<Name> attributes;
    for (const Attribute &attribute : peer.attributes) {
        if (auto mistake = check_name(attribute.name)) {
            return mistake;
        }
        attributes.push_back(attribute.name);
    }
    if (auto mistake = check_twice(attributes, "attribute")) {
        return mistake;
    }
    std::vector<StringLiteral> targets;
    for (const Path &path : peer.paths) {
        if (auto mistake = check_path(path)) {
            return mistake;
        }
        targets.push_back(path.target.value_or(StringLiteral{"DIRECT", path.at}));
        targets.back().at = path.at;
    }
    if (auto mistake = check_twice(targets, "path")) {
        return mistake;
    }
    if (peer.report_every) {
        if (auto mistake =
                check_duration(peer.report_every->value, peer.report_every->at, "REPORT EVERY")) {
            return mistake;
        }
    }
    if (peer.report_every && peer.report_every->value < limits::report_every_min) {
        return mistake_at(peer.report_every->at, "REPORT EVERY is shorter than a minute",
                          "Give at least 1 MINUTE; each report is a mail.");
    }
    return check_keep(peer.keep);
}

bool is_allowed(ConflictRule rule, Direction direction) {
    if (direction == Direction::sync) {
        return rule != ConflictRule::sender_wins && rule != ConflictRule::local_wins;
    }
    return rule == ConflictRule::sender_wins || rule == ConflictRule::local_wins ||
           rule == ConflictRule::park;
}

Mistake check_conflict(const Maybe<Conflict> &conflict, Direction direction) {
    if (!conflict) {
        return std::nullopt;
    }
    if (!is_allowed(conflict->value.rule, direction)) {
        if (direction == Direction::sync) {
            return mistake_at(conflict->at,
                              "SENDER WINS and LOCAL WINS cannot be used in SYNC: the two nodes "
                              "would never become equal",
                              "Use NEWEST WINS, or NODE name WINS with the node that decides.");
        }
        return mistake_at(conflict->at,
                          "this rule needs the times of changes on both sides, which only SYNC "
                          "keeps",
                          "Use SENDER WINS, LOCAL WINS or PARK, or say SYNC … WITH.");
    }
    if (!conflict->value.adding.empty() && direction != Direction::sync) {
        return mistake_at(conflict->at, "ADDING can only be used in SYNC",
                          "Leave ADDING out, or say SYNC … WITH.");
    }
    return check_twice(conflict->value.adding, "column");
}

Mistake check_columns(const Columns &columns, Direction direction) {
    if (const auto *except = std::get_if<AllColumnsExcept>(&columns)) {
        return check_twice(except->names, "column");
    }
    std::vector<Identifier> targets;
    for (const TableColumn &column : std::get<std::vector<TableColumn>>(columns)) {
        if (const auto *plain = std::get_if<PlainColumn>(&column.source)) {
            targets.push_back(plain->as.value_or(plain->name));
            continue;
        }
        const auto &computed = std::get<ComputedColumn>(column.source);
        if (direction == Direction::sync) {
            return mistake_at(computed.sql.at,
                              "an expression cannot be used in SYNC: it has no way back",
                              "Name columns as they are, or split the task into SEND and RECEIVE "
                              "of different tables.");
        }
        targets.push_back(computed.as);
    }
    return check_twice(targets, "column");
}

Mistake check_table(const Task &task, const Table &table) {
    const Direction direction = task.direction.value;
    if (table.columns) {
        if (auto mistake = check_columns(table.columns->value, direction)) {
            return mistake;
        }
    }
    if (table.without_delete && direction == Direction::sync) {
        return mistake_at(*table.without_delete,
                          "WITHOUT DELETE cannot be used in SYNC: the two nodes would differ",
                          "Leave it out, or say SEND or RECEIVE.");
    }
    return check_conflict(table.conflict, direction);
}

Mistake check_task_tables(const Task &task) {
    for (const Table &table : task.tables) {
        if (auto mistake = check_table(task, table)) {
            return mistake;
        }
    }
    return std::nullopt;
}

Mistake check_by(const Maybe<By> &by) {
    if (!by) {
        return std::nullopt;
    }
    const std::vector<PathKind> &kinds = by->value.kinds;
    if (std::set<PathKind>(kinds.begin(), kinds.end()).size() != kinds.size()) {
        return mistake_at(by->at, "BY names a kind of path twice", "Name it once.");
    }
    if (!by->value.after) {
        return std::nullopt;
    }
    if (kinds.size() == 1) {
        return mistake_at(by->at, "AFTER has no path to change to",
                          "Add ELSE with another kind of path, or leave AFTER out.");
    }
    return check_duration(*by->value.after, by->at, "AFTER");
}

Mistake check_one(const Task &task) {
    if (auto mistake = check_name(task.name)) {
        return mistake;
    }
    if (auto mistake = check_twice(task.peers, "peer or group")) {
        return mistake;
    }
    if (auto mistake = check_task_tables(task)) {
        return mistake;
    }
    if (auto mistake = check_by(task.by)) {
        return mistake;
    }
    if (auto mistake = check_pacing(task.pacing)) {
        return mistake;
    }
    if (task.capture && task.direction.value == Direction::receive) {
        return mistake_at(task.capture->at, "CAPTURE belongs to the side that sends",
                          "Leave it out here; the peer declares how it captures.");
    }
    if (task.verify) {
        if (auto mistake =
                check_duration(task.verify->value.every, task.verify->at, "VERIFY EVERY")) {
            return mistake;
        }
    }
    return check_conflict(task.conflict, task.direction.value);
}

Mistake check_one(const Drop &drop) {
    return check_name(drop.name);
}

Mistake check_one(const Pause &pause) {
    return check_name(pause.name);
}

} // namespace

Error mistake_at(Position at, std::string message, std::string hint) {
    if (at.line > 0) {
        message = "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) +
                  ": " + message;
    }
    return Error{Errc::refused, std::move(message), {}, std::move(hint)};
}

Error placed(Position at, const Error &error) {
    Error there = mistake_at(at, error.message, error.hint);
    there.code = error.code;
    there.detail = error.detail;
    return there;
}

const ObjectName &local_name(const Task &task, const Table &table) {
    return task.direction.value == Direction::receive && table.as ? *table.as : table.name;
}

const ObjectName &remote_name(const Task &task, const Table &table) {
    return task.direction.value != Direction::receive && table.as ? *table.as : table.name;
}

Sql expression_of(const ComputedColumn &column) {
    if (!column.function) {
        return column.sql;
    }
    return {column.function->text + "(" + column.sql.text + ")", column.function->at};
}

std::vector<TableColumn> listed_columns(const Table &table) {
    const auto *columns =
        table.columns ? std::get_if<std::vector<TableColumn>>(&table.columns->value) : nullptr;
    return columns != nullptr ? *columns : std::vector<TableColumn>{};
}

const std::string &name_on_wire(const TableColumn &column, bool receives) {
    if (const auto *computed = std::get_if<ComputedColumn>(&column.source)) {
        return computed->as.text;
    }
    const auto &plain = std::get<PlainColumn>(column.source);
    return plain.as && !receives ? plain.as->text : plain.name.text;
}

std::vector<Sql> sql_of(const Table &table) {
    std::vector<Sql> all;
    for (const TableColumn &column : listed_columns(table)) {
        if (const auto *computed = std::get_if<ComputedColumn>(&column.source)) {
            all.push_back(expression_of(*computed));
        }
    }
    if (table.where) {
        all.push_back(*table.where);
    }
    return all;
}

Mistake check_statement(const Statement &statement) {
    return std::visit([](const auto &one) { return check_one(one); }, statement);
}

} // namespace postrider::task
