// From the outbox to transmissions: which parts go now, by which path, and what the paths answered.
#pragma once

#include <map>
#include <vector>

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"
#include "common/engine/transport.hpp"

namespace postrider::engine {

/// Remembers what was handed to the transport, for as long as the process lives: an outcome that is
/// lost with the process is made up for by the retransmission timer.
class Tickets {
  public:
    struct Sent {
        std::int64_t peer_id = 0;
        std::int64_t path_ordinal = 0;
        std::optional<StreamKey> stream; // empty: a report or a pairing message
        std::uint64_t number = 0;
    };

    std::uint64_t add(const Sent &sent) {
        open_.emplace(++last_, sent);
        return last_;
    }

    /// Takes the ticket back; empty for one that we do not know.
    std::optional<Sent> take(std::uint64_t ticket);

  private:
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Sent> open_;
};

/// Who carries it: a path, whose hours are obeyed, or a person, who takes it now.
enum class Carrier { path, person };

/// The path to use now: the first approved one that may be tried and is open. Empty: none, or all
/// of them are waiting.
std::optional<PeerPath>
usable_path(const Session &session, const Peer &peer, Carrier carrier = Carrier::path);

/// The parts of the batches that are due to this peer, marked as sent. No batch is begun once there
/// are `parts_max`; the next call goes on. Hand them to the transport only after the commit.
std::vector<Transmission> due_transmissions(const Session &session,
                                            const Peer &peer,
                                            Tickets &tickets,
                                            std::size_t parts_max,
                                            Carrier carrier = Carrier::path);

/// A report alone, if one is due.
std::vector<Transmission> due_report(const Session &session,
                                     const Peer &peer,
                                     Tickets &tickets,
                                     Carrier carrier = Carrier::path);

/// All that is due to the peer has been given to the path: where that has hours, the opening is
/// used.
void close_path(const Session &session, const Peer &peer);

/// What a path answered.
void take_outcome(const Session &session, const Tickets::Sent &sent, const Result<void> &result);

/// The earliest time at which anything may go to this peer.
std::optional<Timestamp> next_due(const Session &session, const Peer &peer);

/// The same for a report alone.
std::optional<Timestamp> next_report(const Session &session, const Peer &peer);

/// Something is due to the peer, whether or not a path is open.
bool is_anything_due(const Session &session, const Peer &peer);

} // namespace postrider::engine
