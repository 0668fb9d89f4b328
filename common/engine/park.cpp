// Parking, trying again, and what is said of it.
#include "common/engine/park.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/collect.hpp"
#include "common/engine/own_tables.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/refused_rows.hpp"
#include "common/engine/report.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/told_anew.hpp"
#include "common/engine/unique_values.hpp"
#include "common/wire/changeset_format.hpp"

namespace postrider::engine {

namespace {

std::string counted_rows(std::int64_t rows) {
    return std::to_string(rows) + (rows == 1 ? " row" : " rows");
}

/// Tells the peer how many of its rows are parked here, when that is another number than it was
/// told last. A number that was not told yet is replaced, so that there is never more than one.
void tell_parked(const Session &session, const Peer &peer) {
    Transaction &transaction = session.transaction;
    const std::int64_t now = count_parked(transaction, peer.peer_id);
    const std::int64_t told = integer_at(
        *first_row(transaction, "SELECT parked_told FROM @peer WHERE peer_id = ?1", {peer.peer_id}),
        0);
    if (now == told) {
        return;
    }
    std::string reason;
    if (const auto first = first_row(transaction,
                                     "SELECT local_name, reason FROM @parked_row WHERE peer_id = ?1"
                                     " ORDER BY parked_id LIMIT 1",
                                     {peer.peer_id})) {
        reason = "the first into table \"" + text_at(*first, 0) + "\": " + text_at(*first, 1);
    }
    transaction.execute(
        "DELETE FROM @note WHERE peer_id = ?1 AND kind = ?2 AND told_at IS NULL",
        {peer.peer_id, std::int64_t{static_cast<std::uint8_t>(wire::NoteKind::parked)}});
    leave_note(session, peer,
               {.number = 0,
                .kind = wire::NoteKind::parked,
                .stream = 0,
                .batch_number = 0,
                .rows = static_cast<std::uint64_t>(now),
                .code = now == 0 ? "resolved" : "parked",
                .message = printable(reason, limits::note_message_bytes_max)});
    transaction.execute("UPDATE @peer SET parked_told = ?2 WHERE peer_id = ?1",
                        {peer.peer_id, now});
    const std::string whose = counted_rows(now) + " from " + peer.name;
    log_event(transaction, session.now,
              now == 0 ? EventRow{"parked", peer.peer_id,
                                  "no row from " + peer.name + " is parked any more", ""}
                       : EventRow{"parked", peer.peer_id,
                                  whose + (now == 1 ? " is parked, " : " are parked, ") + reason,
                                  "SELECT * FROM " + session.dialect.command("parked") + ";"});
}

Result<void> fits_shape(const dialect::TableDescription &table, const ParkedChange &change) {
    OneWayChanges alone;
    alone.changes.emplace(change.key, change.change);
    return check_shape(table, change.schema, alone);
}

/// What waits in rows of other changes than those of the step, for what must not be deleted or lose
/// a value to which others refer.
std::vector<TargetTable>
pending_rows(const Session &session, const Peer &peer, const std::vector<TargetTable> &targets) {
    const bool takes = std::any_of(targets.begin(), targets.end(), [](const TargetTable &target) {
        return target.changes.truncated || has_unique_values(target.table) ||
               std::any_of(target.changes.changes.begin(), target.changes.changes.end(),
                           [](const auto &each) { return ends_row(each.second.operation); });
    });
    std::vector<TargetTable> pending;
    if (!takes) {
        return pending;
    }
    Result<OwnTables> tables = OwnTables::load(session, peer);
    if (!tables) {
        return pending;
    }
    for (ParkedChange &change : parked_after(session.transaction, peer.peer_id, 0)) {
        const auto table = tables->find(change.schema.name);
        if (table && *table != nullptr && fits_shape(**table, change)) {
            TargetTable row{**table, std::move(change.schema), {}};
            row.changes.changes.emplace(std::move(change.key), std::move(change.change));
            pending.push_back(std::move(row));
        }
    }
    return pending;
}

/// The change of a row that a whole table does not name any more is to delete it.
postrider::Change change_at(const TargetTable &target, const Key &key) {
    const auto found = target.changes.changes.find(key);
    return found == target.changes.changes.end() ? postrider::Change{.operation = Operation::remove,
                                                                     .new_values = {},
                                                                     .old_values = {}}
                                                 : found->second;
}

/// What is left of an arrival once the rest was applied.
struct LeftOut {
    const std::vector<TargetTable> &targets;
    const std::vector<RefusedChange> &refused;
    const JoinedRows &joined; // what was parked before, and is in `targets`
};

Result<void>
park(const Session &session, const Peer &peer, const Arrival &arrival, const LeftOut &left) {
    const auto &[targets, refused, joined] = left;
    for (const RefusedChange &each : refused) {
        const TargetTable &target = targets[each.target];
        const auto before = joined.find({each.target, each.key});
        ParkedChange change{.parked_id = 0,
                            .peer_id = peer.peer_id,
                            .stream = arrival.stream.stream,
                            .batch_number = arrival.batch_number,
                            .schema = target.schema,
                            .key = each.key,
                            .change = change_at(target, each.key),
                            .parked_at = session.now};
        if (before != joined.end()) {
            change.parked_id = before->second.parked_id;
            change.parked_at = before->second.parked_at;
        }
        store_parked(session, change, target.table.name, each.reason);
    }
    if (!refused.empty() &&
        count_parked(session.transaction, peer.peer_id) > limits::parked_rows_max) {
        const RefusedChange &first = refused.front();
        return Error{Errc::conflict,
                     "too many rows are parked, the next into table \"" +
                         targets[first.target].table.name + "\": " + first.reason.message,
                     {},
                     "Look at SELECT * FROM " + session.dialect.command("parked") +
                         "; and mend what is in the way; the batch is tried again by itself."};
    }
    return {};
}

/// A target for each table and shape of what is tried again, which is decided like an arrival.
class RetryStep {
  public:
    RetryStep(const Session &session, const Peer &peer, OwnTables &tables)
        : session_(session), peer_(peer), tables_(tables) {}

