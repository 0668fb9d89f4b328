// posix_spawn(3) and waitpid(2).
#include "common/transport/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postrider::transport {

namespace {

/// A killed process ends within milliseconds; one that cannot is left to whoever reaps our own
/// children.
constexpr int end_looks_max = 500;
constexpr long end_look_every_ns = 2'000'000;

class SpawnActions {
  public:
    SpawnActions() { ::posix_spawn_file_actions_init(&actions_); }

    SpawnActions(const SpawnActions &) = delete;
    SpawnActions &operator=(const SpawnActions &) = delete;

    ~SpawnActions() { ::posix_spawn_file_actions_destroy(&actions_); }

    posix_spawn_file_actions_t *get() { return &actions_; }

  private:
    posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
  public:
    SpawnAttributes() { ::posix_spawnattr_init(&attributes_); }

    SpawnAttributes(const SpawnAttributes &) = delete;
    SpawnAttributes &operator=(const SpawnAttributes &) = delete;

    ~SpawnAttributes() { ::posix_spawnattr_destroy(&attributes_); }

    posix_spawnattr_t *get() { return &attributes_; }

  private:
    posix_spawnattr_t attributes_{};
};

/// An error number, or 0. The descriptor goes to its place first: it may lie among those that
/// become /dev/null.
int set_descriptors(SpawnActions &actions, const Program &program) {
    int error =
        ::posix_spawn_file_actions_adddup2(actions.get(), program.descriptor, program.number);
    for (int number = STDIN_FILENO; number <= STDERR_FILENO && error == 0; ++number) {
        if (number != program.number) {
            error =
                ::posix_spawn_file_actions_addopen(actions.get(), number, "/dev/null",
                                                   number == STDIN_FILENO ? O_RDONLY : O_WRONLY, 0);
        }
    }
    if (error == 0) {
        error = ::posix_spawn_file_actions_addclosefrom_np(
            actions.get(), std::max(program.number, STDERR_FILENO) + 1);
    }
    return error;
}

int set_signals(SpawnAttributes &attributes) {
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    int error = ::posix_spawnattr_setsigdefault(attributes.get(), &all);
    if (error == 0) {
        error = ::posix_spawnattr_setsigmask(attributes.get(), &none);
    }
    if (error == 0) {
        constexpr int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID;
        error = ::posix_spawnattr_setflags(attributes.get(), static_cast<short>(flags));
    }
    return error;
}

std::vector<char *> pointers_to(std::vector<std::string> &texts) {
    std::vector<char *> pointers;
    pointers.reserve(texts.size() + 1);
    for (std::string &text : texts) {
        pointers.push_back(text.data());
    }
    pointers.push_back(nullptr);
    return pointers;
}

} // namespace

std::unique_ptr<ChildProcess> ChildProcess::start(const Program &program) {
    SpawnActions actions;
    SpawnAttributes attributes;
    std::vector<std::string> words = program.arguments;
    words.insert(words.begin(), program.path);
    std::vector<std::string> environment = program.environment;
    const std::vector<char *> argument_pointers = pointers_to(words);
    const std::vector<char *> environment_pointers = pointers_to(environment);
    pid_t id = -1;
    int error = set_descriptors(actions, program);
    if (error == 0) {
        error = set_signals(attributes);
    }
    if (error == 0) {
        error = ::posix_spawn(&id, program.path.c_str(), actions.get(), attributes.get(),
                              argument_pointers.data(), environment_pointers.data());
    }
    if (error != 0) {
        errno = error;
        return nullptr;
    }
    return std::unique_ptr<ChildProcess>{new ChildProcess{id}};
}

ChildProcess::~ChildProcess() {
    kill();
    const timespec pause{0, end_look_every_ns};
    for (int look = 0; look < end_looks_max && !ended(); ++look) {
        ::nanosleep(&pause, nullptr);
    }
}

void ChildProcess::kill() {
    if (!ended()) { // not waited for yet, so that the number is still its own
        ::kill(-id_, SIGKILL);
    }
}

std::optional<std::string> ChildProcess::ended() {
    if (!has_ended_) {
        const pid_t found = ::waitpid(id_, &status_, WNOHANG);
        is_status_known_ = found == id_;
        // Where the host ignores SIGCHLD or waits for all of its children, there is nothing to see.
        has_ended_ = is_status_known_ || (found < 0 && errno == ECHILD);
    }
    if (!has_ended_) {
        return std::nullopt;
    }
    if (!is_status_known_) {
        return "how is not known";
    }
    return WIFSIGNALED(status_) ? "signal " + std::to_string(WTERMSIG(status_))
                                : "exit code " + std::to_string(WEXITSTATUS(status_));
}

std::optional<int> ChildProcess::exit_code() const {
    if (!is_status_known_ || !WIFEXITED(status_)) {
        return std::nullopt;
    }
    return WEXITSTATUS(status_);
}

} // namespace postrider::transport
