// PostgreSQL's binary form of everything but arrays.
#pragma once

#include "common/base/bytes.hpp"
#include "common/dialect/postgresql_types.hpp"
#include "common/model/value.hpp"

namespace postrider::dialect::postgresql_binary {

using postgresql_text::BuiltinType;

/// For a type that is not native.
Result<Value> decode_scalar(const BuiltinType &type, ByteView bytes);
/// For a type that is not native. Appends; nothing when it fails.
Result<void> encode_scalar(const BuiltinType &type, const Value &value, Bytes &out);

/// Appends big-endian.
void put_integer(Bytes &out, std::uint64_t number, std::size_t size);

Error malformed_value(const BuiltinType &type);

} // namespace postrider::dialect::postgresql_binary
