// Invitation lines: what is accepted has one spelling. The input is the line, or the bytes within
// it (then made into a line, since a fuzzer does not find checksums).
#include "common/base/text_encoding.hpp"
#include "common/wire/invitation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    const ByteView input{data, size};
    static_cast<void>(wire::parse_invitation(as_text(input)));
    Bytes bytes(input.begin(), input.end());
    const auto check = crypto::hash<4>(crypto::label::check, {}, {bytes});
    bytes.insert(bytes.end(), check.begin(), check.end());
    const std::string line = "postrider1:" + to_base64url(bytes);
    if (const auto invitation = wire::parse_invitation(line)) {
        ensure(*wire::invitation_line(*invitation) == line, "an invitation has one line");
    }
    return 0;
}
