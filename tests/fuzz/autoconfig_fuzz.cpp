// Autoconfig files: whatever comes, only servers with TLS come out, and no more than the limit.
#include <cstddef>
#include <cstdint>

#include "common/base/bytes.hpp"
#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/network/autoconfig.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    const auto servers = network::read_autoconfig(as_text({data, size}), "example.org");
    for (const auto *part : {&servers.receive, &servers.send}) {
        ensure(part->size() <= limits::found_servers_max, "the limit counts servers");
        for (const mail::ServerUrl &url : *part) {
            ensure(url.encryption != mail::Encryption::none, "nothing is found that is in clear");
            ensure(mail::parse_server_url(mail::to_text(url)).has_value(),
                   "what was found is written as it is read");
        }
    }
    return 0;
}
