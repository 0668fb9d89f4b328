// The sender's side: numbers, transmissions and reports.
#include "common/stream/outgoing.hpp"

#include <algorithm>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"

namespace postrider::stream {

namespace {

/// The greatest number that may be sent. The window begins after what is acknowledged; a step that
/// is longer than the window moves it by what the receiver has stored of the step.
std::uint64_t window_end(const OutgoingStream &stream) {
    std::uint64_t base = stream.acknowledged;
    auto entry = stream.outbox.find(base + 1);
    while (entry != stream.outbox.end() && entry->first == base + 1 && entry->second.stored &&
           entry->second.continues) {
        ++base;
        ++entry;
    }
    return base + limits::window_numbers_max;
}

/// The step of the last number goes on: its other batches are numbered whatever the window is, as
/// they are made at once.
bool is_within_step(const OutgoingStream &stream) {
    const auto last = stream.outbox.find(stream.last_number);
    return last != stream.outbox.end() && last->second.continues;
}

/// The last transmission lies in a future that is not near: the clock was set back since.
bool clock_was_set_back(const OutboxEntry &entry, const Timing &timing, Timestamp now) {
    return entry.last_sent && *entry.last_sent > now + timing.retransmission_min;
}

Timestamp due_at(const OutboxEntry &entry, const Timing &timing, Timestamp now) {
    if (!entry.last_sent) {
        return due_time(entry.next_send, Duration::zero(), now); // it was due when it was numbered
    }
    return clock_was_set_back(entry, timing, now) ? now : entry.next_send;
}

std::vector<Range> ranges_to_send(const OutboxEntry &entry) {
    if (entry.stored && entry.wanted.empty()) {
        return {Range{0, 1}};
    }
    return entry.wanted;
}

bool holds(const std::vector<Range> &numbers, std::uint64_t number) {
    return std::any_of(numbers.begin(), numbers.end(), [number](const Range &range) {
        return range.offset <= number && number < range.end;
    });
}

void hold(OutgoingStream &stream, StreamState state, std::string reason) {
    if (stream.state != StreamState::stopped) {
        stream.state = state;
        stream.reason = std::move(reason);
    }
}

/// The chain hash of ours at `number`, empty where we do not know it any more or not yet.
std::optional<ChainHash> chain_at(const OutgoingStream &stream, std::uint64_t number) {
    if (number == stream.acknowledged) {
        return stream.acknowledged_chain;
    }
    const auto entry = stream.outbox.find(number);
    return entry == stream.outbox.end() ? std::nullopt : std::optional{entry->second.chain};
}

ReportVerdict learn_position(OutgoingStream &stream, const Position &position) {
    if (position.incarnation >= stream.incarnation) {
        hold(stream, StreamState::held,
             "the receiver knows this incarnation already: the past of this database is in doubt");
        return ReportVerdict::beyond_sent;
    }
    stream.rebase = position;
    stream.last_chain = position.chain;
    stream.acknowledged_chain = position.chain;
    stream.awaits_position = false;
    return ReportVerdict::position_known;
}

/// The greatest number of which the receiver has at least a part.
std::uint64_t greatest_number(const StreamReport &report) {
    std::uint64_t greatest = report.applied.number;
    for (const Range &numbers : report.stored) {
        greatest = std::max(greatest, numbers.end - 1);
    }
    for (const MissingParts &missing : report.missing) {
        greatest = std::max(greatest, missing.number);
    }
    return greatest;
}

/// Whether the receiver's position lies on our line; `accepted` where it does.
ReportVerdict judge_position(OutgoingStream &stream, const StreamReport &report) {
    const Position &position = report.applied;
    if (position.incarnation > stream.incarnation ||
        (position.incarnation == stream.incarnation &&
         greatest_number(report) > stream.last_number)) {
        hold(stream, StreamState::held,
             "the receiver has more than was sent: the past of this database is in doubt");
        return ReportVerdict::beyond_sent;
    }
    if (position.incarnation < stream.incarnation) {
        if (stream.acknowledged == 0 && stream.acknowledged_chain == position.chain) {
            return ReportVerdict::nothing_new; // it has not seen our number 1 yet
        }
        hold(stream, StreamState::held, "the receiver stands in an older incarnation");
        return ReportVerdict::rebase_needed;
    }
    if (position.number < stream.acknowledged) {
        hold(stream, StreamState::held, "the receiver has lost what it had acknowledged");
        return ReportVerdict::rebase_needed;
    }
    if (position.number == 0 && position.chain != stream.acknowledged_chain) {
        hold(stream, StreamState::held,
             "the receiver does not stand where this incarnation begins");
        return ReportVerdict::rebase_needed;
    }
    if (chain_at(stream, position.number) != position.chain) {
        hold(stream, StreamState::forked, "the receiver applied other content under our numbers");
        return ReportVerdict::wrong_chain;
    }
    if (report.forked) {
        hold(stream, StreamState::forked,
             "the receiver was sent two pasts after number " + std::to_string(position.number));
        return ReportVerdict::told_forked;
    }
    return ReportVerdict::accepted;
}

/// Karn's rule: only what was sent exactly once tells a round trip. The shortest of those that
/// arrived since the last report was delayed by nothing but the way.
class RoundTripSample {
  public:
    void look_at(const OutboxEntry &entry, Timestamp now) {
        if (!entry.stored && entry.tries == 1 && entry.last_sent && *entry.last_sent <= now) {
            const Duration trip = now - *entry.last_sent;
            shortest_ = shortest_ ? std::min(*shortest_, trip) : trip;
        }
    }

