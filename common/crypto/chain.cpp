// content_hash and chain_n of docs/protocol.md, "Chain".
#include "common/crypto/chain.hpp"

namespace postrider::crypto {

Hash content_hash(ByteView canonical_changeset) {
    return hash256(label::batch, {canonical_changeset});
}

Hash next_chain(const Hash &previous, const BatchPosition &position, const Hash &content) {
    ByteWriter where;
    where.u32(position.stream);
    where.u64(position.incarnation);
    where.u64(position.number);
    return hash256(label::chain, {previous, position.sender, where.view(), content});
}

} // namespace postrider::crypto
