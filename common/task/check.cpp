// What is wrong between the statements of a text.
#include "common/task/check.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "common/task/task_text.hpp"
#include "common/task/words.hpp"

namespace postrider::task {

namespace {

/// What the statement declares or drops, as messages call it, and its name; empty: nothing.
struct Subject {
    std::string kind;
    Name name;
    bool dropped = false;
};

std::string kind_name(ObjectKind kind) {
    switch (kind) {
    case ObjectKind::peer:
        return "peer";
    case ObjectKind::task:
        return "task";
    case ObjectKind::group:
        return "group";
    case ObjectKind::mailbox:
        return "mailbox";
    case ObjectKind::hosted_node:
        break;
    }
    return "hosted node";
}

struct SubjectOf {
    Subject operator()(const Node &node) const { return {"node", node.name}; }

    Subject operator()(const HostedNode &hosted) const { return {"hosted node", hosted.name}; }

    Subject operator()(const Mailbox &mailbox) const { return {"mailbox", mailbox.name}; }

    Subject operator()(const Group &group) const { return {"group", group.name}; }

    Subject operator()(const Peer &peer) const { return {"peer", peer.name}; }

    Subject operator()(const Task &task) const { return {"task", task.name}; }

    Subject operator()(const Drop &drop) const { return {kind_name(drop.kind), drop.name, true}; }

    Subject operator()(const Pause &pause) const {
        return {"pause or resume of the " + kind_name(pause.kind), pause.name};
    }
};

/// Peers, groups and nodes are named in the same places.
bool shares_names(const std::string &kind) {
    return kind == "node" || kind == "hosted node" || kind == "peer" || kind == "group";
}

/// The declared names of one kind.
std::vector<std::string> declared(const TaskText &text, const std::vector<std::string> &kinds) {
    std::vector<std::string> names;
    for (const Statement &statement : text.statements) {
        const Subject subject = std::visit(SubjectOf{}, statement);
        if (!subject.dropped &&
            std::find(kinds.begin(), kinds.end(), subject.kind) != kinds.end()) {
            names.push_back(subject.name.value);
        }
    }
    return names;
}

Mistake require(const Name &name,
                const std::vector<std::string> &known,
                const std::string &what,
                const std::string &user) {
    if (std::find(known.begin(), known.end(), name.value) != known.end()) {
        return std::nullopt;
    }
    const auto near = nearest(name.value, known);
    const bool kept = name.at.line == 0; // declared before, so the message must say where
    return mistake_at(name.at,
                      "there is no " + what + " \"" + name.value + "\"" +
                          (kept ? ", which " + user + " names" : ""),
                      kept   ? "Declare " + user + " without it in the same text, or drop both."
                      : near ? "Did you mean \"" + *near + "\"?"
                             : "Declare it in this text, or correct the name.");
}

struct Known {
    std::vector<std::string> groups;
    std::vector<std::string> peers_and_groups;
    std::vector<std::string> mailboxes;
    std::vector<std::string> hosted;
    std::vector<std::string> nodes; // whoever may decide a conflict
};

Mistake
check_conflict_node(const Maybe<Conflict> &conflict, const Known &known, const std::string &user) {
    return conflict && conflict->value.node
               ? require(*conflict->value.node, known.nodes, "node", user)
               : std::nullopt;
}

Mistake check_task_references(const Task &task, const Known &known) {
    const std::string user = "the task \"" + task.name.value + "\"";
    if (task.on) {
        if (auto mistake = require(*task.on, known.hosted, "hosted node", user)) {
            return mistake;
        }
    }
    for (const Name &peer : task.peers) {
        if (auto mistake = require(peer, known.peers_and_groups, "peer or group", user)) {
            return mistake;
        }
    }
    for (const Table &table : task.tables) {
        if (auto mistake = check_conflict_node(table.conflict, known, user)) {
            return mistake;
        }
    }
    if (task.verify && task.verify->value.repair_from) {
        if (auto mistake = require(*task.verify->value.repair_from, known.nodes, "node", user)) {
            return mistake;
        }
    }
    return check_conflict_node(task.conflict, known, user);
}

/// Of a MAIL path that names none, where there is not exactly one.
Mistake
which_mailbox(const Path &path, const std::vector<std::string> &known, const std::string &user) {
    std::string names;
    for (const std::string &name : known) {
        names += (names.empty() ? "" : ", ") + quote_name(name);
    }
    return known.empty()
               ? mistake_at(path.at, "there is no MAILBOX that mails of " + user + " go through",
                            "Declare this node's own, for example: MAILBOX main ADDRESS "
                            "'sync@shop.example' RECEIVE 'imaps://mail.shop.example' SEND "
                            "'smtps://mail.shop.example';")
               : mistake_at(path.at,
                            "the MAIL path of " + user +
                                " does not say which mailbox it goes "
                                "through",
                            "Say VIA and one of these behind its address: " + names + ".");
}

Mistake check_peer_references(const Peer &peer, const Known &known) {
    const std::string user = "the peer \"" + peer.name.value + "\"";
    for (const Name &group : peer.groups) {
        if (auto mistake = require(group, known.groups, "group", user)) {
            return mistake;
        }
    }
    for (const Path &path : peer.paths) {
        if (path.via) {
            if (auto mistake = require(*path.via, known.mailboxes, "mailbox", user)) {
                return mistake;
            }
        } else if (path.kind == PathKind::mail && known.mailboxes.size() != 1) {
            return which_mailbox(path, known.mailboxes, user);
        }
    }
    return std::nullopt;
}

/// Who uses a table with a peer: the task, and in which directions.
struct Use {
    const Task *task = nullptr;
    Direction direction = Direction::send;
};

class TableUses {
  public:
    explicit TableUses(const TaskText &text) {
        for (const Statement &statement : text.statements) {
            if (const auto *peer = std::get_if<Peer>(&statement)) {
                for (const Name &group : peer->groups) {
                    members_[group.value].push_back(peer->name.value);
                }
            }
        }
    }

