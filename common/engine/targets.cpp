// Finding, guarding and sending on.
#include "common/engine/targets.hpp"

#include "common/base/utf8.hpp"
#include "common/engine/collect.hpp"
#include "common/engine/parked_guard.hpp"
#include "common/engine/parked_rows.hpp"
#include "common/engine/refused_rows.hpp"
#include "common/engine/step.hpp"
#include "common/engine/store/log.hpp"
#include "common/wire/changeset_format.hpp"

namespace postrider::engine {

namespace {

struct TakenName {
    const std::string &here;
    const std::string &on_the_wire;
};

/// A table that is sent again whole replaces what is here; but not the rows of other senders, which
/// nothing tells from rows that went at this one.
void keep_rows_of_others(const Session &session,
                         const Peer &peer,
                         const TakenName &table,
                         OneWayChanges &changes) {
    changes.truncated = false;
    // The peer sent all that it has: what is parked of others of its rows is old news.
    delete_parked_table(session.transaction, peer.peer_id, table.on_the_wire);
    log_event(session.transaction, session.now,
              {"rows_kept", peer.peer_id,
               "table \"" + table.here + "\" came again whole from " + peer.name +
                   "; others send rows to it too, so no row was deleted for not being among them",
               "If rows were deleted there meanwhile, delete them here too."});
}

/// What others get of the changes: as they came, or as the rows stand here once they are written,
/// where a filter or a list of columns leaves no other way.
void send_on(const Session &session,
             const std::set<std::string> &names,
             const TakenTable &taken,
             const TargetTable &target,
             Targets &targets) {
    for (const std::string &name : names) {
        if (is_told_anew(session.transaction, taken.columns, name)) {
            targets.told_anew.before(session, name, target.table, target.schema, target.changes);
            continue;
        }
        TableChanges copy{.schema = target.schema, .changes = target.changes};
        copy.schema.name = name;
        targets.forwarded.tables.emplace(name, std::move(copy));
    }
}

} // namespace

Result<Targets>
find_targets(const Session &session, const Peer &peer, OwnTables &tables, Changeset &&changeset) {
    Targets targets;
    for (auto &[wire_name, changes] : changeset.tables) {
        const Result<const dialect::TableDescription *> table = tables.find(wire_name);
        if (!table) {
            return table.error();
        }
        if (*table == nullptr || !std::holds_alternative<OneWayChanges>(changes.changes)) {
            refuse_table(session, peer, wire_name, changes);
            continue;
        }
        const std::string &local = (*table)->name;
        if (Result<void> may = session.transaction.may_use(local, {.reads = true, .writes = true});
            !may) {
            return may.error();
        }
        const TakenTable &taken = tables.taken(wire_name);
        auto &rows = std::get<OneWayChanges>(changes.changes);
        if (const auto column = name_as_here(changes.schema, taken.columns)) {
            refuse_column(session, peer, changes.schema, *column, rows.changes.size());
            continue;
        }
        if (taken.without_delete) {
            keep_deleted(rows);
        }
        if (rows.truncated && tables.has_other_senders(local)) {
            keep_rows_of_others(session, peer, {local, wire_name}, rows);
        }
        if (!taken.where.empty()) {
            if (Result<void> guarded = guard_arriving(session, peer, taken, **table, changes);
                !guarded) {
                return guarded.error();
            }
        }
        targets.stops = targets.stops || taken.stops;
        TargetTable target{**table, std::move(changes.schema), std::move(rows),
                           taken.columns.lossy()};
        send_on(session, tables.names_sent_on(local), taken, target, targets);
        targets.tables.push_back(std::move(target));
    }
    return targets;
}

void forward(const Session &session,
             const Peer &peer,
             const wire::BatchHeader &header,
             Changeset &&changeset,
             QueueRun &run) {
    if (changeset.empty() || header.origins.empty()) {
        return;
    }
    append_parents(session, changeset);
    const auto &[origin, collect_number] = *header.origins.begin();
    for (const Changeset &piece : cut_changeset(std::move(changeset), session.sizes.piece_bytes)) {
        run.add({.origin = origin.node,
                 .incarnation = origin.incarnation,
                 .collect_number = collect_number,
                 .receivers = Receivers::all(peer.peer_id),
                 .rows = piece.row_count(),
                 .content = wire::pack_changeset(piece)});
    }
}

} // namespace postrider::engine
