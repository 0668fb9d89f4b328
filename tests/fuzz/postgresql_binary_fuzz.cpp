// PostgreSQL's binary values: what decodes encodes to something that decodes equal. The first four
// bytes are the type's OID.
#include "common/dialect/postgresql_binary.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    using namespace postrider::dialect::postgresql_binary;
    ByteReader in{ByteView{data, size}};
    const std::uint32_t oid = in.u32();
    const auto value = decode_binary(oid, in.raw(in.remaining()));
    if (!value) {
        return 0;
    }
    Bytes out;
    ensure(encode_binary(oid, *value, out).has_value(), "what was decoded has a binary form");
    const auto again = decode_binary(oid, out);
    ensure(again.has_value() && *again == *value, "a value comes back equal");
    return 0;
}
