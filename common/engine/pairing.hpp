// Pairing as the state tables see it: invitations, answers, confirms, words (docs/protocol.md,
// "Pairing").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"

namespace postrider::engine {

/// Makes an invitation for a declared peer and gives its line. An older open invitation of this
/// peer is replaced.
Result<std::string> invite(const Session &session, const std::string &peer);

/// What a node says when it accepts a line.
struct Acceptance {
    std::string line;
    /// Where to reach the inviter instead of the address in the line: a mail address, or a maildir.
    std::optional<std::string> address;
    bool trust_tasks = false;
};

/// Takes the line and makes the inviter a peer; the answer goes out with the next cycle. Gives the
/// peer's name.
Result<std::string> accept(const Session &session, const Acceptance &acceptance);

/// How the words that people gave stand to those of the pairing.
struct ComparedWords {
    bool are_equal = true;
    Error difference = {}; // what to answer where they are not
};

/// The four words were compared by people: `paired` becomes `verified`. Words that differ are no
/// error, since the event that tells of them has to be committed.
Result<ComparedWords>
confirm_peer(const Session &session, const std::string &peer, const std::string &words);

/// Drops stamp, psk and keys of a peer: nothing is sent to it or taken from it any more.
Result<void> revoke(const Session &session, const std::string &peer);

/// The machine of a peer is gone for good and another one takes its place under the name. As
/// `revoke`, but for what the peer's statement allows, and for its rows that are parked here; then
/// as `invite`. The old machine cannot answer that invitation.
Result<std::string> replace_peer(const Session &session, const std::string &peer);

/// A pairing message, if the envelope is one for an open invitation: empty when it is not.
std::optional<Result<void>> take_pairing_envelope(const Session &session, ByteView envelope);

/// Stamp keys under which pairing messages may arrive, for the transport's filter.
std::vector<FixedBytes<32>> pairing_stamp_keys(const Session &session,
                                               std::optional<std::int64_t> only_peer = {});

/// Messages beside the streams that are due: answers until they are confirmed or expire, confirms
/// whenever an answer came, key notices. Marked as sent; hand them to the transport only after the
/// commit. With `only_peer`, those to others stay due.
struct PairingMail {
    std::int64_t peer_id = 0;
    Bytes envelope;
    bool is_repeated = false; // it went before, and perhaps in vain
};

std::vector<PairingMail> due_pairing_mails(const Session &session,
                                           std::optional<std::int64_t> only_peer = {});

/// When the next of them becomes due.
std::optional<Timestamp> next_pairing_mail(const Session &session);

} // namespace postrider::engine
