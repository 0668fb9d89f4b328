// What this node says of its own tasks, and its answers to what others offer.
#include "common/engine/offers.hpp"

#include <set>

#include <sodium.h>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/declare_tasks.hpp"
#include "common/engine/farewell.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/mailbox_share.hpp"
#include "common/engine/missing_tables.hpp"
#include "common/engine/offered_clauses.hpp"
#include "common/engine/offers_mirror.hpp"
#include "common/engine/offers_out.hpp"
#include "common/engine/sign_of_life.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/try_again.hpp"

namespace postrider::engine {

namespace {

struct OwnTask {
    std::int64_t task_id = 0;
    wire::TaskName name;
    task::Task task;
    bool paused = false;
};

std::optional<OwnTask> load_own_task(const Session &session, std::int64_t task_id) {
    const auto row = first_row(session.transaction,
                               "SELECT name, statement, paused FROM @task WHERE task_id = ?1"
                               " AND declared_by = ?2",
                               {task_id, stored(session.identity.node)});
    if (!row) {
        return std::nullopt;
    }
    Result<task::TaskText> parsed = task::parse_stored(text_at(*row, 1));
    ensure(parsed && parsed->statements.size() == 1, "the statement of a task was printed by us");
    return OwnTask{task_id,
                   {session.identity.node, text_at(*row, 0)},
                   std::get<task::Task>(parsed->statements.front()),
                   integer_at(*row, 2) != 0};
}

std::set<std::string> wire_names(Transaction &transaction, std::int64_t task_id) {
    std::set<std::string> names;
    for (const Row &row :
         all_rows(transaction, "SELECT wire_name FROM @task_table WHERE task_id = ?1", {task_id})) {
        names.insert(text_at(row, 0));
    }
    return names;
}

void add_option(wire::Offer &offer, const std::string &name, const std::string &value) {
    if (!value.empty()) {
        offer.options.emplace(name, value);
    }
}

Result<wire::Offer> offer_of(const Session &session, const OwnTask &own) {
    const Result<ResolvedTask> resolved =
        resolve_task(session.transaction, session.dialect, own.task);
    if (!resolved) {
        return resolved.error();
    }
    wire::Offer offer;
    offer.task = own.name;
    offer.direction = own.task.direction.value == task::Direction::send ? wire::Direction::receive
                                                                        : wire::Direction::send;
    offer.tables = tables_to_offer(session.dialect, *resolved);
    for (std::size_t index = 0; index < resolved->tables.size(); ++index) {
        const OfferedClauses clauses = offered_clauses(own.task, resolved->tables[index].clauses);
        add_option(offer, table_option(index + 1), clauses.words);
        add_option(offer, lossy_option(index + 1), clauses.lossy);
        add_option(offer, private_option(index + 1), clauses.hidden);
    }
    const bool stops = own.task.on_error && own.task.on_error->value == task::OnError::stop;
    offer.options.emplace("on error", stops ? "STOP" : "PARK");
    if (own.task.no_history) {
        offer.options.emplace(wire::history_option, wire::no_history);
    }
    offer.create_missing = own.task.create_missing.has_value();
    if (offer.create_missing) {
        offer.options.emplace(engine_option, session.dialect.name());
    }
    if (offer.direction == wire::Direction::send) { // it is the peer that paces what it sends
        if (const std::string pacing = task::print(own.task.pacing); !pacing.empty()) {
            offer.options.emplace("pacing", pacing);
        }
        if (own.task.priority && own.task.priority->value != task::Priority::normal) {
            offer.options.emplace("priority", task::print(own.task.priority->value));
        }
    }
    if (offer.options.size() > limits::control_items_max) {
        return Error{Errc::too_large,
                     "too many tables of the task have clauses of their own",
                     {},
                     "Put them into several tasks."};
    }
    offer.no_load = own.task.load && own.task.load->value == task::Load::none;
    offer.paused = own.paused;
    return offer;
}

void set_state(const Session &session,
               std::int64_t task_id,
               std::int64_t peer_id,
               const std::string &state,
               const std::string &reason = {}) {
    session.transaction.execute(
        "UPDATE @task_peer SET state = ?3, reason = ?4, changed_at = ?5"
        " WHERE task_id = ?1 AND peer_id = ?2",
        {task_id, peer_id, Value::text(state), Value::text(reason), stored(session.now)});
}

/// An offer goes out, and `number` with it: until the answer to this one comes, no other counts.
void note_offered(const Session &session,
                  std::int64_t task_id,
                  std::int64_t peer_id,
                  std::uint64_t number) {
    set_state(session, task_id, peer_id, "offered");
    session.transaction.execute("UPDATE @task_peer SET offer_number = ?3"
                                " WHERE task_id = ?1 AND peer_id = ?2",
                                {task_id, peer_id, stored(number)});
}

/// Whether the message answers the offer that was made last. One that answers an older offer may
/// come long after it: the peer may have been told since that the task is gone, or is another, and
/// would refuse the rows that go to it before it has accepted the newer offer.
bool answers_last_offer(const Session &session,
                        std::int64_t task_id,
                        std::int64_t peer_id,
                        const wire::TaskAccepted &accepted) {
    return first_row(session.transaction,
                     "SELECT 1 FROM @task_peer WHERE task_id = ?1 AND peer_id = ?2"
                     " AND state <> 'waiting' AND offer_number = ?3",
                     {task_id, peer_id, stored(accepted.number)})
        .has_value();
}

/// A counter would give numbers again in a database that was taken back.
std::uint64_t draw_offer_number() {
    std::uint64_t number = 0;
    randombytes_buf(&number, sizeof number);
    return number;
}

/// The state of a peer in one of our own tasks; empty: it has no part in it, or there is none.
std::optional<std::string>
state_of(const Session &session, std::int64_t task_id, std::int64_t peer_id) {
    const auto row = first_row(session.transaction,
                               "SELECT state FROM @task_peer WHERE task_id = ?1 AND peer_id = ?2",
                               {task_id, peer_id});
    return row ? std::optional{text_at(*row, 0)} : std::nullopt;
}

/// Makes the tables of a task that takes rows, after those of the peer: our own text is the
/// permission.
Result<void> take_shapes(const Session &session,
                         const Peer &peer,
                         const OwnTask &own,
                         const wire::TaskAccepted &accepted) {
    if (!own.task.create_missing || own.task.direction.value != task::Direction::receive) {
        return {};
    }
    std::map<std::string, std::string> local_names;
    std::set<std::string> extended;
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT wire_name, local_name, columns FROM @task_table"
                                   " WHERE task_id = ?1",
                                   {own.task_id})) {
        local_names.emplace(text_at(row, 0), text_at(row, 1));
        if (text_at(row, 2).empty()) { // a list says which columns there are
            extended.insert(text_at(row, 1));
        }
    }
    std::vector<wire::OfferedTable> tables;
    for (wire::OfferedTable shape : accepted.shapes) {
        if (const auto local = local_names.find(shape.wire_name); local != local_names.end()) {
            shape.local_name =
                task::print(task::ObjectName{{task::Identifier{local->second, true, {}}}});
            tables.push_back(std::move(shape));
        }
    }
    if (accepted.engine.empty()) { // said by somebody who does not tell shapes
        return {};
    }
    session.transaction.execute("UPDATE @task_peer SET engine = ?3"
                                " WHERE task_id = ?1 AND peer_id = ?2",
                                {own.task_id, peer.peer_id, Value::text(accepted.engine)});
    return session.transaction.attempt([&]() -> Result<void> {
        const auto made = make_missing_tables(session, {tables, accepted.engine}, extended);
        if (!made) {
            return made.error();
        }
        if (!made->empty()) {
            try_again_now(session); // rows may have come before
        }
        return {};
    });
}

