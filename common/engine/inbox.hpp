// Parts of batches on their way into the inbox, and whole bodies opened as far as their header.
#pragma once

#include "common/engine/receive.hpp"
#include "common/engine/store/streams.hpp"
#include "common/wire/batch.hpp"
#include "common/wire/envelope_body.hpp"

namespace postrider::engine {

/// A verified part of a batch.
Reception take_batch_part(const Session &session,
                          const Peer &peer,
                          const wire::OpenedPart &part,
                          const std::string &source);

/// Decrypts a whole body that lies in the inbox.
Result<Bytes> open_stored_body(const Session &session,
                               const Peer &peer,
                               const IncomingRow &row,
                               const stream::InboxKey &body);

/// After every arrival and apply: whether a gap opened or the front moved.
void note_progress(IncomingRow &row, Timestamp now);

/// Whose bodies the inbox holds.
std::uint64_t incarnation_of_inbox(const IncomingRow &row);

/// The position that a body's chain hash and secretstream are bound to.
wire::BodyContext context_of(const Peer &peer, const IncomingRow &row, std::uint64_t number);

} // namespace postrider::engine
