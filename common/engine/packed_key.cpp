// An array of values, as on the wire.
#include "common/engine/packed_key.hpp"

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/wire/value_format.hpp"

namespace postrider::engine {

Bytes packed_key(const Key &key) {
    wire::CborWriter out;
    out.array(key.size());
    for (const Value &value : key) {
        wire::encode_value(out, value);
    }
    return std::move(out).take();
}

Key unpacked_key(ByteView bytes) {
    wire::CborReader in(bytes);
    wire::Allowance allowance(1, limits::batch_cell_bytes_max);
    Key key(in.array(limits::table_columns_max));
    for (Value &value : key) {
        value = wire::decode_value(in, allowance);
    }
    ensure(in.at_end(), "the key was packed by us");
    return key;
}

} // namespace postrider::engine