    /// A change that cannot be tried stays; one that no task takes any more goes.
    void add(ParkedChange &&change) {
        const Result<const dialect::TableDescription *> table = tables_.find(change.schema.name);
        if (table && (*table == nullptr || !is_taken(change))) {
            delete_parked(session_.transaction, change.parked_id);
            return;
        }
        const Result<void> fits = table ? fits_shape(**table, change) : Result<void>{table.error()};
        if (!fits) {
            note_tried(session_, change.parked_id, fits.error());
            return;
        }
        const std::size_t target = target_for(**table, change.schema);
        ids_.emplace(ChangePlace{target, change.key}, change.parked_id);
        targets_[target].changes.changes.emplace(std::move(change.key), std::move(change.change));
    }

    /// Gives how many were applied.
    std::size_t run() {
        for (std::size_t index = 0; index < targets_.size(); ++index) {
            guard(index);
        }
        std::vector<ToldAnew> told = look_before();
        const Result<Fitting> fitting =
            apply_fitting(session_.transaction, session_.dialect, targets_, {});
        if (!fitting) {
            for (const auto &[place, id] : ids_) {
                note_tried(session_, id, fitting.error());
            }
            return 0;
        }
        for (const RefusedChange &refused : fitting->refused) {
            const ChangePlace place{refused.target, refused.key};
            const auto id = ids_.find(place);
            ensure(id != ids_.end(), "only what was tried is refused");
            note_tried(session_, id->second, refused.reason);
            ids_.erase(id);
            targets_[refused.target].changes.changes.erase(refused.key);
            told[refused.target].leave_out(session_, refused.key);
        }
        for (const auto &[place, id] : ids_) {
            delete_parked(session_.transaction, id);
        }
        note_missing_rows(session_, peer_, fitting->counts.missing);
        forward_applied(told);
        return ids_.size();
    }

  private:
    /// The tasks may take other columns than when it came, or no deletions any more.
    bool is_taken(const ParkedChange &change) {
        const TakenTable &taken = tables_.taken(change.schema.name);
        for (const Column &column : change.schema.columns) {
            if (!taken.columns.on_wire(column.name)) {
                refuse_column(session_, peer_, change.schema, column.name, 1);
                return false;
            }
        }
        return !taken.without_delete || !ends_row(change.change.operation);
    }

