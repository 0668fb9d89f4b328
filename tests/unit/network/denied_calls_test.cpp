// What the network process cannot do any more, seen in a child that gives it up.
#include <cerrno>
#include <functional>
#include <thread>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/network/denied_calls.hpp"

namespace postrider::network {
namespace {

enum class Attempt { denied = 10, done, no_filter };

Attempt in_a_child(const std::function<bool()> &attempt) {
    const pid_t child = fork();
    if (child == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || !deny_calls()) {
            _exit(static_cast<int>(Attempt::no_filter));
        }
        _exit(static_cast<int>(attempt() ? Attempt::done : Attempt::denied));
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status));
    return static_cast<Attempt>(WEXITSTATUS(status));
}

bool is_permitted(long result) {
    return result >= 0 || errno != EPERM;
}

TEST(DeniedCalls, StartNoProgram) {
    EXPECT_EQ(in_a_child([] { return is_permitted(execl("/bin/true", "true", nullptr)); }),
              Attempt::denied);
}

TEST(DeniedCalls, ReachNoSharedMemoryAndNoOtherProcess) {
    EXPECT_EQ(in_a_child([] { return is_permitted(shmget(IPC_PRIVATE, 4096, 0600)); }),
              Attempt::denied);
    EXPECT_EQ(in_a_child([] { return is_permitted(kill(getppid(), 0)); }), Attempt::denied);
}

TEST(DeniedCalls, WaitForNobodyWhoConnects) {
    EXPECT_EQ(in_a_child([] { return is_permitted(listen(socket(AF_INET, SOCK_STREAM, 0), 1)); }),
              Attempt::denied);
}

TEST(DeniedCalls, LeaveSocketsAndThreadsAlone) {
    EXPECT_EQ(in_a_child([] {
                  bool opened = false;
                  std::thread([&] { opened = socket(AF_INET, SOCK_STREAM, 0) >= 0; }).join();
                  return opened;
              }),
              Attempt::done);
}

} // namespace
} // namespace postrider::network
