// PostgreSQL's binary form of values, as its send and receive functions have it, and neutral
// values. Pure: knows layouts, no server.
#pragma once

#include <cstdint>

#include "common/base/bytes.hpp"
#include "common/model/value.hpp"

namespace postrider::dialect::postgresql_binary {

/// Values of other types travel in their text form, as native ones.
bool has_binary_form(std::uint32_t type_oid);

/// A value that is not null, in the encoding UTF-8. Texts are taken as they are: the server has
/// checked them. `malformed` when the bytes are none of the type's; `too_large` when the value
/// could not travel.
Result<Value> decode_binary(std::uint32_t type_oid, ByteView bytes);

/// Appends the value, which is not null; nothing when it fails. The value has the kind of the type,
/// or is a text where the type is json or jsonb; a value that the type does not hold is
/// `malformed` here, or refused by the server.
Result<void> encode_binary(std::uint32_t type_oid, const Value &value, Bytes &out);

} // namespace postrider::dialect::postgresql_binary
