// Streams between the state machines of common/stream and the rows of the state tables. Bodies and
// parts are read apart from them, one at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/engine/database.hpp"
#include "common/stream/acknowledgement.hpp"
#include "common/stream/incoming.hpp"
#include "common/stream/outgoing.hpp"

namespace postrider::engine {

/// Streams are numbered by their sender within a pair of nodes; 0 is control.
struct StreamKey {
    std::int64_t peer_id = 0;
    std::uint32_t stream = 0;
    auto operator<=>(const StreamKey &) const = default;
};

inline constexpr std::uint32_t control_stream = 0;

/// One row of stream_out with its outbox.
struct OutgoingRow {
    StreamKey key;
    std::string lane;
    stream::OutgoingStream machine;
    std::uint64_t cursor = 0; // queue position up to which batches are made
};

std::vector<StreamKey> outgoing_streams(Transaction &transaction);
std::optional<OutgoingRow> load_outgoing(Transaction &transaction, const StreamKey &key);

/// The stream_out row and what the machine changed in the outbox rows `changed`; rows `dropped` are
/// deleted.
struct OutboxChanges {
    std::vector<std::uint64_t> changed;
    std::vector<std::uint64_t> dropped;
};

void save_outgoing(Transaction &transaction,
                   const OutgoingRow &row,
                   const OutboxChanges &changes = {});
void insert_outgoing(Transaction &transaction, const OutgoingRow &row);

/// The sealed body beside its outbox entry.
struct OutboxBody {
    Bytes body;
    Bytes content_key_sealed;
    std::uint64_t queue_to = 0;
    std::uint64_t rows = 0;
};

void insert_outbox(Transaction &transaction,
                   const StreamKey &key,
                   const stream::OutboxEntry &entry,
                   const OutboxBody &body);
/// Puts another body in the place of the one of `entry`, whose row it saves.
void replace_outbox_body(Transaction &transaction,
                         const StreamKey &key,
                         const stream::OutboxEntry &entry,
                         const OutboxBody &body);
std::optional<OutboxBody>
load_outbox_body(Transaction &transaction, const StreamKey &key, std::uint64_t number);

/// One row of stream_in with its inbox.
struct IncomingRow {
    StreamKey key;
    stream::IncomingStream machine;
    stream::Acknowledgement acknowledgement;
    std::uint64_t front_number = 0;       // applied number at the last look for gaps
    std::optional<Timestamp> next_try_at; // of a step that could not be applied
};

std::vector<StreamKey> incoming_streams(Transaction &transaction);
/// A stream that was never heard of is an empty row.
IncomingRow load_incoming(Transaction &transaction, const StreamKey &key);
/// The stream_in row alone, with an empty inbox: for who asks when something is due.
IncomingRow load_incoming_alone(Transaction &transaction, const StreamKey &key);
/// The stream_in row alone; the inbox is written by the functions below.
void save_incoming(Transaction &transaction, const IncomingRow &row);

struct StoredPart {
    stream::PartHead head;
    Bytes content_key_sealed;
    ByteView content;
};

void insert_part(Transaction &transaction,
                 const StreamKey &key,
                 const StoredPart &part,
                 Timestamp now);
void mark_opened(Transaction &transaction,
                 const StreamKey &key,
                 const stream::InboxKey &body,
                 const stream::OpenedBatch &batch);

/// A body that is opened needs batches of other streams of its sender before it.
struct NeededBatch {
    std::uint32_t stream = 0;
    std::uint64_t incarnation = 0;
    std::uint64_t number = 0;
};

void insert_needed(Transaction &transaction,
                   const StreamKey &key,
                   const stream::InboxKey &body,
                   const NeededBatch &needed);
/// The first batch that one of the bodies needs and that is not applied yet.
std::optional<NeededBatch> needed_first(Transaction &transaction,
                                        const StreamKey &key,
                                        const std::vector<stream::InboxKey> &bodies);
/// The body lacks its history: it is as if it had not been opened.
void mark_lacking(Transaction &transaction, const StreamKey &key, const stream::InboxKey &body);
void delete_bodies(Transaction &transaction,
                   const StreamKey &key,
                   const std::vector<stream::InboxKey> &bodies);
void delete_inbox(Transaction &transaction, const StreamKey &key);

/// A whole body put together from its parts, and its sealed content key.
struct WholeBody {
    Bytes body;
    Bytes content_key_sealed;
};

WholeBody load_body(Transaction &transaction, const StreamKey &key, const stream::InboxKey &body);

/// What a peer's inbox holds now, for its quota.
struct InboxUse {
    std::uint64_t bytes = 0;
    std::uint64_t parts = 0;
};

InboxUse inbox_use(Transaction &transaction, std::int64_t peer_id);

} // namespace postrider::engine
