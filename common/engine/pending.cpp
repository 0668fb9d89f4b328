// The same as a cycle would send to one peer.
#include "common/engine/pending.hpp"

#include "common/base/limits.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/transmit.hpp"

namespace postrider::engine {

Result<std::vector<Bytes>> take_pending(const Session &session, const std::string &name) {
    const Result<Peer> peer = require_peer(session.transaction, name);
    if (!peer) {
        return peer.error();
    }
    std::vector<Bytes> envelopes;
    for (PairingMail &mail : due_pairing_mails(session, peer->peer_id)) {
        envelopes.push_back(std::move(mail.envelope));
    }
    if (is_usable(session.identity, *peer) && peer->held.empty()) {
        Tickets tickets; // nobody answers: the report of the peer will
        for (Transmission &transmission : due_transmissions(
                 session, *peer, tickets, limits::transmissions_at_once_max, Carrier::person)) {
            envelopes.push_back(std::move(transmission.envelope));
        }
        for (Transmission &transmission : due_report(session, *peer, tickets, Carrier::person)) {
            envelopes.push_back(std::move(transmission.envelope));
        }
    }
    return envelopes;
}

} // namespace postrider::engine
