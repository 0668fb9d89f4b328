// Reading peers and opening their keys.
#include "common/engine/store/peers.hpp"

#include <algorithm>
#include <array>

#include "common/engine/configuration_mac.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

constexpr std::array<std::string_view, 9> state_names = {"declared", "invited",  "accepted",
                                                         "paired",   "verified", "disputed",
                                                         "revoked",  "left",     "leaving"};

constexpr const char *known_columns =
    "SELECT peer_id, name, node_id, state, trust_tasks, paused, sign_generation, sign_public,"
    " contact_public, receiving_generation, receiving_public, psk_sealed, stamp_in_sealed,"
    " stamp_out_sealed, words, notes_seen, notes_taken, heard_at, sent_at, held, ";
constexpr std::size_t covered_from = 20;

std::string select_peers(const char *where) {
    return known_columns + covered_columns("peer") + " FROM @peer" + where;
}

PeerState state_of(const std::string &name) {
    for (std::size_t index = 0; index < state_names.size(); ++index) {
        if (state_names[index] == name) {
            return static_cast<PeerState>(index);
        }
    }
    ensure(false, "a stored peer state is one of ours");
    return PeerState::revoked;
}

template <std::size_t size>
std::optional<FixedBytes<size>> maybe_fixed_at(const Row &row, std::size_t index) {
    return row.at(index).is_null() ? std::nullopt : std::optional{fixed_at<size>(row, index)};
}

Peer peer_from(const Row &row) {
    Peer peer;
    peer.peer_id = integer_at(row, 0);
    peer.name = text_at(row, 1);
    peer.node = maybe_fixed_at<16>(row, 2);
    peer.state = state_of(text_at(row, 3));
    peer.trust_tasks = integer_at(row, 4) != 0;
    peer.paused = integer_at(row, 5) != 0;
    peer.signing_generation = static_cast<std::uint16_t>(integer_at(row, 6));
    peer.sign_public = maybe_fixed_at<32>(row, 7);
    peer.contact_public = maybe_fixed_at<32>(row, 8);
    peer.receiving_generation = static_cast<std::uint32_t>(integer_at(row, 9));
    peer.receiving_public = maybe_fixed_at<32>(row, 10);
    peer.psk_sealed = maybe_blob_at(row, 11);
    peer.stamp_in_sealed = maybe_blob_at(row, 12);
    peer.stamp_out_sealed = maybe_blob_at(row, 13);
    peer.words = text_at(row, 14);
    peer.notes_seen = unsigned_at(row, 15);
    peer.notes_taken = unsigned_at(row, 16);
    peer.heard_at = maybe_time_at(row, 17);
    peer.sent_at = maybe_time_at(row, 18);
    peer.held = text_at(row, 19);
    peer.configuration = protected_row("peer", std::span{row}.subspan(covered_from));
    return peer;
}

std::optional<Peer> peer_where(Transaction &transaction, const char *where, const Value &value) {
    const auto row = first_row(transaction, select_peers(where), {value});
    return row ? std::optional{peer_from(*row)} : std::nullopt;
}

} // namespace

std::string_view name_of(PeerState state) {
    return state_names.at(static_cast<std::size_t>(state));
}

std::vector<Peer> load_peers(Transaction &transaction) {
    std::vector<Peer> peers;
    for (const Row &row : all_rows(transaction, select_peers(" ORDER BY peer_id"))) {
        peers.push_back(peer_from(row));
    }
    return peers;
}

std::optional<Peer> load_peer(Transaction &transaction, std::int64_t peer_id) {
    return peer_where(transaction, " WHERE peer_id = ?1", peer_id);
}

std::optional<Peer> find_peer(Transaction &transaction, const std::string &name) {
    return peer_where(transaction, " WHERE name = ?1", Value::text(name));
}

Result<Peer> require_peer(Transaction &transaction, const std::string &name) {
    if (auto peer = find_peer(transaction, name)) {
        return *std::move(peer);
    }
    std::string known;
    for (const Peer &peer : load_peers(transaction)) {
        if (peer.state == PeerState::leaving) {
            continue;
        }
        known += (known.empty() ? "" : ", ") + peer.name;
    }
    return Error{Errc::refused,
                 "peer \"" + name + "\" is not declared",
                 {},
                 known.empty() ? "Declare it, for example: PEER " + name + " MAILDIR '/path';"
                               : "The declared peers are: " + known + "."};
}

SealedPlace peer_place(const Peer &peer, std::string_view column) {
    return {"peer", std::to_string(peer.peer_id), column};
}

bool is_usable(const Identity &identity, const Peer &peer) {
    return peer.is_live() && is_approved(identity, peer.configuration);
}

