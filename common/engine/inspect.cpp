// The receiver's checks in their order, told instead of acted upon.
#include "common/engine/inspect.hpp"

#include "common/base/text_encoding.hpp"
#include "common/engine/rotation.hpp"
#include "common/engine/store/peers.hpp"
#include "common/wire/envelope.hpp"

namespace postrider::engine {

namespace {

using Facts = std::vector<EnvelopeFact>;

std::string_view name_of(wire::EnvelopeKind kind) {
    switch (kind) {
    case wire::EnvelopeKind::batch:
        return "batch";
    case wire::EnvelopeKind::key_notice:
        return "key notice";
    case wire::EnvelopeKind::pairing:
        return "pairing";
    case wire::EnvelopeKind::report:
        break;
    }
    return "report";
}

void add_problem(Facts &facts, const Error &error) {
    facts.push_back({"problem", error.message});
}

void add_head(Facts &facts, const wire::HeadFields &head) {
    facts.push_back({"kind", std::string{name_of(head.kind)}});
    facts.push_back({"stream", std::to_string(head.stream)});
    facts.push_back({"incarnation", std::to_string(head.incarnation)});
    facts.push_back({"number", std::to_string(head.number)});
    if (head.split) {
        facts.push_back({"part of", std::to_string(head.split->body_total) + " bytes"});
        facts.push_back({"offset", std::to_string(head.split->offset)});
        facts.push_back({"whole", to_hex(head.split->body_hash)});
    }
}

/// The peer whose stamp the envelope carries, opened as far as our keys go.
bool add_peer(Facts &facts,
              const Session &session,
              const Peer &peer,
              const wire::Prologue &prologue) {
    const Result<PeerKeys> keys = peer_keys(session.identity, peer);
    if (!keys || !peer.node || !peer.sign_public) {
        return false;
    }
    const auto slot =
        wire::find_stamp(prologue, wire::stamp_cover(prologue), keys->stamp_in.view());
    if (!slot) {
        return false;
    }
    facts.push_back({"stamp", "of peer \"" + peer.name + "\""});
    const auto part = wire::unwrap_part(prologue, *slot, opening_of(session, peer, *keys));
    if (!part) {
        add_problem(facts, part.error());
        return true;
    }
    const auto opened =
        wire::verify_part(*part, {*peer.node, *peer.sign_public, peer.signing_generation});
    if (!opened) {
        add_problem(facts, opened.error());
        return true;
    }
    facts.push_back({"signature", "good"});
    add_head(facts, opened->head);
    return true;
}

} // namespace

Facts inspect_envelope(const Session &session, ByteView envelope) {
    Facts facts{{"bytes", std::to_string(envelope.size())}};
    const Result<wire::Prologue> prologue = wire::parse_prologue(envelope);
    if (!prologue) {
        add_problem(facts, prologue.error());
        return facts;
    }
    facts.push_back({"recipients", std::to_string(prologue->recipients)});
    facts.push_back({"body", std::to_string(prologue->body_bytes) + " bytes"});
    if (const auto body = wire::part_body(*prologue, envelope); !body) {
        add_problem(facts, body.error());
        return facts;
    }
    for (const Peer &peer : load_peers(session.transaction)) {
        if (add_peer(facts, session, peer, *prologue)) {
            return facts;
        }
    }
    facts.push_back({"problem", "it carries the stamp of none of our peers"});
    return facts;
}

} // namespace postrider::engine
