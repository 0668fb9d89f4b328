// When a receiver reports on a stream: with data that is sent anyway, alone after a short delay, or
// because a gap does not close. A report is never answered by a report, and without news nothing is
// sent.
#pragma once

#include <optional>

#include "common/stream/timing.hpp"

namespace postrider::stream {

/// Part of the row of stream_in.
struct Acknowledgement {
    std::optional<Timestamp> news_since; // something to tell, not yet told
    std::optional<Timestamp> gap_since;
    std::uint32_t gap_reports = 0; // of the present gap
    std::optional<Timestamp> last_gap_report;
    std::optional<Timestamp> last_repeat; // because of a duplicate
    std::uint32_t repeats = 0;            // since something new came
    std::optional<Timestamp> told_at;     // when all there was to tell left, until it was in vain
    bool at_once = false;
    bool operator==(const Acknowledgement &) const = default;
};

/// A body was completed or applied, or a note is to be told.
void note_news(Acknowledgement &state, Timestamp now);

/// The other side waits for our position (a refused re-base, a fork, a hello): no delay.
void note_urgent(Acknowledgement &state, Timestamp now);

/// Something came that the sender would not send if it knew where we stand (see Arrival): our
/// report may have been lost. Reports that come of it become rare (timing.repeat_first), so that
/// whoever sends old mails again gets few, and a sender that tries again is heard before long.
void note_duplicate(Acknowledgement &state,
                    const Timing &timing,
                    std::optional<Duration> round_trip,
                    Timestamp now);

/// Something came again although it was told, so long ago that the answer would have had its way:
/// the report of it has not arrived. Said once of each report.
bool is_told_in_vain(Acknowledgement &state,
                     const Timing &timing,
                     std::optional<Duration> round_trip,
                     Timestamp now);

/// After every arrival and apply: whether there is a gap (`has_gap`), and whether the front moved
/// since the last call, which starts the doubling anew.
void note_gap(Acknowledgement &state, bool gap, bool front_moved, Timestamp now);

/// When a report must go alone; empty: not at all. A time that lies in our future because the clock
/// was set back counts as now.
std::optional<Timestamp>
report_due(const Acknowledgement &state, const Timing &timing, Timestamp now);

/// Something is to be told, so a report rides along if a batch goes to that peer anyway.
bool has_news(const Acknowledgement &state, const Timing &timing, Timestamp now);

/// The gap is old enough to be named (make_report's `name_missing`).
bool names_missing(const Acknowledgement &state, const Timing &timing, Timestamp now);

/// A report is on its way, alone or with data. Commit before it leaves.
void on_reported(Acknowledgement &state, const Timing &timing, Timestamp now);

} // namespace postrider::stream
