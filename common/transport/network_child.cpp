// socketpair(2), and the environment.
#include "common/transport/network_child.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/base/utf8.hpp"
#include "common/transport/child_process.hpp"
#include "common/transport/network_link.hpp"
#include "common/vault/descriptor.hpp"

namespace postrider::transport {

namespace {

constexpr int network_descriptor = 3; // by which the program knows its end

constexpr std::array<const char *, 4> passed_variables{"LANG", "TZ", "SSL_CERT_FILE",
                                                       "SSL_CERT_DIR"};

std::vector<std::string> network_environment() {
    std::vector<std::string> environment;
    for (const char *name : passed_variables) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment of a server
        if (const char *value = std::getenv(name)) {
            environment.push_back(std::string{name} + "=" + value);
        }
    }
    return environment;
}

class ProgramChild final : public NetworkChild {
  public:
    ProgramChild(std::unique_ptr<ChildProcess> process, int descriptor)
        : process_(std::move(process)), descriptor_(descriptor) {}

    ~ProgramChild() override { close_descriptor(); }

    ProgramChild(const ProgramChild &) = delete;
    ProgramChild &operator=(const ProgramChild &) = delete;

    [[nodiscard]] int descriptor() const override { return descriptor_; }

    void hang_up() override { close_descriptor(); }

    void kill() override { process_->kill(); }

    std::optional<std::string> ended() override { return process_->ended(); }

  private:
    void close_descriptor() {
        if (descriptor_ >= 0) {
            ::close(std::exchange(descriptor_, -1));
        }
    }

    std::unique_ptr<ChildProcess> process_;
    int descriptor_;
};

Error not_started(const std::string &path, int error_number) {
    if (error_number == ENOENT || error_number == ENOTDIR) {
        return {Errc::unavailable, "postrider-network is missing at \"" + printable(path) + "\"",
                "No mail is sent or received without it.", "Install Postrider again."};
    }
    return {Errc::unavailable, "could not start \"" + printable(path) +
                                   "\": " + std::generic_category().message(error_number)};
}

} // namespace

Result<std::unique_ptr<NetworkChild>> NetworkProgram::start() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) {
        return not_started(path_, errno);
    }
    vault::Descriptor ours{ends[0]};
    const vault::Descriptor theirs{ends[1]};
    if (::fcntl(ours.get(), F_SETFL, O_NONBLOCK) != 0) {
        return not_started(path_, errno);
    }
    let_hold_much(ours.get());
    std::unique_ptr<ChildProcess> process =
        ChildProcess::start({.path = path_,
                             .arguments = {},
                             .environment = network_environment(),
                             .descriptor = theirs.get(),
                             .number = network_descriptor});
    if (!process) {
        return not_started(path_, errno);
    }
    return std::unique_ptr<NetworkChild>{
        std::make_unique<ProgramChild>(std::move(process), ours.release())};
}

} // namespace postrider::transport
