// A bounded memory of parts.
#include "common/engine/replays.hpp"

#include "common/base/limits.hpp"

namespace postrider::engine {

bool Replays::is_replay(const ReplayedPart &part, Duration pause, Timestamp now) const {
    const auto found = seen_.find(part);
    // A clock that was set back lets it through.
    return found != seen_.end() && now >= found->second && now - found->second < pause;
}

void Replays::note(const ReplayedPart &part, Timestamp now) {
    const auto [entry, is_new] = seen_.insert_or_assign(part, now);
    if (!is_new) {
        return;
    }
    order_.push_back(entry->first);
    if (order_.size() > limits::replays_remembered_max) {
        seen_.erase(order_.front());
        order_.pop_front();
    }
}

} // namespace postrider::engine
