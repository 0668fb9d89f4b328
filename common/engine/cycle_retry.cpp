// The part of a round that tries parked rows again.
#include "common/base/limits.hpp"
#include "common/engine/cycle.hpp"
#include "common/engine/park.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

constexpr Duration retry_many_every = std::chrono::minutes{1};

/// Nothing where the database has none.
std::optional<std::int64_t> content_version(const Session &session) {
    const std::string query = session.dialect.content_version();
    const auto row = query.empty() ? std::nullopt : first_row(session.transaction, query);
    return row ? std::optional{integer_at(*row, 0)} : std::nullopt;
}

} // namespace

/// Something was written since rows were tried again, here or by others. Many rows are not tried
/// again at every change.
bool Engine::retry_is_due(Timestamp now, const CycleResult &result) {
    bool due = false;
    read(now, [&](const Session &session) {
        const auto row = first_row(session.transaction, "SELECT count(*) FROM @parked_row");
        const std::int64_t parked = integer_at(*row, 0);
        const std::optional<std::int64_t> content = content_version(session);
        retry_wanted_ = parked > 0 && (retry_wanted_ || result.steps_applied > 0 || !content ||
                                       content != retried_content_);
        retried_content_ = content;
        const bool may = parked <= limits::parked_tried_at_once_max || !retried_at_ ||
                         now - *retried_at_ >= retry_many_every || *retried_at_ > now;
        due = retry_wanted_ && may;
    });
    if (due) {
        retried_at_ = now;
        retry_wanted_ = false;
    }
    return due;
}

std::optional<Timestamp> Engine::next_retry() const {
    return retry_wanted_ && retried_at_ ? std::optional{*retried_at_ + retry_many_every}
                                        : std::nullopt;
}

void Engine::retry_all(Timestamp now, CycleResult &result) {
    if (!retry_is_due(now, result)) {
        return;
    }
    std::vector<Peer> peers;
    read(now, [&](const Session &session) { peers = live_peers(session); });
    for (const Peer &peer : peers) {
        guarded(result, [&] { retry_for(now, peer.peer_id, result); });
    }
    if (ports_.database.dialect().content_version_has_own_writes()) {
        // A retry is no reason for the next one. What others have committed while it ran calls for
        // one with their next commit.
        read(now, [&](const Session &session) { retried_content_ = content_version(session); });
    }
}

/// As long as that helps any row: the next may have waited for it. A transaction for each lot.
void Engine::retry_for(Timestamp now, std::int64_t peer_id, CycleResult &result) {
    std::size_t applied = 0;
    do {
        applied = 0;
        Retried retried;
        do {
            write_persistently(now, [&](const Session &session) {
                const auto peer = load_peer(session.transaction, peer_id);
                retried = peer && count_parked(session.transaction, peer_id) > 0
                              ? retry_parked(session, *peer, retried.last)
                              : Retried{};
            });
            applied += retried.applied;
        } while (retried.last != 0);
        result.rows_unparked += applied;
    } while (applied > 0);
}

} // namespace postrider::engine