    std::size_t target_for(const dialect::TableDescription &table, const TableSchema &schema) {
        for (std::size_t index = 0; index < targets_.size(); ++index) {
            if (targets_[index].schema == schema) {
                return index;
            }
        }
        TargetTable &target = targets_.emplace_back();
        target.table = table;
        target.schema = schema;
        target.lossy = tables_.taken(schema.name).columns.lossy();
        return targets_.size() - 1;
    }

    /// The row here, or the condition, may be another than when the change came.
    void guard(std::size_t index) {
        TargetTable &target = targets_[index];
        const TakenTable &taken = tables_.taken(target.schema.name);
        if (taken.where.empty()) {
            return;
        }
        TableChanges rows{.schema = target.schema, .changes = target.changes};
        const Result<void> guarded = guard_rows(session_, peer_, taken, target.table, rows);
        const auto &inside = std::get<OneWayChanges>(rows.changes).changes;
        std::erase_if(target.changes.changes, [&](const auto &each) {
            if (guarded && inside.contains(each.first)) {
                return false;
            }
            const auto id = ids_.find(ChangePlace{index, each.first});
            if (guarded) {
                delete_parked(session_.transaction, id->second);
            } else {
                note_tried(session_, id->second, guarded.error());
            }
            ids_.erase(id);
            return true;
        });
    }

    [[nodiscard]] bool is_sent_anew(const TargetTable &target, const std::string &name) const {
        return is_told_anew(session_.transaction, tables_.taken(target.schema.name).columns, name);
    }

    /// Beside the targets.
    [[nodiscard]] std::vector<ToldAnew> look_before() const {
        std::vector<ToldAnew> told(targets_.size());
        for (std::size_t index = 0; index < targets_.size(); ++index) {
            const TargetTable &target = targets_[index];
            for (const std::string &name : tables_.names_sent_on(target.table.name)) {
                if (is_sent_anew(target, name)) {
                    told[index].before(session_, name, target.table, target.schema, target.changes);
                }
            }
        }
        return told;
    }

    [[nodiscard]] Changeset sent_on(const TargetTable &target, const ToldAnew &told) const {
        Changeset changeset;
        for (const std::string &name : tables_.names_sent_on(target.table.name)) {
            if (!is_sent_anew(target, name)) {
                TableChanges copy{.schema = target.schema, .changes = target.changes};
                copy.schema.name = name;
                changeset.tables.emplace(name, std::move(copy));
            }
        }
        told.after(session_, changeset);
        return changeset;
    }

    /// As one step, but for a table of which there are several shapes.
    void forward_applied(const std::vector<ToldAnew> &told) const {
        Changeset together;
        const auto send = [&] {
            if (!together.empty()) {
                append_parents(session_, together);
                append_collected(session_, std::move(together), peer_.peer_id);
            }
            together = {};
        };
        for (std::size_t index = 0; index < targets_.size(); ++index) {
            Changeset changeset = sent_on(targets_[index], told[index]);
            for (auto &[name, changes] : changeset.tables) {
                if (std::get<OneWayChanges>(changes.changes).changes.empty()) {
                    continue;
                }
                if (together.tables.contains(name)) {
                    send();
                }
                together.tables.emplace(name, std::move(changes));
            }
        }
        send();
    }

