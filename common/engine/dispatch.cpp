// Composing, numbering and sealing batches.
#include "common/engine/dispatch.hpp"

#include "common/crypto/chain.hpp"
#include "common/engine/collect.hpp"
#include "common/engine/filtered_tables.hpp"
#include "common/engine/history.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/engine/lane_streams.hpp"
#include "common/engine/report.hpp"
#include "common/engine/step.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/task/task_text.hpp"
#include "common/wire/batch.hpp"
#include "common/wire/changeset_format.hpp"
#include "common/wire/envelope_body.hpp"

namespace postrider::engine {

namespace {

/// What goes into one batch.
struct Content {
    std::vector<wire::Frame> frames;
    std::uint64_t rows = 0;
    std::string hidden; // the columns whose values stay out of compression
};

/// One step, cut into batches, and how far it moves the cursor.
struct StepContent {
    std::vector<Content> batches;
    std::map<wire::Origin, std::uint64_t> origins;
    std::uint64_t cursor = 0;
    std::int64_t control_to = 0; // the control message that it ends with
};

/// Composes queue entries behind the cursor to their net effect.
struct Composed {
    Changeset changeset;
    std::map<wire::Origin, std::uint64_t> origins;
    std::uint64_t cursor = 0;
};

/// What the tables have in a queue entry.
Changeset select_entry(const Bytes &content, const SentTables &tables, std::uint64_t position) {
    Result<Changeset> entry = wire::unpack_changeset(content);
    ensure(entry.has_value(), "the queue holds what pack_changeset made");
    return select_tables(*std::move(entry), tables, position);
}

Composed compose_queue(const Session &session,
                       const OutgoingRow &stream,
                       const SentTables &tables,
                       std::uint64_t step_bytes) {
    Composed out{.changeset = {}, .origins = {}, .cursor = stream.cursor};
    std::uint64_t content_bytes = 0;
    const auto entries = session.transaction.query(
        "SELECT queue_position, origin, incarnation, collect_number, from_peer, content"
        " FROM @queue WHERE queue_position > ?1 ORDER BY queue_position",
        {stored(stream.cursor)});
    while (const Row *row = entries->next()) {
        if (content_bytes > step_bytes) {
            break;
        }
        // What a peer sent never goes back to it.
        if (integer_at(*row, 4) != stream.key.peer_id) {
            const Bytes content = blob_at(*row, 5);
            Changeset selected = select_entry(content, tables, unsigned_at(*row, 0));
            if (!selected.empty()) {
                Result<Changeset> composed = compose(out.changeset, std::move(selected));
                if (!composed) {
                    break; // a table was altered in between: the other shape is the next step
                }
                out.changeset = *std::move(composed);
                content_bytes += content.size();
                std::uint64_t &number = out.origins[{fixed_at<16>(*row, 1), unsigned_at(*row, 2)}];
                number = std::max(number, unsigned_at(*row, 3));
            }
        }
        out.cursor = unsigned_at(*row, 0);
    }
    return out;
}

std::set<wire::SchemaName> schemas_sent(const Session &session, const StreamKey &key) {
    std::set<wire::SchemaName> names;
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT table_name, hash FROM @schema_out"
                                   " WHERE peer_id = ?1 AND stream = ?2",
                                   {key.peer_id, std::int64_t{key.stream}})) {
        names.insert({text_at(row, 0), fixed_at<8>(row, 1)});
    }
    return names;
}

void remember_schema(const Session &session, const StreamKey &key, const wire::SchemaName &name) {
    session.transaction.execute(
        "INSERT INTO @schema_out (peer_id, stream, table_name, hash) VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT (peer_id, stream, table_name, hash) DO NOTHING",
        {key.peer_id, std::int64_t{key.stream}, Value::text(name.table), stored(name.hash)});
    session.transaction.execute("INSERT INTO @table_sent (peer_id, table_name) VALUES (?1, ?2)"
                                " ON CONFLICT (peer_id, table_name) DO NOTHING",
                                {key.peer_id, Value::text(name.table)});
}

/// What the lane's tasks send, and how large batches and steps may be.
struct StepSource {
    const SentTables &tables;
    const BatchSizes &sizes;
};

/// By the tables' names on the wire.
wire::PrivateColumns hidden_columns(const SentTables &tables) {
    wire::PrivateColumns out;
    for (const auto &[name, sent] : tables) {
        if (!sent.columns.private_columns().empty()) {
            out.emplace(sent.wire_name, sent.columns.private_columns());
        }
    }
    return out;
}

std::string words_of_hidden(const wire::PrivateColumns &hidden) {
    std::string words;
    for (const auto &[table, columns] : hidden) {
        words += (words.empty() ? "" : ", ") + task::quote_name(table) + " " +
                 print_kept({columns.begin(), columns.end()});
    }
    return words;
}

