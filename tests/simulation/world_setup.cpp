// The beginning of a run: files, applications, pairing, tasks.
#include "common/engine/configuration_mac.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/schema.hpp"

#include "tests/simulation/faults.hpp"
#include "tests/simulation/world.hpp"

namespace postrider::simulation {

namespace {

using engine::Session;

std::string mailbox_of(const std::string &leaf) {
    return "/mail/" + leaf;
}

Result<void> declare_node(const Session &session, Node &node) {
    engine::create_state_tables(session.transaction, session.dialect);
    const Result<engine::Identity> made =
        engine::create_identity(session.transaction, node.vault, node.name(), session.now);
    return made ? Result<void>{} : Result<void>{made.error()};
}

Result<void>
declare_peer(const Session &session, const std::string &peer, const std::string &mailbox) {
    session.transaction.execute("INSERT INTO @peer (peer_id, name, created_at)"
                                " SELECT coalesce(max(peer_id), 0) + 1, ?1, ?2 FROM @peer",
                                {Value::text(peer), engine::stored(session.now)});
    const std::int64_t peer_id = engine::find_peer(session.transaction, peer)->peer_id;
    session.transaction.execute("INSERT INTO @peer_path (peer_id, ordinal, kind, target)"
                                " VALUES (?1, 1, 'maildir', ?2)",
                                {peer_id, Value::text(mailbox)});
    engine::protect(session, "peer_path", {peer_id, std::int64_t{1}});
    return {};
}

/// A task that sends or receives the tables of `owner`, active with this peer at once.
Result<void> declare_task(const Session &session,
                          const Application &owner,
                          const std::string &peer,
                          const std::string &direction) {
    engine::Transaction &transaction = session.transaction;
    const std::int64_t peer_id = engine::find_peer(transaction, peer)->peer_id;
    const std::string name = direction + "_" + owner.owner();
    if (!engine::first_row(transaction, "SELECT 1 FROM @task WHERE name = ?1",
                           {Value::text(name)})) {
        transaction.execute(
            "INSERT INTO @task (task_id, declared_by, name, direction, statement, lane, created_at)"
            " SELECT coalesce(max(task_id), 0) + 1, ?1, ?2, ?3, '', 'normal', ?4 FROM @task",
            {engine::stored(session.identity.node), Value::text(name), Value::text(direction),
             engine::stored(session.now)});
        std::int64_t ordinal = 0;
        for (const std::string &table : owner.tables()) {
            transaction.execute("INSERT INTO @task_table (task_id, ordinal, local_name, wire_name)"
                                " SELECT task_id, ?2, ?3, ?3 FROM @task WHERE name = ?1",
                                {Value::text(name), ++ordinal, Value::text(table)});
        }
    }
    const std::int64_t task_id = engine::integer_at(
        *engine::first_row(transaction, "SELECT task_id FROM @task WHERE name = ?1",
                           {Value::text(name)}),
        0);
    transaction.execute("INSERT INTO @task_peer (task_id, peer_id, changed_at) VALUES (?1, ?2, ?3)",
                        {task_id, peer_id, engine::stored(session.now)});
    engine::activate_task(session, task_id, peer_id);
    return {};
}

Result<void> capture(const Session &session, const Application &application) {
    session.transaction.execute("INSERT INTO @epoch (one, epoch) VALUES (1, 1)"
                                " ON CONFLICT DO NOTHING");
    std::int64_t id = 0;
    for (const std::string &name : application.tables()) {
        const auto table = engine::describe_table(session.transaction, session.dialect, name);
        if (!table) {
            return table.error();
        }
        Result<void> installed =
            engine::install_capture(session.transaction, session.dialect, *table, {++id, {}});
        if (!installed) {
            return installed;
        }
        session.transaction.execute(
            "INSERT INTO @capture (capture_id, table_name, fingerprint) VALUES (?1, ?2, ?3)",
            {id, Value::text(name), Value::text(dialect::fingerprint(*table))});
    }
    return {};
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
        const auto declared = [&](const Session &session) {
            return declare_node(session, *member.node);
        };
        if (const Result<void> done = member.node->call(declared); !done) {
            return fail(done.error().message);
        }
        const auto captured = [&](const Session &session) {
            return capture(session, member.application);
        };
        if (const Result<void> done = member.node->call(captured); !done) {
            return fail(done.error().message);
        }
    }
}

void World::join(Member &center, Member &leaf) {
    const std::string leaf_name = leaf.node->name();
    const std::string center_name = center.node->name();
    std::string line;
    const Result<void> invited = center.node->call([&](const Session &session) {
        Result<void> declared = declare_peer(session, leaf_name, mailbox_of(leaf_name));
        Result<std::string> made = engine::invite(session, leaf_name);
        if (!made) {
            return Result<void>{made.error()};
        }
        line = *made;
        return declared;
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
    for (std::size_t index = 1; index < members_.size() && !failed(); ++index) {
        Member &leaf = members_.at(index);
        const auto tasks_of = [](Member &here, Member &there) {
            return here.node->call([&](const Session &session) {
                const std::string peer = there.node->name();
                Result<void> sends = declare_task(session, here.application, peer, "send");
                return sends ? declare_task(session, there.application, peer, "receive") : sends;
            });
        };
        for (const Result<void> &done : {tasks_of(center, leaf), tasks_of(leaf, center)}) {
            if (!done) {
                fail("could not declare a task: " + done.error().message);
            }
        }
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