Error not_ours(const wire::TaskName &task) {
    return {Errc::refused,
            "the message is about the task \"" + printable(task.name) + "\" of another node",
            {},
            "Nothing needs to be done here."};
}

/// Messages that answer to our offers, and messages of a declaring node about its own tasks.
class Listener {
  public:
    Listener(const Session &session, const Peer &peer) : session_(session), peer_(peer) {}

    Result<void> operator()(const wire::Offer &offer) const {
        return is_theirs(offer.task) ? take_offer(session_, peer_, offer)
                                     : Result<void>{not_ours(offer.task)};
    }

    Result<void> operator()(const wire::OfferWithdrawn &withdrawn) const {
        return is_theirs(withdrawn.task) ? withdraw_offer(session_, peer_, withdrawn.task.name)
                                         : Result<void>{not_ours(withdrawn.task)};
    }

    Result<void> operator()(const wire::TaskAccepted &accepted) const {
        if (accepted.task.declaring_node != session_.identity.node) {
            return not_ours(accepted.task);
        }
        const std::int64_t task_id = find_own(accepted.task);
        const auto state = state_of(session_, task_id, peer_.peer_id);
        if (!state) {
            queue_control(session_.transaction, peer_.peer_id, wire::OfferWithdrawn{accepted.task});
            return {};
        }
        const std::set<std::string> tables(accepted.tables.begin(), accepted.tables.end());
        if (!answers_last_offer(session_, task_id, peer_.peer_id, accepted) ||
            tables != wire_names(session_.transaction, task_id)) {
            return {};
        }
        const Result<void> made =
            take_shapes(session_, peer_, *load_own_task(session_, task_id), accepted);
        if (!made) {
            log_event(session_.transaction, session_.now,
                      {"tables not made", peer_.peer_id,
                       "the tables of the task \"" + accepted.task.name +
                           "\" cannot be made: " + made.error().message,
                       made.error().hint});
        }
        activate_task(session_, task_id, peer_.peer_id);
        return {};
    }

