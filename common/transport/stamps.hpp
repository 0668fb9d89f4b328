// Whether an envelope is for us, as far as its stamp says: what keeps strangers' mails out before
// anything else looks at them. No proof of anything (docs/security.md).
#pragma once

#include <vector>

#include "common/base/bytes.hpp"

namespace postrider::transport {

/// The prologue and head box of `envelope` bear the stamp of one of the keys. Its body need not be
/// there.
bool bears_stamp_of(ByteView envelope, const std::vector<FixedBytes<32>> &stamp_keys);

} // namespace postrider::transport
