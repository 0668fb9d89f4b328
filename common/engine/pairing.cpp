// What people do: invite, accept, compare words, revoke.
#include "common/engine/pairing.hpp"

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/crypto/words.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/declare_tasks.hpp"
#include "common/engine/farewell.hpp"
#include "common/engine/pairing_rows.hpp"
#include "common/engine/report.hpp"
#include "common/engine/rotation.hpp"
#include "common/engine/sign_of_life.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

constexpr std::string_view maildir_prefix = "maildir:";

/// The inviter's clock alone decides; this only spares a person a fortnight of waiting, and leaves
/// room for a wrong clock here.
constexpr Duration expiry_tolerance = std::chrono::hours{24};

Error not_again(const Session &session, const Peer &peer) {
    const bool disputed = peer.state == PeerState::disputed;
    return {Errc::refused,
            disputed ? "peer \"" + peer.name + "\" is disputed: two nodes answered one invitation"
                     : "peer \"" + peer.name + "\" is paired already",
            {},
            "To pair anew, revoke it first: " + revoke_call(session, peer.name)};
}

bool has_keys(PeerState state) {
    return state == PeerState::paired || state == PeerState::verified ||
           state == PeerState::disputed;
}

void set_state(const Session &session, std::int64_t peer_id, PeerState state) {
    session.transaction.execute("UPDATE @peer SET state = ?2 WHERE peer_id = ?1",
                                {peer_id, Value::text(std::string{name_of(state)})});
}

// Where the peer may reach us: the first place that we share with it. Empty when it cannot stand in
// a line; the other side then names a place itself.
std::string own_address(const Session &session, const Peer &peer) {
    for (const PeerPath &path : load_paths(session, peer.peer_id)) {
        if (!path.approved) {
            continue;
        }
        std::string address =
            path.kind == "maildir" ? std::string{maildir_prefix} + path.target : path.target;
        if (wire::check_self_description("any", address)) {
            return address;
        }
    }
    return {};
}

std::string name_the_directory(const Session &session) {
    return "Name the directory by its full path as the second argument: SELECT * FROM " +
           session.dialect.command("accept") + "('postrider1:…', '/folder');";
}

// The directory of "maildir:/path" or "/path".
Result<std::string> maildir_of(const Session &session, const std::string &address) {
    const std::string path =
        address.starts_with(maildir_prefix) ? address.substr(maildir_prefix.size()) : address;
    if (!path.starts_with('/')) {
        return Error{Errc::refused, "address \"" + printable(address) + "\" is not a maildir",
                     "In this version nodes meet in a maildir.", name_the_directory(session)};
    }
    return path;
}

Result<void> check_line(const Session &session, const wire::Invitation &invitation) {
    if (invitation.node == session.identity.node) {
        return Error{Errc::refused,
                     "invitation is this node's own",
                     {},
                     "Give it to the other side and accept it there."};
    }
    if ((invitation.suites & wire::suites_supported) == 0) {
        return Error{Errc::unsupported_version,
                     "invitation names no envelope suite that is known here",
                     {},
                     "Update Postrider on this side."};
    }
    if (session.now > invitation.expires + expiry_tolerance) {
        return Error{Errc::refused,
                     "invitation expired at " + to_text(invitation.expires),
                     {},
                     "Ask for a new one; it is good for 14 days."};
    }
    return {};
}

bool is_former(const Session &session, const Peer &peer, const NodeId &node) {
    return first_row(session.transaction,
                     "SELECT 1 FROM @peer WHERE peer_id = ?1 AND former_node = ?2",
                     {peer.peer_id, stored(node)})
        .has_value();
}

