// Bodies of kind 3 and kind 2: what is accepted is written back to the same bytes.
#include <algorithm>

#include "common/wire/pairing.hpp"

namespace {

using namespace postrider;

Bytes encode(const wire::PairingBody &body) {
    if (const auto *answer = std::get_if<wire::TaggedAnswer>(&body)) {
        return wire::encode_answer(answer->answer, answer->tag);
    }
    const auto &confirm = std::get<wire::TaggedConfirm>(body);
    return wire::encode_confirm(confirm.confirm, confirm.tag);
}

bool equal(ByteView left, ByteView right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    const ByteView input{data, size};
    if (const auto body = wire::parse_pairing_body(input)) {
        ensure(equal(encode(*body), input), "a pairing body has one spelling");
    }
    if (const auto notice = wire::parse_key_notice(input)) {
        ensure(equal(wire::encode_key_notice(*notice), input), "a key notice has one spelling");
    }
    return 0;
}
