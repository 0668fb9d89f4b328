// From text and state tables to the changes between them.
#include "common/engine/plan.hpp"

#include <algorithm>
#include <set>

#include "common/engine/machine_rights.hpp"
#include "common/engine/peer_attributes.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/table_names.hpp"
#include "common/engine/table_rights.hpp"
#include "common/task/check.hpp"
#include "common/task/words.hpp"

namespace postrider::engine {

namespace {

std::string kind_word(task::ObjectKind kind) {
    return kind == task::ObjectKind::peer      ? "peer"
           : kind == task::ObjectKind::task    ? "task"
           : kind == task::ObjectKind::mailbox ? "mailbox"
                                               : "group";
}

struct ObjectOf {
    std::string operator()(const task::Node & /*node*/) const { return "node"; }

    std::string operator()(const task::Drop &drop) const {
        return kind_word(drop.kind) + " " + drop.name.value;
    }

    std::string operator()(const task::Pause &pause) const {
        return kind_word(pause.kind) + " " + pause.name.value;
    }

    std::string operator()(const task::Group &group) const { return "group " + group.name.value; }

    std::string operator()(const task::Peer &peer) const { return "peer " + peer.name.value; }

    std::string operator()(const task::Task &task) const { return "task " + task.name.value; }

    std::string operator()(const task::HostedNode &hosted) const {
        return "hosted node " + hosted.name.value;
    }

    std::string operator()(const task::Mailbox &mailbox) const {
        return "mailbox " + mailbox.name.value;
    }
};

/// Objects are made in this order and dropped in the opposite one.
int rank_of(const task::Statement &statement) {
    return std::holds_alternative<task::Node>(statement)      ? 0
           : std::holds_alternative<task::Mailbox>(statement) ? 1
           : std::holds_alternative<task::Group>(statement)   ? 2
           : std::holds_alternative<task::Peer>(statement)    ? 3
                                                              : 4;
}

int order_of(const PlannedChange &change) {
    const int rank = rank_of(change.statement);
    return change.kind == PlannedChange::Kind::drop ? 10 - rank : rank;
}

bool only_peers_differ(const task::Statement &left, const task::Statement &right) {
    const auto *before = std::get_if<task::Task>(&left);
    const auto *after = std::get_if<task::Task>(&right);
    if (before == nullptr || after == nullptr) {
        return false;
    }
    task::Task same = *before;
    same.peers = after->peers;
    return same == *after;
}

/// Applies a text to what was declared before.
class Merge {
  public:
    Merge(const task::TaskText &text, Intention &intention) : text_(text), out_(intention) {}

    Result<void> run(bool exact) {
        out_.after = out_.before.text;
        for (const task::Statement &statement : text_.statements) {
            if (const auto *drop = std::get_if<task::Drop>(&statement)) {
                if (Result<void> dropped = take_drop(*drop); !dropped) {
                    return dropped;
                }
            } else if (std::holds_alternative<task::Pause>(statement)) {
                named_.insert(object_of(statement));
            } else {
                put(statement);
            }
        }
        leave_unnamed(exact);
        std::stable_sort(out_.changes.begin(), out_.changes.end(),
                         [](const PlannedChange &left, const PlannedChange &right) {
                             return order_of(left) < order_of(right);
                         });
        return take_pauses();
    }

  private:
    std::vector<task::Statement>::iterator find(const std::string &object) {
        auto &statements = out_.after.statements;
        return std::find_if(statements.begin(), statements.end(),
                            [&](const auto &each) { return object_of(each) == object; });
    }

    void put(const task::Statement &statement) {
        named_.insert(object_of(statement));
        const auto place = find(object_of(statement));
        if (place == out_.after.statements.end()) {
            out_.after.statements.push_back(statement);
            out_.changes.push_back({PlannedChange::Kind::create, statement, true});
            return;
        }
        if (!(*place == statement)) {
            out_.changes.push_back(
                {PlannedChange::Kind::change, statement, !only_peers_differ(*place, statement)});
        }
        *place = statement;
    }

    [[nodiscard]] const Mirror *find_mirror(const task::Name &name) const {
        const Mirror *found = nullptr;
        for (const Mirror &mirror : out_.before.mirrors) {
            if (mirror.task.name.value == name.value) {
                found = &mirror;
            }
        }
        return found;
    }

    Result<void> take_drop(const task::Drop &drop) {
        const std::string object = object_of(drop);
        named_.insert(object);
        const auto place = find(object);
        if (place != out_.after.statements.end()) {
            out_.changes.push_back({PlannedChange::Kind::drop, *place});
            out_.after.statements.erase(place);
            return {};
        }
        if (drop.kind == task::ObjectKind::task) {
            if (const Mirror *mirror = find_mirror(drop.name)) {
                out_.dropped_mirrors.push_back(*mirror);
                return {};
            }
        }
        return nothing_there(drop.kind, drop.name);
    }

