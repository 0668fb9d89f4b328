// When a key notice goes out, and its sealing.
#include "common/engine/key_notice.hpp"

#include <algorithm>

#include "common/engine/rotation.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/envelope_body.hpp"
#include "common/wire/pairing.hpp"

namespace postrider::engine {

namespace {

constexpr Duration notice_pause = std::chrono::hours{1};

Timestamp due_at(const Row &row, std::size_t index, Timestamp now) {
    return stream::due_time(time_at(row, index), notice_pause, now);
}

Result<Bytes> sealed_notice(const Session &session, const Peer &peer) {
    const Result<PeerKeys> keys = peer_keys(session.identity, peer);
    if (!keys) {
        return keys.error();
    }
    ensure(peer.node && peer.contact_public, "a live peer has a contact key");
    const std::uint32_t generation = current_receiving_generation(session);
    const wire::KeyNotice notice{generation, own_receiving_key(session, generation).public_key,
                                 wire::suites_supported};
    const wire::ContentKey content_key = wire::ContentKey::random();
    const Result<Bytes> body = wire::seal_body(content_key, {session.identity.node, 0, 0, 0},
                                               wire::encode_key_notice(notice));
    if (!body) {
        return body.error();
    }
    wire::HeadFields head;
    head.kind = wire::EnvelopeKind::key_notice;
    head.signing_generation = session.identity.signing_generation;
    const wire::Recipient recipient{*peer.node, *peer.contact_public, keys->psk, keys->stamp_out};
    return wire::seal_part(session.identity.sender(), {&recipient, 1}, content_key, head, *body);
}

} // namespace

void request_key_notice(const Session &session, const Peer &peer) {
    const Row row =
        *first_row(session.transaction, "SELECT key_notice_sent_at FROM @peer WHERE peer_id = ?1",
                   {peer.peer_id});
    const auto sent = maybe_time_at(row, 0);
    const Timestamp due = sent ? std::max(session.now, stream::due_time(*sent + notice_pause,
                                                                        notice_pause, session.now))
                               : session.now;
    session.transaction.execute("UPDATE @peer SET key_notice_due_at = ?2 WHERE peer_id = ?1"
                                " AND key_notice_due_at IS NULL",
                                {peer.peer_id, stored(due)});
}

std::vector<PairingMail> due_key_notices(const Session &session,
                                         std::optional<std::int64_t> only_peer) {
    std::vector<PairingMail> out;
    for (const Row &row : all_rows(
             session.transaction, "SELECT peer_id, key_notice_due_at, key_notice_sent_at FROM @peer"
                                  " WHERE key_notice_due_at IS NOT NULL ORDER BY peer_id")) {
        const bool is_meant = !only_peer || integer_at(row, 0) == *only_peer;
        if (!is_meant || due_at(row, 1, session.now) > session.now) {
            continue;
        }
        const Peer peer = *load_peer(session.transaction, integer_at(row, 0));
        session.transaction.execute("UPDATE @peer SET key_notice_due_at = NULL,"
                                    " key_notice_sent_at = ?2 WHERE peer_id = ?1",
                                    {peer.peer_id, stored(session.now)});
        if (!peer.is_live()) {
            continue;
        }
        if (Result<Bytes> envelope = sealed_notice(session, peer)) {
            out.push_back({peer.peer_id, *std::move(envelope), !row.at(2).is_null()});
        }
    }
    return out;
}

std::optional<Timestamp> next_key_notice(const Session &session) {
    std::optional<Timestamp> next;
    for (const Row &row :
         all_rows(session.transaction,
                  "SELECT key_notice_due_at FROM @peer WHERE key_notice_due_at IS NOT NULL")) {
        const Timestamp due = due_at(row, 0, session.now);
        next = next ? std::min(*next, due) : due;
    }
    return next;
}

} // namespace postrider::engine
