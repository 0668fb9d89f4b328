// The other side of a task: what a peer offers, kept until it is accepted, and made a mirror then.
#pragma once

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/control.hpp"

namespace postrider::engine {

/// Keeps the offer; a peer whose tasks are trusted gets it accepted at once. An offer that was
/// accepted before in the same words is answered again.
Result<void> take_offer(const Session &session, const Peer &peer, const wire::Offer &offer);

/// Answers an accepted offer once more, with the shapes that it asks for.
void say_accepted_again(const Session &session, const Peer &peer, const std::string &task);

/// Takes over the tasks that were accepted before their tables were here, where they now are.
void continue_ready_offers(const Session &session);
bool has_ready_offers(const Session &session);

/// Forgets offer and mirror; the rows stay.
Result<void> withdraw_offer(const Session &session, const Peer &peer, const std::string &task);

/// Withdraws what the peer does not name, and tells it which names are unknown here.
Result<void>
take_tasks_in_force(const Session &session, const Peer &peer, const wire::TasksInForce &in_force);

} // namespace postrider::engine
