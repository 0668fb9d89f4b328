// What a receiver tells a sender: how far it is, what is missing, and what happened to rows
// (docs/protocol.md, "Report"). Travels in a batch header, or alone as the body of an envelope of
// kind 4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"

namespace postrider::wire {

using Hash = FixedBytes<32>;

/// Batch numbers `first` to `last`, both included.
struct NumberRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    auto operator<=>(const NumberRange &) const = default;
};

/// Bytes of a body, from `offset`.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    auto operator<=>(const ByteRange &) const = default;
};

/// A batch of which some parts have come: what of that body is still missing. Without ranges, and
/// with a hash of zeros: nothing has come; with another hash: the history that this body is
/// compressed with is not here.
struct MissingParts {
    std::uint64_t number = 0;
    Hash body_hash{};
    std::vector<ByteRange> ranges;
    auto operator<=>(const MissingParts &) const = default;
};

/// One stream, as its receiver sees it. `chain` is the chain hash at `applied`.
struct StreamReport {
    std::uint32_t stream = 0;
    std::uint64_t incarnation = 0;
    std::uint64_t applied = 0;
    Hash chain{};
    std::vector<NumberRange> stored; // complete, beyond `applied`, rising
    std::vector<MissingParts> missing;
    bool forked = false; // two pasts were sent after `applied`: nothing more of them is applied
    auto operator<=>(const StreamReport &) const = default;
};

/// Known to nobody but the node that made it: that it once sent what a peer says to have seen.
using MarkProof = FixedBytes<16>;

/// The start of the node that reports (docs/correctness.md, B4).
struct Start {
    FixedBytes<16> token{}; // drawn at random when the node started
    /// Of the last start of this copy that the reader is known to have seen.
    std::optional<FixedBytes<16>> previous;
    std::uint64_t since = 0; // the counter of reports when it was drawn
    bool claimed = false;    // the identity was claimed for this copy
    MarkProof proof{};
    auto operator<=>(const Start &) const = default;
};

/// The youngest report of the reader that the reporter has used.
struct Seen {
    std::uint64_t incarnation = 0;
    std::uint64_t counter = 0;
    FixedBytes<16> token{};
    bool claimed = false;
    MarkProof proof{};
    auto operator<=>(const Seen &) const = default;
};

/// The numbers are those of the wire; never renumber.
enum class NoteKind : std::uint8_t {
    parked = 0,
    refused = 1,
    conflict = 2,
    counts = 3,
    error = 4,
};

/// Numbered per peer, rising for ever; repeated until the peer's `notes_seen` reaches it.
struct Note {
    std::uint64_t number = 0;
    NoteKind kind = NoteKind::counts;
    std::uint32_t stream = 0;
    std::uint64_t batch_number = 0;
    std::uint64_t rows = 0;
    std::string code;    // a name of Errc, or a word of the task language
    std::string message; // UTF-8; never a row value
    auto operator<=>(const Note &) const = default;
};

/// The receiving key to seal to from now on.
struct KeyAnnouncement {
    std::uint32_t generation = 0;
    FixedBytes<32> receiving_key{};
    auto operator<=>(const KeyAnnouncement &) const = default;
};

struct Report {
    // The reporter's incarnation and its counter of reports, also in the head of an envelope of
    // kind 4. stream/lineage.hpp tells which of two is younger; an older report is not used.
    std::uint64_t incarnation = 0;
    std::uint64_t counter = 0;
    /// The reporter's past is in doubt and it asks for the other side's positions. Such a report is
    /// answered by one; any other at most when its reporter seems not to know its own past.
    bool hello = false;
    std::vector<StreamReport> streams; // by rising stream
    std::vector<Note> notes;           // by rising number, at most limits::report_notes_max
    std::vector<std::uint8_t> suites;  // rising
    std::optional<KeyAnnouncement> key;
    std::uint64_t notes_seen = 0; // the greatest note number of the peer that is stored here
    Start start;
    std::optional<Seen> seen; // empty before the first
    auto operator<=>(const Report &) const = default;
};

Bytes encode_report(const Report &report);
/// Errors: malformed, too_large.
Result<Report> decode_report(ByteView encoded);

} // namespace postrider::wire
