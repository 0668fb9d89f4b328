// Refusals in words.
#include "common/engine/refused_rows.hpp"

#include "common/base/utf8.hpp"
#include "common/engine/filtered_tables.hpp"
#include "common/engine/report.hpp"
#include "common/engine/row_guard.hpp"
#include "common/engine/store/log.hpp"

namespace postrider::engine {

namespace {

void refuse_rows(const Session &session,
                 const Peer &peer,
                 const std::string &table,
                 std::uint64_t rows,
                 const Error &reason) {
    log_refused(session.transaction, session.now, {peer.peer_id, "table " + table, reason});
    leave_note(session, peer,
               {.number = 0,
                .kind = wire::NoteKind::refused,
                .stream = 0,
                .batch_number = 0,
                .rows = rows,
                .code = "refused",
                .message = reason.message});
}

} // namespace

void refuse_table(const Session &session,
                  const Peer &peer,
                  const std::string &table,
                  const TableChanges &changes) {
    const std::uint64_t rows =
        std::visit([](const auto &law) { return law.changes.size(); }, changes.changes);
    refuse_rows(session, peer, table, rows,
                {Errc::refused,
                 "no task takes table \"" + printable(table) + "\" from peer \"" + peer.name + "\"",
                 {},
                 "Accept the offer of the task, or declare one."});
}

void refuse_column(const Session &session,
                   const Peer &peer,
                   const TableSchema &table,
                   const std::string &column,
                   std::uint64_t rows) {
    refuse_rows(session, peer, table.name, rows,
                {Errc::refused,
                 "no task takes column \"" + printable(column) + "\" of table \"" +
                     printable(table.name) + "\" from peer \"" + peer.name + "\"",
                 {},
                 "Name the column in the task here, or let the peer leave it out; then let it send"
                 " the table again."});
}

void note_missing_rows(const Session &session, const Peer &peer, std::uint64_t rows) {
    if (rows > 0) {
        log_event(session.transaction, session.now,
                  {"rows_missing", peer.peer_id,
                   std::to_string(rows) + " rows that " + peer.name + " updated are not here",
                   "Ask " + peer.name + " to send the table again."});
    }
}

Result<void> guard_rows(const Session &session,
                        const Peer &peer,
                        const TakenTable &taken,
                        const dialect::TableDescription &table,
                        TableChanges &changes) {
    Result<RowFilter> guard = row_filter(session, peer.peer_id, taken.where, table);
    if (!guard) {
        return guard.error();
    }
    guard->lossy = taken.columns.lossy();
    auto &rows = std::get<OneWayChanges>(changes.changes);
    const std::uint64_t outside = take_away_outside(session, *guard, changes.schema, rows);
    if (outside > 0) {
        refuse_rows(session, peer, changes.schema.name, outside,
                    {Errc::refused,
                     std::to_string(outside) + " rows of table \"" +
                         printable(changes.schema.name) + "\" are outside the rows " + peer.name +
                         " may write",
                     {},
                     "Correct them there, or the WHERE of the task here; then let the peer send"
                     " the table again."});
    }
    return {};
}

} // namespace postrider::engine
