// Offers of tasks between peers: what is said over stream 0, and what is done with what is heard.
#pragma once

#include "common/engine/declare.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/control.hpp"

namespace postrider::engine {

/// Puts the offers of tasks that wait for this paired peer into its stream 0.
void queue_offers(const Session &session, const Peer &peer);

/// Stream 0 to this peer begins anew and what was under way in it is lost: says again what the peer
/// has not answered, and our answers to what it offered.
void restate_control(const Session &session, const Peer &peer);

/// Does what a control message of the peer asks for. The same message may come again.
Result<void>
take_control_message(const Session &session, const Peer &peer, const wire::ControlMessage &message);

/// Makes an offered task ours: `name` is "peer.task". Tells what was done. `refused` when there is
/// no such offer, or a table is missing or unfit here; the offer then stays open.
Result<ActionRows> accept_offer(const Session &session, const std::string &name);

} // namespace postrider::engine
