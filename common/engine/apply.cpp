// Opening, checking and applying the batches of a step.
#include "common/engine/apply.hpp"

#include <map>
#include <set>

#include "common/base/utf8.hpp"
#include "common/crypto/chain.hpp"
#include "common/engine/collect.hpp"
#include "common/engine/differences.hpp"
#include "common/engine/history.hpp"
#include "common/engine/history_missing.hpp"
#include "common/engine/inbox.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/own_tables.hpp"
#include "common/engine/park.hpp"
#include "common/engine/parked_guard.hpp"
#include "common/engine/refused_rows.hpp"
#include "common/engine/report.hpp"
#include "common/engine/step.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/told_anew.hpp"
#include "common/wire/batch.hpp"
#include "common/wire/change_frame.hpp"
#include "common/wire/changeset_format.hpp"

namespace postrider::engine {

namespace {

/// A step that could not be applied is tried again this often; declaring anything tries it at once.
constexpr Duration try_again_after = std::chrono::minutes{1};

/// One batch: its content must be what its header, and so the chain, vouches for.
Result<wire::Batch> read_batch(const Session &session,
                               const Peer &peer,
                               const IncomingRow &row,
                               const stream::InboxKey &body) {
    const Result<Bytes> plaintext = open_stored_body(session, peer, row, body);
    if (!plaintext) {
        return plaintext.error();
    }
    Result<wire::Batch> batch =
        wire::decode_body(*plaintext, {}, history_reader(session.transaction, row));
    if (!batch) {
        return batch;
    }
    if (crypto::content_hash(wire::canonical_bytes(batch->frames)) != batch->header.content_hash) {
        return Error{Errc::malformed,
                     "the content of a batch is not the one that its header names"};
    }
    return batch;
}

/// Adds the schemas that the frames name and that were learnt of earlier batches.
void recall_schemas(const Session &session,
                    const StreamKey &key,
                    const std::vector<wire::Frame> &frames,
                    wire::KnownSchemas &known) {
    for (const wire::Frame &frame : frames) {
        if (frame.kind != wire::FrameKind::changes) {
            continue;
        }
        const Result<wire::SchemaHash> hash = wire::read_schema_hash(frame.raw);
        if (!hash || known.contains({frame.table, *hash})) {
            continue; // what cannot be read is refused where it is decoded
        }
        const auto row = first_row(
            session.transaction,
            "SELECT content FROM @schema_in WHERE peer_id = ?1"
            " AND stream = ?2 AND table_name = ?3 AND hash = ?4",
            {key.peer_id, std::int64_t{key.stream}, Value::text(frame.table), stored(*hash)});
        if (row) {
            const Result<TableSchema> schema = wire::decode_schema(blob_at(*row, 0));
            ensure(schema.has_value(), "a learnt schema was decoded before it was stored");
            known.emplace(wire::SchemaName{frame.table, *hash}, *schema);
        }
    }
}

void learn(const Session &session, const StreamKey &key, const wire::Batch &batch) {
    for (const wire::Frame &frame : batch.frames) {
        if (frame.kind != wire::FrameKind::schema) {
            continue;
        }
        const Result<TableSchema> schema = wire::decode_schema(frame.raw);
        ensure(schema.has_value(), "the frames of an applied batch were decoded");
        const wire::SchemaName name = wire::schema_name(*schema);
        session.transaction.execute(
            "INSERT INTO @schema_in (peer_id, stream, table_name, hash, content)"
            " VALUES (?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT (peer_id, stream, table_name, hash) DO NOTHING",
            {key.peer_id, std::int64_t{key.stream}, Value::text(name.table), stored(name.hash),
             frame.raw});
    }
}

/// What a step brings: its batches composed, their headers and schemas.
class StepContent {
  public:
    StepContent(const Session &session, const Peer &peer, const IncomingRow &row)
        : session_(session), peer_(peer), row_(row) {}

    /// Adds the bodies of the step that are not in yet.
    Result<void> add(const stream::Step &step) {
        for (; bodies_ < step.bodies.size(); ++bodies_) {
            Result<wire::Batch> batch = read_batch(session_, peer_, row_, step.bodies[bodies_]);
            if (!batch) {
                return batch.error();
            }
            Result<void> added = add(*std::move(batch), step.bodies[bodies_].first);
            if (!added) {
                return added;
            }
        }
        return {};
    }

    Changeset changes;
    std::vector<wire::Batch> batches; // without their changes
    std::vector<KeptBatch> history;   // what is kept of them

  private:
    Result<void> add(wire::Batch batch, std::uint64_t number) {
        recall_schemas(session_, row_.key, batch.frames, known_);
        Result<Changeset> piece = wire::decode_changeset(batch.frames, known_);
        if (!piece) {
            return piece.error();
        }
        Result<void> learnt = wire::learn_schemas(batch.frames, known_);
        if (!learnt) {
            return learnt;
        }
        Result<Changeset> composed = compose(std::move(changes), *std::move(piece));
        if (!composed) {
            return composed.error();
        }
        changes = *std::move(composed);
        if (batch.header.history) {
            history.push_back({{number, batch.header.history->floor}, kept_frames(batch.frames)});
        }
        std::erase_if(batch.frames, [](const wire::Frame &frame) {
            return frame.kind != wire::FrameKind::schema;
        });
        batches.push_back(std::move(batch));
        return {};
    }

