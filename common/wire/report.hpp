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

/// A batch of which some parts have come: what of that body is still missing.
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
    auto operator<=>(const StreamReport &) const = default;
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
    // The reporter's incarnation and its counter of reports to this peer, also in the head of an
    // envelope of kind 4: a greater pair is younger, an older report is not used.
    std::uint64_t incarnation = 0;
    std::uint64_t counter = 0;
    /// The reporter's past is in doubt and it asks for the other side's positions; the only kind of
    /// report that is answered by one.
    bool hello = false;
    std::vector<StreamReport> streams; // by rising stream
    std::vector<Note> notes;           // by rising number, at most limits::report_notes_max
    std::vector<std::uint8_t> suites;  // rising
    std::optional<KeyAnnouncement> key;
    std::uint64_t notes_seen = 0; // the greatest note number of the peer that is stored here
    auto operator<=>(const Report &) const = default;
};

Bytes encode_report(const Report &report);
/// Errors: malformed, too_large.
Result<Report> decode_report(ByteView encoded);

} // namespace postrider::wire
