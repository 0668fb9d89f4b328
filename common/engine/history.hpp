// Compression history in the state tables: the frames that both sides of a stream keep, so that
// later ones of the same table are compressed with them. Rule B6 of docs/correctness.md.
#pragma once

#include "common/engine/store/streams.hpp"
#include "common/wire/batch.hpp"

namespace postrider::engine {

/// A batch that is kept, and the floor that it named.
struct KeptNumber {
    std::uint64_t number = 0;
    std::uint64_t floor = 1;
};

// The sender's side. What is kept there is what the receiver keeps too, once it has applied it.

struct SentHistory {
    std::optional<wire::History> named;
    wire::Prefixes prefixes;
};

/// What the next batch names and is compressed with: with `anew_from`, its number, nothing of what
/// was before, now and later; else, of what the receiver has acknowledged in this
/// incarnation, about half of what may be kept. Nothing is named, and the batch is not kept, in
/// streams without history, and while what is on its way leaves no room.
SentHistory history_to_name(Transaction &transaction,
                            const OutgoingRow &stream,
                            std::span<const wire::Frame> frames,
                            std::optional<std::uint64_t> anew_from);

/// Whether the stream hid other columns when it last made a batch that is kept. `hidden` says which
/// it hides now.
bool hides_otherwise(Transaction &transaction, const StreamKey &key, const std::string &hidden);
void remember_hidden(Transaction &transaction, const StreamKey &key, const std::string &hidden);

void keep_sent(Transaction &transaction,
               const OutgoingRow &stream,
               const KeptNumber &kept,
               std::span<const wire::Frame> frames);

/// The stream joins its receiver anew: nothing that was before is used.
void forget_sent(Transaction &transaction, const StreamKey &key);

/// The prefixes of a batch that was made earlier and is not acknowledged.
wire::HistoryReader history_reader(Transaction &transaction, const OutgoingRow &stream);

/// Later batches name nothing below `number`, whose receiver lacks what is there.
void raise_floor(Transaction &transaction, const OutgoingRow &stream, std::uint64_t number);

// The receiver's side.

/// The prefixes of what lies in the inbox.
wire::HistoryReader history_reader(Transaction &transaction, const IncomingRow &row);

/// What is kept of the frames of changes.
std::vector<wire::Frame> kept_frames(std::span<const wire::Frame> frames);

/// A batch that is applied, with its kept frames.
struct KeptBatch {
    KeptNumber kept;
    std::vector<wire::Frame> frames;
};

/// The batches of a step are applied: keeps them, and lets go what lies below their floors, what is
/// of another incarnation, and what a sender that keeps to the limits does not name again.
void keep_received(Transaction &transaction,
                   const IncomingRow &row,
                   const std::vector<KeptBatch> &batches);

} // namespace postrider::engine