    Mistake add(const Task &task) {
        if (auto mistake = check_once(task)) {
            return mistake;
        }
        std::set<std::string> peers;
        for (const Name &name : task.peers) {
            const auto members = members_.find(name.value);
            if (members != members_.end()) {
                peers.insert(members->second.begin(), members->second.end());
            }
            peers.insert(name.value); // a group without members counts as itself
        }
        for (const Table &table : task.tables) {
            for (const std::string &peer : peers) {
                for (const bool here : {true, false}) {
                    if (auto mistake = add(task, table, {peer, here})) {
                        return mistake;
                    }
                }
            }
            if (auto mistake = add_capture(task, table)) {
                return mistake;
            }
        }
        return std::nullopt;
    }

  private:
    /// With whom, and whether the name is the one here or the one over there.
    struct Side {
        std::string peer;
        bool here = true;
    };

    /// A quoted name is another one than the same in other letters; what it is to one without
    /// quotes only a database knows.
    static std::string key_of(const Task &task, const ObjectName &table) {
        std::string key = task.on ? task.on->value : "";
        for (const Identifier &part : table.parts) {
            key += "\n" + (part.exact ? part.text : lower_ascii(part.text));
        }
        return key;
    }

    static Mistake check_once(const Task &task) {
        std::set<std::string> here;
        std::set<std::string> there;
        for (const Table &table : task.tables) {
            const Position at = table.name.parts.front().at;
            if (!here.insert(key_of(task, local_name(task, table))).second) {
                return mistake_at(at,
                                  "the table " + print(local_name(task, table)) +
                                      " stands twice in the task \"" + task.name.value + "\"",
                                  "Name it once.");
            }
            if (!there.insert(key_of(task, remote_name(task, table))).second) {
                return mistake_at(at,
                                  "two tables of the task \"" + task.name.value + "\" are called " +
                                      print(remote_name(task, table)) + " at the other side",
                                  "Give each its own name there with AS.");
            }
        }
        return std::nullopt;
    }

    Mistake add(const Task &task, const Table &table, const Side &side) {
        const ObjectName &name = side.here ? local_name(task, table) : remote_name(task, table);
        const Use now{&task, task.direction.value};
        const auto [place, is_new] =
            uses_.emplace(std::tuple{key_of(task, name), side.peer, side.here}, now);
        if (is_new) {
            return std::nullopt;
        }
        const Use &other = place->second;
        const Position at = table.name.parts.front().at;
        const std::string named =
            "the table " + print(name) + (side.here ? "" : " of \"" + side.peer + "\"");
        const std::string both =
            " by the tasks \"" + other.task->name.value + "\" and \"" + task.name.value + "\"";
        if (other.direction == now.direction || other.direction == Direction::sync ||
            now.direction == Direction::sync) {
            return mistake_at(
                at, named + " would travel twice between here and \"" + side.peer + "\"," + both,
                "Take it out of one of the two tasks.");
        }
        return mistake_at(at, named + " would travel to and from \"" + side.peer + "\"," + both,
                          "Say SYNC … WITH in one task: only then are conflicts resolved.");
    }

