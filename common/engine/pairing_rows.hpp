// The rows of `invitation`: pairings under way, with their sealed secrets. Private to pairing*.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/pairing.hpp"

namespace postrider::engine {

enum class PairingRole { inviter, accepter };

enum class PairingState {
    open,      // inviter: nobody has answered
    used,      // inviter: answered; kept until it expires, to know a second answer
    disputed,  // inviter: two valid answers
    answered,  // accepter: our answer is out
    confirmed, // accepter: done; kept so that a repeated confirm is known
    expired,
};

/// One pairing. Secrets are open in memory, sealed in the row.
struct PairingRow {
    std::int64_t peer_id = 0;
    PairingRole role = PairingRole::inviter;
    PairingState state = PairingState::open;
    wire::KeptInvitation shared;
    wire::Invitation invitation;             // from the public part: the secret is zero
    std::optional<wire::PairingNonce> nonce; // nonce_a, inviter only
    std::optional<wire::Answer> answer;      // taken (inviter) or sent (accepter)
    Timestamp expires{};
    std::int64_t tries = 0;
    std::optional<Timestamp> next_try;
    bool trust_tasks = false;
};

/// All rows whose secrets open. One that does not (another secret file) is left out: its pairing
/// cannot go on.
std::vector<PairingRow> load_pairings(const Session &session);
std::vector<PairingRow> load_pairings_of(const Session &session, std::int64_t peer_id);

/// Inserts or replaces the row of this invitation.
void store_pairing(const Session &session, const PairingRow &row);

void remove_pairing(const Session &session, const wire::InvitationId &invitation);

/// Before what was sent `tries` times goes again: minutes at first, a day at last.
Duration pause_before_repeating(const PairingRow &row);

/// What to type, in the SQL of this database: "SELECT postrider_revoke('shop');".
std::string revoke_call(const Session &session, const std::string &peer);

/// Our side of the messages.
wire::PairingSelf pairing_self(const Identity &identity);

/// What both sides write into the peer's row when the keys are agreed.
struct AgreedPeer {
    NodeId node{};
    std::uint16_t signing_generation = 0;
    crypto::PublicKey signing_key{};
    crypto::PublicKey contact_key{};
    std::uint32_t receiving_generation = 0;
    crypto::PublicKey receiving_key{};
    crypto::Key psk;
    crypto::Key stamp_in;
    crypto::Key stamp_out;
    std::string words;
    wire::Suites suites = 0;
    bool trust_tasks = false;
};

/// The peer becomes `paired`, its other invitations are withdrawn, stream 0 is opened.
void complete_pairing(const Session &session, const PairingRow &row, const AgreedPeer &agreed);

} // namespace postrider::engine
