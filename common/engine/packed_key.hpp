// Keys of rows in columns of state tables.
#pragma once

#include "common/model/change.hpp"

namespace postrider::engine {

Bytes packed_key(const Key &key);
/// Of what `packed_key` made.
Key unpacked_key(ByteView bytes);

} // namespace postrider::engine
