// Reports: what decodes has one spelling.
#include <algorithm>

#include "common/wire/report.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    const ByteView input{data, size};
    if (const auto report = wire::decode_report(input)) {
        ensure(std::ranges::equal(wire::encode_report(*report), input), "one spelling");
    }
    return 0;
}
