// SRV records of DNS answers: whatever comes, what is read fits into its limits.
#include <cstddef>
#include <cstdint>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/network/dns_message.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    const auto records = network::read_service_records({data, size});
    if (records) {
        ensure(records->size() <= limits::service_records_max, "the limit counts records");
        for (const network::ServiceRecord &record : *records) {
            ensure(record.target.size() <= 253, "a name is no longer than RFC 1035 allows");
        }
    }
    return 0;
}
