// Control messages: what decodes has one spelling.
#include <algorithm>

#include "common/wire/control.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    const ByteView input{data, size};
    if (const auto message = wire::decode_control(input)) {
        ensure(std::ranges::equal(wire::encode_control(*message).raw, input), "one spelling");
    }
    return 0;
}
