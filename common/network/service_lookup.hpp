// DNS questions for SRV records by the system's resolver (resolver(3)), on a thread of their own,
// since it waits for its answers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "common/network/lookups.hpp"

namespace postrider::network {

/// `resolver` is empty, for what /etc/resolv.conf says, or an IPv4 address and port for tests. The
/// thread ends by itself when nobody waits for it any more, after its resolver's patience.
std::unique_ptr<Pending<std::vector<Bytes>>> ask_for_services(std::vector<std::string> names,
                                                              std::string resolver);

} // namespace postrider::network
