// Whose reports these are: a node that goes on, one whose whole machine was taken back to an
// earlier state of itself, or two copies of one node. Pure: the engine loads the state from
// peer_start, calls, and stores what came out. Rule B4 of docs/correctness.md; how the two cases
// are told apart stands in docs/decisions/0002-restore.md.
#pragma once

#include <optional>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"

namespace postrider::stream {

/// Drawn at random whenever a node starts.
using StartToken = FixedBytes<16>;

/// What a report says of the node that makes it.
struct Mark {
    std::uint64_t incarnation = 0;
    std::uint64_t counter = 0; // of the node's reports, rising for ever
    StartToken token{};
    /// The token of an earlier start of the same copy that the reader had acknowledged.
    std::optional<StartToken> previous;
    std::uint64_t since = 0; // the counter when `token` was drawn
    bool claimed = false;    // somebody claimed the identity for this copy
    bool operator==(const Mark &) const = default;
};

/// Tokens that are remembered of a peer; older ones speak no more.
inline constexpr std::size_t earlier_tokens_max = 16;

/// What is remembered of a peer's marks. `token` is empty before the first.
struct Lineage {
    std::uint64_t incarnation = 0;
    std::uint64_t counter = 0;
    std::optional<StartToken> token;
    bool claimed = false;
    std::vector<StartToken> earlier; // that came before `token`, the last one at the end
    std::optional<StartToken> left;  // the last start of the line that `token`'s took over from
    /// How much speaks for two copies, since when. Forgotten where nothing is added for
    /// `suspicion_lasts`.
    std::uint32_t suspicion = 0;
    std::optional<Timestamp> suspected_at;
    bool two_copies = false;
    bool operator==(const Lineage &) const = default;
};

inline constexpr Duration suspicion_lasts = std::chrono::hours{24 * 7};

enum class MarkVerdict {
    younger,  // the youngest so far: its report is used
    repeated, // the youngest again
    /// Its maker does not know of something that it, or a copy of it, has already said: a report
    /// that was overtaken, or that somebody plays again, or a machine that was taken back.
    behind,
};

/// Judges a mark and remembers it if it is the youngest. Sets `two_copies` when a start speaks
/// again after a later one took over, or when lines take over from each other too often; a claim
/// clears it.
MarkVerdict note_mark(Lineage &known, const Mark &mark, Timestamp now);

/// A node about itself.
struct OwnStart {
    std::uint64_t incarnation = 0;
    std::uint64_t counter = 0; // the last one used
    StartToken token{};
    std::uint64_t since = 0;
};

/// The youngest mark of ours that a peer has used, as it tells us.
struct SeenMark {
    std::uint64_t incarnation = 0;
    std::uint64_t counter = 0;
    StartToken token{};
    bool claimed = false;
};

enum class SeenVerdict {
    known,            // we made it
    ahead,            // we never made it, but our keys did: our past is not the only one
    claimed_elsewhere // as `ahead`, and there the identity was claimed: this copy must not go on
};

SeenVerdict judge_seen(const OwnStart &own, const SeenMark &seen);

} // namespace postrider::stream