// The peer that an invitation's node is here, or becomes: known by its node id, else by the name
// under which it was declared, else new.
Result<Peer> inviting_peer(const Session &session, const wire::Invitation &invitation) {
    Transaction &transaction = session.transaction;
    end_farewell_to(session, invitation.node);
    const auto known = first_row(transaction, "SELECT peer_id FROM @peer WHERE node_id = ?1",
                                 {stored(invitation.node)});
    if (known) {
        return *load_peer(transaction, integer_at(*known, 0));
    }
    if (auto peer = find_peer(transaction, invitation.name)) {
        if (has_keys(peer->state)) {
            return Error{Errc::refused,
                         "peer \"" + peer->name + "\" is another node than the one of this line",
                         {},
                         "If it replaces the old one, revoke that first: " +
                             revoke_call(session, peer->name)};
        }
        if (is_former(session, *peer, invitation.node)) {
            return Error{Errc::refused,
                         "the line is of the machine of \"" + peer->name + "\" that was replaced",
                         {},
                         "Take a line of the new machine. If the old one is to stay: " +
                             revoke_call(session, peer->name)};
        }
        return *std::move(peer);
    }
    if (const Result<void> named = check_peer_name(transaction, invitation.name); !named) {
        return named.error();
    }
    transaction.execute("INSERT INTO @peer (name, state, created_at) VALUES (?1, 'declared', ?2)",
                        {Value::text(invitation.name), stored(session.now)});
    return *find_peer(transaction, invitation.name);
}

// Where to reach the inviter: what was said in words here; else what is declared; else the line.
Result<void> take_address(const Session &session,
                          const Peer &peer,
                          const wire::Invitation &invitation,
                          const std::optional<std::string> &said) {
    const bool declared = !load_paths(session, peer.peer_id).empty();
    if (declared && !said) {
        return {};
    }
    const std::string address = said.value_or(invitation.address);
    if (address.empty()) {
        return Error{Errc::refused,
                     "invitation names no address of the inviter",
                     {},
                     name_the_directory(session)};
    }
    const Result<std::string> path = maildir_of(session, address);
    if (!path) {
        return path.error();
    }
    const MachinePart directory{MachinePart::Kind::directory, *path};
    if (Result<void> may = session.transaction.may_reach(directory); !may) {
        return may;
    }
    session.transaction.execute("DELETE FROM @peer_path WHERE peer_id = ?1", {peer.peer_id});
    session.transaction.execute(
        "INSERT INTO @peer_path (peer_id, ordinal, kind, target) VALUES (?1, 1, 'maildir', ?2)",
        {peer.peer_id, Value::text(*path)});
    protect(session, "peer_path", {peer.peer_id, std::int64_t{1}});
    return {};
}

wire::Answer answer_to(const Session &session, const wire::Invitation &invitation) {
    const Identity &identity = session.identity;
    const std::uint32_t generation = current_receiving_generation(session);
    wire::Answer answer;
    answer.invitation = invitation.id;
    answer.node = identity.node;
    answer.signing_key = identity.signing_key.public_key;
    answer.contact_key = identity.contact_key.public_key;
    answer.receiving_generation = generation;
    answer.receiving_key = own_receiving_key(session, generation).public_key;
    answer.stamp_key = crypto::Key::random();
    answer.nonce = crypto::random_bytes<32>();
    answer.name = identity.name;
    return answer;
}

void drop_pairings(const Session &session, std::int64_t peer_id, PairingRole role) {
    for (const PairingRow &row : load_pairings_of(session, peer_id)) {
        if (row.role == role) {
            remove_pairing(session, row.invitation.id);
        }
    }
}

/// Drops the keys that are shared with the node behind the peer: nothing of it is taken any more.
void lose_keys(const Session &session, const Peer &peer) {
    const bool was_approved = is_approved(session.identity, peer.configuration);
    session.transaction.execute(
        "UPDATE @peer SET node_id = NULL, sign_public = NULL, contact_public = NULL,"
        " receiving_generation = 0, receiving_public = NULL, psk_sealed = NULL,"
        " stamp_in_sealed = NULL, stamp_out_sealed = NULL, words = '', seals_to_generation = 0"
        " WHERE peer_id = ?1",
        {peer.peer_id});
    if (was_approved) { // so what its statement allows stays allowed
        protect(session, "peer", {peer.peer_id});
    }
}

