// Real processes: what they get of ours, and how their end is seen.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/transport/network_child.hpp"

#include "tests/support/temporary_directory.hpp"

namespace postrider::transport {
namespace {

class NetworkChildTest : public ::testing::Test {
  protected:
    /// A program of shell commands; descriptor 3 is the host.
    std::string program(const std::string &commands) {
        const std::string path = directory_ / "program";
        std::ofstream{path} << "#!/bin/sh\n" << commands << '\n';
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        return path;
    }

    /// All it says until it hangs up.
    static std::string said_by(const NetworkChild &child) {
        std::string said;
        while (true) {
            pollfd waiting{child.descriptor(), POLLIN, 0};
            EXPECT_EQ(::poll(&waiting, 1, 20'000), 1);
            std::array<char, 4096> piece{};
            const ssize_t count = ::recv(child.descriptor(), piece.data(), piece.size(), 0);
            if (count <= 0) {
                return said;
            }
            said.append(piece.data(), static_cast<std::size_t>(count));
        }
    }

    static std::string end_of(NetworkChild &child) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{20};
        while (std::chrono::steady_clock::now() < deadline) {
            if (const auto how = child.ended()) {
                return *how;
            }
            std::this_thread::yield();
        }
        return "it lives";
    }

    test::TemporaryDirectory directory_;
};

TEST_F(NetworkChildTest, TalksOverDescriptorThree) {
    NetworkProgram starter{program("read line <&3; echo \"heard $line\" >&3; exit 3")};
    auto child = starter.start();
    ASSERT_TRUE(child);
    EXPECT_FALSE((*child)->ended());
    ASSERT_EQ(::send((*child)->descriptor(), "hello\n", 6, MSG_NOSIGNAL), 6);
    EXPECT_EQ(said_by(**child), "heard hello\n");
    EXPECT_EQ(end_of(**child), "exit code 3");
    EXPECT_EQ(end_of(**child), "exit code 3") << "and still";
}

TEST_F(NetworkChildTest, InheritsNothingElse) {
    const int opened = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
    const int leaked = ::fcntl(opened, F_DUPFD, 100); // NOLINT(*-cloexec): on purpose
    ::close(opened);
    ASSERT_GE(leaked, 100);
    ::setenv("POSTRIDER_TEST_SECRET", "x", 1);
    ::setenv("TZ", "Europe/Berlin", 1);
    NetworkProgram starter{
        program("numbers=$(ls /proc/$$/fd); first=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 "
                "/proc/$$/fd/2); all=$(readlink /proc/$$/fd/*); "
                "echo \"$numbers\" \"$first\" \"$all\" >&3; env >&3")};
    auto child = starter.start();
    ::close(leaked);
    ::unsetenv("POSTRIDER_TEST_SECRET");
    ::unsetenv("TZ");
    ASSERT_TRUE(child);
    const std::string said = said_by(**child);
    EXPECT_EQ(said.find("/dev/zero"), std::string::npos) << said;
    EXPECT_EQ(said.find("SECRET"), std::string::npos) << said;
    EXPECT_NE(said.find("TZ=Europe/Berlin"), std::string::npos) << said;
    EXPECT_NE(said.find("/dev/null\n/dev/null\n/dev/null "), std::string::npos) << said;
}

TEST_F(NetworkChildTest, HasNoSignalsOfOursAndASessionOfItsOwn) {
    sigset_t blocked;
    sigset_t before;
    ::sigemptyset(&blocked);
    ::sigaddset(&blocked, SIGTERM);
    ::sigprocmask(SIG_BLOCK, &blocked, &before);
    const auto old_handler = std::signal(SIGUSR1, SIG_IGN);
    NetworkProgram starter{program("grep -E '^Sig(Blk|Ign)' /proc/self/status >&3; "
                                   "cut -d' ' -f5,6 /proc/self/stat >&3; echo $$ >&3")};
    auto child = starter.start();
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    (void)std::signal(SIGUSR1, old_handler);
    ASSERT_TRUE(child);
    const std::string said = said_by(**child);
    EXPECT_NE(said.find("SigBlk:\t0000000000000000"), std::string::npos) << said;
    const std::size_t ignored = said.find("SigIgn:\t");
    ASSERT_NE(ignored, std::string::npos) << said;
    EXPECT_EQ(std::stoull(said.substr(ignored + 8), nullptr, 16) & 0x7fff'ffffU, 0U)
        << "but for those that are the C library's own\n"
        << said;
    const std::string last_line = said.substr(said.rfind('\n', said.size() - 2) + 1);
    const std::string id = last_line.substr(0, last_line.size() - 1);
    EXPECT_NE(said.find("\n" + id + " " + id + "\n"), std::string::npos) << said;
}

TEST_F(NetworkChildTest, IsKilledWithAllThatItStarted) {
    NetworkProgram starter{program("sleep 1000 & echo ready >&3; wait")};
    auto child = starter.start();
    ASSERT_TRUE(child);
    pollfd waiting{(*child)->descriptor(), POLLIN, 0};
    ASSERT_EQ(::poll(&waiting, 1, 20'000), 1);
    (*child)->kill();
    EXPECT_EQ(said_by(**child), "ready\n") << "the sleeper held the socket, too";
    EXPECT_EQ(end_of(**child), "signal 9");
    (*child)->kill(); // it is nobody's process any more
}

TEST_F(NetworkChildTest, EndsWhereTheHostHangsUp) {
    NetworkProgram starter{program("read line <&3; exit 5")};
    auto child = starter.start();
    ASSERT_TRUE(child);
    (*child)->hang_up();
    EXPECT_EQ((*child)->descriptor(), -1);
    EXPECT_EQ(end_of(**child), "exit code 5");
}

TEST_F(NetworkChildTest, IsGoneWithItsObject) {
    NetworkProgram starter{program("echo $$ >&3; exec 3>&-; sleep 1000")};
    auto child = starter.start();
    ASSERT_TRUE(child);
    const pid_t id = std::stoi(said_by(**child));
    EXPECT_EQ(::kill(id, 0), 0);
    child->reset();
    EXPECT_NE(::kill(id, 0), 0);
}

TEST_F(NetworkChildTest, AMissingProgramIsNamed) {
    NetworkProgram starter{"/nonexistent/postrider-network"};
    const auto child = starter.start();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().code, Errc::unavailable);
    EXPECT_EQ(child.error().message,
              "postrider-network is missing at \"/nonexistent/postrider-network\"");
    EXPECT_FALSE(child.error().hint.empty());
}

TEST_F(NetworkChildTest, SoIsOneThatCannotBeRun) {
    const std::string path = program("exit 0");
    std::filesystem::permissions(path, std::filesystem::perms::owner_read);
    NetworkProgram starter{path};
    const auto child = starter.start();
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().message, "could not start \"" + path + "\": Permission denied");
}

TEST_F(NetworkChildTest, TheEndOfAChildThatSomebodyElseHasSeenIsAnEndAllTheSame) {
    const auto old_handler = std::signal(SIGCHLD, SIG_IGN);
    NetworkProgram starter{program("exit 1")};
    auto child = starter.start();
    ASSERT_TRUE(child);
    said_by(**child);
    EXPECT_EQ(end_of(**child), "how is not known");
    child->reset();
    (void)std::signal(SIGCHLD, old_handler);
}

} // namespace
} // namespace postrider::transport
