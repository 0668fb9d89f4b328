// A bounded memory of parts.
#include "common/engine/replays.hpp"

#include "common/base/limits.hpp"

namespace postrider::engine {

bool Replays::is_replay(std::int64_t peer_id,
                        const PartHash &part,
                        Duration pause,
                        Timestamp now) const {
    const auto found = seen_.find({peer_id, part});
    // A clock that was set back lets it through.
    return found != seen_.end() && now >= found->second && now - found->second < pause;
}

void Replays::note(std::int64_t peer_id, const PartHash &part, Timestamp now) {
    const auto [entry, is_new] = seen_.insert_or_assign({peer_id, part}, now);
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
