// postrider-network: the process that owns every socket of a node. Started by the node's worker,
// never by people; the worker's end of the socket pair is descriptor 3. It ends when that does.
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <curl/curl.h>
#include <malloc.h>
#include <sodium.h>

#include "common/network/confine.hpp"
#include "common/network/loop.hpp"
#include "common/network/own_name.hpp"

namespace {

constexpr int host_descriptor = 3;

class SystemClock final : public postrider::Clock {
  public:
    [[nodiscard]] postrider::Timestamp now() const override {
        return std::chrono::floor<postrider::Duration>(std::chrono::system_clock::now());
    }
};

/// Mails pass in pieces of a hundred kilobytes: memory that went back to the system after each
/// would be asked for again at once, page by page.
void keep_some_memory() {
#ifdef __GLIBC__
    constexpr int kept_bytes = 4 * 1024 * 1024;
    (void)mallopt(M_MMAP_THRESHOLD, kept_bytes);
    (void)mallopt(M_TRIM_THRESHOLD, kept_bytes);
#endif
}

/// Says where the tests' own name server and web server are. No host gives it to the process
/// (transport/network_child.cpp), and certificates are checked all the same.
std::string test_address(const char *name) {
    const char *value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): no thread
    return value != nullptr ? value : "";
}

} // namespace

int main(int argc, char ** /*argv*/) {
    using namespace postrider;
    if (argc != 1) {
        (void)std::fputs("postrider-network is started by a node's worker and takes no arguments\n",
                         stderr);
        return EXIT_FAILURE;
    }
    keep_some_memory();
    const char *ca_file = std::getenv("SSL_CERT_FILE"); // NOLINT(concurrency-mt-unsafe): no thread
    const network::LoopSettings settings{
        .own_name = network::own_full_name(),
        .ca_file = ca_file != nullptr ? ca_file : "",
        .confinement = network::confine(host_descriptor, ca_file != nullptr ? ca_file : ""),
        .version = POSTRIDER_VERSION,
        .test_addresses = {test_address("POSTRIDER_TEST_RESOLVER"),
                           test_address("POSTRIDER_TEST_CONNECT_TO")},
    };
    (void)std::signal(SIGPIPE, SIG_IGN);
    (void)std::signal(SIGINT, SIG_IGN); // of the host's terminal: the host ends us
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return EXIT_FAILURE;
    }
    const SystemClock clock;
    network::Loop{host_descriptor, clock, settings}.run();
    return EXIT_SUCCESS;
}
