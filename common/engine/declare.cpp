// Does what was planned, in one savepoint.
#include "common/engine/declare.hpp"

#include "common/engine/budgets.hpp"
#include "common/engine/lane_streams.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/offers_out.hpp"
#include "common/engine/peer_attributes.hpp"
#include "common/engine/plan.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/schema.hpp"

namespace postrider::engine {

namespace {

const task::Node &node_of(const task::TaskText &text) {
    for (const task::Statement &statement : text.statements) {
        if (const auto *node = std::get_if<task::Node>(&statement)) {
            return *node;
        }
    }
    throw BrokenInvariant{"a text without NODE is refused before"};
}

Result<Identity> identity_for(const DeclareSite &site, const Intention &intention) {
    if (intention.before.has_node) {
        return load_identity(site.transaction, site.vault);
    }
    if (!intention.before.has_tables) {
        create_state_tables(site.transaction, site.dialect);
    }
    return create_identity(site.transaction, site.vault, node_of(intention.after).name.value,
                           site.now);
}

const ResolvedTask &resolved(const Intention &intention, const task::Task &task) {
    for (const ResolvedTask &each : intention.tasks) {
        if (each.task.name.value == task.name.value) {
            return each;
        }
    }
    throw BrokenInvariant{"a task that changes was resolved before"};
}

void create_or_change(const Session &session,
                      const Intention &intention,
                      const PlannedChange &change) {
    if (const auto *node = std::get_if<task::Node>(&change.statement)) {
        session.transaction.execute(
            "UPDATE @node SET name = ?1, settings = ?2",
            {Value::text(node->name.value), Value::text(task::print_options(*node))});
    } else if (const auto *mailbox = std::get_if<task::Mailbox>(&change.statement)) {
        store_mailbox(session, *mailbox);
    } else if (const auto *group = std::get_if<task::Group>(&change.statement)) {
        store_group(session.transaction, group->name.value);
    } else if (const auto *peer = std::get_if<task::Peer>(&change.statement)) {
        const auto before = find_peer(session.transaction, peer->name.value);
        const Attributes attributes =
            before ? load_attributes(session.transaction, before->peer_id) : Attributes{};
        store_peer(session, *peer);
        if (before && attributes != attributes_of(*peer)) {
            reload_for_attributes(session, before->peer_id);
        }
    } else {
        store_task(session, session.identity.node,
                   resolved(intention, std::get<task::Task>(change.statement)));
    }
}

void drop(const Session &session, const task::Statement &statement) {
    if (const auto *mailbox = std::get_if<task::Mailbox>(&statement)) {
        drop_mailbox(session.transaction, mailbox->name.value);
        forget_spent(session.transaction, mailbox->name.value);
    } else if (const auto *group = std::get_if<task::Group>(&statement)) {
        drop_group(session.transaction, group->name.value);
    } else if (const auto *peer = std::get_if<task::Peer>(&statement)) {
        drop_peer(session, peer->name.value);
    } else {
        drop_task(session, find_task(session.transaction, session.identity.node,
                                     std::get<task::Task>(statement).name.value));
    }
}

void drop_mirror(const Session &session, const Mirror &mirror) {
    const auto peer = find_peer(session.transaction, mirror.peer);
    if (!peer) {
        return; // dropped with the peer
    }
    session.transaction.execute("DELETE FROM @offer WHERE peer_id = ?1 AND name = ?2",
                                {peer->peer_id, Value::text(mirror.task.name.value)});
    forget_task(session.transaction, mirror.task_id);
    if (is_paired(peer->state) && peer->node) {
        queue_control(session.transaction, peer->peer_id,
                      wire::TaskRefused{{*peer->node, mirror.task.name.value},
                                        "the task was dropped at " + session.identity.name});
    }
}

/// Which peers of the task get what changes: by the change of the task, or of peers and groups.
void update_all_task_peers(const Session &session, const Intention &intention) {
    for (const task::Statement &statement : intention.after.statements) {
        const auto *task = std::get_if<task::Task>(&statement);
        if (task == nullptr) {
            continue;
        }
        bool renewed = false;
        for (const PlannedChange &change : intention.changes) {
            const auto *changed = std::get_if<task::Task>(&change.statement);
            renewed = renewed || (changed != nullptr && change.renewed &&
                                  changed->name.value == task->name.value);
        }
        update_task_peers(session,
                          find_task(session.transaction, session.identity.node, task->name.value),
                          renewed);
    }
}

void pause_one_task(const Session &session, std::int64_t task_id, bool resume) {
    if (resume) {
        resume_task(session.transaction, task_id);
    } else {
        pause_task(session.transaction, task_id);
    }
}

void pause(const Session &session, const Intention &intention, const task::Pause &pause) {
    Transaction &transaction = session.transaction;
    const std::string &name = pause.name.value;
    if (pause.kind == task::ObjectKind::peer) {
        transaction.execute("UPDATE @peer SET paused = ?2 WHERE name = ?1",
                            {Value::text(name), stored(!pause.resume)});
        return;
    }
    if (const std::int64_t task_id = find_task(transaction, session.identity.node, name)) {
        pause_one_task(session, task_id, pause.resume);
        const wire::TaskName task{session.identity.node, name};
        for (const Row &row : all_rows(transaction,
                                       "SELECT tp.peer_id FROM @task_peer tp JOIN @peer p"
                                       " ON p.peer_id = tp.peer_id WHERE tp.task_id = ?1"
                                       " AND p.state IN ('paired', 'verified')"
                                       " AND tp.state <> 'waiting'",
                                       {task_id})) {
            queue_control(transaction, integer_at(row, 0),
                          pause.resume ? wire::ControlMessage{wire::ResumeTask{task}}
                                       : wire::ControlMessage{wire::PauseTask{task}});
        }
        return;
    }
    for (const Mirror &mirror : intention.before.mirrors) {
        if (mirror.task.name.value == name) {
            pause_one_task(session, mirror.task_id, pause.resume);
        }
    }
}

Result<void> execute(const DeclareSite &site, const Intention &intention) {
    const Result<Identity> identity = identity_for(site, intention);
    if (!identity) {
        return identity.error();
    }
    const stream::Timing timing;
    const Session session{site.transaction, site.dialect, *identity, timing, site.now};
    for (const PlannedChange &change : intention.changes) {
        if (change.kind == PlannedChange::Kind::create ||
            change.kind == PlannedChange::Kind::change) {
            create_or_change(session, intention, change);
        } else if (change.kind == PlannedChange::Kind::drop) {
            drop(session, change.statement);
        }
    }
    for (const Mirror &mirror : intention.dropped_mirrors) {
        drop_mirror(session, mirror);
    }
    update_all_task_peers(session, intention);
    follow_lanes(session);
    const Result<CaptureChanges> captures = update_captures(session);
    if (!captures) {
        return captures.error();
    }
    for (const task::Pause &each : intention.pauses) {
        pause(session, intention, each);
    }
    return {};
}

} // namespace

Result<ActionRows> declare(const DeclareSite &site, const Declaration &declaration) {
    ActionRows rows;
    const Result<void> done = site.transaction.attempt([&]() -> Result<void> {
        const Result<Intention> intention =
            make_intention(site.transaction, site.dialect, declaration);
        if (!intention) {
            return intention.error();
        }
        Result<ActionRows> answered = answer(site, *intention);
        if (!answered) {
            return answered.error();
        }
        rows = *std::move(answered);
        return execute(site, *intention);
    });
    if (!done) {
        return done.error();
    }
    return rows;
}

} // namespace postrider::engine
