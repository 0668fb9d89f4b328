// The end of what may be named.
#include "common/stream/history.hpp"

namespace postrider::stream {

std::uint64_t history_end(const OutgoingStream &stream) {
    return stream.acknowledged;
}

} // namespace postrider::stream