StepContent data_step(const Session &session, const OutgoingRow &stream, const StepSource &from) {
    const BatchSizes &sizes = from.sizes;
    Composed composed = compose_queue(session, stream, from.tables, sizes.step_bytes);
    filter_tables(session, stream.key.peer_id, from.tables, composed.changeset);
    compute_columns(session, stream.key.peer_id, from.tables, composed.changeset);
    composed.changeset = to_wire(std::move(composed.changeset), from.tables);
    StepContent out{.batches = {},
                    .origins = std::move(composed.origins),
                    .cursor = composed.cursor,
                    .control_to = 0};
    std::set<wire::SchemaName> known = schemas_sent(session, stream.key);
    const wire::PrivateColumns hidden = hidden_columns(from.tables);
    const std::string words = words_of_hidden(hidden);
    // All batches of a step must fit into the window at once, so a great step has greater batches.
    const std::size_t piece_bytes =
        std::max(sizes.piece_bytes, cost_of(composed.changeset) / (limits::window_numbers_max / 2));
    for (const Changeset &piece : cut_changeset(std::move(composed.changeset), piece_bytes)) {
        out.batches.push_back(
            {wire::encode_changeset(piece, known, hidden), piece.row_count(), words});
        for (const auto &[name, table] : piece.tables) {
            known.insert(wire::schema_name(table.schema));
        }
    }
    return out;
}

StepContent control_step(const Session &session, const OutgoingRow &stream) {
    StepContent out{.batches = {}, .origins = {}, .cursor = stream.cursor, .control_to = 0};
    Content content;
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT message, control_id FROM @control_out WHERE peer_id = ?1"
                                   " ORDER BY control_id LIMIT 1000",
                                   {stream.key.peer_id})) {
        content.frames.push_back({.kind = wire::FrameKind::control,
                                  .table = {},
                                  .raw = blob_at(row, 0),
                                  .rows = 0,
                                  .cell_bytes = 0});
        out.control_to = integer_at(row, 1);
    }
    if (!content.frames.empty()) {
        out.batches.push_back(std::move(content));
    }
    return out;
}

/// A stream that carries nothing sends one batch all the same when it begins anew: the receiver
/// lets go of what it has stored of before, and waits for nothing of it.
StepContent idle_step(const OutgoingRow &stream) {
    StepContent out{.batches = {}, .origins = {}, .cursor = stream.cursor, .control_to = 0};
    if (stream.machine.last_number == 0 && stream.machine.rebase) {
        out.batches.emplace_back();
    }
    return out;
}

wire::BatchHeader header_of(const Session &session,
                            const Peer &peer,
                            const OutgoingRow &stream,
                            const stream::NextNumber &next,
                            const Content &content) {
    wire::BatchHeader header;
    header.prev_chain = next.previous_chain;
    header.content_hash = crypto::content_hash(wire::canonical_bytes(content.frames));
    header.low = logical_time_of(session.now);
    header.created = session.now;
    header.suites = {1};
    header.dependencies = marked_batches(session.transaction, stream.key);
    header.notes_seen = peer.notes_taken;
    header.key = key_to_announce(session, peer);
    if (next.rebase) {
        header.rebase =
            wire::Rebase{next.rebase->incarnation, next.rebase->number, next.rebase->chain};
    }
    return header;
}

/// Numbers, seals and stores one batch. `too_large` when a row exceeds what a batch may be.
Result<void> add_batch(const Session &session,
                       OutgoingRow &stream,
                       wire::BatchHeader header,
                       const stream::NextNumber &next,
                       const Content &content) {
    const wire::BodyContext context{session.identity.node, stream.key.stream,
                                    stream.machine.incarnation, next.number};
    // What was sent while a column was not hidden must not be compressed with its neighbours now.
    const bool anew = hides_otherwise(session.transaction, stream.key, content.hidden);
    SentHistory past =
        history_to_name(session.transaction, stream, content.frames,
                        anew ? std::optional{next.number} : std::optional<std::uint64_t>{});
    header.history = past.named;
    const Result<Bytes> plaintext =
        wire::encode_body(header, content.frames, {.history = std::move(past.prefixes)});
    if (!plaintext) {
        return plaintext.error();
    }
    if (header.history) {
        keep_sent(session.transaction, stream, {next.number, header.history->floor},
                  content.frames);
        if (anew) {
            remember_hidden(session.transaction, stream.key, content.hidden);
        }
    }
    const wire::ContentKey content_key = crypto::Key::random();
    Result<Bytes> body = wire::seal_body(content_key, context, *plaintext);
    if (!body) {
        return body.error();
    }
    const stream::Numbered numbered{
        .number = next.number,
        .chain = crypto::next_chain(next.previous_chain, context, header.content_hash),
        .body_hash = wire::body_hash(*body),
        .body_total = body->size(),
        .continues = header.continues};
    const stream::OutboxEntry &entry = stream::take_number(stream.machine, numbered, session.now);
    insert_outbox(session.transaction, stream.key, entry,
                  {.body = *body,
                   .content_key_sealed = seal(
                       session.identity, outbox_place(stream.key, next.number), content_key.view()),
                   .queue_to = stream.cursor,
                   .rows = content.rows});
    log_delivery(
        session.transaction, session.now,
        {stream.key.peer_id, "sent", stream.key.stream, stream.machine.incarnation, next.number},
        {content.rows, numbered.body_total}, "waiting");
    for (const wire::Frame &frame : content.frames) {
        if (frame.kind == wire::FrameKind::schema) {
            const Result<TableSchema> schema = wire::decode_schema(frame.raw);
            ensure(schema.has_value(), "own schema frames can be read");
            remember_schema(session, stream.key, wire::schema_name(*schema));
        }
    }
    return {};
}

