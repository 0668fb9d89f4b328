// Answers and confirms as they arrive (docs/protocol.md, "Pairing": the checks and the rules).
#include <algorithm>

#include "common/base/utf8.hpp"
#include "common/engine/farewell.hpp"
#include "common/engine/meeting_place.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/pairing_rows.hpp"
#include "common/engine/rotation.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {

namespace {

/// An old answer may be played again and again.
constexpr Duration told_once_in = std::chrono::hours{24};

std::string shown(const std::string &foreign) {
    return "\"" + printable(foreign, 60) + "\"";
}

Error refused(const Session &session,
              const PairingRow &row,
              const std::string &message,
              const std::string &hint) {
    const EventRow event{"pairing_refused", row.peer_id, message, hint};
    if (!is_told(session.transaction, session.now - told_once_in, event)) {
        log_event(session.transaction, session.now, event);
    }
    return {Errc::refused, message, {}, hint};
}

bool is_same_identity(const wire::Answer &left, const wire::Answer &right) {
    return left.node == right.node && left.signing_key == right.signing_key;
}

bool is_same_answer(const wire::Answer &left, const wire::Answer &right) {
    return wire::encode_answer(left, {}) == wire::encode_answer(right, {});
}

Result<void>
take_second_answer(const Session &session, PairingRow row, const wire::Answer &answer) {
    const bool same_identity = row.answer && is_same_identity(*row.answer, answer);
    if (row.state == PairingState::used && same_identity && is_same_answer(*row.answer, answer)) {
        // Our confirm was lost, or somebody plays an old answer: after the second, each waits
        // longer.
        if (!row.next_try) {
            row.next_try =
                session.now + (row.tries < 2 ? Duration{0} : pause_before_repeating(row));
        }
        store_pairing(session, row);
        return {};
    }
    const std::string peer = load_peer(session.transaction, row.peer_id)->name;
    if (same_identity || session.now >= row.expires) {
        return refused(session, row, "the invitation of \"" + peer + "\" was used already",
                       revoke_call(session, peer) + " Then invite it again.");
    }
    row.state = PairingState::disputed;
    row.next_try.reset();
    store_pairing(session, row);
    session.transaction.execute("UPDATE @peer SET state = 'disputed' WHERE peer_id = ?1",
                                {row.peer_id});
    return refused(session, row,
                   "a second node, " + shown(answer.name) + ", answered the invitation of \"" +
                       peer + "\": the peer is disputed, and nothing is sent or taken",
                   "Somebody else has read the invitation: " + revoke_call(session, peer) +
                       " Then invite again over another way.");
}

// Both sides invited and accepted each other: of the two pairings that of the lesser node id
// stands, which both know.
bool own_answer_goes_first(const Session &session, const PairingRow &row, const NodeId &other) {
    const std::vector<PairingRow> rows = load_pairings_of(session, row.peer_id);
    return other < session.identity.node &&
           std::any_of(rows.begin(), rows.end(), [&other](const PairingRow &mine) {
               return mine.role == PairingRole::accepter && mine.state == PairingState::answered &&
                      mine.invitation.node == other;
           });
}

Result<void>
check_first_answer(const Session &session, const PairingRow &row, const wire::Answer &answer) {
    if (session.now >= row.expires || row.state == PairingState::expired) {
        return refused(session, row, "an answer came to an invitation that has expired",
                       "Invite again.");
    }
    if (answer.node == session.identity.node) {
        return refused(session, row, "this node answered its own invitation",
                       "Accept the line on the other side.");
    }
    const auto known = first_row(session.transaction,
                                 "SELECT name FROM @peer WHERE node_id = ?1 AND peer_id <> ?2",
                                 {stored(answer.node), row.peer_id});
    if (known) {
        return refused(session, row,
                       "the node that answered is known already as peer \"" + text_at(*known, 0) +
                           "\"",
                       "One node cannot be two peers: " + revoke_call(session, text_at(*known, 0)) +
                           " Then invite again.");
    }
    if (first_row(session.transaction,
                  "SELECT 1 FROM @peer WHERE peer_id = ?1 AND former_node = ?2",
                  {row.peer_id, stored(answer.node)})) {
        const std::string peer = load_peer(session.transaction, row.peer_id)->name;
        return refused(session, row,
                       "the machine of \"" + peer + "\" that was replaced answered the invitation",
                       "Accept the line on the new machine. If the old one is to stay: " +
                           revoke_call(session, peer) + " Then invite again.");
    }
    if ((answer.suites & wire::suites_supported) == 0) {
        return refused(session, row,
                       shown(answer.name) + " knows no envelope suite that is known here",
                       "Update Postrider on the older side.");
    }
    return {};
}

AgreedPeer agreed_by_answer(const PairingRow &row, const wire::OpenedAnswer &opened) {
    const wire::Answer &answer = opened.answer;
    const wire::Transcript transcript =
        wire::pairing_transcript(row.shared.public_invitation, answer);
    const wire::PairingNonces nonces{*row.nonce, answer.nonce};
    AgreedPeer agreed;
    agreed.node = answer.node;
    agreed.signing_generation = opened.signing_generation;
    agreed.signing_key = answer.signing_key;
    agreed.contact_key = answer.contact_key;
    agreed.receiving_generation = answer.receiving_generation;
    agreed.receiving_key = answer.receiving_key;
    agreed.psk = wire::pair_key(row.shared.key, transcript, nonces);
    agreed.stamp_in = crypto::Key::random();
    agreed.stamp_out = answer.stamp_key;
    agreed.words = wire::pairing_words(transcript, nonces);
    agreed.suites = answer.suites;
    return agreed;
}

/// Of a peer that was invited without a path. One that is of no use is told; the peer's statement
/// has to name a path then.
void take_own_address(const Session &session, const Peer &peer, const std::string &address) {
    if (const Result<void> met = meet_by_mail(session, peer, address); !met) {
        log_event(session.transaction, session.now,
                  {"no_path", peer.peer_id,
                   "there is no path to \"" + peer.name + "\": " + met.error().message,
                   "Declare one: PEER " + task::quote_name(peer.name) + " MAIL 'its@address';"});
    }
}

Result<void> take_answer(const Session &session, PairingRow row, ByteView envelope) {
    const Result<wire::OpenedAnswer> opened =
        wire::open_answer(pairing_self(session.identity), row.shared, envelope);
    if (!opened) {
        return opened.error();
    }
    const wire::Answer &answer = opened->answer;
    if (row.state == PairingState::used || row.state == PairingState::disputed) {
        return take_second_answer(session, std::move(row), answer);
    }
    const Peer peer = *load_peer(session.transaction, row.peer_id);
    if (row.state == PairingState::expired && peer.is_live() && peer.node == answer.node) {
        return {}; // the other way round was faster
    }
    end_farewell_to(session, answer.node);
    if (auto checked = check_first_answer(session, row, answer); !checked) {
        return checked;
    }
    if (own_answer_goes_first(session, row, answer.node)) {
        return {};
    }
    row.state = PairingState::used;
    row.answer = answer;
    row.next_try = session.now;
    store_pairing(session, row);
    complete_pairing(session, row, agreed_by_answer(row, *opened));
    if (load_paths(session, peer.peer_id).empty()) {
        take_own_address(session, peer, answer.address);
    }
    return {};
}

Result<void> take_confirm(const Session &session, PairingRow row, ByteView envelope) {
    const Result<wire::OpenedConfirm> opened =
        wire::open_confirm(pairing_self(session.identity), row.shared, *row.answer, envelope);
    if (!opened) {
        return opened.error();
    }
    if (row.state == PairingState::confirmed) {
        return {};
    }
    const wire::Confirm &confirm = opened->confirm;
    const wire::Transcript transcript =
        wire::pairing_transcript(row.shared.public_invitation, *row.answer);
    const wire::PairingNonces nonces{confirm.nonce, row.answer->nonce};
    AgreedPeer agreed;
    agreed.node = row.invitation.node;
    agreed.signing_generation = opened->signing_generation;
    agreed.signing_key = row.invitation.signing_key;
    agreed.contact_key = row.invitation.contact_key;
    agreed.receiving_generation = confirm.receiving_generation;
    agreed.receiving_key = confirm.receiving_key;
    agreed.psk = wire::pair_key(row.shared.key, transcript, nonces);
    agreed.stamp_in = row.answer->stamp_key;
    agreed.stamp_out = confirm.stamp_key;
    agreed.words = wire::pairing_words(transcript, nonces);
    agreed.suites = row.invitation.suites;
    agreed.trust_tasks = row.trust_tasks;
    row.state = PairingState::confirmed;
    row.next_try.reset();
    store_pairing(session, row);
    complete_pairing(session, row, agreed);
    return {};
}

// The key under which a message of this pairing is stamped.
crypto::Key stamp_key_of(const PairingRow &row) {
    return row.role == PairingRole::inviter ? wire::pairing_stamp_key(row.shared.key)
                                            : row.answer->stamp_key;
}

} // namespace

std::optional<Result<void>> take_pairing_envelope(const Session &session, ByteView envelope) {
    const Result<wire::Prologue> prologue = wire::parse_prologue(envelope);
    if (!prologue) {
        return std::nullopt;
    }
    const wire::StampCover cover = wire::stamp_cover(*prologue);
    for (PairingRow &row : load_pairings(session)) {
        if (wire::find_stamp(*prologue, cover, stamp_key_of(row).view())) {
            return row.role == PairingRole::inviter
                       ? take_answer(session, std::move(row), envelope)
                       : take_confirm(session, std::move(row), envelope);
        }
    }
    return std::nullopt;
}

std::vector<FixedBytes<32>> pairing_stamp_keys(const Session &session,
                                               std::optional<std::int64_t> only_peer) {
    std::vector<FixedBytes<32>> keys;
    for (const PairingRow &row : load_pairings(session)) {
        if (only_peer && row.peer_id != *only_peer) {
            continue;
        }
        const crypto::Key key = stamp_key_of(row);
        ByteReader reader{key.view()};
        keys.push_back(reader.fixed<32>());
    }
    return keys;
}

} // namespace postrider::engine
