// Batch bodies: what decodes encodes again to a body with the same header and frames.
#include "common/wire/batch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    constexpr wire::BodyLimits limits{1'000'000, 100'000, 10'000'000};
    const auto batch = wire::decode_body(ByteView{data, size}, limits);
    if (!batch || batch->header.history) {
        return 0;
    }
    const auto body = wire::encode_body(batch->header, batch->frames, {.level = 1});
    if (body) {
        const auto again = wire::decode_body(*body, limits);
        ensure(again.has_value() && *again == *batch, "a batch comes back equal");
    }
    return 0;
}
