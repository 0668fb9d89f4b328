// Loading and storing pairings, and the peer that comes out of one.
#include "common/engine/pairing_rows.hpp"

#include <array>

#include "common/base/text_encoding.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/report.hpp"
#include "common/engine/rotation.hpp"
#include "common/engine/sign_of_life.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

constexpr std::array<std::string_view, 2> role_names = {"inviter", "accepter"};
constexpr std::array<std::string_view, 6> state_names = {"open",     "used",      "disputed",
                                                         "answered", "confirmed", "expired"};

constexpr const char *pairing_columns =
    "SELECT peer_id, role, state, public_invitation, key_sealed, nonce_sealed, answer_sealed,"
    " expires_at, tries, next_try_at, trust_tasks, ";
constexpr std::size_t covered_from = 11; // invitation_id first

std::string select_pairings(const char *where) {
    return pairing_columns + covered_columns("invitation") + " FROM @invitation" + where +
           " ORDER BY invitation_id";
}

template <class Enum, std::size_t size>
Enum named(const std::array<std::string_view, size> &names, const std::string &name) {
    for (std::size_t index = 0; index < size; ++index) {
        if (names[index] == name) {
            return static_cast<Enum>(index);
        }
    }
    ensure(false, "a stored role or state is one of ours");
    return Enum{};
}

SealedPlace place(const wire::InvitationId &invitation, std::string_view column) {
    return {"invitation", to_hex(invitation), column};
}

crypto::ColumnPlace column_place(const Identity &identity, const SealedPlace &at) {
    return {identity.node, at.table, at.row_key, at.column};
}

std::optional<wire::Answer> open_answer_column(const Session &session,
                                               const wire::InvitationId &invitation,
                                               const Bytes &sealed) {
    const SealedPlace at = place(invitation, "answer_sealed");
    const Result<Bytes> plaintext =
        crypto::open_column(session.identity.master, column_place(session.identity, at), sealed);
    if (!plaintext) {
        return std::nullopt;
    }
    const Result<wire::PairingBody> body = wire::parse_pairing_body(*plaintext);
    const auto *tagged = body ? std::get_if<wire::TaggedAnswer>(&*body) : nullptr;
    return tagged != nullptr ? std::optional{tagged->answer} : std::nullopt;
}

std::optional<PairingRow> pairing_from(const Session &session, const Row &row) {
    if (!is_approved(session.identity,
                     protected_row("invitation", std::span{row}.subspan(covered_from)))) {
        return std::nullopt;
    }
    PairingRow out;
    out.peer_id = integer_at(row, 0);
    out.role = named<PairingRole>(role_names, text_at(row, 1));
    out.state = named<PairingState>(state_names, text_at(row, 2));
    out.shared.public_invitation = blob_at(row, 3);
    const Result<wire::Invitation> invitation =
        wire::parse_public_invitation(out.shared.public_invitation);
    if (!invitation || invitation->id != fixed_at<8>(row, covered_from)) {
        return std::nullopt;
    }
    out.invitation = *invitation;
    const Result<crypto::Key> key =
        open_key(session.identity, place(invitation->id, "key_sealed"), blob_at(row, 4));
    if (!key) {
        return std::nullopt;
    }
    out.shared.key = *key;
    if (const auto sealed = maybe_blob_at(row, 5)) {
        const Result<crypto::Key> nonce =
            open_key(session.identity, place(invitation->id, "nonce_sealed"), *sealed);
        if (!nonce) {
            return std::nullopt;
        }
        ByteReader reader{nonce->view()};
        out.nonce = reader.fixed<32>();
    }
    if (const auto sealed = maybe_blob_at(row, 6)) {
        out.answer = open_answer_column(session, invitation->id, *sealed);
        if (!out.answer) {
            return std::nullopt;
        }
    }
    const bool has_answer = out.role == PairingRole::accepter || out.state == PairingState::used ||
                            out.state == PairingState::disputed;
    if ((out.role == PairingRole::inviter && !out.nonce) || (has_answer && !out.answer)) {
        return std::nullopt; // edited by hand
    }
    out.expires = time_at(row, 7);
    out.tries = integer_at(row, 8);
    out.next_try = maybe_time_at(row, 9);
    out.trust_tasks = integer_at(row, 10) != 0;
    return out;
}

std::vector<PairingRow> opened(const Session &session, const std::vector<Row> &rows) {
    std::vector<PairingRow> out;
    for (const Row &row : rows) {
        if (auto pairing = pairing_from(session, row)) {
            out.push_back(*std::move(pairing));
        }
    }
    return out;
}

} // namespace

std::vector<PairingRow> load_pairings(const Session &session) {
    return opened(session, all_rows(session.transaction, select_pairings("")));
}

std::vector<PairingRow> load_pairings_of(const Session &session, std::int64_t peer_id) {
    return opened(session,
                  all_rows(session.transaction, select_pairings(" WHERE peer_id = ?1"), {peer_id}));
}

