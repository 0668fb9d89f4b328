// The peer is known by the key whose stamp the mail bears.
#include "common/engine/junk_mails.hpp"

#include <algorithm>

#include "common/engine/store/log.hpp"
#include "common/engine/store/peers.hpp"

namespace postrider::engine {

namespace {

constexpr Duration told_every = std::chrono::hours{7 * 24};

std::optional<Peer> peer_of(const Session &session, const FixedBytes<32> &stamp_key) {
    for (const Peer &peer : load_peers(session.transaction)) {
        const Result<PeerKeys> keys = peer_keys(session.identity, peer);
        if (keys && std::equal(stamp_key.begin(), stamp_key.end(), keys->stamp_in.data())) {
            return peer;
        }
    }
    return std::nullopt;
}

/// Where its mails come from, as far as we know: where ours go.
std::string address_of(const Session &session, const Peer &peer) {
    for (const PeerPath &path : load_paths(session, peer.peer_id)) {
        if (path.kind == "mail") {
            return path.target;
        }
    }
    return "\"" + peer.name + "\"";
}

} // namespace

void note_in_junk(const Session &session, const InJunk &found) {
    EventRow event{"mail_in_junk", std::nullopt,
                   " in the junk folder of mailbox \"" + found.source +
                       "\"; they are taken from there every six hours"};
    if (const auto peer = peer_of(session, found.stamp_key)) {
        event.peer_id = peer->peer_id;
        event.message = "mails of \"" + peer->name + "\" land" + event.message;
        event.action = "let mails from " + address_of(session, *peer) + " pass there";
    } else {
        event.message = "mails of a node that is being paired land" + event.message;
        event.action = "let mails of Postrider pass there";
    }
    if (!is_told(session.transaction, session.now - told_every, event)) {
        log_event(session.transaction, session.now, event);
    }
}

} // namespace postrider::engine
