// Answers and confirms on their way out, and pairings that come to their end.
#include <algorithm>

#include "common/base/limits.hpp"
#include "common/engine/key_notice.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/pairing_rows.hpp"
#include "common/engine/rotation.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// After the first; doubled each time. A mail costs little here: pairing happens once.
constexpr Duration first_pause = std::chrono::minutes{5};
constexpr Duration longest_pause = std::chrono::hours{24};

/// A pairing that has ended is still known for a while: a late answer is told as such, and a late
/// confirm completes it.
constexpr Duration known_after_expiry = limits::invitation_lifetime;

std::optional<Timestamp> due_at(const PairingRow &row, Timestamp now) {
    return row.next_try ? std::optional{stream::due_time(*row.next_try, longest_pause, now)}
                        : std::nullopt;
}

bool waits_for_other_side(const PairingRow &row) {
    return row.state == PairingState::open || row.state == PairingState::answered;
}

void expire(const Session &session, PairingRow row) {
    row.state = PairingState::expired;
    row.next_try.reset();
    row.expires = session.now; // it is known for a while from now on, however late it is
    store_pairing(session, row);
    const bool invited = row.role == PairingRole::inviter;
    session.transaction.execute(
        "UPDATE @peer SET state = 'declared' WHERE peer_id = ?1 AND state = ?2",
        {row.peer_id, Value::text(invited ? "invited" : "accepted")});
    const std::string peer = load_peer(session.transaction, row.peer_id)->name;
    log_event(session.transaction, session.now,
              {"pairing_expired", row.peer_id,
               invited ? "the invitation of \"" + peer + "\" has expired without an answer"
                       : "\"" + peer + "\" has not confirmed our answer within 14 days",
               invited ? "SELECT " + session.dialect.command("invite") + "('" + peer + "');"
                       : "Ask for a new invitation."});
}

// One that waits is never forgotten without a word, not even when this machine was off for months
// or its slow clock was mended: the peer's state would promise a message for ever that nobody can
// take any more, and no person would be told to invite again.
void end_expired(const Session &session) {
    for (const PairingRow &row : load_pairings(session)) {
        if (waits_for_other_side(row)) {
            if (session.now >= row.expires) {
                expire(session, row);
            }
        } else if (session.now >= row.expires + known_after_expiry) {
            remove_pairing(session, row.invitation.id);
        }
    }
}

Result<Bytes> confirm_of(const Session &session, const PairingRow &row) {
    const Peer peer = *load_peer(session.transaction, row.peer_id);
    const Result<PeerKeys> keys = peer_keys(session.identity, peer);
    if (!keys) {
        return keys.error();
    }
    const std::uint32_t generation = current_receiving_generation(session);
    const wire::Confirm confirm{row.invitation.id, *row.nonce, generation,
                                own_receiving_key(session, generation).public_key, keys->stamp_in};
    return wire::seal_confirm(pairing_self(session.identity), row.shared, *row.answer, confirm);
}

} // namespace

Duration pause_before_repeating(const PairingRow &row) {
    Duration pause = first_pause;
    for (std::int64_t done = 1; done < row.tries && pause < longest_pause; ++done) {
        pause *= 2;
    }
    return std::min(pause, longest_pause);
}

std::vector<PairingMail> due_pairing_mails(const Session &session,
                                           std::optional<std::int64_t> only_peer) {
    end_expired(session);
    std::vector<PairingMail> out = due_key_notices(session, only_peer);
    for (PairingRow &row : load_pairings(session)) {
        const bool is_meant = !only_peer || row.peer_id == *only_peer;
        const auto due = due_at(row, session.now);
        if (!is_meant || !due || *due > session.now) {
            continue;
        }
        const bool invited = row.role == PairingRole::inviter;
        if (!row.answer) {
            continue; // edited by hand: an open invitation sends nothing
        }
        Result<Bytes> envelope =
            invited ? confirm_of(session, row)
                    : wire::seal_answer(pairing_self(session.identity), row.shared, *row.answer);
        ++row.tries;
        // A confirm goes once for each answer; an answer until it is confirmed.
        row.next_try =
            invited ? std::nullopt : std::optional{session.now + pause_before_repeating(row)};
        store_pairing(session, row);
        if (envelope) {
            out.push_back({row.peer_id, *std::move(envelope), row.tries > 1});
        } else {
            log_event(session.transaction, session.now,
                      {"pairing_failed", row.peer_id,
                       "could not make a pairing message: " + envelope.error().message,
                       "Revoke the peer and pair again."});
        }
    }
    return out;
}

std::optional<Timestamp> next_pairing_mail(const Session &session) {
    std::optional<Timestamp> next = next_key_notice(session);
    for (const PairingRow &row : load_pairings(session)) {
        const auto due = due_at(row, session.now);
        if (due && (!next || *due < *next)) {
            next = due;
        }
        if (waits_for_other_side(row) && (!next || row.expires < *next)) {
            next = row.expires;
        }
    }
    return next;
}

} // namespace postrider::engine
