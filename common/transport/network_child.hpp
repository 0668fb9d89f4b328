// The process postrider-network as its host starts it: at the other end of a socket pair.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.hpp"

namespace postrider::transport {

/// A process that was started. Letting go of it ends it.
class NetworkChild {
  public:
    NetworkChild() = default;
    NetworkChild(const NetworkChild &) = delete;
    NetworkChild &operator=(const NetworkChild &) = delete;
    virtual ~NetworkChild() = default;

    /// The host's end of the socket pair, which never blocks; -1 after `hang_up`.
    [[nodiscard]] virtual int descriptor() const = 0;
    /// Closes the host's end: the process ends by itself then.
    virtual void hang_up() = 0;
    /// Does not wait for its end.
    virtual void kill() = 0;
    /// How it ended: "exit code 1", "signal 9"; nothing while it runs. Never waits.
    virtual std::optional<std::string> ended() = 0;
};

class NetworkStarter {
  public:
    NetworkStarter() = default;
    NetworkStarter(const NetworkStarter &) = delete;
    NetworkStarter &operator=(const NetworkStarter &) = delete;
    virtual ~NetworkStarter() = default;

    virtual Result<std::unique_ptr<NetworkChild>> start() = 0;
};

/// Starts the program itself. Of our environment it gets what says where certificates are trusted,
/// the language and the time zone. What it prints is lost: there is no place for it that all hosts
/// have.
class NetworkProgram final : public NetworkStarter {
  public:
    /// `path` is absolute.
    explicit NetworkProgram(std::string path) : path_(std::move(path)) {}

    Result<std::unique_ptr<NetworkChild>> start() override;

  private:
    std::string path_;
};

} // namespace postrider::transport
