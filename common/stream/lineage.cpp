// Which mark is younger, and when one node is two.
#include "common/stream/lineage.hpp"

#include <algorithm>

namespace postrider::stream {

namespace {

/// A backup that is put back looks like the first word of a copy, so one line that takes over
/// proves nothing. Copies take over from each other for ever; people put backups back a few times.
constexpr std::uint32_t another_line = 1;
constexpr std::uint32_t line_returns = 3;
constexpr std::uint32_t two_copies_at = 6;

bool is_younger(const Lineage &known, const Mark &mark) {
    if (!known.token || mark.incarnation != known.incarnation) {
        return !known.token || mark.incarnation > known.incarnation;
    }
    // A start that goes on knows everything that was said before it. One that does not was made
    // from an earlier state.
    return mark.token == *known.token ? mark.counter > known.counter : mark.since >= known.counter;
}

void suspect(Lineage &known, std::uint32_t much, Timestamp now) {
    const bool is_old = known.suspected_at &&
                        (now - *known.suspected_at > suspicion_lasts || *known.suspected_at > now);
    known.suspicion = (is_old ? 0 : known.suspicion) + much;
    known.suspected_at = now;
    known.two_copies = known.two_copies || known.suspicion >= two_copies_at;
}

/// Another start speaks. Under the same incarnation it goes on where the last one ended; under a
/// greater one it may come from an earlier state.
void judge_line(Lineage &known, const Mark &mark, Timestamp now) {
    if (std::find(known.earlier.begin(), known.earlier.end(), mark.token) != known.earlier.end()) {
        known.two_copies = true; // it lives on beside the one that came after it
        return;
    }
    if (mark.incarnation == known.incarnation || mark.previous == known.token) {
        return;
    }
    const bool returns = mark.previous.has_value() && mark.previous == known.left;
    suspect(known, returns ? line_returns : another_line, now);
    known.left = known.token;
}

} // namespace

MarkVerdict note_mark(Lineage &known, const Mark &mark, Timestamp now) {
    const bool is_same_start = known.token == mark.token;
    if (!is_younger(known, mark)) {
        return is_same_start && mark.incarnation == known.incarnation &&
                       mark.counter == known.counter
                   ? MarkVerdict::repeated
                   : MarkVerdict::behind;
    }
    if (mark.claimed && mark.incarnation > known.incarnation) {
        known.suspicion = 0;
        known.suspected_at.reset();
        known.two_copies = false;
        known.left.reset();
    } else if (known.token && !is_same_start) {
        judge_line(known, mark, now);
    }
    if (known.token && !is_same_start) {
        known.earlier.push_back(*known.token);
        if (known.earlier.size() > earlier_tokens_max) {
            known.earlier.erase(known.earlier.begin());
        }
    }
    known.incarnation = mark.incarnation;
    known.counter = mark.counter;
    known.token = mark.token;
    known.claimed = mark.claimed;
    return MarkVerdict::younger;
}

SeenVerdict judge_seen(const OwnStart &own, const SeenMark &seen) {
    if (seen.incarnation != own.incarnation) {
        if (seen.incarnation < own.incarnation) {
            return SeenVerdict::known;
        }
        return seen.claimed ? SeenVerdict::claimed_elsewhere : SeenVerdict::ahead;
    }
    // What came after our start bears our token, or another copy made it.
    const std::uint64_t ours = seen.token == own.token ? own.counter : own.since;
    return seen.counter > ours ? SeenVerdict::ahead : SeenVerdict::known;
}

} // namespace postrider::stream