    Mistake add_capture(const Task &task, const Table &table) {
        if (task.direction.value == Direction::receive) {
            return std::nullopt;
        }
        const auto [place, is_new] =
            captures_.emplace(key_of(task, local_name(task, table)), &task);
        const Task &other = *place->second;
        if (!is_new && other.capture && task.capture && !(*other.capture == *task.capture)) {
            return mistake_at(task.capture->at,
                              "the table " + print(local_name(task, table)) +
                                  " is captured in two ways, by the tasks \"" + other.name.value +
                                  "\" and \"" + task.name.value + "\"",
                              "Give both tasks the same CAPTURE.");
        }
        if (!is_new && task.capture && !other.capture) {
            place->second = &task;
        }
        return std::nullopt;
    }

    std::map<std::string, std::vector<std::string>> members_;
    std::map<std::tuple<std::string, std::string, bool>, Use> uses_;
    std::map<std::string, const Task *> captures_;
};

} // namespace

Mistake check_names(const TaskText &text) {
    std::map<std::pair<std::string, std::string>, std::string> seen;
    bool node_seen = false;
    for (const Statement &statement : text.statements) {
        const Subject subject = std::visit(SubjectOf{}, statement);
        if (subject.kind == "node") {
            if (node_seen) {
                return mistake_at(subject.name.at, "NODE is declared twice",
                                  "NODE is this database: it has one name. Other databases are "
                                  "PEERs, or HOSTED NODEs.");
            }
            node_seen = true;
        }
        const std::string what = subject.dropped ? "dropped " + subject.kind : subject.kind;
        const std::string space = shares_names(what) ? "shared" : what;
        const auto [place, is_new] = seen.emplace(std::pair{space, subject.name.value}, what);
        if (is_new) {
            continue;
        }
        if (place->second == what) {
            return mistake_at(subject.name.at,
                              "the " + what + " \"" + subject.name.value +
                                  "\" stands twice in this text",
                              "A statement gives its object whole: keep one of them.");
        }
        return mistake_at(subject.name.at,
                          "the " + what + " \"" + subject.name.value + "\" has the name of the " +
                              place->second,
                          "Choose another name for one of them.");
    }
    for (const Statement &statement : text.statements) {
        const Subject subject = std::visit(SubjectOf{}, statement);
        if (subject.dropped) {
            const auto names = declared(text, {subject.kind});
            if (std::find(names.begin(), names.end(), subject.name.value) != names.end()) {
                return mistake_at(subject.name.at,
                                  "the " + subject.kind + " \"" + subject.name.value +
                                      "\" is both declared and dropped",
                                  "Drop it in one text and declare it in the next.");
            }
        }
    }
    return std::nullopt;
}

Mistake check_tables(const TaskText &text) {
    TableUses uses{text};
    for (const Statement &statement : text.statements) {
        if (const auto *task = std::get_if<Task>(&statement)) {
            if (auto mistake = uses.add(*task)) {
                return mistake;
            }
        }
    }
    return std::nullopt;
}

Mistake check_references(const TaskText &text) {
    const Known known{declared(text, {"group"}), declared(text, {"peer", "group", "hosted node"}),
                      declared(text, {"mailbox"}), declared(text, {"hosted node"}),
                      declared(text, {"node", "hosted node", "peer"})};
    for (const Statement &statement : text.statements) {
        Mistake mistake;
        if (const auto *task = std::get_if<Task>(&statement)) {
            mistake = check_task_references(*task, known);
        } else if (const auto *peer = std::get_if<Peer>(&statement)) {
            mistake = check_peer_references(*peer, known);
        }
        if (mistake) {
            return mistake;
        }
    }
    return std::nullopt;
}

Result<void> check(const TaskText &text) {
    for (const Statement &statement : text.statements) {
        if (auto mistake = check_statement(statement)) {
            return *mistake;
        }
    }
    if (auto mistake = check_names(text)) {
        return *mistake;
    }
    if (auto mistake = check_tables(text)) {
        return *mistake;
    }
    return {};
}

Result<void> check_whole(const TaskText &text) {
    if (Result<void> checked = check(text); !checked) {
        return checked;
    }
    if (auto mistake = check_references(text)) {
        return *mistake;
    }
    return {};
}

} // namespace postrider::task
