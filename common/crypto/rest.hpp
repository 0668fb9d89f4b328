// Secrets at rest: sealed columns of the state tables and the MAC over configuration rows, both
// under the master key M of the secret file (docs/security.md, "Secrets at rest").
#pragma once

#include <string_view>

#include "common/base/result.hpp"
#include "common/crypto/hash.hpp"

namespace postrider::crypto {

/// Where a sealed value lives; it opens nowhere else.
struct ColumnPlace {
    NodeId node{}; // the node whose database it is
    std::string_view table;
    std::string_view row_key;
    std::string_view column;
};

/// nonce 24 ‖ XChaCha20-Poly1305 box. The same plaintext gives other bytes each time.
Bytes seal_column(const Key &master, const ColumnPlace &place, ByteView plaintext);

/// Fails with `bad_signature` when the bytes were changed, moved to another place, or sealed under
/// another secret file.
Result<Bytes> open_column(const Key &master, const ColumnPlace &place, ByteView sealed);

/// As `open_column` for a value that must be a 32-byte key; the copy in between is wiped.
Result<Key> open_key_column(const Key &master, const ColumnPlace &place, ByteView sealed);

using ConfigurationMac = FixedBytes<16>;

/// H(16, "postrider config", M, canonical row).
ConfigurationMac configuration_mac(const Key &master, ByteView canonical_row);

/// What a report says of its maker, as the reader gives it back later.
struct SaidMark {
    NodeId reader{};
    std::uint64_t incarnation = 0;
    std::uint64_t counter = 0;
    FixedBytes<16> token{};
    bool claimed = false;
};

/// H(16, "postrider seen", M, reader ‖ incarnation ‖ counter ‖ token ‖ claimed): a reader that
/// gives it back proves that this node, or a copy of it, once said so, whatever its database
/// remembers.
FixedBytes<16> mark_proof(const Key &master, const SaidMark &mark);

} // namespace postrider::crypto
