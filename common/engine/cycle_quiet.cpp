// The round in which there is nothing to do: nothing was written, nothing arrived and nothing is
// due since a round that found nothing to do.
#include <algorithm>

#include "common/engine/cycle.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// What is outside the database and the transport (the secret file, the zone) is looked at again
/// after this time.
constexpr Duration quiet_max = std::chrono::minutes{10};

} // namespace

std::optional<Row> Engine::change_counters(Timestamp now) {
    const std::string query = ports_.database.dialect().change_counters();
    std::optional<Row> counters;
    if (!query.empty()) {
        read(now,
             [&](const Session &session) { counters = first_row(session.transaction, query); });
    }
    return counters;
}

bool Engine::is_quiet(Timestamp now) {
    return quiet_ && quiet_->since <= now && now < quiet_->until &&
           change_counters(now) == quiet_->counters;
}

void Engine::note_quiet(Timestamp now,
                        const std::optional<Row> &counters,
                        const CycleResult &result) {
    const bool may_rest = counters && !result.did_anything() && !result.problem;
    if (may_rest && change_counters(now) == counters) {
        const Timestamp until =
            std::min(result.next_at.value_or(Timestamp::max()), now + quiet_max);
        quiet_ = Quiet{*counters, now, until, result.next_at};
    }
}

} // namespace postrider::engine