    const Session &session_;
    const Peer &peer_;
    OwnTables &tables_;
    std::vector<TargetTable> targets_;
    std::map<ChangePlace, std::int64_t> ids_;
};

std::string what_is_left(std::size_t applied, std::int64_t left) {
    return counted_rows(static_cast<std::int64_t>(applied)) + " applied, " +
           (left == 0
                ? "nothing is parked any more"
                : std::to_string(left) + (left == 1 ? " is still parked" : " are still parked"));
}

Result<ParkedChange> require_parked(const Session &session, std::int64_t id) {
    auto change = find_parked(session.transaction, id);
    if (!change) {
        return Error{Errc::refused,
                     "no row is parked under number " + std::to_string(id),
                     {},
                     "It may have been applied meanwhile: SELECT * FROM " +
                         session.dialect.command("parked") + ";"};
    }
    return *std::move(change);
}

} // namespace

Result<ApplyCounts> apply_or_park(const Session &session,
                                  const Peer &peer,
                                  const Arrival &arrival,
                                  std::vector<TargetTable> &targets) {
    JoinedRows joined;
    std::vector<TargetTable> pending;
    if (arrival.had_parked) {
        joined = join_parked(session, peer, targets);
        pending = pending_rows(session, peer, targets);
    }
    const Result<Fitting> fitting =
        apply_fitting(session.transaction, session.dialect, targets, pending);
    if (!fitting) {
        return fitting.error();
    }
    if (const Result<void> parked =
            park(session, peer, arrival, {targets, fitting->refused, joined});
        !parked) {
        return parked.error();
    }
    if (arrival.had_parked || !fitting->refused.empty()) {
        tell_parked(session, peer);
    }
    return fitting->counts;
}

Result<ApplyCounts> apply_or_stop(const Session &session,
                                  const Peer &peer,
                                  const Arrival &arrival,
                                  std::vector<TargetTable> &targets) {
    if (arrival.had_parked) {
        join_parked(session, peer, targets);
    }
    Result<ApplyCounts> counts = apply_rows(session.transaction, session.dialect, targets);
    if (counts && arrival.had_parked) {
        tell_parked(session, peer);
    }
    return counts;
}

Retried retry_parked(const Session &session, const Peer &peer, std::int64_t after) {
    Retried retried;
    std::vector<ParkedChange> changes = parked_after(session.transaction, peer.peer_id, after);
    Result<OwnTables> tables = OwnTables::load(session, peer);
    if (changes.empty() || !tables) {
        return retried;
    }
    collect(session);
    const std::int64_t last = changes.back().parked_id;
    RetryStep step{session, peer, *tables};
    for (ParkedChange &change : changes) {
        step.add(std::move(change));
    }
    retried.applied = step.run();
    const bool is_last =
        !first_row(session.transaction,
                   "SELECT 1 FROM @parked_row WHERE peer_id = ?1 AND parked_id > ?2 LIMIT 1",
                   {peer.peer_id, last});
    retried.last = is_last ? 0 : last;
    tell_parked(session, peer);
    return retried;
}

Result<std::string> retry_parked_now(const Session &session, std::optional<std::int64_t> id) {
    std::optional<std::int64_t> only;
    if (id) {
        const Result<ParkedChange> change = require_parked(session, *id);
        if (!change) {
            return change.error();
        }
        only = change->peer_id;
    }
    std::size_t applied = 0;
    std::int64_t left = 0;
    for (const Peer &peer : load_peers(session.transaction)) {
        if (only && *only != peer.peer_id) {
            continue;
        }
        // As in a round: nothing is applied of a peer that is revoked, held or not approved.
        bool goes_on = is_usable(session.identity, peer) && peer.held.empty();
        for (std::int64_t after = id ? *id - 1 : 0; goes_on;) {
            const Retried retried = retry_parked(session, peer, after);
            applied += retried.applied;
            after = retried.last;
            goes_on = after != 0 && !id;
        }
        left += count_parked(session.transaction, peer.peer_id);
    }
    return what_is_left(applied, left);
}

Result<std::string> discard_parked(const Session &session, std::int64_t id) {
    const Result<ParkedChange> change = require_parked(session, id);
    if (!change) {
        return change.error();
    }
    const auto peer = load_peer(session.transaction, change->peer_id);
    ensure(peer.has_value(), "what is parked of a peer goes with it");
    delete_parked(session.transaction, id);
    const std::string what =
        "a change of a row of table \"" + printable(change->schema.name) + "\" was discarded";
    leave_note(session, *peer,
               {.number = 0,
                .kind = wire::NoteKind::refused,
                .stream = change->stream,
                .batch_number = change->batch_number,
                .rows = 1,
                .code = "discarded",
                .message = what});
    log_event(session.transaction, session.now,
              {"discarded", peer->peer_id, what + "; it came from " + peer->name,
               "The row differs from the sender's until it changes there again."});
    tell_parked(session, *peer);
    return what + "; the row stays here as it is";
}

} // namespace postrider::engine
