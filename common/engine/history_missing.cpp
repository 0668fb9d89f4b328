// Asking for a body without history, and making it.
#include "common/engine/history_missing.hpp"

#include "common/engine/dispatch.hpp"
#include "common/engine/history.hpp"
#include "common/engine/inbox.hpp"
#include "common/engine/store/log.hpp"
#include "common/wire/envelope_body.hpp"

namespace postrider::engine {

namespace {

std::vector<stream::InboxKey>
bodies_without_history(const Session &session, const Peer &peer, const IncomingRow &row) {
    std::vector<stream::InboxKey> lacking;
    for (const auto &[key, body] : row.machine.inbox) {
        if (!body.opened) {
            continue;
        }
        const Result<Bytes> plaintext = open_stored_body(session, peer, row, key);
        const Result<void> here =
            plaintext ? wire::check_history(*plaintext, history_reader(session.transaction, row))
                      : Result<void>{};
        if (!here && here.error().code == Errc::gap) {
            lacking.push_back(key);
        }
    }
    return lacking;
}

/// The batch as it is in the outbox.
Result<wire::Batch>
read_own_batch(const Session &session, const OutgoingRow &stream, std::uint64_t number) {
    const auto sealed_body = load_outbox_body(session.transaction, stream.key, number);
    ensure(sealed_body.has_value(), "an outbox entry has its body");
    const Result<crypto::Key> content_key = open_key(
        session.identity, outbox_place(stream.key, number), sealed_body->content_key_sealed);
    if (!content_key) {
        return content_key.error();
    }
    const wire::BodyContext context{session.identity.node, stream.key.stream,
                                    stream.machine.incarnation, number};
    const Result<Bytes> plaintext = wire::open_body(*content_key, context, sealed_body->body);
    if (!plaintext) {
        return plaintext.error();
    }
    Result<wire::Batch> batch =
        wire::decode_body(*plaintext, {}, history_reader(session.transaction, stream));
    if (batch &&
        crypto::content_hash(wire::canonical_bytes(batch->frames)) != batch->header.content_hash) {
        return Error{Errc::internal, "a batch in the outbox is not the one that was made"};
    }
    return batch;
}

/// A new body of the batch under a new content key takes the place of the old one.
Result<void> replace_sealed_body(const Session &session,
                                 OutgoingRow &stream,
                                 std::uint64_t number,
                                 const wire::Batch &batch) {
    const Result<Bytes> plaintext = wire::encode_body(batch.header, batch.frames);
    if (!plaintext) {
        return plaintext.error();
    }
    const wire::BodyContext context{session.identity.node, stream.key.stream,
                                    stream.machine.incarnation, number};
    const wire::ContentKey content_key = crypto::Key::random();
    const Result<Bytes> body = wire::seal_body(content_key, context, *plaintext);
    if (!body) {
        return body.error();
    }
    const stream::OutboxEntry &entry = stream.machine.outbox.at(number);
    stream::replace_body(stream.machine,
                         {.number = number,
                          .chain = entry.chain,
                          .body_hash = wire::body_hash(*body),
                          .body_total = body->size(),
                          .continues = entry.continues},
                         session.now);
    replace_outbox_body(
        session.transaction, stream.key, entry,
        {.body = *body,
         .content_key_sealed =
             seal(session.identity, outbox_place(stream.key, number), content_key.view())});
    return {};
}

} // namespace

bool ask_without_history(const Session &session, const Peer &peer, IncomingRow &row) {
    const std::vector<stream::InboxKey> lacking = bodies_without_history(session, peer, row);
    for (const stream::InboxKey &body : lacking) {
        stream::note_lacking(row.machine, body);
        mark_lacking(session.transaction, row.key, body);
        log_event(session.transaction, session.now,
                  {"history_missing", peer.peer_id,
                   "batch " + std::to_string(body.first) + " of stream " +
                       std::to_string(row.key.stream) + " from " + peer.name +
                       " is compressed with batches that are not kept here; it is asked for"
                       " without"});
    }
    if (!lacking.empty()) {
        stream::note_urgent(row.acknowledgement, session.now);
        note_progress(row, session.now);
        save_incoming(session.transaction, row);
    }
    return !lacking.empty();
}

bool send_without_history(const Session &session, OutgoingRow &stream, std::uint64_t number) {
    Result<wire::Batch> batch = read_own_batch(session, stream, number);
    if (!batch) {
        return false;
    }
    std::optional<wire::History> &named = batch->header.history;
    if (!named || named->last < named->floor) {
        return true; // it needs none: whatever is asked for, it is there already
    }
    named->floor = number;
    named->last = number - 1;
    if (!replace_sealed_body(session, stream, number, *batch)) {
        return false;
    }
    raise_floor(session.transaction, stream, number);
    return true;
}

} // namespace postrider::engine