Result<void> add_batches(const Session &session,
                         const Peer &peer,
                         OutgoingRow &stream,
                         const StepContent &step) {
    for (std::size_t index = 0; index < step.batches.size(); ++index) {
        const auto next = stream::next_number(stream.machine);
        ensure(next.has_value(), "a step is built only when the window holds it");
        wire::BatchHeader header = header_of(session, peer, stream, *next, step.batches[index]);
        header.continues = index + 1 < step.batches.size();
        header.origins = step.origins;
        if (index == 0 && has_news(session, peer)) {
            header.report = make_report(session, peer);
        }
        Result<void> added = add_batch(session, stream, header, *next, step.batches[index]);
        if (!added) {
            return added;
        }
    }
    stream.cursor = step.cursor;
    save_outgoing(session.transaction, stream);
    if (step.control_to != 0) {
        session.transaction.execute(
            "DELETE FROM @control_out WHERE peer_id = ?1 AND control_id <= ?2",
            {stream.key.peer_id, step.control_to});
    }
    return {};
}

void hold(const Session &session, const Peer &peer, const StreamKey &key, const Error &error) {
    OutgoingRow stream = *load_outgoing(session.transaction, key);
    stream.machine.state = stream::StreamState::held;
    stream.machine.reason = error.message;
    save_outgoing(session.transaction, stream);
    begin_later_streams_again(session, peer, key);
    log_event(
        session.transaction, session.now,
        {"stream_held", peer.peer_id,
         "stream " + std::to_string(key.stream) + " to " + peer.name + " is held: " + error.message,
         error.hint});
}

bool window_holds(const OutgoingRow &stream, std::size_t batches) {
    return stream.machine.outbox.empty() ||
           stream.machine.outbox.size() + batches <= limits::window_numbers_max;
}

} // namespace

SealedPlace outbox_place(const StreamKey &key, std::uint64_t number) {
    return {"outbox",
            std::to_string(key.peer_id) + "/" + std::to_string(key.stream) + "/" +
                std::to_string(number),
            "content_key_sealed"};
}

std::size_t build_step(const Session &session,
                       const Peer &peer,
                       const StreamKey &key,
                       const BatchSizes &sizes) {
    auto stream = load_outgoing(session.transaction, key);
    if (!stream || !stream::next_number(stream->machine)) {
        return 0;
    }
    StepContent step;
    if (key.stream == control_stream) {
        step = control_step(session, *stream);
    } else if (stream->lane.empty()) {
        step = idle_step(*stream);
    } else {
        const Result<SentTables> tables = sent_tables(session, key.peer_id, stream->lane);
        if (!tables) {
            return 0; // it waits for approve
        }
        step = data_step(session, *stream, {*tables, sizes});
        // What the tasks leave out of the queue is passed over, however much it is.
        while (step.batches.empty() && step.cursor > stream->cursor) {
            stream->cursor = step.cursor;
            step = data_step(session, *stream, {*tables, sizes});
        }
    }
    if (!window_holds(*stream, step.batches.size())) {
        return 0; // the step is made again when the window has room for all of it
    }
    const Result<void> built =
        session.transaction.attempt([&] { return add_batches(session, peer, *stream, step); });
    if (!built) {
        hold(session, peer, key, built.error());
        return 0;
    }
    return step.batches.size();
}

void look_ahead(const Session &session, const StreamKey &key) {
    const auto stream = load_outgoing(session.transaction, key);
    ensure(stream.has_value(), "a stream that waits is there");
    const Result<SentTables> tables = sent_tables(session, key.peer_id, stream->lane);
    std::uint64_t cursor = stream->cursor;
    // Where the tables wait for approve, what comes next may be theirs.
    std::uint64_t front = tables ? 0 : cursor + 1;
    if (tables) {
        const auto entries = session.transaction.query(
            "SELECT queue_position, from_peer, content FROM @queue WHERE queue_position > ?1"
            " ORDER BY queue_position",
            {stored(cursor)});
        while (const Row *row = entries->next()) {
            if (integer_at(*row, 1) != key.peer_id &&
                !select_entry(blob_at(*row, 2), *tables, unsigned_at(*row, 0)).empty()) {
                front = unsigned_at(*row, 0);
                break;
            }
            cursor = unsigned_at(*row, 0);
        }
    }
    session.transaction.execute(
        "UPDATE @stream_out SET cursor = ?3, front = ?4"
        " WHERE peer_id = ?1 AND stream = ?2",
        {key.peer_id, std::int64_t{key.stream}, stored(cursor), stored(front)});
}

} // namespace postrider::engine
