// PostgreSQL's binary form of numeric.
#pragma once

#include "common/base/bytes.hpp"
#include "common/model/value.hpp"

namespace postrider::dialect::postgresql_binary {

/// `malformed`, or `too_large` when the number has more digits than can travel.
Result<Value> decode_numeric(ByteView bytes);
/// Appends; nothing when it fails.
Result<void> encode_numeric(std::string_view digits, Bytes &out);

} // namespace postrider::dialect::postgresql_binary
