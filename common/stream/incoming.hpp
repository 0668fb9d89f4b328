// The receiver's side of a stream: what to do with an arriving part, which batches to apply next,
// and when the other side's past is not ours. Pure: the engine loads the state from stream_in and
// inbox_part, calls, and stores what came out in the same transaction. Rules B2, B3 and B10 of
// docs/correctness.md.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/stream/report.hpp"

namespace postrider::stream {

/// What the signed head of a part says. An unsplit envelope is one part, with its own hash as the
/// body hash.
struct PartHead {
    std::uint64_t incarnation = 0;
    std::uint64_t number = 0;
    BodyHash body_hash{};
    std::uint64_t body_total = 0;
    Range range;
};

/// What the header of a complete, opened body says.
struct OpenedBatch {
    ChainHash previous_chain{};
    ChainHash chain{};
    bool continues = false;
    std::optional<Position> rebase;
    bool operator==(const OpenedBatch &) const = default;
};

/// A body in the inbox, whole or in part.
struct InboxBody {
    std::uint64_t total = 0;
    RangeSet ranges;
    /// Once it is complete and was found good. A complete body without lacks its history.
    std::optional<OpenedBatch> opened;
};

/// By number and body hash: a resend may be another body of the same number.
using InboxKey = std::pair<std::uint64_t, BodyHash>;
inline constexpr std::size_t bodies_of_number_max = 4;

/// One row of stream_in, and its inbox. The inbox holds bodies of `newcomer` where that is set,
/// else of `applied.incarnation`.
struct IncomingStream {
    StreamState state = StreamState::open;
    std::string reason; // of any state but open, for people
    Position applied;
    /// A greater incarnation of which a part has arrived, the first of all too: it takes over when
    /// its number 1 proves, by its re-base, that it begins where we stand; until then nothing of
    /// the old one is applied, so that we stay there. 0: none.
    std::uint64_t newcomer = 0;
    /// The last newcomer that was refused. Its sender begins another one when it hears where we
    /// stand, so what comes of it afterwards is repetition. (A sender that was taken back may come
    /// with an older one that does fit.)
    std::uint64_t refused = 0;
    std::map<InboxKey, InboxBody> inbox;
};

/// Everything but `store` and `malformed` means that the sender does not know where we stand: call
/// note_duplicate (acknowledgement.hpp).
enum class Arrival {
    store,             // new: keep the part, commit, then remove the mail
    stored_already,    // we have these bytes
    duplicate,         // its number was applied: drop
    lower_incarnation, // refused for ever
    beyond_window,     // refused; the sender may not be so far ahead of what it knows
    malformed,         // range, total or number make no sense
    too_many_ranges,   // or too many bodies under one number
    stopped,           // the stream is forked or stopped, and this is not a new incarnation
};

struct ArrivalVerdict {
    Arrival arrival = Arrival::store;
    /// The part is the first of a greater incarnation: every body stored so far is of a past that
    /// the sender has given up and is deleted.
    bool replaces_inbox = false;
};

/// Decides, and changes nothing.
ArrivalVerdict judge(const IncomingStream &stream, const PartHead &head);

/// After the verdict `store`: notes the part. True when the body is complete now and is to be
/// opened.
bool note_stored(IncomingStream &stream, const PartHead &head);

/// The engine opened a complete body and found it good.
void note_opened(IncomingStream &stream, const InboxKey &body, const OpenedBatch &batch);

/// The history that an opened body is compressed with is not here: another body of its number is
/// asked for.
void note_lacking(IncomingStream &stream, const InboxKey &body);

/// The engine could not open a complete body: it is forgotten, so that it is asked for again.
void note_unusable(IncomingStream &stream, const InboxKey &body);

struct Step {
    enum class What {
        wait,           // nothing to apply
        apply,          // `bodies`, in this order, in one transaction
        fork,           // two pasts: the stream is to be stopped (`stop_forked`)
        rebase_refused, // the newcomer begins elsewhere: its bodies go, our position is reported
                        // now
    };
    What what = What::wait;
    std::vector<InboxKey> bodies;
    std::string reason; // of a fork or a refused re-base, for people
};

/// What to do next. Nothing while the stream is not open, but for a re-base.
Step next_step(const IncomingStream &stream);

/// `step` and the one behind it as one step, for a receiver whose tables take the first only
/// together with what follows. Empty where that is not here whole.
std::optional<Step> joined_with_next(const IncomingStream &stream, const Step &step);

/// The bodies of a step `apply` are applied (same transaction): moves the position. Gives the inbox
/// keys to delete, other bodies of the same numbers among them.
std::vector<InboxKey> note_applied(IncomingStream &stream, const Step &step);

/// Carries out a step `fork`.
void stop_forked(IncomingStream &stream, const Step &step);

/// Carries out a step `rebase_refused`. Gives the inbox keys to delete.
std::vector<InboxKey> drop_newcomer(IncomingStream &stream);

/// Where the sender should believe us to be: `applied`, or the beginning of the newcomer with the
/// chain hash of where we stand.
Position position_of(const IncomingStream &stream);

/// What to tell the sender. Missing numbers and parts are named only where `name_missing`: young
/// gaps are most often mails that overtook each other. Missing history is named always. The caller
/// fills in stream, reporter incarnation and counter.
StreamReport make_report(const IncomingStream &stream, bool name_missing);

/// Whether nothing more can be applied without the batch: it must find room however full the inbox
/// is, for a step may be greater than the inbox is to be.
bool is_needed_next(const IncomingStream &stream, const PartHead &head);

/// Something is missing although something later is there.
bool has_gap(const IncomingStream &stream);

} // namespace postrider::stream