    [[nodiscard]] Error nothing_there(task::ObjectKind kind, const task::Name &name) const {
        const std::string word = kind_word(kind);
        std::vector<std::string> known;
        for (const task::Statement &statement : out_.before.text.statements) {
            const std::string object = object_of(statement);
            if (object.rfind(word + " ", 0) == 0) {
                known.push_back(object.substr(word.size() + 1));
            }
        }
        const auto near = task::nearest(name.value, known);
        return task::mistake_at(name.at, "there is no " + word + " \"" + name.value + "\"",
                                near ? "Did you mean \"" + *near + "\"?" : "Correct the name.");
    }

    void leave_unnamed(bool exact) {
        for (const task::Statement &statement : out_.before.text.statements) {
            const std::string object = object_of(statement);
            if (named_.contains(object) || std::holds_alternative<task::Node>(statement)) {
                continue;
            }
            out_.changes.push_back(
                {exact ? PlannedChange::Kind::drop : PlannedChange::Kind::keep, statement});
            if (exact) {
                out_.after.statements.erase(find(object));
            }
        }
    }

    Result<void> take_pauses() {
        for (const task::Statement &statement : text_.statements) {
            const auto *pause = std::get_if<task::Pause>(&statement);
            if (pause == nullptr) {
                continue;
            }
            const bool ours = find(object_of(statement)) != out_.after.statements.end();
            const bool mirrored =
                pause->kind == task::ObjectKind::task && find_mirror(pause->name) != nullptr;
            if (!ours && !mirrored) {
                return nothing_there(pause->kind, pause->name);
            }
            out_.pauses.push_back(*pause);
        }
        return {};
    }

