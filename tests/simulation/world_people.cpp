// What people do: pair nodes, compare words, declare tasks and change them, accept offers, move
// files. They look at what is there and do what is missing, one thing at a time; so whatever was
// lost with a process is simply done again.
#include <algorithm>

#include "common/engine/offers.hpp"
#include "common/engine/offers_mirror.hpp"
#include "common/engine/pairing.hpp"

#include "tests/simulation/world.hpp"

namespace postrider::simulation {

namespace {

using engine::Session;

std::string mailbox_of(const std::string &leaf) {
    return "/mail/" + leaf;
}

/// "a, b, c"
std::string list_of(const std::vector<std::string> &names) {
    std::string list;
    for (const std::string &name : names) {
        list += (list.empty() ? "" : ", ") + name;
    }
    return list;
}

bool is_declared(const Node &node) {
    return ask(node.disk, "SELECT count(*) FROM sqlite_schema WHERE name = 'postrider_node'") !=
               "0" &&
           ask(node.disk, "SELECT count(*) FROM postrider_node") != "0";
}

/// Empty for a peer that is not known.
std::string peer_state(const Node &node, const std::string &peer) {
    return ask_text(node.disk, "SELECT state FROM postrider_peer WHERE name = '" + peer + "'");
}

std::string words_of(const Node &node, const std::string &peer) {
    return ask_text(node.disk, "SELECT words FROM postrider_peer WHERE name = '" + peer + "'");
}

bool has_keys(const std::string &state) {
    return state == "paired" || state == "verified";
}

struct WantedTask {
    std::string name;
    std::vector<std::string> tables;
    std::string pace;
};

std::string text_of(const WantedTask &task, const std::vector<std::string> &peers) {
    return "TASK " + task.name + " SEND " + list_of(task.tables) + " TO " + list_of(peers) +
           task.pace + ";";
}

std::vector<std::string> task_names(int form, const std::string &owner) {
    switch (form) {
    case 0:
        return {"of_" + owner};
    case 1:
        return {"items_of_" + owner, "notes_of_" + owner};
    default:
        return {"all_of_" + owner};
    }
}

/// Behind all others in the order of names.
constexpr const char *name_of_passing_on = "passed_on";

WantedTask passed_on(const Application &application) {
    WantedTask task{name_of_passing_on, application.tables(), ""};
    for (std::size_t index = 0; index < task.tables.size(); ++index) {
        task.tables[index] += application.sent(index).clauses;
    }
    return task;
}

std::string names_of_tasks(const Node &node) {
    return ask_text(node.disk, "SELECT coalesce(group_concat(name, ', '), '') FROM (SELECT t.name"
                               " FROM postrider_task t JOIN postrider_node n"
                               " ON n.node_id = t.declared_by ORDER BY t.name)");
}

} // namespace

bool World::report(Member &member, const std::string &what, const Result<void> &done) {
    say(member.node->name() + ": " + what + (done ? "" : ": " + done.error().message));
    if (member.node->disk.is_dead()) {
        bury(member);
        return false;
    }
    return done.has_value();
}

bool World::act(Member &member) {
    if (!member.node->runs()) {
        return false;
    }
    if (claim(member)) {
        return true;
    }
    if (members_done_.contains(&member)) {
        return false;
    }
    if (declare_what_is_missing(member)) {
        return true;
    }
    Member &center = members_.front();
    for (Member &other : members_) {
        Member &leaf = &member == &center ? other : member;
        const bool is_pair = (&member == &center) != (&other == &center);
        if (is_pair && is_declared(*other.node) && other.node->runs() &&
            pair(center, leaf, member)) {
            return true;
        }
    }
    if (accept_offers(member)) {
        return true;
    }
    // What others have yet to do may bring an offer here.
    if (std::all_of(members_.begin(), members_.end(),
                    [this](const Member &each) { return unfinished(each).empty(); })) {
        members_done_.insert(&member);
    }
    return false;
}

/// Whether there was anything to do.
bool World::act_until_done() {
    constexpr int acts_max = 100;
    int acts = 0;
    for (Member &member : members_) {
        while (act(member) && !failed()) {
            if (++acts == acts_max) {
                fail("people do not come to an end at " + state_of(member));
            }
        }
    }
    return acts > 0;
}

std::string World::wanted_tasks(const Member &member) const {
    std::vector<std::string> peers;
    for (const Member &other : members_) {
        const bool is_pair = (&member == &members_.front()) != (&other == &members_.front());
        if (is_pair) {
            peers.push_back(other.node->name());
        }
    }
    const std::vector<std::string> names = task_names(member.task_form, member.node->name());
    std::vector<std::string> tables = member.application.tables();
    for (std::size_t index = 0; index < tables.size(); ++index) {
        tables[index] += member.application.sent(index).clauses;
    }
    const std::string more =
        passes_on_ && &member == &members_.front() ? text_of(passed_on(passed_on_), {"n2"}) : "";
    switch (member.task_form) {
    case 0:
        return more + text_of({names[0], tables, pace_of_tasks_ + member.lanes[0]}, peers);
    case 1:
        return more +
               text_of({names[0], {tables[0], tables[1]}, pace_of_tasks_ + member.lanes[0]},
                       peers) +
               text_of({names[1], {tables[2]}, pace_of_notes_ + member.lanes[1]}, peers);
    default:
        return more +
               text_of(
                   {names[0], {tables[2], tables[1], tables[0]}, pace_of_notes_ + member.lanes[1]},
                   peers);
    }
}

std::string World::wanted_names(const Member &member) const {
    const bool sends_on = passes_on_ && &member == &members_.front();
    return list_of(task_names(member.task_form, member.node->name())) +
           (sends_on ? ", " + std::string{name_of_passing_on} : "");
}

bool World::declare_what_is_missing(Member &member) {
    Node &node = *member.node;
    if (!is_declared(node)) {
        report(member, "declares itself", node.declare("NODE " + node.name() + ";"));
        return true;
    }
    const bool is_center = &member == &members_.front();
    for (const Member &other : members_) {
        const bool is_pair = is_center != (&other == &members_.front());
        if (is_pair && peer_state(node, other.node->name()).empty()) {
            if (is_center) {
                const std::string name = other.node->name();
                report(member, "declares " + name,
                       node.declare("PEER " + name + " MAILDIR '" + mailbox_of(name) + "'" +
                                    pace_of_paths_ + (trusts_tasks_ ? " TRUST TASKS;" : ";")));
            }
            return is_center; // a leaf knows the center once it has accepted its line
        }
    }
    std::string drops;
    for (int form = 0; form < 3; ++form) {
        for (const std::string &name : task_names(form, node.name())) {
            const bool is_there =
                (", " + names_of_tasks(node) + ",").find(", " + name + ",") != std::string::npos;
            const bool stays = with_lane_changes_ && form == member.task_form;
            drops += is_there && !stays ? "DROP TASK " + name + ";" : "";
        }
    }
    const std::string wanted = wanted_tasks(member);
    if (names_of_tasks(node) == wanted_names(member) &&
        (!with_lane_changes_ || member.declared == wanted)) {
        return false;
    }
    if (report(member, "declares its tasks", node.declare(drops + wanted))) {
        member.declared = wanted;
    }
    return true;
}

/// What `actor`, one of the two, can do so that they become paired.
bool World::pair(Member &center, Member &leaf, Member &actor) {
    const std::string at_center = peer_state(*center.node, leaf.node->name());
    const std::string at_leaf = peer_state(*leaf.node, center.node->name());
    if (at_center == "disputed" || at_leaf == "disputed") {
        fail("a pairing is disputed: " + state_of(actor));
        return false;
    }
    if (has_keys(at_center) && has_keys(at_leaf)) {
        return compare_words(actor, &actor == &center ? leaf : center);
    }
    if (&actor == &leaf) {
        if (!leaf.line.empty() && has_keys(at_leaf)) {
            // The confirm came after all, and after the other side had given it up.
            return revoke(leaf, center);
        }
        return !leaf.line.empty() && accept_line(center, leaf);
    }
    if (!leaf.line.empty() || at_center.empty() || at_leaf == "accepted") {
        // An answer may be under way. When it is in vain, one of the two will see it expire.
        return at_center == "declared" && leaf.line.empty() && invite(center, leaf);
    }
    if (has_keys(at_center)) {
        // Our confirm did not reach the other side in time; it has said so.
        return revoke(center, leaf);
    }
    return invite(center, leaf);
}

bool World::revoke(Member &actor, Member &other) {
    re_paired_ = true;
    ++harm_["paired anew"];
    actor.node->witness.forget_positions(); // its streams go with the keys
    report(actor, "revokes " + other.node->name(), actor.node->call([&](const Session &session) {
        return engine::revoke(session, other.node->name());
    }));
    return true; // also when the machine went down with it: it can do no more
}

bool World::invite(Member &center, Member &leaf) {
    std::string line;
    const Result<void> invited = center.node->call([&](const Session &session) -> Result<void> {
        Result<std::string> made = engine::invite(session, leaf.node->name());
        if (!made) {
            return made.error();
        }
        line = *made;
        return {};
    });
    if (report(center, "invites " + leaf.node->name(), invited)) {
        leaf.line = line;
    }
    return true;
}

bool World::accept_line(Member &center, Member &leaf) {
    const Result<void> accepted = leaf.node->call([&](const Session &session) -> Result<void> {
        const Result<std::string> peer =
            engine::accept(session, {leaf.line, mailbox_of(leaf.node->name()), trusts_tasks_});
        return peer ? Result<void>{} : Result<void>{peer.error()};
    });
    report(leaf, "accepts the line of " + center.node->name(), accepted);
    if (accepted || accepted.error().code == Errc::refused) {
        leaf.line.clear();
    }
    return true;
}

/// By telephone.
bool World::compare_words(Member &actor, Member &other) {
    const std::string words = words_of(*other.node, actor.node->name());
    if (words.empty() || words_of(*actor.node, other.node->name()) != words) {
        fail("the words of a pairing differ at " + actor.node->name() + " and " +
             other.node->name());
        return false;
    }
    if (peer_state(*actor.node, other.node->name()) == "verified") {
        return false;
    }
    const Result<void> confirmed = actor.node->call([&](const Session &session) -> Result<void> {
        const auto compared = engine::confirm_peer(session, other.node->name(), words);
        if (!compared) {
            return compared.error();
        }
        return compared->are_equal ? Result<void>{} : compared->difference;
    });
    report(actor, "compares words with " + other.node->name(), confirmed);
    return true;
}

bool World::accept_offers(Member &member) {
    const std::string offer =
        ask_text(member.node->disk,
                 "SELECT p.name || '.' || o.name FROM postrider_offer o JOIN postrider_peer p"
                 " ON p.peer_id = o.peer_id WHERE o.state = 'open' ORDER BY 1 LIMIT 1");
    if (offer.empty()) {
        return false;
    }
    const Result<void> accepted = member.node->call([&](const Session &session) -> Result<void> {
        const Result<engine::ActionRows> rows = engine::accept_offer(session, offer);
        return rows ? Result<void>{} : Result<void>{rows.error()};
    });
    return report(member, "accepts the offer " + offer, accepted);
}

std::string World::unfinished(const Member &member) const {
    const Node &node = *member.node;
    if (!is_declared(node)) {
        return "not declared";
    }
    for (const Member &other : members_) {
        const bool is_pair = (&member == &members_.front()) != (&other == &members_.front());
        const std::string state = is_pair ? peer_state(node, other.node->name()) : "verified";
        if (state != "verified") {
            return "peer " + other.node->name() + " is " + state;
        }
    }
    if (names_of_tasks(node) != wanted_names(member)) {
        return "its tasks are " + names_of_tasks(node);
    }
    if (with_lane_changes_ && member.declared != wanted_tasks(member)) {
        return "its tasks are in other lanes";
    }
    return ask_text(node.disk,
                    "SELECT coalesce(group_concat(t.name || ' is ' || tp.state || ' ' || tp.reason,"
                    " '; '), '') FROM postrider_task_peer tp JOIN postrider_task t"
                    " ON t.task_id = tp.task_id WHERE tp.state <> 'active'");
}

void World::change_tasks(Member &member) {
    ++harm_["task changed"];
    member.task_form = static_cast<int>(random_.below(3));
    members_done_.clear();
}

/// A task of its owner's goes to another lane, which may be that of its other task.
void World::change_lane(Member &member) {
    static constexpr std::array<const char *, 5> lanes{
        "", "", " PRIORITY HIGH", " EVERY 40 MINUTES",
        " PRIORITY LOW AT MOST 60 MAILS PER HOUR NO HISTORY"};
    ++harm_["lane changed"];
    member.lanes.at(of_lanes_.below(2)) = lanes.at(of_lanes_.below(lanes.size()));
    members_done_.clear();
    // What is sent before and after is on its way together, and often of the same rows.
    write_and_send(member);
    if (member.node->runs()) {
        declare_what_is_missing(member);
    }
    write_and_send(member);
}

void World::write_and_send(Member &member) {
    constexpr int transactions = 4;
    for (int count = 0; count < transactions && member.node->runs(); ++count) {
        write_as_user(member);
    }
    if (member.node->runs()) {
        run_member(member);
    }
}

/// One application comes in a new version; each file is altered when its turn comes.
void World::alter_tables() {
    Member &owner = members_.at(random_.below(members_.size()));
    say(owner.node->name() + " plans " + owner.application.plan_migration(random_));
    ++harm_["table altered"];
}

/// Somebody puts the file elsewhere (mv), another file in its place (VACUUM INTO, then mv), or a
/// copy of it on another disk, after which the old one is gone.
void World::move_file(Member &member) {
    end(member);
    const bool elsewhere = random_.chance(60);
    const bool another_file = !elsewhere || random_.chance(30);
    const std::string path =
        elsewhere ? "/db" + std::to_string(++moves_) : member.node->disk.database_path();
    member.inode += another_file ? 1 : 0;
    member.node->move_to(path, member.inode);
    member.is_elsewhere = member.is_elsewhere || (elsewhere && another_file);
    members_done_.clear();
    ++harm_[elsewhere ? another_file ? "file copied away" : "file moved" : "file replaced"];
}

bool World::takes_itself_for_copy(const Member &member) {
    // Or for one whose original went on, after the whole machine was taken back.
    return member.node->trouble().starts_with("this database is a copy") ||
           member.node->trouble().starts_with("another copy of this node claimed");
}

/// Whether a peer takes the node for two, because its backups were put back so often.
bool World::is_taken_for_two(const Member &member) const {
    const bool has_claimed = ask(member.node->disk, "SELECT claimed FROM postrider_node") != "0";
    return !has_claimed && std::any_of(members_.begin(), members_.end(), [&](const Member &other) {
        return is_declared(*other.node) &&
               ask(other.node->disk,
                   "SELECT count(*) FROM postrider_peer_start s JOIN postrider_peer p"
                   " ON p.peer_id = s.peer_id WHERE s.two_copies = 1 AND p.name = '" +
                       member.node->name() + "'") != "0";
    });
}

/// Its people do what the status says.
bool World::claim(Member &member) {
    if (!takes_itself_for_copy(member) && !(restored_ && is_taken_for_two(member))) {
        return false;
    }
    ++harm_["claim"];
    restored_ = true; // for its peers it is the same
    const bool claimed = report(member, "claims its identity", member.node->claim_identity());
    if (claimed || !member.node->runs()) { // dying of it, it may have done it all the same
        member.is_elsewhere = false;
    }
    if (claimed) {
        member.node->forget_trouble();
    }
    return true;
}

} // namespace postrider::simulation
