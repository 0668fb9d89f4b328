// When to report.
#include "common/stream/acknowledgement.hpp"

#include <algorithm>

namespace postrider::stream {

namespace {

std::optional<Timestamp> gap_due(const Acknowledgement &state, const Timing &timing) {
    if (!state.gap_since) {
        return std::nullopt;
    }
    return state.last_gap_report.value_or(*state.gap_since) +
           doubled(timing.gap_delay, state.gap_reports, timing.gap_delay_max);
}

void tell(Acknowledgement &state, Timestamp now) {
    if (!state.news_since) {
        state.news_since = now;
    }
}

/// The clock was set back since `time` was noted.
bool lies_ahead(std::optional<Timestamp> time, Timestamp now) {
    return time && *time > now;
}

} // namespace

void note_news(Acknowledgement &state, Timestamp now) {
    tell(state, now);
    state.repeats = 0;
}

void note_urgent(Acknowledgement &state, Timestamp now) {
    tell(state, now);
    state.at_once = true;
}

void note_duplicate(Acknowledgement &state,
                    const Timing &timing,
                    std::optional<Duration> round_trip,
                    Timestamp now) {
    const Duration pause = std::max(round_trip.value_or(Duration::zero()),
                                    doubled(timing.repeat_first, state.repeats, timing.repeat_max));
    if (state.last_repeat && !lies_ahead(state.last_repeat, now) &&
        now - *state.last_repeat < pause) {
        return;
    }
    state.last_repeat = now;
    if (state.repeats < UINT32_MAX) {
        ++state.repeats;
    }
    tell(state, now);
}

bool is_told_in_vain(Acknowledgement &state,
                     const Timing &timing,
                     std::optional<Duration> round_trip,
                     Timestamp now) {
    const Duration way =
        std::max(round_trip.value_or(Duration::zero()), timing.retransmission_min / 2);
    if (state.news_since || !state.told_at || now - *state.told_at < way) {
        return false;
    }
    state.told_at.reset();
    return true;
}

void note_gap(Acknowledgement &state, bool gap, bool front_moved, Timestamp now) {
    if (gap && state.gap_since && !front_moved) {
        return;
    }
    state.gap_since = gap ? std::optional{now} : std::nullopt;
    state.gap_reports = 0;
    state.last_gap_report.reset();
}

std::optional<Timestamp>
report_due(const Acknowledgement &state, const Timing &timing, Timestamp now) {
    if (state.at_once || lies_ahead(state.news_since, now) || lies_ahead(state.gap_since, now) ||
        lies_ahead(state.last_gap_report, now)) {
        return now;
    }
    std::optional<Timestamp> due = gap_due(state, timing);
    if (state.news_since) {
        const Timestamp alone = *state.news_since + timing.acknowledgement_delay;
        due = due ? std::min(*due, alone) : alone;
    }
    return due;
}

bool has_news(const Acknowledgement &state, const Timing &timing, Timestamp now) {
    if (state.news_since || state.at_once) {
        return true;
    }
    const std::optional<Timestamp> due = report_due(state, timing, now);
    return due && *due <= now;
}

bool names_missing(const Acknowledgement &state, const Timing &timing, Timestamp now) {
    return state.gap_since &&
           (now >= *state.gap_since + timing.gap_delay || lies_ahead(state.gap_since, now));
}

void on_reported(Acknowledgement &state, const Timing &timing, Timestamp now) {
    if (names_missing(state, timing, now)) {
        state.gap_since = std::min(*state.gap_since, now);
        state.last_gap_report = now;
        if (state.gap_reports < UINT32_MAX) {
            ++state.gap_reports;
        }
    }
    if (state.news_since) {
        state.told_at = now;
    }
    state.news_since.reset();
    state.at_once = false;
}

} // namespace postrider::stream