void store_pairing(const Session &session, const PairingRow &row) {
    const wire::InvitationId &id = row.invitation.id;
    const Identity &identity = session.identity;
    const Value nonce =
        row.nonce ? Value{seal(identity, place(id, "nonce_sealed"), *row.nonce)} : Value{};
    const Value answer = row.answer ? Value{seal(identity, place(id, "answer_sealed"),
                                                 wire::encode_answer(*row.answer, {}))}
                                    : Value{};
    remove_pairing(session, id);
    session.transaction.execute(
        "INSERT INTO @invitation (invitation_id, peer_id, role, state, public_invitation,"
        " key_sealed, nonce_sealed, answer_sealed, expires_at, tries, next_try_at, trust_tasks)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        {stored(id), row.peer_id,
         Value::text(std::string{role_names.at(static_cast<std::size_t>(row.role))}),
         Value::text(std::string{state_names.at(static_cast<std::size_t>(row.state))}),
         row.shared.public_invitation,
         seal(identity, place(id, "key_sealed"), row.shared.key.view()), nonce, answer,
         stored(row.expires), row.tries, stored(row.next_try), stored(row.trust_tasks)});
    protect(session, "invitation", {stored(id)});
}

void remove_pairing(const Session &session, const wire::InvitationId &invitation) {
    session.transaction.execute("DELETE FROM @invitation WHERE invitation_id = ?1",
                                {stored(invitation)});
}

std::string revoke_call(const Session &session, const std::string &peer) {
    return "SELECT " + session.dialect.command("revoke") + "('" + peer + "');";
}

wire::PairingSelf pairing_self(const Identity &identity) {
    return {identity.node, identity.signing_key, identity.contact_key, identity.signing_generation};
}

void complete_pairing(const Session &session, const PairingRow &row, const AgreedPeer &agreed) {
    Transaction &transaction = session.transaction;
    const Peer peer = *load_peer(transaction, row.peer_id);
    const auto sealed = [&](std::string_view column, const crypto::Key &key) {
        return seal(session.identity, peer_place(peer, column), key.view());
    };
    if (peer.node && *peer.node != agreed.node) {
        forget_agreements(transaction, peer);
    }
    // What somebody wrote into the row by hand is not approved on the way.
    const bool trust_tasks =
        agreed.trust_tasks ||
        (peer.trust_tasks && is_approved(session.identity, peer.configuration));
    transaction.execute(
        "UPDATE @peer SET node_id = ?2, state = 'paired', sign_generation = ?3, sign_public = ?4,"
        " contact_public = ?5, receiving_generation = ?6, receiving_public = ?7, psk_sealed = ?8,"
        " stamp_in_sealed = ?9, stamp_out_sealed = ?10, words = ?11, suites = ?12,"
        " trust_tasks = ?13, seals_to_generation = ?14, notes_taken = 0,"
        " parked_there = 0, parked_there_reason = '', held = '', former_node = NULL WHERE peer_id "
        "= ?1",
        {peer.peer_id, stored(agreed.node), std::int64_t{agreed.signing_generation},
         stored(agreed.signing_key), stored(agreed.contact_key),
         std::int64_t{agreed.receiving_generation}, stored(agreed.receiving_key),
         sealed("psk_sealed", agreed.psk), sealed("stamp_in_sealed", agreed.stamp_in),
         sealed("stamp_out_sealed", agreed.stamp_out), Value::text(agreed.words),
         std::int64_t{agreed.suites}, stored(trust_tasks),
         std::int64_t{current_receiving_generation(session)}});
    end_promises(session, peer.peer_id);
    // It may be another node under the name: what its reports told is of the one before.
    transaction.execute("DELETE FROM @peer_start WHERE peer_id = ?1", {peer.peer_id});
    // Other invitations of ours are withdrawn, but known until they expire, so that a late answer
    // is not taken for a stranger's; other answers of ours are no longer wanted.
    transaction.execute("DELETE FROM @invitation WHERE peer_id = ?1 AND invitation_id <> ?2"
                        " AND role = 'accepter'",
                        {peer.peer_id, stored(row.invitation.id)});
    transaction.execute("UPDATE @invitation SET state = 'expired', next_try_at = NULL"
                        " WHERE peer_id = ?1 AND invitation_id <> ?2",
                        {peer.peer_id, stored(row.invitation.id)});
    protect(session, "peer", {peer.peer_id});
    const bool had_streams =
        first_row(transaction, "SELECT 1 FROM @stream_out WHERE peer_id = ?1 LIMIT 1",
                  {peer.peer_id})
            .has_value();
    const Peer paired = *load_peer(transaction, peer.peer_id);
    if (had_streams) {
        // Paired again: what either side remembers of the other may be old.
        doubt_streams(session, paired);
    } else {
        open_control_stream(session, peer.peer_id);
    }
    log_event(transaction, session.now,
              {"paired", peer.peer_id,
               "paired with \"" + peer.name + "\"; the words are: " + agreed.words,
               "Ask the other side for its four words, then SELECT " +
                   session.dialect.command("confirm_peer") + "('" + peer.name +
                   "', 'the four words that the other side shows');"});
}

} // namespace postrider::engine