    const task::TaskText &text_;
    Intention &out_;
    std::set<std::string> named_;
};

Result<task::TaskText> read_text(std::string_view text) {
    Result<task::TaskText> parsed = task::parse(text);
    if (!parsed) {
        return parsed;
    }
    if (const Result<void> checked = task::check(*parsed); !checked) {
        return checked.error();
    }
    if (auto not_yet = task::unavailable(*parsed)) {
        return *std::move(not_yet);
    }
    return parsed;
}

bool is_declared(const task::TaskText &text, const std::string &peer) {
    return std::any_of(
        text.statements.begin(), text.statements.end(),
        [&](const task::Statement &each) { return object_of(each) == "peer " + peer; });
}

} // namespace

std::vector<Mirror> remaining_mirrors(const Intention &intention) {
    std::vector<Mirror> mirrors;
    for (const Mirror &mirror : intention.before.mirrors) {
        const bool dropped =
            std::any_of(intention.dropped_mirrors.begin(), intention.dropped_mirrors.end(),
                        [&](const Mirror &each) { return each.task_id == mirror.task_id; });
        if (!dropped && is_declared(intention.after, mirror.peer)) {
            mirrors.push_back(mirror);
        }
    }
    return mirrors;
}

namespace {

Result<void>
check_after(Transaction &transaction, const dialect::Dialect &dialect, const Intention &intention) {
    if (auto checked = task::check_whole(intention.after); !checked) {
        return checked;
    }
    task::TaskText with_mirrors;
    for (const Mirror &mirror : remaining_mirrors(intention)) {
        task::Task task = mirror.task;
        task.name.value = mirror.full_name();
        with_mirrors.statements.emplace_back(std::move(task));
    }
    with_mirrors.statements.insert(with_mirrors.statements.end(),
                                   intention.after.statements.begin(),
                                   intention.after.statements.end());
    if (auto mistake = check_tables_here(transaction, dialect, std::move(with_mirrors))) {
        return *std::move(mistake);
    }
    return {};
}

bool is_changed(const Intention &intention, const task::Task &task) {
    return std::any_of(intention.changes.begin(), intention.changes.end(),
                       [&](const PlannedChange &each) {
                           const auto *changed = std::get_if<task::Task>(&each.statement);
                           return changed != nullptr && changed->name.value == task.name.value &&
                                  each.kind != PlannedChange::Kind::keep;
                       });
}

bool is_made(const PlannedChange &change) {
    return change.kind == PlannedChange::Kind::create || change.kind == PlannedChange::Kind::change;
}

bool has_mailbox(const Intention &intention) {
    const auto &statements = intention.after.statements;
    return std::any_of(statements.begin(), statements.end(), [](const task::Statement &each) {
        return std::holds_alternative<task::Mailbox>(each);
    });
}

/// People are told by mail.
Result<void> check_alert(const Intention &intention) {
    for (const task::Statement &statement : intention.after.statements) {
        const auto *node = std::get_if<task::Node>(&statement);
        if (node != nullptr && node->alert && !has_mailbox(intention)) {
            return task::mistake_at(node->alert->at, "ALERT needs a mailbox to send from",
                                    "Declare one: MAILBOX main ADDRESS '…' …;");
        }
    }
    return {};
}

Result<void> check_mailboxes(const Intention &intention) {
    for (const PlannedChange &change : intention.changes) {
        const auto *mailbox = std::get_if<task::Mailbox>(&change.statement);
        if (mailbox != nullptr && is_made(change)) {
            if (Result<void> checked = check_servers(*mailbox); !checked) {
                return checked;
            }
        }
    }
    return {};
}

/// Who trusts a peer's tasks lets it name any table.
Result<void> check_trust(Transaction &transaction, const task::Statement &statement) {
    const auto *peer = std::get_if<task::Peer>(&statement);
    if (peer == nullptr || !peer->trust_tasks) {
        return {};
    }
    const Result<void> may = transaction.may_decide_all();
    return may ? may : task::placed(*peer->trust_tasks, may.error());
}

/// What the statements ask for may be more than whoever declares may give.
Result<void> check_rights(Transaction &transaction, const Intention &intention) {
    for (const PlannedChange &change : intention.changes) {
        if (!is_made(change)) {
            continue;
        }
        if (Result<void> may = check_trust(transaction, change.statement); !may) {
            return may;
        }
        if (Result<void> may = check_machine(transaction, change.statement); !may) {
            return may;
        }
    }
    return {};
}

Result<void>
resolve_tasks(Transaction &transaction, const dialect::Dialect &dialect, Intention &intention) {
    for (const task::Statement &statement : intention.after.statements) {
        const auto *task = std::get_if<task::Task>(&statement);
        if (task == nullptr) {
            continue;
        }
        Result<ResolvedTask> resolved = resolve_task(transaction, dialect, *task);
        if (resolved) {
            intention.tasks.push_back(*std::move(resolved));
        } else if (is_changed(intention, *task)) {
            return resolved.error();
        }
    }
    if (Result<void> checked = check_attributes(dialect, intention.after, intention.tasks);
        !checked) {
        return checked;
    }
    return check_lanes(dialect, intention.tasks);
}

void compare_captures(Transaction &transaction,
                      const dialect::Dialect &dialect,
                      Intention &intention) {
    std::set<std::string> wanted;
    for (const ResolvedTask &task : intention.tasks) {
        for (const ResolvedTable &table : task.tables) {
            if (task.task.direction.value == task::Direction::send) {
                wanted.insert(table.description.name);
            }
        }
    }
    for (const Mirror &mirror : remaining_mirrors(intention)) {
        for (const task::Table &table : mirror.task.tables) {
            if (mirror.task.direction.value == task::Direction::send) {
                const auto known = known_name(dialect, table.name);
                wanted.insert(known ? known->text : table.name.parts.back().text);
            }
        }
    }
    std::set<std::string> present;
    if (intention.before.has_tables) {
        for (const Row &row : all_rows(transaction, "SELECT table_name FROM @capture")) {
            present.insert(text_at(row, 0));
        }
    }
    std::set_difference(wanted.begin(), wanted.end(), present.begin(), present.end(),
                        std::back_inserter(intention.captures_to_install));
    std::set_difference(present.begin(), present.end(), wanted.begin(), wanted.end(),
                        std::back_inserter(intention.captures_to_remove));
}

ActionRow row_of(const PlannedChange &change) {
    const std::string object = object_of(change.statement);
    switch (change.kind) {
    case PlannedChange::Kind::create:
        return {"create", object, task::print(change.statement)};
    case PlannedChange::Kind::change:
        return {"change", object, task::print(change.statement)};
    case PlannedChange::Kind::drop:
        return {"drop", object, ""};
    case PlannedChange::Kind::keep:
        break;
    }
    return {"keep", object, "It is not in this text; declare the text as exact to drop it."};
}

void add_peer_to_do(const dialect::Dialect &dialect,
                    const Intention &intention,
                    const task::Peer &peer,
                    ActionRows &rows) {
    const std::string object = "peer " + peer.name.value;
    // One that is invited by mail names its address itself.
    if (peer.paths.empty() && !has_mailbox(intention)) {
        rows.push_back(
            {"to do", object, "PEER " + task::quote_name(peer.name.value) + " MAILDIR '/folder';"});
    }
    const auto state = intention.before.peer_states.find(peer.name.value);
    if (state == intention.before.peer_states.end() || state->second == PeerState::declared) {
        rows.push_back({"to do", object,
                        "SELECT " + dialect.command("invite") + "(" +
                            task::quote_string(peer.name.value) + ");"});
    }
}

void add_to_do(Transaction &transaction,
               const dialect::Dialect &dialect,
               const Intention &intention,
               ActionRows &rows) {
    for (const task::Statement &statement : intention.after.statements) {
        if (const auto *peer = std::get_if<task::Peer>(&statement)) {
            add_peer_to_do(dialect, intention, *peer, rows);
        }
    }
    if (!intention.before.has_tables) {
        return;
    }
    for (const Row &row : all_rows(transaction, "SELECT p.name, o.name FROM @offer o JOIN @peer p"
                                                " ON p.peer_id = o.peer_id WHERE o.state = 'open'"
                                                " ORDER BY p.name, o.name")) {
        const std::string name = text_at(row, 0) + "." + text_at(row, 1);
        if (is_declared(intention.after, text_at(row, 0))) {
            rows.push_back({"to do", "offer " + name,
                            "SELECT * FROM " + dialect.command("accept_offer") + "(" +
                                task::quote_string(name) + ");"});
        }
    }
}

} // namespace

std::string object_of(const task::Statement &statement) {
    return std::visit(ObjectOf{}, statement);
}

Result<Intention> make_intention(Transaction &transaction,
                                 const dialect::Dialect &dialect,
                                 const Declaration &declaration) {
    const Result<task::TaskText> text = read_text(declaration.text);
    if (!text) {
        return text.error();
    }
    Result<DeclaredBefore> before = load_declared(transaction, dialect);
    if (!before) {
        return before.error();
    }
    Intention intention;
    intention.before = *std::move(before);
    if (const auto merged = Merge{*text, intention}.run(declaration.exact); !merged) {
        return merged.error();
    }
    const auto &statements = intention.after.statements;
    if (std::none_of(statements.begin(), statements.end(), [](const task::Statement &each) {
            return std::holds_alternative<task::Node>(each);
        })) {
        return Error{Errc::refused,
                     "this database is not a node yet",
                     {},
                     "Let the text begin with the node's name, for example: NODE hq;"};
    }
    if (const auto checked = check_after(transaction, dialect, intention); !checked) {
        return checked.error();
    }
    if (const auto told = check_alert(intention); !told) {
        return told.error();
    }
    if (const auto reachable = check_mailboxes(intention); !reachable) {
        return reachable.error();
    }
    if (const auto allowed = check_rights(transaction, intention); !allowed) {
        return allowed.error();
    }
    if (const auto resolved = resolve_tasks(transaction, dialect, intention); !resolved) {
        return resolved.error();
    }
    compare_captures(transaction, dialect, intention);
    return intention;
}

ActionRow capture_row(const dialect::Dialect &dialect, const std::string &table) {
    return {"create", "capture of table " + table,
            dialect.keys() != nullptr ? "Triggers and a table of keys." : "Triggers."};
}

namespace {

ActionRows
action_rows(Transaction &transaction, const dialect::Dialect &dialect, const Intention &intention) {
    ActionRows rows;
    for (const PlannedChange &change : intention.changes) {
        rows.push_back(row_of(change));
    }
    for (const Mirror &mirror : intention.dropped_mirrors) {
        rows.push_back({"drop", "task " + mirror.full_name(), "The peer is told."});
    }
    for (const std::string &table : intention.captures_to_install) {
        rows.push_back(capture_row(dialect, table));
    }
    for (const std::string &table : intention.captures_to_remove) {
        rows.push_back({"drop", "capture of table " + table, "The rows stay."});
    }
    const TableUses given = intention.before.has_tables ? given_uses(transaction) : TableUses{};
    const ActionRows rights = rights_rows(transaction, given, intended_uses(dialect, intention));
    rows.insert(rows.end(), rights.begin(), rights.end());
    for (const task::Pause &pause : intention.pauses) {
        rows.push_back({pause.resume ? "resume" : "pause", object_of(pause), ""});
    }
    add_to_do(transaction, dialect, intention, rows);
    return rows;
}

} // namespace

Result<ActionRows> plan(const DeclareSite &site, const Declaration &declaration) {
    const Result<Intention> intention = make_intention(site.transaction, site.dialect, declaration);
    return intention ? answer(site, *intention) : Result<ActionRows>{intention.error()};
}

Result<ActionRows> answer(const DeclareSite &site, const Intention &intention) {
    const Result<TimeZone> zone = zone_of(intention, site.vault);
    if (!zone) {
        return zone.error();
    }
    ActionRows rows = action_rows(site.transaction, site.dialect, intention);
    add_waits(site, intention, *zone, rows);
    return rows;
}

} // namespace postrider::engine
