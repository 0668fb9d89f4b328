// The sender's side of a stream: which number comes next, what to transmit and when, what a report
// changes. Pure: the engine loads the state from stream_out and outbox, calls, and stores what came
// out in the same transaction. Rules B1, B2, B3 and B10 of docs/correctness.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/stream/report.hpp"
#include "common/stream/timing.hpp"

namespace postrider::stream {

/// One row of outbox without its body.
struct OutboxEntry {
    std::uint64_t number = 0;
    ChainHash chain{};
    BodyHash body_hash{};
    std::uint64_t body_total = 0;
    bool continues = false; // the step goes on in the next number
    /// The receiver has it whole and durable, but has not applied it.
    bool stored = false;
    std::uint32_t tries = 0; // transmissions so far
    std::optional<Timestamp> last_sent;
    Timestamp next_send{};
    /// What to transmit next time; empty means the whole body.
    std::vector<Range> wanted;
    bool operator==(const OutboxEntry &) const = default;
};

/// One row of stream_out, and its outbox.
struct OutgoingStream {
    StreamState state = StreamState::open;
    std::string reason; // of any state but open, for people
    std::uint64_t incarnation = 0;
    std::uint64_t last_number = 0; // the last one given in this incarnation
    ChainHash last_chain{};        // at last_number
    /// What the receiver applied last, as far as we know.
    std::uint64_t acknowledged = 0;
    ChainHash acknowledged_chain{};
    /// The point in the receiver's past where this incarnation begins; number 1 carries it. Empty
    /// for the first incarnation, and while the receiver's position is still to be learnt.
    std::optional<Position> rebase;
    bool awaits_position = false;
    /// The youngest report used.
    std::uint64_t reporter_incarnation = 0;
    std::uint64_t report_counter = 0;
    std::optional<Duration> round_trip; // smoothed
    std::map<std::uint64_t, OutboxEntry> outbox;
    bool operator==(const OutgoingStream &) const = default;
};

/// What is to be put on its way now.
struct Due {
    std::uint64_t number = 0;
    std::vector<Range> ranges; // empty: the whole body
    bool operator==(const Due &) const = default;
};

enum class ReportVerdict {
    accepted,
    nothing_new,    // repeats what we knew
    stale,          // older than one already used
    beyond_sent,    // has of a number never given: our own past is in doubt; stream held
    wrong_chain,    // another past under a number of ours; stream forked
    told_forked,    // the receiver was sent two pasts under our numbers; stream forked
    rebase_needed,  // the receiver stands where our line does not pass; stream held
    position_known, // the position we waited for; numbering may begin
};

struct ReportOutcome {
    ReportVerdict verdict = ReportVerdict::nothing_new;
    /// Outbox rows to delete; already gone from the state.
    std::vector<std::uint64_t> dropped;
    /// Outbox rows to store.
    std::vector<std::uint64_t> changed;
    /// The receiver lacks the history that the present bodies of these are compressed with: they
    /// are to be replaced (`replace_body`).
    std::vector<std::uint64_t> lacking;
};

/// The number for the next batch and the chain hash that it continues, or empty while the stream is
/// not open or its window of limits::window_numbers_max is full. A step that has begun is numbered
/// to its end, however long it is; what lies beyond the window is not due yet. Takes nothing yet.
struct NextNumber {
    std::uint64_t number = 0;
    ChainHash previous_chain{};
    std::optional<Position> rebase; // to be named in this batch's header
};

std::optional<NextNumber> next_number(const OutgoingStream &stream);

/// A sealed batch, ready for the outbox.
struct Numbered {
    std::uint64_t number = 0;
    ChainHash chain{};
    BodyHash body_hash{};
    std::uint64_t body_total = 0;
    bool continues = false;
};

/// Spends the number; the new outbox entry is due at once.
const OutboxEntry &take_number(OutgoingStream &stream, const Numbered &batch, Timestamp now);

/// What is due, rising by number. Empty while the stream is not open. A batch that the receiver has
/// stored is not sent again but for one byte, which makes a receiver that has applied it say so.
std::vector<Due> due_now(const OutgoingStream &stream, const Timing &timing, Timestamp now);

/// When `due_now` will give something next, `now` where it does already; empty when there is
/// nothing to wait for.
std::optional<Timestamp>
next_due(const OutgoingStream &stream, const Timing &timing, Timestamp now);

/// Call, and commit, before a transmission leaves: a crash in between costs one retransmission
/// delay, never a number. `random` is any 32 random bits.
void on_sending(OutgoingStream &stream,
                std::uint64_t number,
                const Timing &timing,
                Timestamp now,
                std::uint32_t random);

/// A part of what was due leaves; `rest` is due at once, as far as a path lets it. Once that has
/// left too, `on_sending`.
void on_partly_sent(OutgoingStream &stream,
                    std::uint64_t number,
                    std::vector<Range> rest,
                    Timestamp now);

/// The path refused or lost the transmission for certain: try again at `when` (retry.hpp), the try
/// does not count.
void on_not_sent(OutgoingStream &stream, std::uint64_t number, Timestamp when);

/// A resend under the same number and chain with another body (without history, for instance): due
/// at once.
void replace_body(OutgoingStream &stream, const Numbered &batch, Timestamp now);

/// A report about this stream from its receiver, already authenticated.
ReportOutcome
on_report(OutgoingStream &stream, const StreamReport &report, const Timing &timing, Timestamp now);

/// The past is in doubt (B4): a greater incarnation begins, the outbox is given up (its changes are
/// collected again by the engine), and nothing is numbered until a report says where the receiver
/// stands. Where `position` is known already (verdicts rebase_needed, beyond_sent, wrong_chain,
/// told_forked), it begins there at once. Gives the outbox rows to delete.
std::vector<std::uint64_t> begin_incarnation(OutgoingStream &stream,
                                             std::uint64_t incarnation,
                                             std::optional<Position> position);

} // namespace postrider::stream