/// Nothing goes to it or comes from it until it is paired again.
Result<void> cut_off(const Session &session, const Peer &peer) {
    lose_keys(session, *load_peer(session.transaction, peer.peer_id));
    end_promises(session, peer.peer_id);
    // No report will come for it. Paired again, its streams begin anew and its tables are loaded.
    give_up_outbox(session, peer);
    session.transaction.execute("DELETE FROM @invitation WHERE peer_id = ?1", {peer.peer_id});
    const Result<CaptureChanges> captures = update_captures(session);
    return captures ? Result<void>{} : captures.error();
}

bool was_paired(const Peer &peer) {
    return has_keys(peer.state) || peer.state == PeerState::left ||
           peer.state == PeerState::revoked;
}

/// A peer that has left is told nothing more once it is to be paired again.
void end_old_pairing(const Session &session, const Peer &peer) {
    if (peer.state == PeerState::left) {
        lose_keys(session, peer);
        end_promises(session, peer.peer_id);
        forget_agreements(session.transaction, peer);
    }
}

Result<std::string> accept_line(const Session &session, const Acceptance &acceptance) {
    const Result<wire::Invitation> invitation = wire::parse_invitation(acceptance.line);
    if (!invitation) {
        return invitation.error();
    }
    if (auto checked = check_line(session, *invitation); !checked) {
        return checked.error();
    }
    const Result<Peer> peer = inviting_peer(session, *invitation);
    if (!peer) {
        return peer.error();
    }
    if (has_keys(peer->state)) {
        return not_again(session, *peer);
    }
    end_old_pairing(session, *peer);
    if (auto taken = take_address(session, *peer, *invitation, acceptance.address); !taken) {
        return taken.error();
    }
    PairingRow row;
    for (const PairingRow &earlier : load_pairings_of(session, peer->peer_id)) {
        // The same line again keeps its answer: a second one would not be taken.
        if (earlier.role == PairingRole::accepter && earlier.invitation.id == invitation->id &&
            earlier.shared.key == wire::invitation_key(*invitation)) {
            row = earlier;
        }
    }
    drop_pairings(session, peer->peer_id, PairingRole::accepter);
    row.peer_id = peer->peer_id;
    row.role = PairingRole::accepter;
    row.state = PairingState::answered;
    row.shared = wire::kept(*invitation);
    row.invitation = *invitation;
    if (!row.answer) {
        row.answer = answer_to(session, *invitation);
    }
    row.expires = session.now + limits::invitation_lifetime;
    row.tries = 0;
    row.next_try = session.now;
    row.trust_tasks = acceptance.trust_tasks;
    store_pairing(session, row);
    const bool was_approved =
        is_approved(session.identity, load_peer(session.transaction, peer->peer_id)->configuration);
    session.transaction.execute(
        "UPDATE @peer SET node_id = ?2, state = 'accepted' WHERE peer_id = ?1",
        {peer->peer_id, stored(invitation->node)});
    if (was_approved) { // so what its statement allows stays allowed
        protect(session, "peer", {peer->peer_id});
    }
    return peer->name;
}

} // namespace

Result<std::string> invite(const Session &session, const std::string &peer_name) {
    const Result<Peer> peer = require_peer(session.transaction, peer_name);
    if (!peer) {
        return peer.error();
    }
    if (has_keys(peer->state)) {
        return not_again(session, *peer);
    }
    end_old_pairing(session, *peer);
    const wire::PairingNonce nonce = crypto::random_bytes<32>();
    wire::Invitation invitation;
    invitation.id = crypto::random_bytes<8>();
    invitation.node = session.identity.node;
    invitation.name = session.identity.name;
    invitation.address = own_address(session, *peer);
    invitation.signing_key = session.identity.signing_key.public_key;
    invitation.contact_key = session.identity.contact_key.public_key;
    invitation.nonce_commitment = wire::nonce_commitment(nonce);
    invitation.expires =
        std::chrono::ceil<std::chrono::seconds>(session.now + limits::invitation_lifetime);
    invitation.secret = crypto::SecretBytes<16>::random();
    Result<std::string> line = wire::invitation_line(invitation);
    if (!line) {
        return line.error();
    }
    drop_pairings(session, peer->peer_id, PairingRole::inviter);
    PairingRow row;
    row.peer_id = peer->peer_id;
    row.shared = wire::kept(invitation);
    row.invitation = invitation;
    row.nonce = nonce;
    row.expires = invitation.expires;
    store_pairing(session, row);
    if (peer->state != PeerState::accepted) {
        set_state(session, peer->peer_id, PeerState::invited);
    }
    return line;
}

