// A program that runs beside the test and does not outlive it.
#pragma once

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postrider::test {

class ChildProcess {
  public:
    /// `command`: the path of the program and its arguments. What it prints is added to `log`.
    ChildProcess(std::vector<std::string> command, const std::string &log) {
        std::vector<char *> arguments;
        arguments.reserve(command.size() + 1);
        for (std::string &word : command) {
            arguments.push_back(word.data());
        }
        arguments.push_back(nullptr);
        id_ = ::fork();
        if (id_ < 0) {
            throw std::runtime_error("could not start " + command.front());
        }
        if (id_ == 0) {
            become(arguments.data(), log.c_str());
        }
    }

    ChildProcess(const ChildProcess &) = delete;
    ChildProcess &operator=(const ChildProcess &) = delete;

    ~ChildProcess() { kill(); }

    [[nodiscard]] pid_t id() const { return id_; }

    /// False once it has ended by itself.
    bool is_running() { return !has_ended_ && !take_end(WNOHANG); }

    /// It gets no chance to finish anything. Returns when it is gone.
    void kill() { end_by(SIGKILL); }

    /// Asks it to end and gives its exit code, as `wait` does.
    int stop() {
        end_by(SIGTERM);
        return exit_code();
    }

    /// The exit code once it has ended by itself; -1: a signal ended it.
    int wait() {
        end_by(0);
        return exit_code();
    }

  private:
    /// In the child: nothing here may allocate.
    [[noreturn]] static void become(char *const *command, const char *log) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL); // a test that is killed itself leaves nothing behind
        const int file = ::open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(file, STDOUT_FILENO);
        ::dup2(file, STDERR_FILENO);
        ::execv(command[0], command);
        ::_exit(127);
    }

    void end_by(int signal) {
        if (is_running()) {
            ::kill(id_, signal); // not waited for yet, so that the number is still its own
            take_end(0);
        }
    }

    bool take_end(int options) {
        pid_t ended = 0;
        do {
            ended = ::waitpid(id_, &status_, options);
        } while (ended < 0 && errno == EINTR);
        has_ended_ = ended != 0;
        return has_ended_;
    }

    [[nodiscard]] int exit_code() const { return WIFEXITED(status_) ? WEXITSTATUS(status_) : -1; }

    pid_t id_ = -1;
    int status_ = 0;
    bool has_ended_ = false;
};

} // namespace postrider::test
