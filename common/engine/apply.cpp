// Opening, checking and applying the batches of a step.
#include "common/engine/apply.hpp"

#include "common/engine/apply_piecewise.hpp"
#include "common/engine/arrived_batches.hpp"
#include "common/engine/collect.hpp"
#include "common/engine/differences.hpp"
#include "common/engine/history_missing.hpp"
#include "common/engine/inbox.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/park.hpp"
#include "common/engine/refused_rows.hpp"
#include "common/engine/report.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/targets.hpp"

namespace postrider::engine {

namespace {

/// A step that could not be applied is tried again this often; declaring anything tries it at once.
constexpr Duration try_again_after = std::chrono::minutes{1};

/// What a step brings: its batches composed, and what goes with them.
class StepContent {
  public:
    StepContent(const Session &session, const Peer &peer, const IncomingRow &row)
        : reader_(session, peer, row) {}

    /// Adds the bodies of the step that are not in yet.
    Result<void> add(const stream::Step &step) {
        for (; bodies_ < step.bodies.size(); ++bodies_) {
            Result<ArrivedBatch> batch = reader_.read(step.bodies[bodies_]);
            if (!batch) {
                return batch.error();
            }
            Result<Changeset> composed = compose(std::move(changes), std::move(batch->changes));
            if (!composed) {
                return composed.error();
            }
            changes = *std::move(composed);
            batch->changes = {};
            batches.push_back(*std::move(batch));
        }
        return {};
    }

    Changeset changes;
    std::vector<ArrivedBatch> batches; // without their changes

  private:
    BatchReader reader_;
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

Result<ApplyCounts>
write_targets(const Session &session, const Peer &peer, const Arrival &arrival, Targets &targets) {
    return targets.stops ? apply_or_stop(session, peer, arrival, targets.tables)
                         : apply_or_park(session, peer, arrival, targets.tables);
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
    if (const auto counts = apply_piecewise(session, peer, row, step)) {
        return *counts;
    }
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
        QueueRun run{session};
        forward(session, peer, content->batches.back().header, std::move(targets->forwarded), run);
        run.finish();
        keep_of(session, row, content->batches);
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
