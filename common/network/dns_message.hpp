// The SRV records of a DNS answer (RFC 1035 section 4, RFC 2782). The bytes come from the network:
// nothing in them is believed but what is asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace postrider::network {

struct ServiceRecord {
    std::uint16_t priority = 0;
    std::uint16_t weight = 0;
    std::uint16_t port = 0;
    std::string
        target; // in lower case, without the dot at its end; empty: there is no such service

    bool operator==(const ServiceRecord &) const = default;
};

/// In the order in which they are tried: the lowest priority first, of one priority the greatest
/// weight. Records of other types are passed over, and so are those whose target is no host name.
/// `malformed` for a message that ends early, and for names that lead nowhere; `too_large` for more
/// than `limits::service_records_max` records.
Result<std::vector<ServiceRecord>> read_service_records(ByteView message);

} // namespace postrider::network
