// Composing, numbering and sealing batches.
#include "common/engine/dispatch.hpp"

#include "common/crypto/chain.hpp"
#include "common/engine/filtered_tables.hpp"
#include "common/engine/history.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/engine/lane_streams.hpp"
#include "common/engine/pacing.hpp"
#include "common/engine/queue.hpp"
#include "common/engine/queue_steps.hpp"
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
    Origins origins;
};

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

/// What a lane's tasks make of changesets, batch by batch.
class BatchMaker {
  public:
    BatchMaker(const Session &session, const StreamKey &key, const SentTables &tables)
        : session_(session),
          key_(key),
          tables_(tables),
          known_(schemas_sent(session, key)),
          hidden_(hidden_columns(tables)),
          words_(words_of_hidden(hidden_)) {}

    std::vector<Content> make(Changeset &&changeset, const Origins &origins) {
        filter_tables(session_, key_.peer_id, tables_, changeset);
        compute_columns(session_, key_.peer_id, tables_, changeset);
        std::vector<Content> batches;
        for (const Changeset &piece :
             cut_changeset(to_wire(std::move(changeset), tables_), session_.sizes.piece_bytes)) {
            batches.push_back({wire::encode_changeset(piece, known_, hidden_), piece.row_count(),
                               words_, origins});
            for (const auto &[name, table] : piece.tables) {
                known_.insert(wire::schema_name(table.schema));
            }
        }
        return batches;
    }

  private:
    const Session &session_;
    const StreamKey &key_;
    const SentTables &tables_;
    std::set<wire::SchemaName> known_;
    wire::PrivateColumns hidden_;
    std::string words_;
};

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

/// The batches of one step, one after another, so that one at a time lies in memory.
class StepWriter {
  public:
    StepWriter(const Session &session, const Peer &peer, OutgoingRow &stream)
        : session_(session), peer_(peer), stream_(stream) {}

    Result<void> add(Content content) {
        Result<void> written = write(true);
        last_ = std::move(content);
        return written;
    }

    Result<void> add(std::vector<Content> &&contents) {
        for (Content &content : contents) {
            if (Result<void> added = add(std::move(content)); !added) {
                return added;
            }
        }
        return {};
    }

    /// Without it the last batch is lost.
    Result<void> finish() { return write(false); }

    [[nodiscard]] std::size_t batches() const { return batches_; }

  private:
    Result<void> write(bool continues) {
        if (!last_) {
            return {};
        }
        const auto next = stream::next_number(stream_.machine);
        ensure(next.has_value(), "a step that has begun is numbered to its end");
        wire::BatchHeader header = header_of(session_, peer_, stream_, *next, *last_);
        header.continues = continues;
        header.origins = last_->origins;
        if (batches_ == 0 && has_news(session_, peer_)) {
            header.report = make_report(session_, peer_);
        }
        Result<void> added = add_batch(session_, stream_, std::move(header), *next, *last_);
        last_.reset();
        ++batches_;
        return added;
    }

    const Session &session_;
    const Peer &peer_;
    OutgoingRow &stream_;
    std::optional<Content> last_; // whether it continues shows with the next one
    std::size_t batches_ = 0;
};

Result<void> write_control(const Session &session, OutgoingRow &stream, StepWriter &writer) {
    Content content;
    std::int64_t last = 0;
    for (const Row &row : all_rows(session.transaction,
                                   "SELECT message, control_id FROM @control_out WHERE peer_id = ?1"
                                   " ORDER BY control_id LIMIT 1000",
                                   {stream.key.peer_id})) {
        content.frames.push_back({.kind = wire::FrameKind::control,
                                  .table = {},
                                  .raw = blob_at(row, 0),
                                  .rows = 0,
                                  .cell_bytes = 0});
        last = integer_at(row, 1);
    }
    if (content.frames.empty()) {
        return {};
    }
    session.transaction.execute("DELETE FROM @control_out WHERE peer_id = ?1 AND control_id <= ?2",
                                {stream.key.peer_id, last});
    return writer.add(std::move(content));
}

/// A stream that has nothing to send sends one batch all the same when it begins anew: the receiver
/// lets go of what it has stored of before, and waits for nothing of it.
Result<void> write_beginning(const Session &session, const StreamKey &key, StepWriter &writer) {
    return begins_empty(session, key) ? writer.add(Content{}) : Result<void>{};
}

