// Offers of peers become tasks of this node.
#include "common/engine/offers_mirror.hpp"

#include <algorithm>
#include <set>

#include "common/base/comma_list.hpp"
#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/declare_tasks.hpp"
#include "common/engine/differences.hpp"
#include "common/engine/lane_streams.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/missing_tables.hpp"
#include "common/engine/offered_clauses.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/offers_out.hpp"
#include "common/engine/plan.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/table_names.hpp"
#include "common/engine/table_rights.hpp"
#include "common/task/check.hpp"

namespace postrider::engine {

namespace {

Error refusal(std::string message, std::string hint) {
    return {Errc::refused, std::move(message), {}, std::move(hint)};
}

Bytes raw_of(const wire::Offer &offer) {
    return wire::encode_control(offer).raw;
}

task::ObjectName exact_name(const std::string &name) {
    return {{task::Identifier{name, true, {}}}};
}

std::string option_of(const wire::Offer &offer, const std::string &name) {
    const auto found = offer.options.find(name);
    return found == offer.options.end() ? std::string{} : found->second;
}

/// What the offer is here, as a statement of the task language: names only, never SQL.
Result<task::Task> task_of(const Session &session, const Peer &peer, const wire::Offer &offer) {
    if (offer.direction == wire::Direction::sync) {
        return refusal("SYNC is not available in this version",
                       "Let the peer offer SEND or RECEIVE.");
    }
    task::Task task;
    task.name.value = offer.task.name;
    task.peers.push_back({peer.name, {}});
    task.direction.value =
        offer.direction == wire::Direction::send ? task::Direction::send : task::Direction::receive;
    const auto on_error = offer.options.find("on error");
    if (on_error != offer.options.end() && on_error->second == "STOP") {
        task.on_error = {task::OnError::stop, {}};
    }
    if (offer.create_missing) {
        task.create_missing = task::Position{};
    }
    if (offer.no_load) {
        task.load = {task::Load::none, {}};
    }
    if (const auto history = offer.options.find(wire::history_option);
        history != offer.options.end() && history->second == wire::no_history) {
        task.no_history.emplace();
    }
    if (const Result<void> taken = take_pacing(offer, task); !taken) {
        return taken.error();
    }
    std::size_t number = 0;
    for (const wire::OfferedTable &offered : offer.tables) {
        ++number;
        const Result<task::ObjectName> suggested = task::parse_object(offered.local_name);
        if (!suggested) {
            return refusal("the offer suggests \"" + printable(offered.local_name) +
                               "\", which is not the name of a table",
                           "Let the peer correct AS in its task.");
        }
        const Result<dialect::TableDescription> local =
            resolve_table(session.transaction, session.dialect, *suggested);
        if (!local) {
            return local.error();
        }
        task::Table table;
        table.name = object_name(session.dialect, local->name);
        if (offered.wire_name != local->name) {
            table.as = exact_name(offered.wire_name);
        }
        if (table.as && task.direction.value == task::Direction::receive) {
            std::swap(table.name, *table.as); // left is where the rows come from
        }
        if (offered.schema) {
            take_offered_clauses({option_of(offer, table_option(number)),
                                  option_of(offer, lossy_option(number)),
                                  option_of(offer, private_option(number))},
                                 *offered.schema, *local, table);
        }
        task.tables.push_back(std::move(table));
    }
    return task;
}

std::set<std::string> key_of(const TableSchema &schema) {
    std::set<std::string> key;
    for (const std::uint32_t index : schema.key) {
        key.insert(schema.columns.at(index).name);
    }
    return key;
}

/// Whoever receives must have every column that the sender sends, and both the same key.
Result<void> check_columns(const wire::Offer &offer,
                           const wire::OfferedTable &offered,
                           const ResolvedTable &resolved) {
    if (!offered.schema) {
        return {}; // the peer makes its table after ours
    }
    const dialect::TableDescription &local = resolved.description;
    const TableSchema ours = on_wire(local.schema(), resolved.columns).schema;
    if (key_of(ours) != key_of(*offered.schema)) {
        return refusal("table \"" + local.name + "\" has another primary key than the peer's",
                       "Give both tables the same primary key.");
    }
    const bool receives = offer.direction == wire::Direction::receive;
    const TableSchema &sender = receives ? *offered.schema : ours;
    const TableSchema &receiver = receives ? ours : *offered.schema;
    for (const Column &column : sender.columns) {
        const bool found =
            std::any_of(receiver.columns.begin(), receiver.columns.end(),
                        [&](const Column &each) { return each.name == column.name; }) ||
            (receives && local.find_column(column.name) != nullptr);
        if (!found) {
            return refusal(
                (receives ? "table \"" + local.name + "\" has" : "the peer's table has") +
                    std::string{" no column \""} + printable(column.name) + "\"",
                receives ? "Add the column here, then accept the offer."
                         : "Let the column be added there and the task be declared "
                           "again.");
        }
    }
    std::set<std::string> coming;
    for (const Column &column : sender.columns) {
        coming.insert(column.name);
    }
    const auto missing = receives ? missing_column(local, coming) : std::nullopt;
    return missing ? Result<void>{needs_column(local, *missing)} : Result<void>{};
}

/// Against our own tasks and the other mirrors.
Result<void> check_against_others(const Session &session, const Peer &peer, task::Task task) {
    const Result<DeclaredBefore> declared = load_declared(session.transaction, session.dialect);
    if (!declared) {
        return declared.error();
    }
    task::TaskText all = declared->text;
    for (const Mirror &mirror : declared->mirrors) {
        if (mirror.peer != peer.name || mirror.task.name.value != task.name.value) {
            task::Task other = mirror.task;
            other.name.value = mirror.full_name();
            all.statements.emplace_back(std::move(other));
        }
    }
    task.name.value = peer.name + "." + task.name.value;
    all.statements.emplace_back(std::move(task));
    if (auto mistake = check_tables_here(session.transaction, session.dialect, std::move(all))) {
        return *std::move(mistake);
    }
    return {};
}

Result<ResolvedTask>
resolve_offer(const Session &session, const Peer &peer, const wire::Offer &offer) {
    const Result<task::Task> task = task_of(session, peer, offer);
    if (!task) {
        return task.error();
    }
    if (auto mistake = task::check_statement(*task)) {
        return *std::move(mistake);
    }
    Result<ResolvedTask> resolved = resolve_task(session.transaction, session.dialect, *task);
    if (!resolved) {
        return resolved;
    }
    for (std::size_t index = 0; index < offer.tables.size(); ++index) {
        resolved->tables[index].wire_name = offer.tables[index].wire_name;
        if (auto fit = check_columns(offer, offer.tables[index], resolved->tables[index]); !fit) {
            return fit.error();
        }
    }
    if (auto alone = check_against_others(session, peer, *task); !alone) {
        return alone.error();
    }
    return resolved;
}

void say_accepted(const Session &session, const Peer &peer, const wire::Offer &offer) {
    wire::TaskAccepted accepted{.task = offer.task, .tables = {}, .number = offer.number};
    for (const wire::OfferedTable &table : offer.tables) {
        accepted.tables.push_back(table.wire_name);
    }
    if (offer.create_missing && offer.direction == wire::Direction::send) {
        if (const Result<ResolvedTask> resolved = resolve_offer(session, peer, offer)) {
            accepted.shapes = tables_to_offer(session.dialect, *resolved);
            accepted.engine = session.dialect.name();
        }
    }
    queue_control(session.transaction, peer.peer_id, accepted);
}

bool makes_tables(const wire::Offer &offer) {
    return offer.create_missing && offer.direction == wire::Direction::receive;
}

std::string engine_of(const wire::Offer &offer) {
    return option_of(offer, engine_option);
}

/// The tables of the mirror as it was: accepting it was the permission to add columns to them.
std::set<std::string> tables_before(const Session &session, const wire::Offer &offer) {
    std::set<std::string> names;
    const std::int64_t task_id =
        find_task(session.transaction, offer.task.declaring_node, offer.task.name);
    for (const Row &row :
         all_rows(session.transaction, "SELECT local_name FROM @task_table WHERE task_id = ?1",
                  {task_id})) {
        names.insert(text_at(row, 0));
    }
    return names;
}

/// The mirror replaces what it was before. Its tables are read again if rows leave from here.
Result<ActionRows> apply_offer(const Session &session, const Peer &peer, const wire::Offer &offer) {
    ActionRows made;
    if (makes_tables(offer)) {
        Result<ActionRows> tables = make_missing_tables(session, {offer.tables, engine_of(offer)},
                                                        tables_before(session, offer));
        if (!tables) {
            return tables.error();
        }
        made = *std::move(tables);
    }
    const Result<ResolvedTask> resolved = resolve_offer(session, peer, offer);
    if (!resolved) {
        return resolved.error();
    }
    Transaction &transaction = session.transaction;
    const std::int64_t task_id = store_task(session, offer.task.declaring_node, *resolved);
    const ActionRows rights =
        rights_rows(transaction, given_uses(transaction), stored_uses(transaction));
    update_task_peers(session, task_id, true);
    follow_lanes(session);
    transaction.execute("UPDATE @task_peer SET engine = ?2 WHERE task_id = ?1",
                        {task_id, Value::text(engine_of(offer))});
    const Result<CaptureChanges> captures = update_captures(session);
    if (!captures) {
        return captures.error();
    }
    activate_task(session, task_id, peer.peer_id);
    note_differences(session, peer);
    if (offer.paused) {
        pause_task(transaction, task_id);
    }
    transaction.execute("UPDATE @offer SET state = 'accepted' WHERE peer_id = ?1 AND name = ?2",
                        {peer.peer_id, Value::text(offer.task.name)});
    say_accepted(session, peer, offer);
    ActionRows rows{{"accept", "task " + peer.name + "." + offer.task.name,
                     task::print(task::Statement{resolved->task})}};
    rows.insert(rows.end(), made.begin(), made.end());
    for (const std::string &table : captures->installed) {
        rows.push_back(capture_row(session.dialect, table));
    }
    rows.insert(rows.end(), rights.begin(), rights.end());
    return rows;
}

Result<void> check_offer(Transaction &transaction, const Peer &peer, const wire::Offer &offer) {
    task::Group name_alone;
    name_alone.name.value = offer.task.name;
    const bool has_odd_name =
        std::any_of(offer.tables.begin(), offer.tables.end(), [](const wire::OfferedTable &table) {
            return table.wire_name.find('\0') != std::string::npos ||
                   table.local_name.find('\0') != std::string::npos;
        });
    if (offer.tables.empty() || has_odd_name || task::check_statement(name_alone)) {
        return refusal("the offer of peer \"" + peer.name + "\" is not one that we would make",
                       "Let the peer declare the task again.");
    }
    const auto count =
        first_row(transaction, "SELECT count(*) FROM @offer WHERE peer_id = ?1 AND name <> ?2",
                  {peer.peer_id, Value::text(offer.task.name)});
    if (integer_at(*count, 0) >= limits::offers_per_peer_max) {
        return Error{Errc::too_large,
                     "peer \"" + peer.name + "\" offers too many tasks",
                     {},
                     "Let the peer put more tables into fewer tasks."};
    }
    return {};
}

/// The state of an offer that was accepted and whose tables are not all here.
constexpr const char *waiting_for_table = "waiting for table";

/// The same was offered before: only the number by which the answer is known is another.
bool offers_the_same(const wire::Offer &offer, wire::Offer before) {
    before.number = offer.number;
    return before == offer;
}

wire::Offer stored_offer(const Row &row, std::size_t index) {
    Result<wire::ControlMessage> message = wire::decode_control(blob_at(row, index));
    ensure(message && std::holds_alternative<wire::Offer>(*message),
           "an offer was stored as it was decoded");
    return std::get<wire::Offer>(*std::move(message));
}

/// What would make the tables that are not here, for people to read; empty where all are.
std::string ddl_of(const Session &session, const wire::Offer &offer) {
    std::string text;
    if (offer.direction != wire::Direction::receive) {
        return text;
    }
    const Result<ActionRows> rows = missing_table_statements(
        session, {offer.tables, engine_of(offer)}, tables_before(session, offer));
    if (rows) {
        for (const ActionRow &row : *rows) {
            text += (text.empty() ? "" : "\n") + row.detail + ";";
        }
    }
    return text;
}

/// Tables that are not here and that the offer does not let us make.
std::vector<std::string> tables_waited_for(const Session &session, const wire::Offer &offer) {
    if (makes_tables(offer)) {
        return {};
    }
    Result<std::vector<std::string>> names = missing_tables(session, offer.tables);
    return names ? *std::move(names) : std::vector<std::string>{};
}

void wait_for_tables(const Session &session, const Peer &peer, const std::string &task) {
    session.transaction.execute("UPDATE @offer SET state = ?3 WHERE peer_id = ?1 AND name = ?2",
                                {peer.peer_id, Value::text(task), Value::text(waiting_for_table)});
}

/// Applies an offer that nobody asks about any more; one that does not fit is open again.
void try_offer(const Session &session, const Peer &peer, const wire::Offer &offer) {
    const Result<void> applied = session.transaction.attempt([&]() -> Result<void> {
        const Result<ActionRows> rows = apply_offer(session, peer, offer);
        return rows ? Result<void>{} : Result<void>{rows.error()};
    });
    if (!applied) {
        const std::string full_name = peer.name + "." + offer.task.name;
        session.transaction.execute(
            "UPDATE @offer SET state = 'open' WHERE peer_id = ?1 AND name = ?2",
            {peer.peer_id, Value::text(offer.task.name)});
        log_event(session.transaction, session.now,
                  {"offer", peer.peer_id,
                   "the offered task \"" + full_name +
                       "\" cannot be used yet: " + applied.error().message,
                   applied.error().hint + " Then: SELECT * FROM " +
                       session.dialect.command("accept_offer") + "(" +
                       task::quote_string(full_name) + ");"});
    }
}

/// The answer to who accepted an offer before its tables are here.
ActionRows rows_of_waiting(const Session &session,
                           const std::string &name,
                           const wire::Offer &offer,
                           const std::vector<std::string> &missing) {
    ActionRows rows{{"note", "task " + name,
                     "It waits for table " + comma_list(missing) +
                         " and goes on by itself once that is there."}};
    const Result<ActionRows> statements =
        missing_table_statements(session, {offer.tables, engine_of(offer)}, {});
    for (const std::string &table : missing) {
        ActionRow row{"to do", "table " + table, "Create it."};
        for (const ActionRow &each : statements ? *statements : ActionRows{}) {
            if (each.object == row.object) {
                row.detail = each.detail + ";";
            }
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace

Result<void> take_offer(const Session &session, const Peer &peer, const wire::Offer &offer) {
    Transaction &transaction = session.transaction;
    if (auto checked = check_offer(transaction, peer, offer); !checked) {
        return checked;
    }
    const Value name = Value::text(offer.task.name);
    const Bytes raw = raw_of(offer);
    const auto known =
        first_row(transaction, "SELECT state, message FROM @offer WHERE peer_id = ?1 AND name = ?2",
                  {peer.peer_id, name});
    const std::string state = known ? text_at(*known, 0) : "";
    if ((state == "accepted" || state == waiting_for_table) &&
        offers_the_same(offer, stored_offer(*known, 1))) {
        transaction.execute("UPDATE @offer SET message = ?3 WHERE peer_id = ?1 AND name = ?2",
                            {peer.peer_id, name, raw});
        if (state == "accepted") {
            say_accepted(session, peer, offer);
        }
        return {};
    }
    transaction.execute(
        "INSERT INTO @offer (peer_id, name, state, message, ddl, received_at)"
        " VALUES (?1, ?2, 'open', ?3, ?4, ?5) ON CONFLICT (peer_id, name)"
        " DO UPDATE SET state = 'open', message = excluded.message,"
        " ddl = excluded.ddl, received_at = excluded.received_at",
        {peer.peer_id, name, raw, Value::text(ddl_of(session, offer)), stored(session.now)});
    const std::string full_name = peer.name + "." + offer.task.name;
    const std::string next = "SELECT * FROM " + session.dialect.command("accept_offer") + "(" +
                             task::quote_string(full_name) + ");";
    if (const auto why = why_no_name(session.dialect, offer.tables)) {
        queue_control(transaction, peer.peer_id, wire::TaskRefused{offer.task, *why});
        log_event(transaction, session.now,
                  {"offer", peer.peer_id,
                   "the offered task \"" + full_name + "\" was refused: " + *why,
                   "The peer has to declare it in another form."});
        return {};
    }
    if (!peer.trust_tasks) {
        log_event(transaction, session.now,
                  {"offer", peer.peer_id,
                   "peer \"" + peer.name + "\" offers the task \"" + full_name + "\"", next});
        return {};
    }
    const std::vector<std::string> missing = tables_waited_for(session, offer);
    if (!missing.empty()) {
        wait_for_tables(session, peer, offer.task.name);
        log_event(transaction, session.now,
                  {"offer", peer.peer_id,
                   "the offered task \"" + full_name + "\" waits for table " + comma_list(missing),
                   "Create it; the task goes on by itself."});
        return {};
    }
    try_offer(session, peer, offer);
    return {};
}

namespace {

struct ReadyOffer {
    Peer peer;
    wire::Offer offer;
};

/// Those that waited for tables which are here now.
std::vector<ReadyOffer> ready_offers(const Session &session) {
    std::vector<ReadyOffer> ready;
    for (const Row &row :
         all_rows(session.transaction, "SELECT peer_id, message FROM @offer WHERE state = ?1",
                  {Value::text(waiting_for_table)})) {
        auto peer = load_peer(session.transaction, integer_at(row, 0));
        wire::Offer offer = stored_offer(row, 1);
        if (peer && is_paired(peer->state) && tables_waited_for(session, offer).empty()) {
            ready.push_back({*std::move(peer), std::move(offer)});
        }
    }
    return ready;
}

} // namespace

bool has_ready_offers(const Session &session) {
    return !ready_offers(session).empty();
}

void continue_ready_offers(const Session &session) {
    for (const ReadyOffer &ready : ready_offers(session)) {
        try_offer(session, ready.peer, ready.offer);
    }
}

void say_accepted_again(const Session &session, const Peer &peer, const std::string &task) {
    if (const auto row = first_row(session.transaction,
                                   "SELECT message FROM @offer WHERE peer_id = ?1 AND name = ?2"
                                   " AND state = 'accepted'",
                                   {peer.peer_id, Value::text(task)})) {
        say_accepted(session, peer, stored_offer(*row, 0));
    }
}

Result<void> withdraw_offer(const Session &session, const Peer &peer, const std::string &task) {
    Transaction &transaction = session.transaction;
    const std::int64_t forgotten = transaction.execute(
        "DELETE FROM @offer WHERE peer_id = ?1 AND name = ?2", {peer.peer_id, Value::text(task)});
    const std::int64_t task_id = find_task(transaction, *peer.node, task);
    if (task_id != 0) {
        forget_task(transaction, task_id);
        const Result<CaptureChanges> captures = update_captures(session);
        if (!captures) {
            return captures.error();
        }
    }
    if (forgotten > 0 || task_id != 0) {
        log_event(transaction, session.now,
                  {"offer withdrawn", peer.peer_id,
                   "peer \"" + peer.name + "\" withdrew the task \"" + printable(task) +
                       "\"; the rows stay",
                   ""});
    }
    return {};
}

Result<void>
take_tasks_in_force(const Session &session, const Peer &peer, const wire::TasksInForce &in_force) {
    const std::set<std::string> named(in_force.names.begin(), in_force.names.end());
    std::set<std::string> known;
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT name FROM @offer WHERE peer_id = ?1"
                                   " UNION SELECT name FROM @task WHERE declared_by = ?2",
                                   {peer.peer_id, stored(*peer.node)})) {
        known.insert(text_at(row, 0));
    }
    for (const std::string &name : known) {
        if (named.contains(name)) {
            continue;
        }
        if (Result<void> withdrawn = withdraw_offer(session, peer, name); !withdrawn) {
            return withdrawn;
        }
    }
    for (const std::string &name : named) {
        if (!known.contains(name)) {
            queue_control(session.transaction, peer.peer_id, wire::TaskUnknown{{*peer.node, name}});
        }
    }
    return {};
}

Result<ActionRows> accept_offer(const Session &session, const std::string &name) {
    const std::size_t dot = name.find('.');
    const auto peer = find_peer(session.transaction, name.substr(0, dot));
    const auto row = peer && dot != std::string::npos
                         ? first_row(session.transaction,
                                     "SELECT message FROM @offer WHERE peer_id = ?1 AND name = ?2",
                                     {peer->peer_id, Value::text(name.substr(dot + 1))})
                         : std::nullopt;
    if (!row) {
        std::string open;
        for (const Row &each :
             all_rows(session.transaction, "SELECT p.name, o.name FROM @offer o JOIN @peer p"
                                           " ON p.peer_id = o.peer_id WHERE o.state = 'open'"
                                           " ORDER BY p.name, o.name")) {
            open += (open.empty() ? "" : ", ") + text_at(each, 0) + "." + text_at(each, 1);
        }
        return refusal("there is no offer \"" + printable(name) + "\"",
                       open.empty() ? "No offer is open; a peer's offer arrives with its mails."
                                    : "The open offers are: " + open + ".");
    }
    const wire::Offer offer = stored_offer(*row, 0);
    if (const auto missing = tables_waited_for(session, offer); !missing.empty()) {
        // Nobody is asked again once they are there, whoever makes them.
        if (const Result<void> may = session.transaction.may_decide_all(); !may) {
            return Error{may.error().code,
                         "table " + comma_list(missing) + " is not here yet",
                         {},
                         "Create it first, or let a superuser accept the offer."};
        }
        wait_for_tables(session, *peer, offer.task.name);
        return rows_of_waiting(session, name, offer, missing);
    }
    Result<ActionRows> rows = refusal("", "");
    const Result<void> applied = session.transaction.attempt([&]() -> Result<void> {
        rows = apply_offer(session, *peer, offer);
        return rows ? Result<void>{} : Result<void>{rows.error()};
    });
    if (!applied) {
        return applied.error();
    }
    return rows;
}

} // namespace postrider::engine