    void give_to(OutgoingStream &stream) const {
        if (shortest_) {
            stream.round_trip = smoothed(stream.round_trip, *shortest_);
        }
    }

  private:
    std::optional<Duration> shortest_;
};

/// At most once per round trip, however often the receiver asks.
void ask_for(OutboxEntry &entry, std::vector<Range> wanted, Duration round_trip, Timestamp now) {
    if (!entry.last_sent) {
        return; // on its way to be sent whole anyway
    }
    entry.wanted = std::move(wanted);
    entry.next_send = std::min(entry.next_send, std::max(now, *entry.last_sent + round_trip));
}

void take_requests(OutgoingStream &stream,
                   const StreamReport &report,
                   const Timing &timing,
                   Timestamp now,
                   ReportOutcome &outcome) {
    const Duration round_trip = stream.round_trip.value_or(timing.retransmission_min);
    for (const MissingParts &missing : report.missing) {
        const auto found = stream.outbox.find(missing.number);
        if (found == stream.outbox.end() || found->second.stored) {
            continue;
        }
        OutboxEntry &entry = found->second;
        // Ranges of a body that we have replaced tell nothing of the present one.
        const bool is_present_body = missing.body_hash == entry.body_hash;
        const bool names_body = missing.body_hash != BodyHash{};
        if (missing.ranges.empty() && names_body) {
            if (is_present_body && entry.last_sent) {
                outcome.lacking.push_back(missing.number);
            }
            continue;
        }
        const bool sane =
            std::all_of(missing.ranges.begin(), missing.ranges.end(), [&](const Range &range) {
                return range.offset < range.end && range.end <= entry.body_total;
            });
        if (missing.ranges.empty() || (is_present_body && sane)) {
            ask_for(entry, missing.ranges, round_trip, now);
        }
    }
}

/// The report agrees with our line: forget what is applied, note what is stored and missing.
void take_progress(OutgoingStream &stream,
                   const StreamReport &report,
                   Timestamp now,
                   ReportOutcome &outcome) {
    RoundTripSample sample;
    const auto first_kept = stream.outbox.upper_bound(report.applied.number);
    for (auto entry = stream.outbox.begin(); entry != first_kept; ++entry) {
        sample.look_at(entry->second, now);
        outcome.dropped.push_back(entry->first);
    }
    stream.outbox.erase(stream.outbox.begin(), first_kept);
    stream.acknowledged = report.applied.number;
    stream.acknowledged_chain = report.applied.chain;
    for (auto &[number, entry] : stream.outbox) {
        const bool stored = entry.last_sent && holds(report.stored, number);
        if (stored) {
            sample.look_at(entry, now);
            entry.wanted.clear();
        }
        entry.stored = stored;
    }
    sample.give_to(stream);
}

} // namespace

std::optional<NextNumber> next_number(const OutgoingStream &stream) {
    if (stream.state != StreamState::open || stream.awaits_position ||
        (stream.last_number >= window_end(stream) && !is_within_step(stream))) {
        return std::nullopt;
    }
    NextNumber next{stream.last_number + 1, stream.last_chain, std::nullopt};
    if (next.number == 1) {
        next.rebase = stream.rebase;
    }
    return next;
}

const OutboxEntry &take_number(OutgoingStream &stream, const Numbered &batch, Timestamp now) {
    const std::optional<NextNumber> next = next_number(stream);
    ensure(next && next->number == batch.number, "a number is given once, in order");
    stream.last_number = batch.number;
    stream.last_chain = batch.chain;
    OutboxEntry &entry = stream.outbox[batch.number];
    entry.number = batch.number;
    entry.chain = batch.chain;
    entry.body_hash = batch.body_hash;
    entry.body_total = batch.body_total;
    entry.continues = batch.continues;
    entry.next_send = now;
    return entry;
}

std::vector<Due> due_now(const OutgoingStream &stream, const Timing &timing, Timestamp now) {
    std::vector<Due> due;
    if (stream.state != StreamState::open) {
        return due;
    }
    const auto first_beyond = stream.outbox.upper_bound(window_end(stream));
    for (auto entry = stream.outbox.begin(); entry != first_beyond; ++entry) {
        if (due_at(entry->second, timing, now) <= now) {
            due.push_back({entry->first, ranges_to_send(entry->second)});
        }
    }
    return due;
}

std::optional<Timestamp>
next_due(const OutgoingStream &stream, const Timing &timing, Timestamp now) {
    std::optional<Timestamp> next;
    if (stream.state != StreamState::open) {
        return next;
    }
    const auto first_beyond = stream.outbox.upper_bound(window_end(stream));
    for (auto entry = stream.outbox.begin(); entry != first_beyond; ++entry) {
        const Timestamp at = std::max(now, due_at(entry->second, timing, now));
        next = next ? std::min(*next, at) : at;
    }
    return next;
}

void on_sending(OutgoingStream &stream,
                std::uint64_t number,
                const Timing &timing,
                Timestamp now,
                std::uint32_t random) {
    const auto found = stream.outbox.find(number);
    ensure(found != stream.outbox.end(), "only what is in the outbox is sent");
    OutboxEntry &entry = found->second;
    if (entry.tries < UINT32_MAX) {
        ++entry.tries;
    }
    entry.last_sent = now;
    entry.wanted.clear();
    entry.next_send =
        now + jittered(retransmission_delay(timing, stream.round_trip, entry.tries), random);
}

void on_partly_sent(OutgoingStream &stream,
                    std::uint64_t number,
                    std::vector<Range> rest,
                    Timestamp now) {
    const auto found = stream.outbox.find(number);
    ensure(found != stream.outbox.end(), "only what is in the outbox is sent");
    OutboxEntry &entry = found->second;
    entry.last_sent = now;
    entry.next_send = now;
    entry.wanted = std::move(rest);
}

void on_not_sent(OutgoingStream &stream, std::uint64_t number, Timestamp when) {
    const auto found = stream.outbox.find(number);
    if (found == stream.outbox.end()) {
        return; // acknowledged in the meantime, by another transmission
    }
    OutboxEntry &entry = found->second;
    entry.next_send = when;
    if (entry.tries > 0) {
        --entry.tries;
    }
}

void replace_body(OutgoingStream &stream, const Numbered &batch, Timestamp now) {
    const auto found = stream.outbox.find(batch.number);
    ensure(found != stream.outbox.end() && found->second.chain == batch.chain,
           "another body carries the same content");
    OutboxEntry &entry = found->second;
    entry.body_hash = batch.body_hash;
    entry.body_total = batch.body_total;
    entry.stored = false;
    entry.wanted.clear();
    entry.next_send = now;
}

ReportOutcome
on_report(OutgoingStream &stream, const StreamReport &report, const Timing &timing, Timestamp now) {
    ReportOutcome outcome;
    if (std::pair{report.reporter_incarnation, report.counter} <
        std::pair{stream.reporter_incarnation, stream.report_counter}) {
        outcome.verdict = ReportVerdict::stale;
        return outcome;
    }
    stream.reporter_incarnation = report.reporter_incarnation;
    stream.report_counter = report.counter;
    outcome.verdict = stream.awaits_position ? learn_position(stream, report.applied)
                                             : judge_position(stream, report);
    if (outcome.verdict != ReportVerdict::accepted) {
        return outcome;
    }
    const std::map<std::uint64_t, OutboxEntry> before = stream.outbox;
    take_progress(stream, report, now, outcome);
    take_requests(stream, report, timing, now, outcome);
    for (const auto &[number, entry] : stream.outbox) {
        if (!(entry == before.at(number))) {
            outcome.changed.push_back(number);
        }
    }
    if (outcome.dropped.empty() && outcome.changed.empty()) {
        outcome.verdict = ReportVerdict::nothing_new;
    }
    return outcome;
}

std::vector<std::uint64_t> begin_incarnation(OutgoingStream &stream,
                                             std::uint64_t incarnation,
                                             std::optional<Position> position) {
    ensure(incarnation > stream.incarnation, "incarnations rise");
    std::vector<std::uint64_t> dropped;
    for (const auto &[number, entry] : stream.outbox) {
        dropped.push_back(number);
    }
    stream.outbox.clear();
    if (stream.state != StreamState::stopped) {
        stream.state = StreamState::open;
        stream.reason.clear();
    }
    stream.incarnation = incarnation;
    stream.last_number = 0;
    stream.last_chain = {};
    stream.acknowledged = 0;
    stream.acknowledged_chain = {};
    stream.rebase.reset();
    stream.awaits_position = true;
    if (position) {
        learn_position(stream, *position);
    }
    return dropped;
}

} // namespace postrider::stream
