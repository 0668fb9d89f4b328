// The rows of `peer` and `peer_path`.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/engine/configuration_mac.hpp"
#include "common/engine/identity.hpp"
#include "common/engine/pace.hpp"
#include "common/stream/retry.hpp"

namespace postrider::engine {

struct StoredMailbox;

/// In the order in which a peer goes through them; those from `disputed` on leave it.
enum class PeerState {
    declared, // a name and paths, no keys
    invited,  // our invitation is out
    accepted, // our answer to its invitation is out
    paired,   // keys agreed, words not compared
    verified, // words compared by people
    disputed, // two valid answers to one invitation: held until it is cleared up
    revoked,  // nothing is taken from it or sent to it
    left,     // it has dropped us, and is told that we know; nothing else
    leaving,  // we have dropped it; its row stays until it knows (engine/farewell.hpp)
};
std::string_view name_of(PeerState state);

/// What is known of a peer. Sealed columns are opened by `peer_keys`.
struct Peer {
    std::int64_t peer_id = 0;
    std::string name;
    std::optional<NodeId> node;
    PeerState state = PeerState::declared;
    bool trust_tasks = false;
    bool paused = false;
    std::uint16_t signing_generation = 0;
    std::optional<crypto::PublicKey> sign_public;
    std::optional<crypto::PublicKey> contact_public;
    std::uint32_t receiving_generation = 0;
    std::optional<crypto::PublicKey> receiving_public;
    std::optional<Bytes> psk_sealed;
    std::optional<Bytes> stamp_in_sealed;
    std::optional<Bytes> stamp_out_sealed;
    std::string words;
    /// Ours that it has seen, its that we have taken.
    std::uint64_t notes_seen = 0;
    std::uint64_t notes_taken = 0;
    std::optional<Timestamp> heard_at;
    std::optional<Timestamp> sent_at;
    std::string held; // why nothing goes out or is applied; empty: nothing is held
    ProtectedRow configuration;

    /// Mails may be sent to it and taken from it.
    [[nodiscard]] bool is_live() const {
        return (state == PeerState::paired || state == PeerState::verified ||
                state == PeerState::leaving) &&
               !paused;
    }
};

/// Peers to which no change will go: never paired, or not any more.
inline constexpr const char *peers_cut_off =
    "(SELECT peer_id FROM @peer WHERE sign_public IS NULL OR state IN ('left', 'leaving'))";

std::vector<Peer> load_peers(Transaction &transaction);
std::optional<Peer> load_peer(Transaction &transaction, std::int64_t peer_id);
std::optional<Peer> find_peer(Transaction &transaction, const std::string &name);
/// As `find_peer`; `refused` with the known names in the hint.
Result<Peer> require_peer(Transaction &transaction, const std::string &name);

/// The peer is live, and its keys are those that this node has agreed upon with it: nothing of a
/// peer whose row was edited by hand is used.
bool is_usable(const Identity &identity, const Peer &peer);

/// The secrets shared with a live peer.
struct PeerKeys {
    crypto::Key psk;
    crypto::Key stamp_in;  // on what it sends to us
    crypto::Key stamp_out; // on what we send to it
};

/// `refused` when the row is not approved: whoever has keys from here may use the row's others.
Result<PeerKeys> peer_keys(const Identity &identity, const Peer &peer);
/// Where a sealed column of a peer's row lies.
SealedPlace peer_place(const Peer &peer, std::string_view column);

/// The peer as the recipient of a batch or report.
Result<wire::Recipient> recipient_of(const Identity &identity, const Peer &peer);

struct PeerPath {
    std::int64_t ordinal = 0;
    std::string kind;
    std::string target;
    std::string mailbox; // of ours; empty: the path needs none
    stream::Retry retry = {};
    Pace pace = {};
    stream::ScheduleUse use = {};
    std::optional<stream::Budget> mailbox_budget = {};
    Hours mailbox_hours = {};
    Pace asked = {}; // by the peer, for what is sent to its mailbox
    std::optional<std::uint64_t> mail_bytes_max = {}; // as far as refusals have taught
    bool approved = true;                             // its configuration MAC is good
};

/// In the order of the task text. A path by mail whose mailbox may not be used may not either.
std::vector<PeerPath> load_paths(const Session &session, std::int64_t peer_id);
/// The same where the mailboxes of the node are at hand.
std::vector<PeerPath>
load_paths(const Session &session, std::int64_t peer_id, std::span<const StoredMailbox> mailboxes);

} // namespace postrider::engine
