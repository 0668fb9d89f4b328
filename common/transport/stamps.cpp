// The cover is hashed once, whatever the number of keys.
#include "common/transport/stamps.hpp"

#include <algorithm>

#include "common/wire/envelope.hpp"

namespace postrider::transport {

bool bears_stamp_of(ByteView envelope, const std::vector<FixedBytes<32>> &stamp_keys) {
    const Result<wire::Prologue> prologue = wire::parse_prologue(envelope);
    if (!prologue) {
        return false;
    }
    const wire::StampCover cover = wire::stamp_cover(*prologue);
    return std::any_of(stamp_keys.begin(), stamp_keys.end(), [&](const FixedBytes<32> &key) {
        return wire::find_stamp(*prologue, cover, key).has_value();
    });
}

} // namespace postrider::transport
