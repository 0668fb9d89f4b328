// Statements out of rows and rows out of statements.
#include "common/engine/declare_stored.hpp"

#include "common/base/comma_list.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_tasks.hpp"
#include "common/engine/farewell.hpp"
#include "common/engine/load_request.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/sign_of_life.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/schema.hpp"
#include "common/engine/try_again.hpp"
#include "common/task/check.hpp"
#include "common/task/words.hpp"

namespace postrider::engine {

namespace {

/// "MAILDIR" and "maildir".
std::string kind_word(const std::string &stored_kind) {
    return stored_kind == "maildir" ? "MAILDIR" : stored_kind == "mail" ? "MAIL" : "DIRECT";
}

std::string stored_kind(task::PathKind kind) {
    switch (kind) {
    case task::PathKind::mail:
        return "mail";
    case task::PathKind::direct:
        return "direct";
    case task::PathKind::maildir:
        break;
    }
    return "maildir";
}

std::string before(const std::string &separator, const std::string &text) {
    return text.empty() ? text : separator + text;
}

std::string node_statement(const Row &row) {
    return "NODE " + task::quote_name(text_at(row, 0)) + before(" ", text_at(row, 1)) + ";\n";
}

std::string peer_statement(Transaction &transaction, const Row &row) {
    const std::int64_t peer_id = integer_at(row, 0);
    std::vector<std::string> groups;
    for (const Row &group : all_rows(transaction,
                                     "SELECT group_name FROM @peer_group WHERE peer_id = ?1"
                                     " ORDER BY group_name",
                                     {peer_id})) {
        groups.push_back(task::quote_name(text_at(group, 0)));
    }
    std::vector<std::string> paths;
    for (const Row &path : all_rows(transaction,
                                    "SELECT kind, target, mailbox, settings FROM @peer_path"
                                    " WHERE peer_id = ?1 ORDER BY ordinal",
                                    {peer_id})) {
        const std::string target = text_at(path, 1);
        const std::string mailbox = text_at(path, 2);
        paths.push_back(kind_word(text_at(path, 0)) +
                        (target.empty() ? "" : " " + task::quote_string(target)) +
                        (mailbox.empty() ? "" : " VIA " + task::quote_name(mailbox)) +
                        before(" ", text_at(path, 3)));
    }
    const std::string attributes = text_at(row, 2);
    return "PEER " + task::quote_name(text_at(row, 1)) + before(" IN ", comma_list(groups)) +
           (attributes.empty() ? "" : " (" + attributes + ")") + before(" ", comma_list(paths)) +
           before(" ", text_at(row, 3)) + (integer_at(row, 4) != 0 ? " TRUST TASKS" : "") + ";\n";
}

Error edited(const std::string &what, const Error &why) {
    return {Errc::refused, "the state tables hold " + what + " that is no statement", why.message,
            "Correct the row that was edited by hand."};
}

Result<void> load_mirrors(Transaction &transaction, DeclaredBefore &declared) {
    for (const Row &row :
         all_rows(transaction, "SELECT t.task_id, p.name, t.statement, t.paused FROM @task t"
                               " JOIN @peer p ON p.node_id = t.declared_by"
                               " ORDER BY p.name, t.name")) {
        Result<task::TaskText> parsed = task::parse_stored(text_at(row, 2));
        if (!parsed) {
            return edited("an accepted task", parsed.error());
        }
        ensure(parsed->statements.size() == 1, "a stored task is one statement");
        declared.mirrors.push_back({integer_at(row, 0), text_at(row, 1),
                                    std::get<task::Task>(parsed->statements.front()),
                                    integer_at(row, 3) != 0});
    }
    return {};
}

/// The paths as the statement has them; what is known of a path that stays is kept.
void store_paths(const Session &session, std::int64_t peer_id, const task::Peer &peer) {
    Transaction &transaction = session.transaction;
    try_again_now(session); // what failed over the old path need not wait for its next try
    std::int64_t ordinal = 0;
    for (const task::Path &path : peer.paths) {
        ++ordinal;
        const std::string target = path.target ? path.target->value : "";
        const std::string mailbox = path.via ? path.via->value : "";
        const bool is_another =
            transaction.execute(
                "DELETE FROM @peer_path WHERE peer_id = ?1 AND ordinal = ?2"
                " AND (kind <> ?3 OR target <> ?4)",
                {peer_id, ordinal, Value::text(stored_kind(path.kind)), Value::text(target)}) > 0;
        if (is_another) { // nothing was spent on it
            transaction.execute("DELETE FROM @budget WHERE peer_id = ?1 AND number = ?2"
                                " AND scope LIKE 'path %'",
                                {peer_id, ordinal});
        }
        transaction.execute(
            "INSERT INTO @peer_path (peer_id, ordinal, kind, target, mailbox, settings, "
            "paced_since)"
            " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (peer_id, ordinal)"
            " DO UPDATE SET mailbox = excluded.mailbox, settings = excluded.settings,"
            " paced_since = CASE WHEN @peer_path.settings = excluded.settings"
            " THEN @peer_path.paced_since ELSE excluded.paced_since END",
            {peer_id, ordinal, Value::text(stored_kind(path.kind)), Value::text(target),
             Value::text(mailbox), Value::text(task::print(path.pacing)), stored(session.now)});
        protect(session, "peer_path", {peer_id, ordinal});
    }
    transaction.execute("DELETE FROM @peer_path WHERE peer_id = ?1 AND ordinal > ?2",
                        {peer_id, ordinal});
    transaction.execute("DELETE FROM @budget WHERE peer_id = ?1 AND number > ?2"
                        " AND scope LIKE 'path %'",
                        {peer_id, ordinal});
}

} // namespace

Result<void> check_peer_name(Transaction &transaction, const std::string &name) {
    task::Peer peer;
    peer.name.value = name;
    auto mistake = task::check_statement(peer);
    if (!mistake && task::lower_ascii(name) != name) {
        mistake = task::mistake_at({}, "the name \"" + name + "\" has capital letters", "");
    }
    const bool taken =
        first_row(transaction,
                  "SELECT name FROM @node WHERE name = ?1 UNION SELECT name FROM @group"
                  " WHERE name = ?1 UNION SELECT name FROM @peer WHERE name = ?1",
                  {Value::text(name)})
            .has_value();
    if (!mistake && taken) {
        mistake = task::mistake_at({}, "the name \"" + name + "\" is taken here", "");
    }
    if (mistake) {
        mistake->hint = "Give one of the two nodes another name: declare NODE with it, then pair.";
        return *std::move(mistake);
    }
    return {};
}

bool is_paired(PeerState state) {
    return state == PeerState::paired || state == PeerState::verified;
}

Result<DeclaredBefore> load_declared(Transaction &transaction, const dialect::Dialect &dialect) {
    DeclaredBefore declared;
    const Result<bool> has_tables = has_state_tables(transaction, dialect);
    if (!has_tables) {
        return has_tables.error();
    }
    declared.has_tables = *has_tables;
    if (!declared.has_tables) {
        return declared;
    }
    std::string text;
    if (const auto node = first_row(transaction, "SELECT name, settings FROM @node")) {
        declared.has_node = true;
        text += node_statement(*node);
    }
    for (const std::string &statement : mailbox_statements(transaction)) {
        text += statement + "\n";
    }
    for (const Row &row : all_rows(transaction, "SELECT name FROM @group ORDER BY name")) {
        text += "GROUP " + task::quote_name(text_at(row, 0)) + ";\n";
    }
    for (const Row &row : all_rows(transaction, "SELECT peer_id, name, attributes, settings,"
                                                " trust_tasks FROM @peer"
                                                " WHERE state <> 'leaving' ORDER BY name")) {
        text += peer_statement(transaction, row);
    }
    for (const Row &row : all_rows(transaction, "SELECT t.statement FROM @task t JOIN @node n"
                                                " ON n.node_id = t.declared_by ORDER BY t.name")) {
        text += text_at(row, 0) + "\n";
    }
    for (const Peer &peer : load_peers(transaction)) {
        // One that is leaving bears a name that no text can say.
        declared.peer_states.emplace(peer.name, peer.state);
    }
    Result<task::TaskText> parsed = task::parse_stored(text);
    if (!parsed) {
        return edited("a text", parsed.error());
    }
    declared.text = *std::move(parsed);
    if (const Result<void> mirrors = load_mirrors(transaction, declared); !mirrors) {
        return mirrors.error();
    }
    return declared;
}

void store_group(Transaction &transaction, const std::string &name) {
    transaction.execute("INSERT INTO @group (name) VALUES (?1) ON CONFLICT (name) DO NOTHING",
                        {Value::text(name)});
}

void drop_group(Transaction &transaction, const std::string &name) {
    transaction.execute("DELETE FROM @peer_group WHERE group_name = ?1", {Value::text(name)});
    transaction.execute("DELETE FROM @group WHERE name = ?1", {Value::text(name)});
}

void store_peer(const Session &session, const task::Peer &peer) {
    Transaction &transaction = session.transaction;
    const Value name = Value::text(peer.name.value);
    // A text names no keys: those that somebody edited stay unapproved.
    const auto before = find_peer(transaction, peer.name.value);
    const bool keys_stand =
        !before || !before->sign_public || is_approved(session.identity, before->configuration);
    transaction.execute("INSERT INTO @peer (name, attributes, settings, trust_tasks, created_at)"
                        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET"
                        " attributes = excluded.attributes, settings = excluded.settings,"
                        " trust_tasks = excluded.trust_tasks",
                        {name, Value::text(task::print_attributes(peer)),
                         Value::text(task::print_options(peer)),
                         stored(peer.trust_tasks.has_value()), stored(session.now)});
    const std::int64_t peer_id = find_peer(transaction, peer.name.value)->peer_id;
    if (keys_stand) {
        protect(session, "peer", {peer_id});
    }
    ask_for_reports(session, peer_id,
                    peer.report_every ? peer.report_every->value : Duration::zero());
    transaction.execute("DELETE FROM @peer_group WHERE peer_id = ?1", {peer_id});
    for (const task::Name &group : peer.groups) {
        transaction.execute("INSERT INTO @peer_group (peer_id, group_name) VALUES (?1, ?2)",
                            {peer_id, Value::text(group.value)});
    }
    store_paths(session, peer_id, peer);
}

void clear_tables(Transaction &transaction,
                  std::int64_t peer_id,
                  std::initializer_list<const char *> tables) {
    for (const char *table : tables) {
        transaction.execute(std::string{"DELETE FROM @"} + table + " WHERE peer_id = ?1",
                            {peer_id});
    }
}

void forget_mirrors(Transaction &transaction, const Peer &peer) {
    if (!peer.node) {
        return;
    }
    for (const Row &row : all_rows(transaction, "SELECT task_id FROM @task WHERE declared_by = ?1",
                                   {stored(*peer.node)})) {
        forget_task(transaction, integer_at(row, 0));
    }
}

void forget_peer(Transaction &transaction, const Peer &peer) {
    forget_mirrors(transaction, peer);
    const std::int64_t peer_id = peer.peer_id;
    clear_tables(transaction, peer_id, {"peer_group",    "peer_path",    "invitation",
                                        "task_peer",     "task_flow",    "offer",
                                        "stream_out",    "outbox",       "schema_out",
                                        "table_sent",    "control_out",  "stream_in",
                                        "inbox_body",    "inbox_part",   "schema_in",
                                        "history_frame", "shape_in",     "schema_difference",
                                        "stream_marker", "needed_batch", "parked_row",
                                        "note",          "delivery",     "peer_start",
                                        "budget",        "sent_mail",    "trouble",
                                        "peer"});
    for (const char *table : {"event", "refusal"}) {
        transaction.execute(
            std::string{"UPDATE @"} + table + " SET peer_id = NULL WHERE peer_id = ?1", {peer_id});
    }
    end_loads_for(transaction, peer_id);
    forget_receiver(transaction, peer_id);
}

void drop_peer(const Session &session, const std::string &name) {
    Transaction &transaction = session.transaction;
    const auto peer = find_peer(transaction, name);
    if (!peer) {
        return;
    }
    if (!say_farewell(session, *peer)) {
        forget_peer(transaction, *peer);
    }
}

void forget_agreements(Transaction &transaction, const Peer &peer) {
    forget_lost_machine(transaction, peer);
    clear_tables(transaction, peer.peer_id, {"parked_row"});
}

void forget_lost_machine(Transaction &transaction, const Peer &peer) {
    forget_mirrors(transaction, peer);
    clear_tables(transaction, peer.peer_id,
                 {"task_flow", "offer", "control_out", "note", "stream_in", "inbox_body",
                  "inbox_part", "schema_in", "history_frame", "shape_in", "schema_difference",
                  "stream_marker", "needed_batch", "peer_start"});
    end_loads_for(transaction, peer.peer_id);
    transaction.execute("UPDATE @peer SET parked_told = 0, parked_there = 0,"
                        " parked_there_reason = '' WHERE peer_id = ?1",
                        {peer.peer_id});
    transaction.execute("UPDATE @task_peer SET state = 'waiting', reason = '' WHERE peer_id = ?1",
                        {peer.peer_id});
}

} // namespace postrider::engine
