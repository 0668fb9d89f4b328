// The part of a round that applies what has arrived.
#include "common/engine/apply.hpp"
#include "common/engine/cycle.hpp"
#include "common/engine/farewell.hpp"
#include "common/engine/inbox.hpp"

namespace postrider::engine {

namespace {

/// Sessions that write the same rows all the time would keep us for ever.
constexpr int tries_max = 5;

} // namespace

void Engine::show(const char *work, const std::string &peer) const {
    if (settings_.show) {
        settings_.show(std::string{work} + " peer " + peer);
    }
}

void Engine::write_persistently(Timestamp now, const Work &work) {
    for (int tries = 1;; ++tries) {
        try {
            write(now, work);
            return;
        } catch (const DatabaseError &error) {
            if (error.reason() != DatabaseError::Reason::overtaken || tries == tries_max) {
                throw;
            }
        }
    }
}

void Engine::apply_stream(Timestamp now,
                          std::int64_t peer_id,
                          const StreamKey &key,
                          CycleResult &result) {
    if (settings_.show) {
        read(now, [&](const Session &session) {
            if (const auto peer = load_peer(session.transaction, peer_id)) {
                show("applies what came from", peer->name);
            }
        });
    }
    Applied applied = Applied::step;
    while (applied == Applied::step) {
        std::optional<Error> refused_at_commit;
        try {
            write_persistently(now, [&](const Session &session) {
                const auto peer = load_peer(session.transaction, peer_id);
                applied = peer && may_apply(session, *peer, key)
                              ? apply_next_step(session, *peer, key)
                              : Applied::nothing;
            });
        } catch (const DatabaseError &error) {
            if (error.reason() != DatabaseError::Reason::constraint) {
                throw;
            }
            refused_at_commit = error.error();
            refused_at_commit->hint =
                "Have the missing rows sent too, or put them here; the batch is tried again by"
                " itself.";
        }
        if (refused_at_commit) {
            // Foreign keys are looked at when everything is written: the step waits for what it
            // refers to.
            write(now, [&](const Session &session) {
                if (const auto peer = load_peer(session.transaction, peer_id)) {
                    hold_step(session, *peer, key, *refused_at_commit);
                }
            });
            return;
        }
        result.steps_applied += applied == Applied::step ? 1U : 0U;
    }
}

void Engine::apply_all(Timestamp now, CycleResult &result) {
    std::vector<StreamKey> ready;
    const std::size_t before = result.steps_applied;
    read(now, [&](const Session &session) {
        for (const StreamKey &key : incoming_streams(session.transaction)) {
            const IncomingRow row = load_incoming(session.transaction, key);
            const auto from = next_try(row, now);
            const bool waits = from && *from > now;
            if (serves(key.peer_id) && !waits &&
                stream::next_step(row.machine).what != stream::Step::What::wait) {
                ready.push_back(key);
            }
        }
    });
    for (const StreamKey &key : ready) {
        guarded(result, [&] { apply_stream(now, key.peer_id, key, result); });
    }
    if (result.steps_applied > before) {
        apply_all(now, result); // batches of other streams may have waited for these
    }
}

} // namespace postrider::engine
