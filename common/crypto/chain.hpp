// The hash chain of a stream: over contents, not ciphertexts, so that a batch sealed again keeps
// its place (docs/correctness.md B2, B3).
#pragma once

#include <cstdint>

#include "common/crypto/hash.hpp"

namespace postrider::crypto {

/// H256("postrider batch", -, uncompressed canonical changeset).
Hash content_hash(ByteView canonical_changeset);

/// The position of a batch in the world.
struct BatchPosition {
    NodeId sender{};
    std::uint32_t stream = 0;
    std::uint64_t incarnation = 0;
    std::uint64_t number = 0;
};

/// chain_n from chain_{n-1}. chain_0 is 32 zero bytes; of an incarnation that a re-base begins, the
/// chain hash of the position that the re-base names.
Hash next_chain(const Hash &previous, const BatchPosition &position, const Hash &content);

} // namespace postrider::crypto
