// From the outbox to transmissions: which parts go now, by which path, and what the paths answered.
#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <vector>

#include "common/engine/pairing.hpp"
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
        std::uint64_t booked_bytes = 0; // of the budgets; 0: nothing was booked
        Timestamp booked_at{};
        std::uint64_t mail_bytes = 0;   // of a part of a batch
        std::string alert_through = {}; // the mailbox of a mail about the peer to a person
        mail::Container container = mail::Container::mixed;
    };

    std::uint64_t add(const Sent &sent) {
        open_.emplace(++last_, sent);
        return last_;
    }

    /// The path that was to carry it.
    [[nodiscard]] std::int64_t path_of(std::uint64_t ticket) const {
        return open_.at(ticket).path_ordinal;
    }

    [[nodiscard]] bool carries_alert_about(std::int64_t peer_id) const {
        return std::any_of(open_.begin(), open_.end(), [&](const auto &entry) {
            return entry.second.peer_id == peer_id && !entry.second.alert_through.empty();
        });
    }

    /// Takes the ticket back; empty for one that we do not know.
    std::optional<Sent> take(std::uint64_t ticket);

  private:
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, Sent> open_;
};

/// Who carries it: a path, whose hours and budgets are obeyed, or a person, who takes it now.
enum class Carrier { path, person };

/// A pairing message over the first path that may be tried: a person waits for it, so no hours
/// hold it. In one form, or in each where it `is_repeated`. Booked; empty where there is no path.
std::vector<Transmission>
to_pair(const Session &session, const Peer &peer, const PairingMail &message, Tickets &tickets);

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

/// All that is due to the peer has been given to its paths in `sent`: where such a path has hours,
/// the opening is used.
void close_paths(const Session &session,
                 const Peer &peer,
                 const Tickets &tickets,
                 std::span<const Transmission> sent);

/// Mails of this size do not come through by this path: later ones are half as large. False where
/// they cannot be smaller.
bool make_smaller(const Session &session, const Tickets::Sent &sent, const PeerPath &path);

/// What a path answered.
void take_outcome(const Session &session, const Tickets::Sent &sent, const Outcome &outcome);

/// The earliest time at which anything may go to this peer.
std::optional<Timestamp> next_due(const Session &session, const Peer &peer);

/// The same for a report alone.
std::optional<Timestamp> next_report(const Session &session, const Peer &peer);

/// Something is due to the peer, whether or not a path is open.
bool is_anything_due(const Session &session, const Peer &peer);

} // namespace postrider::engine
