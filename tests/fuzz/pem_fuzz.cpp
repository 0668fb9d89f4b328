// PEM texts: whatever comes, only whole blocks come out, and read again they are the same.
#include <cstddef>
#include <cstdint>

#include "common/base/ensure.hpp"
#include "common/transport/pem.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    const transport::PemBlocks blocks = transport::read_pem({data, size});
    ensure(blocks.certificates.size() <= size + 1, "a last newline alone is added");
    const transport::PemBlocks again = transport::read_pem(blocks.certificates);
    ensure(again.certificates == blocks.certificates && again.key.empty(),
           "certificates come without the key");
    ensure(!blocks.is_key_encrypted || !blocks.key.empty(), "a key that is encrypted is there");
    return 0;
}
