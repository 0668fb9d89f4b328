// Which form the next mail to a peer takes, and what becomes of it: the columns of `peer_path` and
// `outbox` that engine/container_choice.hpp decides about. Paths that carry no mails have one form.
#pragma once

#include <vector>

#include "common/engine/container_choice.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

/// As a column holds it.
Value stored(mail::Container container);
mail::Container container_at(const Row &row, std::size_t index);

/// The form of a batch's next mails by this path.
struct NextForm {
    mail::Container container = mail::Container::mixed;
    bool is_probe = false; // the usual form is tried again
};

NextForm next_form(const Session &session,
                   const PeerPath &path,
                   const StreamKey &key,
                   const stream::OutboxEntry &entry);

/// The batch goes in it, by that path. Call before the try is counted.
void note_form(const Session &session,
               const PeerPath &path,
               const StreamKey &key,
               std::uint64_t number,
               const NextForm &form);

/// How the batch goes is not known, so its fate teaches nothing.
void forget_form(const Session &session, const StreamKey &key, std::uint64_t number);

/// The last try has not left, and was taken back.
void take_back_form(const Session &session, const StreamKey &key, const stream::OutboxEntry &entry);

/// The form of a report by this path.
mail::Container report_form(const Session &session, const Peer &peer, const PeerPath &path);

/// The forms of a message of the pairing: all, once it went `tries` times in vain.
std::vector<mail::Container>
pairing_forms(const Session &session, const PeerPath &path, std::int64_t peer_id, bool is_repeated);

/// A report of ours has not arrived: later ones take the next form.
void turn_reports(const Session &session, std::int64_t peer_id);

enum class Hastened {
    now,    // the batch's next try goes in the next form
    before, // it does not go in the refused one any more
    not_any_more,
};

/// A mail of a batch that was refused for its content.
struct RefusedMail {
    StreamKey key;
    std::uint64_t number = 0;
    std::int64_t path_ordinal = 0;
    mail::Container container = mail::Container::mixed;
};

/// By the server that was to take it or, with `is_hearsay`, as a bounce says, which moves a batch
/// through the other forms once and no further. A server's refusal comes after the try was taken
/// back, a bounce before.
Hastened hasten_form(const Session &session, const RefusedMail &mail, bool is_hearsay);

/// Batches have arrived, as their receiver reports: what that teaches of the paths. Before their
/// rows are deleted.
void learn_forms(const Session &session,
                 const StreamKey &key,
                 const stream::OutgoingStream &stream,
                 const stream::ReportOutcome &outcome);

/// Of the path, for people: "mails to … go as text, since …" and since when; empty for the usual.
struct FormShown {
    std::string words;
    std::optional<Timestamp> since;
};

std::optional<FormShown>
unusual_form(const Session &session, std::int64_t peer_id, const PeerPath &path);

} // namespace postrider::engine
