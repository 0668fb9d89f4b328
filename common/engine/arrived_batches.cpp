// Opening and decoding.
#include "common/engine/arrived_batches.hpp"

#include "common/crypto/chain.hpp"
#include "common/engine/inbox.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/change_frame.hpp"

namespace postrider::engine {

namespace {

/// Adds the schemas that the frames name and that were learnt of earlier batches.
void recall_schemas(const Session &session,
                    const StreamKey &key,
                    const std::vector<wire::Frame> &frames,
                    wire::KnownSchemas &known) {
    for (const wire::Frame &frame : frames) {
        if (frame.kind != wire::FrameKind::changes) {
            continue;
        }
        const Result<wire::SchemaHash> hash = wire::read_schema_hash(frame.raw);
        if (!hash || known.contains({frame.table, *hash})) {
            continue; // what cannot be read is refused where it is decoded
        }
        const auto row = first_row(
            session.transaction,
            "SELECT content FROM @schema_in WHERE peer_id = ?1"
            " AND stream = ?2 AND table_name = ?3 AND hash = ?4",
            {key.peer_id, std::int64_t{key.stream}, Value::text(frame.table), stored(*hash)});
        if (row) {
            const Result<TableSchema> schema = wire::decode_schema(blob_at(*row, 0));
            ensure(schema.has_value(), "a learnt schema was decoded before it was stored");
            known.emplace(wire::SchemaName{frame.table, *hash}, *schema);
        }
    }
}

void learn(const Session &session, const StreamKey &key, const ArrivedBatch &batch) {
    for (const wire::Frame &frame : batch.schemas) {
        const Result<TableSchema> schema = wire::decode_schema(frame.raw);
        ensure(schema.has_value(), "the frames of an applied batch were decoded");
        const wire::SchemaName name = wire::schema_name(*schema);
        session.transaction.execute(
            "INSERT INTO @schema_in (peer_id, stream, table_name, hash, content)"
            " VALUES (?1, ?2, ?3, ?4, ?5)"
            " ON CONFLICT (peer_id, stream, table_name, hash) DO NOTHING",
            {key.peer_id, std::int64_t{key.stream}, Value::text(name.table), stored(name.hash),
             frame.raw});
    }
}

} // namespace

Result<wire::Batch> read_batch(const Session &session,
                               const Peer &peer,
                               const IncomingRow &row,
                               const stream::InboxKey &body) {
    const Result<Bytes> plaintext = open_stored_body(session, peer, row, body);
    if (!plaintext) {
        return plaintext.error();
    }
    Result<wire::Batch> batch =
        wire::decode_body(*plaintext, {}, history_reader(session.transaction, row));
    if (!batch) {
        return batch;
    }
    if (crypto::content_hash(wire::canonical_bytes(batch->frames)) != batch->header.content_hash) {
        return Error{Errc::malformed,
                     "the content of a batch is not the one that its header names"};
    }
    return batch;
}

Result<ArrivedBatch> BatchReader::read(const stream::InboxKey &body) {
    Result<wire::Batch> batch = read_batch(session_, peer_, row_, body);
    if (!batch) {
        return batch.error();
    }
    recall_schemas(session_, row_.key, batch->frames, known_);
    Result<Changeset> changes = wire::decode_changeset(batch->frames, known_);
    if (!changes) {
        return changes.error();
    }
    Result<void> learnt = wire::learn_schemas(batch->frames, known_);
    if (!learnt) {
        return learnt.error();
    }
    ArrivedBatch out{*std::move(changes), std::move(batch->header), {}, {}};
    if (out.header.history) {
        out.history.push_back(
            {{body.first, out.header.history->floor}, kept_frames(batch->frames)});
    }
    for (wire::Frame &frame : batch->frames) {
        if (frame.kind == wire::FrameKind::schema) {
            out.schemas.push_back(std::move(frame));
        }
    }
    return out;
}

void keep_of(const Session &session,
             const IncomingRow &row,
             const std::vector<ArrivedBatch> &batches) {
    std::vector<KeptBatch> history;
    for (const ArrivedBatch &batch : batches) {
        learn(session, row.key, batch);
        history.insert(history.end(), batch.history.begin(), batch.history.end());
    }
    keep_received(session.transaction, row, history);
}

} // namespace postrider::engine
