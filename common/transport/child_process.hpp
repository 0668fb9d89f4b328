// A program that this process has started: with one descriptor of ours, and nothing else of what it
// would inherit from a server with open data files and signal handlers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace postrider::transport {

struct Program {
    std::string path;                     // absolute
    std::vector<std::string> arguments;   // behind its name
    std::vector<std::string> environment; // "NAME=value", all of it
    int descriptor = -1;                  // of ours, that it gets
    int number = 0;                       // by which it knows that
};

/// In a session of its own, so that signals for our group and terminal do not reach it. 0, 1 and 2
/// are /dev/null where they are not `number`; everything above is closed.
class ChildProcess {
  public:
    /// Null where it could not be started: see errno.
    static std::unique_ptr<ChildProcess> start(const Program &program);

    ChildProcess(const ChildProcess &) = delete;
    ChildProcess &operator=(const ChildProcess &) = delete;
    /// Kills it where it still runs, and waits a moment for its end.
    ~ChildProcess();

    /// It and whatever it has started in its session. Does not wait.
    void kill();

    /// "exit code 1", "signal 9"; nothing while it runs. Never waits.
    std::optional<std::string> ended();

    /// Only after `ended`; nothing where a signal ended it or somebody else saw its end.
    [[nodiscard]] std::optional<int> exit_code() const;

  private:
    explicit ChildProcess(pid_t id) : id_(id) {}

    pid_t id_;
    int status_ = 0;
    bool has_ended_ = false;
    bool is_status_known_ = false;
};

} // namespace postrider::transport
