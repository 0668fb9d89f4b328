// The tasks that take tables from a peer, and the descriptions of those tables.
#include "common/engine/own_tables.hpp"

#include "common/engine/apply_rows.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/missing_tables.hpp"

namespace postrider::engine {

namespace {

/// Those of `names` that are `name` to the database: where it does not look at the case of letters
/// a table may have been renamed so.
std::set<std::string> spellings(const dialect::Dialect &dialect,
                                const std::set<std::string> &names,
                                const std::string &name) {
    std::set<std::string> found;
    for (const std::string &each : names) {
        if (dialect.folded(each) == dialect.folded(name)) {
            found.insert(each);
        }
    }
    return found;
}

} // namespace

OwnTables::OwnTables(const Session &session, const Peer &peer, TakenTables &&taken)
    : session_(&session),
      peer_(&peer),
      taken_(std::move(taken)),
      sent_on_(sent_on_tables(session, peer.peer_id)) {}

Result<OwnTables> OwnTables::load(const Session &session, const Peer &peer) {
    Result<TakenTables> taken = taken_tables(session, peer.peer_id);
    if (!taken) {
        return taken.error();
    }
    return OwnTables{session, peer, *std::move(taken)};
}

Result<const dialect::TableDescription *> OwnTables::find(const std::string &wire_name) {
    if (const auto known = tables_.find(wire_name); known != tables_.end()) {
        return &known->second;
    }
    const auto local = taken_.find(wire_name);
    if (local == taken_.end()) {
        return nullptr;
    }
    Result<dialect::TableDescription> table =
        describe_table(session_->transaction, session_->dialect, local->second.local_name);
    if (!table) {
        return table.error();
    }
    return &tables_.emplace(wire_name, *std::move(table)).first->second;
}

std::set<std::string> OwnTables::names_sent_on(const std::string &local_name) const {
    return sent_on_ ? spellings(session_->dialect, *sent_on_, local_name)
                    : std::set<std::string>{local_name};
}

bool OwnTables::has_other_senders(const std::string &local_name) const {
    const Result<std::set<std::string>> others = otherwise_taken_tables(*session_, peer_->peer_id);
    return !others || !spellings(session_->dialect, *others, local_name).empty();
}

Result<void> OwnTables::check_shapes(const Changeset &changeset) {
    for (const auto &[wire_name, changes] : changeset.tables) {
        const Result<const dialect::TableDescription *> table = find(wire_name);
        if (!table) {
            return table.error();
        }
        const auto *rows = std::get_if<OneWayChanges>(&changes.changes);
        TableSchema schema = changes.schema;
        if (*table == nullptr || rows == nullptr ||
            name_as_here(schema, taken(wire_name).columns)) {
            continue; // it is refused
        }
        Result<void> fits = check_shape(**table, schema, *rows);
        if (fits) {
            continue;
        }
        const Result<bool> added = add_missing_columns(*session_, *peer_, schema, **table);
        if (!added) {
            return added.error();
        }
        tables_.erase(wire_name);
        const auto renewed = find(wire_name);
        if (!renewed) {
            return renewed.error();
        }
        fits = check_shape(**renewed, schema, *rows);
        if (!fits) {
            return fits;
        }
    }
    return {};
}

} // namespace postrider::engine