    Result<void> operator()(const wire::TaskRefused &refused) const {
        if (refused.task.declaring_node != session_.identity.node) {
            return not_ours(refused.task);
        }
        const std::int64_t task_id = find_own(refused.task);
        const auto state = state_of(session_, task_id, peer_.peer_id);
        if (!state || *state == "waiting" || *state == "refused") {
            return {};
        }
        const std::string reason = printable(refused.reason);
        set_state(session_, task_id, peer_.peer_id, "refused", reason);
        end_flow(session_.transaction, task_id, peer_.peer_id);
        log_event(session_.transaction, session_.now,
                  {"task refused", peer_.peer_id,
                   "peer \"" + peer_.name + "\" refused the task \"" + refused.task.name +
                       "\": " + reason,
                   "Settle it with the peer; declare the task again to offer it anew."});
        return {};
    }

    Result<void> operator()(const wire::PauseTask &pause) const { return mirror(pause.task, true); }

    Result<void> operator()(const wire::ResumeTask &resume) const {
        return mirror(resume.task, false);
    }

    Result<void> operator()(const wire::Farewell & /*farewell*/) const {
        return take_farewell(session_, peer_);
    }

    Result<void> operator()(const wire::ReportEvery &asked) const {
        promise_reports(session_, peer_, asked);
        return {};
    }

    Result<void> operator()(const wire::KeepTo &asked) const {
        return keep_to(session_, peer_, asked);
    }

    Result<void> operator()(const wire::TasksInForce &in_force) const {
        return take_tasks_in_force(session_, peer_, in_force);
    }

    /// The peer was taken back to before it knew the task.
    Result<void> operator()(const wire::TaskUnknown &unknown) const {
        if (unknown.task.declaring_node != session_.identity.node) {
            return not_ours(unknown.task);
        }
        const std::int64_t task_id = find_own(unknown.task);
        end_flow(session_.transaction, task_id, peer_.peer_id);
        if (state_of(session_, task_id, peer_.peer_id) == "active") {
            set_state(session_, task_id, peer_.peer_id, "waiting");
            queue_offers(session_, peer_);
        }
        return {};
    }

    /// Streams open themselves with their first batch.
    Result<void> operator()(const wire::StreamOpen & /*open*/) const { return {}; }

  private:
    [[nodiscard]] bool is_theirs(const wire::TaskName &task) const {
        return peer_.node && task.declaring_node == *peer_.node;
    }

    [[nodiscard]] std::int64_t find_own(const wire::TaskName &task) const {
        return find_task(session_.transaction, session_.identity.node, task.name);
    }

