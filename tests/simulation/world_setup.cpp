// The beginning of a run: files, applications, pairing, tasks.
#include "common/engine/declare.hpp"
#include "common/engine/pairing.hpp"

#include "tests/simulation/faults.hpp"
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

std::string task_of(const Application &application, const std::vector<std::string> &peers) {
    return "TASK of_" + application.owner() + " SEND " + list_of(application.tables()) + " TO " +
           list_of(peers) + ";";
}

} // namespace

World::World(std::uint64_t seed, bool verbose)
    : seed_(seed), verbose_(verbose), random_(seed * 2 + 1), network_(random_, time_) {
    with_restores_ = random_.chance(40);
    with_disk_trouble_ = random_.chance(50);
}

void World::build() {
    const std::uint64_t lot = random_.below(100);
    const int count = lot < 50 ? 2 : lot < 80 ? 3 : lot < 95 ? 4 : 5;
    const Node::Surroundings surroundings{time_, network_, random_};
    for (int index = 0; index < count; ++index) {
        const std::string name = "n" + std::to_string(index);
        const bool write_ahead_log = random_.chance(80);
        members_.emplace_back();
        members_.back().node = std::make_unique<Node>(name, surroundings, write_ahead_log);
        members_.back().application = Application{name};
    }
    for (Member &member : members_) {
        for (Member &other : members_) {
            const bool is_center =
                &member == &members_.front() || &other == &members_.front() || &member == &other;
            if (is_center) {
                other.application.create(member.node->disk);
            }
        }
        member.application.write(member.node->disk, random_);
        if (!member.node->start()) {
            return fail(member.node->name() + " does not start: " + member.node->trouble());
        }
        declare(member, "NODE " + member.node->name() + ";");
    }
}

void World::declare(Member &member, const std::string &text) {
    const Result<void> done = member.node->call([&](const Session &session) {
        const Result<engine::ActionRows> rows = engine::declare(
            {session.transaction, session.dialect, member.node->vault, session.now}, {text});
        return rows ? Result<void>{} : Result<void>{rows.error()};
    });
    if (!done) {
        fail("could not declare \"" + text + "\": " + done.error().message);
    }
}

void World::join(Member &center, Member &leaf) {
    const std::string leaf_name = leaf.node->name();
    declare(center, "PEER " + leaf_name + " MAILDIR '" + mailbox_of(leaf_name) + "' TRUST TASKS;");
    std::string line;
    const Result<void> invited = center.node->call([&](const Session &session) {
        Result<std::string> made = engine::invite(session, leaf_name);
        if (!made) {
            return Result<void>{made.error()};
        }
        line = *made;
        return Result<void>{};
    });
    const Result<void> accepted = !invited ? invited : leaf.node->call([&](const Session &session) {
        const Result<std::string> peer =
            engine::accept(session, {line, mailbox_of(leaf_name), true});
        return peer ? Result<void>{} : Result<void>{peer.error()};
    });
    if (!accepted) {
        return fail("could not pair: " + accepted.error().message);
    }
}

void World::set_up() {
    if (failed()) {
        return;
    }
    Member &center = members_.front();
    for (std::size_t index = 1; index < members_.size(); ++index) {
        join(center, members_.at(index));
    }
    heal();
    std::vector<std::string> leaves;
    for (std::size_t index = 1; index < members_.size() && !failed(); ++index) {
        Member &leaf = members_.at(index);
        leaves.push_back(leaf.node->name());
        declare(leaf, task_of(leaf.application, {center.node->name()}));
    }
    if (!failed()) {
        declare(center, task_of(center.application, leaves));
    }
    if (!failed()) {
        heal();
    }
    if (!failed()) {
        check();
    }
    if (planted_fault() == Fault::drop_guard_trigger) {
        for (Member &member : members_) {
            drop_guards(member);
        }
    }
}

/// Takes away the triggers that mark rows which a statement kills by a unique value.
void World::drop_guards(Member &member) {
    std::string name;
    do {
        name = ask_text(member.node->disk,
                        "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
                        " AND name LIKE 'postrider%' AND sql LIKE '%BEFORE INSERT ON%' LIMIT 1");
        if (!name.empty()) {
            run_plain(member.node->disk, "DROP TRIGGER \"" + name + "\"");
        }
    } while (!name.empty());
}

} // namespace postrider::simulation