/// Entry by entry.
Result<void> write_large_step(const Session &session,
                              const StreamKey &key,
                              const LargeStep &step,
                              const SentTables &tables,
                              StepWriter &writer) {
    BatchMaker maker{session, key, tables};
    for (std::uint64_t position = step.first - 1; position < step.last;) {
        // No query is open between them: filters make tables of their own, which they cannot then.
        SentEntry entry = next_entry(session, key, tables, position);
        position = entry.position;
        Result<void> added = writer.add(maker.make(std::move(entry.changeset), entry.origins));
        if (!added) {
            return added;
        }
    }
    return {};
}

/// What the tasks leave out of the queue is passed over, however much it is.
Result<void> write_data(const Session &session,
                        OutgoingRow &stream,
                        const SentTables &tables,
                        StepWriter &writer) {
    const StreamKey &key = stream.key;
    for (bool goes_on = true; goes_on;) {
        Composed composed = compose_queue(session, key, tables, stream.cursor);
        const auto &large = composed.large_step;
        const std::uint64_t end = large ? large->last : composed.cursor;
        Result<void> added = large ? write_large_step(session, key, *large, tables, writer)
                                   : writer.add(BatchMaker{session, key, tables}.make(
                                         std::move(composed.changeset), composed.origins));
        Result<void> finished = added ? writer.finish() : added;
        if (!finished) {
            return finished;
        }
        goes_on = writer.batches() == 0 && end > stream.cursor;
        stream.cursor = end;
    }
    return {};
}

/// `tables` where it carries any.
Result<void> write_step(const Session &session,
                        OutgoingRow &stream,
                        const std::optional<SentTables> &tables,
                        StepWriter &writer) {
    Result<void> written;
    if (stream.key.stream == control_stream) {
        written = write_control(session, stream, writer);
    } else if (tables) {
        written = write_data(session, stream, *tables, writer);
    }
    if (written && writer.batches() == 0) {
        written = write_beginning(session, stream.key, writer);
    }
    return written ? writer.finish() : written;
}

void hold(const Session &session, const Peer &peer, const StreamKey &key, const Error &error) {
    OutgoingRow stream = *load_outgoing(session.transaction, key);
    stream.machine.state = stream::StreamState::held;
    stream.machine.reason = error.message;
    save_outgoing(session.transaction, stream);
    begin_later_streams_again(session, peer, stream);
    log_event(
        session.transaction, session.now,
        {"stream_held", peer.peer_id,
         "stream " + std::to_string(key.stream) + " to " + peer.name + " is held: " + error.message,
         error.hint});
}

} // namespace

SealedPlace outbox_place(const StreamKey &key, std::uint64_t number) {
    return {"outbox",
            std::to_string(key.peer_id) + "/" + std::to_string(key.stream) + "/" +
                std::to_string(number),
            "content_key_sealed"};
}

std::size_t build_step(const Session &session, const Peer &peer, const StreamKey &key) {
    auto stream = load_outgoing(session.transaction, key);
    if (!stream || !stream::next_number(stream->machine)) {
        return 0;
    }
    std::optional<SentTables> tables;
    if (key.stream != control_stream && !stream->lane.empty()) {
        Result<SentTables> sent = sent_tables(session, key.peer_id, stream->lane);
        if (!sent) {
            return 0; // it waits for approve
        }
        tables = *std::move(sent);
    }
    StepWriter writer{session, peer, *stream};
    const Result<void> built = session.transaction.attempt([&]() -> Result<void> {
        Result<void> written = write_step(session, *stream, tables, writer);
        if (written) {
            save_outgoing(session.transaction, *stream);
        }
        return written;
    });
    if (!built) {
        hold(session, peer, key, built.error());
        return 0;
    }
    return writer.batches();
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
            "SELECT q.queue_position, " + Receivers::include("?2") +
                ", q.content FROM @queue q WHERE q.queue_position > ?1 ORDER BY q.queue_position",
            {stored(cursor), key.peer_id});
        while (const Row *row = entries->next()) {
            if (integer_at(*row, 1) != 0 &&
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
