// Which batches of a stream may be named as compression history. Rule B6 of docs/correctness.md.
#pragma once

#include "common/stream/outgoing.hpp"

namespace postrider::stream {

/// The last number that may be named: what the receiver has acknowledged in this incarnation, so 0
/// right after the stream has begun, for the first time or anew.
std::uint64_t history_end(const OutgoingStream &stream);

} // namespace postrider::stream
