// Batches in the inbox, opened, checked and decoded one at a time.
#pragma once

#include <vector>

#include "common/engine/history.hpp"
#include "common/engine/session.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/streams.hpp"
#include "common/model/changeset.hpp"
#include "common/wire/batch.hpp"
#include "common/wire/changeset_format.hpp"

namespace postrider::engine {

/// Opens one body. Its content must be what its header, and so the chain, vouches for.
Result<wire::Batch> read_batch(const Session &session,
                               const Peer &peer,
                               const IncomingRow &row,
                               const stream::InboxKey &body);

/// One batch of changes.
struct ArrivedBatch {
    Changeset changes;
    wire::BatchHeader header;
    std::vector<wire::Frame> schemas; // that it brings
    std::vector<KeptBatch> history;   // what is kept of it, where anything is
};

/// The batches of a step, in their order: a later one may need schemas of an earlier one.
class BatchReader {
  public:
    BatchReader(const Session &session, const Peer &peer, const IncomingRow &row)
        : session_(session), peer_(peer), row_(row) {}

    Result<ArrivedBatch> read(const stream::InboxKey &body);

  private:
    const Session &session_;
    const Peer &peer_;
    const IncomingRow &row_;
    wire::KnownSchemas known_;
};

/// The batches of a step were applied: their schemas and history are kept for those behind them.
void keep_of(const Session &session,
             const IncomingRow &row,
             const std::vector<ArrivedBatch> &batches);

} // namespace postrider::engine