    const Session &session_;
    const Peer &peer_;
    const IncomingRow &row_;
    wire::KnownSchemas known_;
    std::size_t bodies_ = 0;
};

/// Where our tables were altered before the sender's, a later step says that his are now, and sends
/// the rows anew; what lies between fits only together with that, and is joined to it in `step`.
Result<StepContent> read_fitting_step(const Session &session,
                                      const Peer &peer,
                                      const IncomingRow &row,
                                      OwnTables &tables,
                                      stream::Step &step) {
    StepContent content{session, peer, row};
    Result<void> read = content.add(step);
    if (!read) {
        return read.error();
    }
    const Result<void> fits = tables.check_shapes(content.changes);
    bool fit = fits.has_value();
    stream::Step joined = step;
    while (!fit) {
        auto longer = stream::joined_with_next(row.machine, joined);
        if (!longer || fits.error().code != Errc::schema_mismatch ||
            needed_first(session.transaction, row.key, longer->bodies) || !content.add(*longer)) {
            return fits.error();
        }
        joined = *std::move(longer);
        fit = tables.check_shapes(content.changes).has_value();
    }
    step = std::move(joined);
    return content;
}

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

/// The tables that take the changes, and what goes on to others from here.
struct Targets {
    std::vector<TargetTable> tables;
    Changeset forwarded;
    ToldAnew told_anew; // of them, what is read again once it is written
    bool stops = false; // ON ERROR STOP
};

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
             const Changeset &changeset) {
    if (changeset.empty() || header.origins.empty()) {
        return;
    }
    append_parents(session, changeset);
    const auto &[origin, collect_number] = *header.origins.begin();
    append_to_queue(session.transaction,
                    {.origin = origin.node,
                     .incarnation = origin.incarnation,
                     .collect_number = collect_number,
                     .from_peer = peer.peer_id,
                     .rows = changeset.row_count(),
                     .content = wire::pack_changeset(changeset)},
                    session.now);
}

Result<ApplyCounts>
write_targets(const Session &session, const Peer &peer, const Arrival &arrival, Targets &targets) {
    return targets.stops ? apply_or_stop(session, peer, arrival, targets.tables)
                         : apply_or_park(session, peer, arrival, targets.tables);
}

void note_shapes(const Session &session, const Peer &peer, const Changeset &changes) {
    bool news = false;
    for (const auto &[wire_name, table] : changes.tables) {
        news = note_shape(session, peer, table.schema) || news;
    }
    if (news) {
        note_differences(session, peer);
    }
}

/// Of a step that is held, for people.
void note_held_shapes(const Session &session,
                      const Peer &peer,
                      const IncomingRow &row,
                      const stream::Step &step) {
    StepContent content{session, peer, row};
    if (content.add(step)) {
        note_shapes(session, peer, content.changes);
    }
}

Result<ApplyCounts>
apply_data(const Session &session, const Peer &peer, const IncomingRow &row, stream::Step &step) {
    Result<OwnTables> tables = OwnTables::load(session, peer);
    if (!tables) {
        return tables.error();
    }
    Result<StepContent> content = read_fitting_step(session, peer, row, *tables, step);
    if (!content) {
        return content.error();
    }
    // A table that comes whole takes away what is parked of it while its target is looked for.
    const Arrival arrival{row.key, step.bodies.back().first,
                          has_parked(session.transaction, peer.peer_id)};
    note_shapes(session, peer, content->changes);
    Result<Targets> targets = find_targets(session, peer, *tables, std::move(content->changes));
    if (!targets) {
        return targets.error();
    }
    Result<ApplyCounts> counts = write_targets(session, peer, arrival, *targets);
    if (counts) {
        targets->told_anew.after(session, targets->forwarded);
        forward(session, peer, content->batches.back().header, targets->forwarded);
        for (const wire::Batch &batch : content->batches) {
            learn(session, row.key, batch);
        }
        keep_received(session.transaction, row, content->history);
    }
    return counts;
}

Result<ApplyCounts> apply_control(const Session &session,
                                  const Peer &peer,
                                  const IncomingRow &row,
                                  const stream::Step &step) {
    ApplyCounts counts;
    for (const stream::InboxKey &body : step.bodies) {
        const Result<wire::Batch> batch = read_batch(session, peer, row, body);
        if (!batch) {
            return batch.error();
        }
        for (const wire::Frame &frame : batch->frames) {
            const Result<wire::ControlMessage> message = wire::decode_control(frame.raw);
            const Result<void> taken = message ? take_control_message(session, peer, *message)
                                               : Result<void>{message.error()};
            if (!taken) {
                // A message that we cannot follow must not stop those behind it.
                log_refused(session.transaction, session.now,
                            {peer.peer_id, "control message", taken.error()});
            }
            ++counts.rows;
        }
    }
    return counts;
}

void log_applied(const Session &session,
                 const IncomingRow &row,
                 const stream::Step &step,
                 const ApplyCounts &counts,
                 std::uint64_t incarnation) {
    for (const auto &[number, body_hash] : step.bodies) {
        const DeliveryKey delivery{row.key.peer_id, "received", row.key.stream, incarnation,
                                   number};
        const bool last = number == step.bodies.back().first;
        log_delivery(session.transaction, session.now, delivery,
                     {last ? counts.rows : 0, row.machine.inbox.at({number, body_hash}).total},
                     "received");
        finish_delivery(session.transaction, session.now, delivery, "applied");
    }
}

Applied hold(const Session &session, const Peer &peer, IncomingRow &row, const Error &error) {
    row.next_try_at = session.now + try_again_after;
    if (row.machine.reason != error.message) {
        row.machine.reason = error.message;
        log_event(session.transaction, session.now,
                  {"batch_held", peer.peer_id,
                   "stream " + std::to_string(row.key.stream) + " from " + peer.name +
                       " waits: " + error.message,
                   error.hint});
        leave_note(session, peer,
                   {.number = 0,
                    .kind = wire::NoteKind::error,
                    .stream = row.key.stream,
                    .batch_number = row.machine.applied.number + 1,
                    .rows = 0,
                    .code = std::string(name_of(error.code)),
                    .message = error.message});
    }
    save_incoming(session.transaction, row);
    return Applied::held;
}

/// Steps behind it may be joined to `step`.
Applied apply_whole(const Session &session, const Peer &peer, IncomingRow &row, stream::Step step) {
    collect(session);
    ApplyCounts counts;
    const Result<void> done = session.transaction.attempt([&]() -> Result<void> {
        Result<ApplyCounts> applied = row.key.stream == control_stream
                                          ? apply_control(session, peer, row, step)
                                          : apply_data(session, peer, row, step);
        if (!applied) {
            return applied.error();
        }
        counts = *applied;
        return {};
    });
    if (!done) {
        if (done.error().code == Errc::gap && ask_without_history(session, peer, row)) {
            return Applied::held;
        }
        if (done.error().code == Errc::schema_mismatch) {
            note_held_shapes(session, peer, row, step);
        }
        return hold(session, peer, row, done.error());
    }
    const std::uint64_t incarnation =
        row.machine.newcomer != 0 ? row.machine.newcomer : row.machine.applied.incarnation;
    log_applied(session, row, step, counts, incarnation);
    note_missing_rows(session, peer, counts.missing);
    const bool was_forked = row.machine.state == stream::StreamState::forked;
    delete_bodies(session.transaction, row.key, stream::note_applied(row.machine, step));
    if (was_forked) {
        log_event(session.transaction, session.now,
                  {"stream_mended", peer.peer_id,
                   "stream " + std::to_string(row.key.stream) + " from " + peer.name +
                       " goes on under a new incarnation"});
    }
    row.machine.reason.clear();
    row.next_try_at.reset();
    stream::note_news(row.acknowledgement, session.now);
    note_progress(row, session.now);
    save_incoming(session.transaction, row);
    return Applied::step;
}

Applied stop(const Session &session, const Peer &peer, IncomingRow &row, const stream::Step &step) {
    const bool is_fork = step.what == stream::Step::What::fork;
    if (is_fork) {
        stream::stop_forked(row.machine, step);
    } else {
        delete_bodies(session.transaction, row.key, stream::drop_newcomer(row.machine));
    }
    stream::note_urgent(row.acknowledgement, session.now);
    save_incoming(session.transaction, row);
    log_event(
        session.transaction, session.now,
        {is_fork ? "stream_forked" : "rebase_refused", peer.peer_id,
         "stream " + std::to_string(row.key.stream) + " from " + peer.name + ": " + step.reason,
         is_fork ? peer.name + " is told and begins the stream anew. Should this come again, ask"
                               " there for a second copy of the database."
                 : std::string{}});
    return Applied::held;
}

} // namespace

std::optional<Timestamp> next_try(const IncomingRow &row, Timestamp now) {
    return row.next_try_at ? std::optional{stream::due_time(*row.next_try_at, try_again_after, now)}
                           : std::nullopt;
}

void hold_step(const Session &session, const Peer &peer, const StreamKey &key, const Error &error) {
    IncomingRow row = load_incoming(session.transaction, key);
    hold(session, peer, row, error);
}

Applied apply_next_step(const Session &session, const Peer &peer, const StreamKey &key) {
    IncomingRow row = load_incoming(session.transaction, key);
    if (const auto from = next_try(row, session.now); from && *from > session.now) {
        return Applied::nothing;
    }
    const stream::Step step = stream::next_step(row.machine);
    switch (step.what) {
    case stream::Step::What::wait:
        return Applied::nothing;
    case stream::Step::What::apply:
        if (needed_first(session.transaction, key, step.bodies)) {
            return Applied::nothing; // they have not come yet
        }
        return apply_whole(session, peer, row, step);
    case stream::Step::What::fork:
    case stream::Step::What::rebase_refused:
        return stop(session, peer, row, step);
    }
    return Applied::nothing;
}

} // namespace postrider::engine