    [[nodiscard]] Result<void> mirror(const wire::TaskName &task, bool paused) const {
        if (!is_theirs(task)) {
            return not_ours(task);
        }
        const std::int64_t task_id =
            find_task(session_.transaction, task.declaring_node, task.name);
        if (task_id != 0 && paused) {
            pause_task(session_.transaction, task_id);
        } else if (task_id != 0) {
            resume_task(session_.transaction, task_id);
        }
        return {};
    }

    const Session &session_;
    const Peer &peer_;
};

void queue_tasks_in_force(const Session &session, const Peer &peer) {
    wire::TasksInForce in_force;
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT t.name FROM @task t"
                                   " JOIN @task_peer tp ON tp.task_id = t.task_id"
                                   " WHERE tp.peer_id = ?1 AND t.declared_by = ?2 ORDER BY t.name",
                                   {peer.peer_id, stored(session.identity.node)})) {
        in_force.names.push_back(text_at(row, 0));
    }
    // More than a peer takes are refused by it one by one.
    if (in_force.names.size() <= limits::control_items_max) {
        queue_control(session.transaction, peer.peer_id, in_force);
    }
}

} // namespace

void queue_offers(const Session &session, const Peer &peer) {
    if (!is_paired(peer.state)) {
        return;
    }
    tell_what_is_asked(session, peer);
    tell_share(session, peer);
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT task_id FROM @task_peer WHERE peer_id = ?1"
                                   " AND state = 'waiting' ORDER BY task_id",
                                   {peer.peer_id})) {
        const auto own = load_own_task(session, integer_at(row, 0));
        if (!own) {
            continue;
        }
        Result<wire::Offer> offer = offer_of(session, *own);
        if (!offer) {
            set_state(session, own->task_id, peer.peer_id, "refused", offer.error().message);
            log_event(
                session.transaction, session.now,
                {"task not offered", peer.peer_id,
                 "the task \"" + own->name.name + "\" cannot be offered: " + offer.error().message,
                 offer.error().hint});
            continue;
        }
        offer->number = draw_offer_number();
        queue_control(session.transaction, peer.peer_id, *offer);
        note_offered(session, own->task_id, peer.peer_id, offer->number);
    }
}

void restate_control(const Session &session, const Peer &peer) {
    Transaction &transaction = session.transaction;
    if (peer.state == PeerState::leaving) {
        transaction.execute("DELETE FROM @control_out WHERE peer_id = ?1", {peer.peer_id});
        queue_control(transaction, peer.peer_id, wire::Farewell{});
        return;
    }
    queue_tasks_in_force(session, peer);
    forget_that_it_was_told(session, peer);
    forget_that_share_was_told(session, peer);
    transaction.execute("UPDATE @task_peer SET state = 'waiting'"
                        " WHERE peer_id = ?1 AND state = 'offered'",
                        {peer.peer_id});
    queue_offers(session, peer);
    for (const Row &row : all_rows(transaction,
                                   "SELECT t.task_id, t.declared_by, t.name, t.paused FROM @task t"
                                   " JOIN @task_peer tp ON tp.task_id = t.task_id"
                                   " WHERE tp.peer_id = ?1 AND tp.state = 'active'"
                                   " ORDER BY t.task_id",
                                   {peer.peer_id})) {
        const wire::TaskName name{fixed_at<16>(row, 1), text_at(row, 2)};
        if (name.declaring_node == session.identity.node) {
            queue_control(transaction, peer.peer_id,
                          integer_at(row, 3) != 0 ? wire::ControlMessage{wire::PauseTask{name}}
                                                  : wire::ControlMessage{wire::ResumeTask{name}});
        } else {
            say_accepted_again(session, peer, name.name);
        }
    }
}

Result<void> take_control_message(const Session &session,
                                  const Peer &peer,
                                  const wire::ControlMessage &message) {
    if (peer.state == PeerState::left && !std::holds_alternative<wire::Farewell>(message)) {
        return {}; // said before it left
    }
    return std::visit(Listener{session, peer}, message);
}

} // namespace postrider::engine