Result<std::string> accept(const Session &session, const Acceptance &acceptance) {
    if (const Result<void> may = session.transaction.may_decide_all();
        acceptance.trust_tasks && !may) {
        return may.error();
    }
    std::string peer;
    const Result<void> done = session.transaction.attempt([&]() -> Result<void> {
        const Result<std::string> accepted = accept_line(session, acceptance);
        if (!accepted) {
            return accepted.error();
        }
        peer = *accepted;
        return {};
    });
    if (!done) {
        return done.error();
    }
    return peer;
}

Result<ComparedWords>
confirm_peer(const Session &session, const std::string &peer_name, const std::string &words) {
    const Result<Peer> peer = require_peer(session.transaction, peer_name);
    if (!peer) {
        return peer.error();
    }
    if (peer->state != PeerState::paired && peer->state != PeerState::verified) {
        return Error{Errc::refused,
                     "peer \"" + peer->name + "\" is not paired",
                     {},
                     "Its words are there once its answer or confirm has arrived."};
    }
    const Result<std::string> typed = crypto::normalized_words(words);
    if (!typed) {
        return typed.error();
    }
    if (*typed != peer->words) {
        log_event(session.transaction, session.now,
                  {"words_differ", peer->peer_id,
                   "the words given for \"" + peer->name + "\" are not those of its pairing",
                   "Compare them once more by voice; if they differ: " +
                       revoke_call(session, peer->name)});
        return ComparedWords{
            false,
            {Errc::refused, "the words are not those of peer \"" + peer->name + "\"",
             "Either they were misheard, or somebody stands between the two nodes.",
             "Compare them once more by voice. If they differ: " +
                 revoke_call(session, peer->name) + " Then invite again over another way."}};
    }
    set_state(session, peer->peer_id, PeerState::verified);
    return ComparedWords{};
}

Result<void> revoke(const Session &session, const std::string &peer_name) {
    const Result<Peer> peer = require_peer(session.transaction, peer_name);
    if (!peer) {
        return peer.error();
    }
    session.transaction.execute("UPDATE @peer SET state = 'revoked', trust_tasks = 0,"
                                " former_node = NULL WHERE peer_id = ?1",
                                {peer->peer_id});
    // Should it be paired again, or another node take its name, nothing of this one is built upon.
    forget_agreements(session.transaction, *peer);
    if (Result<void> cut = cut_off(session, *peer); !cut) {
        return cut;
    }
    log_event(session.transaction, session.now,
              {"revoked", peer->peer_id,
               "\"" + peer->name + "\" is revoked: nothing is sent to it or taken from it"});
    return {};
}

Result<std::string> replace_peer(const Session &session, const std::string &peer_name) {
    const Result<Peer> peer = require_peer(session.transaction, peer_name);
    if (!peer) {
        return peer.error();
    }
    if (!was_paired(*peer)) {
        return Error{Errc::refused,
                     "peer \"" + peer->name + "\" has no machine yet that could be replaced",
                     {},
                     "Invite it: SELECT " + session.dialect.command("invite") + "('" + peer->name +
                         "');"};
    }
    session.transaction.execute("UPDATE @peer SET state = 'declared', former_node = node_id"
                                " WHERE peer_id = ?1",
                                {peer->peer_id});
    forget_lost_machine(session.transaction, *peer);
    if (Result<void> cut = cut_off(session, *peer); !cut) {
        return cut.error();
    }
    log_event(session.transaction, session.now,
              {"peer_replaced", peer->peer_id,
               "a new machine takes the place of \"" + peer->name +
                   "\": nothing is sent to the old one or taken from it",
               "Accept the invitation on the new machine."});
    return invite(session, peer_name);
}

} // namespace postrider::engine