Result<PeerKeys> peer_keys(const Identity &identity, const Peer &peer) {
    if (!peer.psk_sealed || !peer.stamp_in_sealed || !peer.stamp_out_sealed) {
        return Error{Errc::refused,
                     "peer \"" + peer.name + "\" is not paired",
                     {},
                     "Pair it: one side invites, the other accepts the line."};
    }
    if (!is_approved(identity, peer.configuration)) {
        return Error{Errc::refused,
                     "the keys of peer \"" + peer.name + "\" are not those that were agreed upon",
                     "Its row was edited by hand or brought by another file.",
                     "If the row is as it should be, approve() it; else pair with the peer again."};
    }
    Result<crypto::Key> psk = open_key(identity, peer_place(peer, "psk_sealed"), *peer.psk_sealed);
    Result<crypto::Key> in =
        open_key(identity, peer_place(peer, "stamp_in_sealed"), *peer.stamp_in_sealed);
    Result<crypto::Key> out =
        open_key(identity, peer_place(peer, "stamp_out_sealed"), *peer.stamp_out_sealed);
    if (!psk || !in || !out) {
        return Error{Errc::bad_signature,
                     "the stored keys of peer \"" + peer.name + "\" were changed",
                     {},
                     "Pair with this peer again."};
    }
    return PeerKeys{*psk, *in, *out};
}

Result<wire::Recipient> recipient_of(const Identity &identity, const Peer &peer) {
    Result<PeerKeys> keys = peer_keys(identity, peer);
    if (!keys) {
        return keys.error();
    }
    ensure(peer.node && peer.receiving_public,
           "a peer with keys has a node id and a receiving key");
    return wire::Recipient{*peer.node, *peer.receiving_public, keys->psk, keys->stamp_out};
}

namespace {

std::vector<PeerPath> paths_as_stored(const Session &session, std::int64_t peer_id) {
    std::vector<PeerPath> paths;
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT ordinal, kind, target, mailbox, failures,"
                                   " next_try_at, settings, paced_since, used_at,"
                                   " mail_bytes_max, bounce_until, CASE kind WHEN 'mail' THEN"
                                   " (SELECT p.pace_kept FROM @peer p"
                                   " WHERE p.peer_id = @peer_path.peer_id) ELSE '' END, " +
                                       covered_columns("peer_path") +
                                       " FROM @peer_path WHERE peer_id = ?1 ORDER BY ordinal",
                                   {peer_id})) {
        PeerPath path{.ordinal = integer_at(row, 0),
                      .kind = text_at(row, 1),
                      .target = text_at(row, 2),
                      .mailbox = text_at(row, 3)};
        path.retry.failures = static_cast<std::uint32_t>(integer_at(row, 4));
        path.retry.next_try = std::max(maybe_time_at(row, 5), maybe_time_at(row, 10));
        path.pace = stored_pace(text_at(row, 6));
        path.use = {time_at(row, 7), maybe_time_at(row, 8)};
        if (const auto most = maybe_integer_at(row, 9)) {
            path.mail_bytes_max = from_stored(*most);
        }
        path.asked = stored_pace(text_at(row, 11));
        path.approved =
            is_approved(session.identity, protected_row("peer_path", std::span{row}.subspan(12)));
        paths.push_back(std::move(path));
    }
    return paths;
}

void find_mailboxes(std::vector<PeerPath> &paths, std::span<const StoredMailbox> mailboxes) {
    for (PeerPath &path : paths) {
        if (path.kind == "mail") {
            const StoredMailbox *mailbox = mailbox_for(mailboxes, path.mailbox);
            path.approved = path.approved && mailbox != nullptr && mailbox->approved;
            path.mailbox = mailbox != nullptr ? mailbox->mailbox.name : path.mailbox;
            path.mailbox_budget = mailbox != nullptr ? mailbox->budget : std::nullopt;
            path.mailbox_hours = mailbox != nullptr ? mailbox->hours : Hours{};
        }
    }
}

} // namespace

std::vector<PeerPath> load_paths(const Session &session, std::int64_t peer_id) {
    std::vector<PeerPath> paths = paths_as_stored(session, peer_id);
    if (std::any_of(paths.begin(), paths.end(),
                    [](const PeerPath &path) { return path.kind == "mail"; })) {
        find_mailboxes(paths, load_mailboxes(session));
    }
    return paths;
}

std::vector<PeerPath>
load_paths(const Session &session, std::int64_t peer_id, std::span<const StoredMailbox> mailboxes) {
    std::vector<PeerPath> paths = paths_as_stored(session, peer_id);
    find_mailboxes(paths, mailboxes);
    return paths;
}

} // namespace postrider::engine
