// Which stream to a peer builds next: by priority, and by the hours of its tasks and paths.
#pragma once

#include <set>

#include "common/engine/dispatch.hpp"

namespace postrider::engine {

/// Builds one step of the first stream that may and can; gives the number of batches made. Streams
/// with nothing more to build go into `finished`: call again until nothing is built.
std::size_t
build_next(const Session &session, std::int64_t peer_id, std::set<std::uint32_t> &finished);

} // namespace postrider::engine
