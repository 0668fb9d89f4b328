// Stamp, signature, kind; then the inbox.
#include "common/engine/receive.hpp"

#include "common/base/limits.hpp"
#include "common/crypto/chain.hpp"
#include "common/engine/farewell.hpp"
#include "common/engine/inbox.hpp"
#include "common/engine/keep.hpp"
#include "common/engine/key_notice.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/report.hpp"
#include "common/engine/rotation.hpp"
#include "common/engine/sign_of_life.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/streams.hpp"
#include "common/wire/envelope_body.hpp"
#include "common/wire/pairing.hpp"
#include "common/wire/report_body.hpp"

namespace postrider::engine {

namespace {

Reception refuse(const Session &session, const RefusedRow &row) {
    log_refused(session.transaction, session.now, row);
    // A later version, or a key that is on its way, may make it good; everything else never becomes
    // good.
    const bool wait =
        row.reason.code == Errc::unsupported_version || row.reason.code == Errc::unknown_peer;
    return {Received::refused, wait ? Settlement::keep : Settlement::set_aside, row.reason.message};
}

struct Claimed {
    Peer peer;
    PeerKeys keys;
};

/// The peer whose stamp the envelope carries.
std::optional<Claimed> claimed_sender(const Session &session, const wire::Prologue &prologue) {
    const wire::StampCover cover = wire::stamp_cover(prologue);
    for (Peer &peer : load_peers(session.transaction)) {
        if (!peer.stamp_in_sealed || peer.state == PeerState::revoked ||
            peer.state == PeerState::disputed) {
            continue;
        }
        Result<PeerKeys> keys = peer_keys(session.identity, peer);
        if (keys && wire::find_stamp(prologue, cover, keys->stamp_in.view())) {
            return Claimed{std::move(peer), *std::move(keys)};
        }
    }
    return std::nullopt;
}

Reception take_report_envelope(const Session &session,
                               const Peer &peer,
                               const wire::OpenedPart &part,
                               const std::string &source) {
    const wire::BodyContext context{*peer.node, part.head.stream, part.head.incarnation,
                                    part.head.number};
    const Result<Bytes> plaintext = wire::open_body(part.content_key, context, part.body_slice);
    if (!plaintext) {
        return refuse(session, {peer.peer_id, source, plaintext.error()});
    }
    const Result<wire::Report> report = wire::decode_report_body(*plaintext);
    if (!report) {
        return refuse(session, {peer.peer_id, source, report.error()});
    }
    if (report->incarnation != part.head.incarnation || report->counter != part.head.number) {
        return refuse(session,
                      {peer.peer_id,
                       source,
                       {Errc::malformed, "a report differs from the head of its envelope"}});
    }
    const bool is_old = take_report(session, peer, *report) == MarkedReport::not_younger;
    return {is_old ? Received::duplicate : Received::accepted, Settlement::remove, {}, is_old};
}

Reception take_key_notice(const Session &session,
                          const Peer &peer,
                          const wire::OpenedPart &part,
                          const std::string &source) {
    const wire::BodyContext context{*peer.node, part.head.stream, part.head.incarnation,
                                    part.head.number};
    const Result<Bytes> plaintext = wire::open_body(part.content_key, context, part.body_slice);
    const Result<wire::KeyNotice> notice =
        plaintext ? wire::parse_key_notice(*plaintext) : Result<wire::KeyNotice>{plaintext.error()};
    if (!notice) {
        return refuse(session, {peer.peer_id, source, notice.error()});
    }
    const bool is_old = notice->receiving_generation <= peer.receiving_generation;
    take_key(session, peer, {notice->receiving_generation, notice->receiving_key});
    return {is_old ? Received::duplicate : Received::accepted, Settlement::remove, {}, is_old};
}

Reception take_kind(const Session &session,
                    const Peer &peer,
                    const wire::OpenedPart &part,
                    const std::string &source) {
    switch (part.head.kind) {
    case wire::EnvelopeKind::batch:
        if (peer.state == PeerState::leaving ||
            (peer.state == PeerState::left && part.head.stream != control_stream)) {
            return {Received::refused, Settlement::remove, "one of the two has dropped the other"};
        }
        return take_batch_part(session, peer, part, source);
    case wire::EnvelopeKind::report:
        return take_report_envelope(session, peer, part, source);
    case wire::EnvelopeKind::key_notice:
        return take_key_notice(session, peer, part, source);
    case wire::EnvelopeKind::pairing:
        break; // opened under the invitation's key, never under a peer's
    }
    return refuse(
        session,
        {peer.peer_id, source, {Errc::malformed, "a pairing message bears a peer's stamp"}});
}

Reception take_verified(const Session &session,
                        const Peer &peer,
                        const wire::OpenedPart &part,
                        const std::string &source) {
    session.transaction.execute("UPDATE @peer SET seals_to_generation = ?2"
                                " WHERE peer_id = ?1 AND seals_to_generation < ?2",
                                {peer.peer_id, std::int64_t{part.receiving_generation}});
    Reception reception = take_kind(session, peer, part, source);
    // Somebody who only repeats old mails does not make a silent peer look alive.
    if (reception.received == Received::accepted) {
        session.transaction.execute("UPDATE @peer SET heard_at = ?2 WHERE peer_id = ?1",
                                    {peer.peer_id, stored(session.now)});
        note_heard(session, peer);
        ask_if_let_go(session, peer);
    }
    if (peer.state == PeerState::leaving) {
        forget_if_told(session, peer);
    }
    return reception;
}

} // namespace

Reception take_envelope(const Session &session,
                        ByteView envelope,
                        const std::string &source,
                        const Replays *known) {
    const Result<wire::Prologue> prologue = wire::parse_prologue(envelope);
    if (!prologue) {
        return refuse(session, {std::nullopt, source, prologue.error()});
    }
    const auto claimed = claimed_sender(session, *prologue);
    if (!claimed) {
        if (const auto paired = take_pairing_envelope(session, envelope)) {
            if (!paired->has_value() && paired->error().code == Errc::gap) {
                // The peer's first batch has overtaken the confirm that brings its key.
                return {Received::refused, Settlement::keep,
                        "the pairing with this peer is not finished yet"};
            }
            if (!paired->has_value()) {
                return refuse(session, {std::nullopt, source, paired->error()});
            }
            return {Received::accepted, Settlement::remove, {}};
        }
        return refuse(session,
                      {std::nullopt,
                       source,
                       {Errc::unknown_peer,
                        "the envelope is not from a peer of this node, or not for this node",
                        {},
                        "It is left where it lies."}});
    }
    const Peer &peer = claimed->peer;
    const ReplayedPart itself{peer.peer_id, prologue->part_hash()};
    if (known != nullptr && known->is_replay(itself, session.timing.repeat_max, session.now)) {
        return {Received::duplicate, Settlement::remove, {}};
    }
    const Result<wire::OpenedPart> part =
        wire::open_part(envelope, claimed->keys.stamp_in, opening_of(session, peer, claimed->keys),
                        {*peer.node, *peer.sign_public, peer.signing_generation});
    if (!part) {
        // A confirm that comes again bears the stamp that the peer now uses for everything.
        if (part.error().code == Errc::gap) {
            if (const auto paired = take_pairing_envelope(session, envelope);
                paired && paired->has_value()) {
                return {Received::duplicate, Settlement::remove, {}};
            }
            if (peer.is_live()) {
                // The peer does not know that this key is destroyed; it keeps what it sent.
                request_key_notice(session, peer);
            }
        }
        return refuse(session, {peer.peer_id, source, part.error()});
    }
    Reception reception = take_verified(session, peer, *part, source);
    reception.part = itself;
    return reception;
}

} // namespace postrider::engine
