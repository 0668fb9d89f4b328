// Passwords that commands print: real processes, and a clock that the test moves.
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/transport/mailbox_secrets.hpp"

#include "tests/support/temporary_directory.hpp"

namespace postrider::transport {
namespace {

using namespace std::chrono_literals;

std::string words_in_brackets(std::string_view command) {
    const auto words = words_of_command(command);
    if (!words) {
        return words.error().message;
    }
    std::string text;
    for (const std::string &word : *words) {
        text += "[" + word + "]";
    }
    return text;
}

TEST(SecretCommandWords, AreSeparatedBySpacesOutsideOfQuotes) {
    EXPECT_EQ(words_in_brackets("/bin/pass"), "[/bin/pass]");
    EXPECT_EQ(words_in_brackets("  /bin/pass  show   mail "), "[/bin/pass][show][mail]");
    EXPECT_EQ(words_in_brackets("/bin/pass 'a b' \"c 'd'\" ''"), "[/bin/pass][a b][c 'd'][]");
    EXPECT_EQ(words_in_brackets("/bin/pass --in='a b'c"), "[/bin/pass][--in=a bc]");
    EXPECT_EQ(words_in_brackets(R"(/bin/pass $HOME \n ; | *)"),
              R"([/bin/pass][$HOME][\n][;][|][*])");
    EXPECT_EQ(words_in_brackets("'/opt/my tools/pass'"), "[/opt/my tools/pass]");
}

TEST(SecretCommandWords, BeginWithAFullPath) {
    for (const char *command : {"", "  ", "pass show", "./pass", "'' /bin/pass"}) {
        EXPECT_EQ(words_in_brackets(command), "command \"" + std::string{command} +
                                                  "\" does not begin with the full path of a "
                                                  "program");
    }
}

TEST(SecretCommandWords, MustEndOutsideOfQuotes) {
    EXPECT_EQ(words_in_brackets("/bin/pass 'a"), "command \"/bin/pass 'a\" ends within quotes");
    EXPECT_EQ(words_in_brackets("/bin/pass \"a'"), "command \"/bin/pass \"a'\" ends within quotes");
    EXPECT_FALSE(words_of_command(std::string_view{"/bin/pass a\0b", 13}));
}

class SecretCommandTest : public ::testing::Test {
  protected:
    void ask(std::uint64_t question, const std::string &shell_commands) {
        const std::string path = directory_ / ("command" + std::to_string(question));
        std::ofstream{path} << "#!/bin/sh\n" << shell_commands << '\n';
        std::filesystem::permissions(path, std::filesystem::perms::owner_all);
        ask_for(question, path + " 'first argument'");
    }

    void ask_for(std::uint64_t question, const std::string &command) {
        engine::Mailbox mailbox;
        mailbox.name = "main";
        mailbox.secret =
            task::Secret{task::SecretKind::password, task::SecretSource::command, command};
        secrets_.ask(question, mailbox, false);
    }

    SecretAnswer answer() {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (std::chrono::steady_clock::now() < deadline) {
            if (auto found = secrets_.take(now_)) {
                return *std::move(found);
            }
            std::this_thread::yield();
        }
        ADD_FAILURE() << "no answer";
        return {0, Error{}};
    }

    std::string said(std::uint64_t question, const std::string &shell_commands) {
        ask(question, shell_commands);
        const SecretAnswer found = answer();
        EXPECT_EQ(found.question, question);
        return found.secrets ? std::string{as_text(found.secrets->password.view())}
                             : found.secrets.error().message;
    }

    [[nodiscard]] std::string name_of(std::uint64_t question) const {
        return "command \"" + directory_.path() + "/command" + std::to_string(question) +
               "\" for the password of mailbox \"main\"";
    }

    /// What a command has left in a file, once it is there.
    std::string left_in(const std::string &path) {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        std::string text;
        while (text.empty() && std::chrono::steady_clock::now() < deadline) {
            EXPECT_FALSE(secrets_.take(now_));
            std::ifstream file{path};
            std::getline(file, text);
        }
        return text;
    }

    test::TemporaryDirectory directory_;
    MailboxSecrets secrets_{{.directory = directory_.path(), .may_run_commands = true}};
    Timestamp now_{1h};
};

TEST_F(SecretCommandTest, TheFirstLineIsTheSecret) {
    EXPECT_EQ(said(1, "printf 'pass word'"), "pass word");
    EXPECT_EQ(said(2, "echo 'pass word'; echo user"), "pass word");
    EXPECT_EQ(said(3, "printf 'pass\\r\\n'"), "pass");
    EXPECT_EQ(said(4, "echo \"$1\""), "first argument");
}

TEST_F(SecretCommandTest, ItHasNothingToReadAndNobodyHearsItsErrors) {
    EXPECT_EQ(said(1, "cat; readlink /proc/$$/fd/0 >&2; readlink /proc/$$/fd/0 /proc/$$/fd/2 | "
                      "tr '\\n' ' '"),
              "/dev/null /dev/null ");
}

TEST_F(SecretCommandTest, OneThatFailsGivesNoSecret) {
    EXPECT_EQ(said(1, "echo secret; exit 3"), name_of(1) + " ended: exit code 3");
    EXPECT_EQ(said(2, "echo secret; kill -9 $$"), name_of(2) + " ended: signal 9");
    EXPECT_EQ(said(3, ":"), name_of(3) + " printed no text in its first line");
    EXPECT_EQ(said(4, "echo; echo secret"), name_of(4) + " printed no text in its first line");
    EXPECT_EQ(said(5, "printf 'a\\000b\\n'"), name_of(5) + " printed no text in its first line");
}

TEST_F(SecretCommandTest, OneThatIsNotThereIsNamed) {
    ask_for(1, "/nonexistent/pass show");
    const SecretAnswer found = answer();
    ASSERT_FALSE(found.secrets);
    EXPECT_EQ(found.secrets.error().code, Errc::refused);
    EXPECT_EQ(found.secrets.error().message,
              "command \"/nonexistent/pass\" for the password of mailbox \"main\" cannot be run: "
              "No such file or directory");
    ask_for(2, "pass show");
    EXPECT_FALSE(answer().secrets);
}

TEST_F(SecretCommandTest, OneThatHangsIsKilledAfterHalfAMinute) {
    ask(1, "echo secret; echo $$ > '" + (directory_ / "id") + "'; sleep 1000");
    const pid_t id = std::stoi(left_in(directory_ / "id"));
    now_ += 30s - 1ms;
    EXPECT_FALSE(secrets_.take(now_));
    EXPECT_EQ(secrets_.open_questions(), 1U);
    now_ += 1ms;
    const auto found = secrets_.take(now_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->secrets.error().code, Errc::timed_out);
    EXPECT_EQ(found->secrets.error().message, name_of(1) + " did not end within 30 s");
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (::kill(id, 0) == 0) { // until it was reaped
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        EXPECT_FALSE(secrets_.take(now_));
    }
}

TEST_F(SecretCommandTest, ItMayPrintUpToTheLimitAndNoMore) {
    const std::string size = std::to_string(limits::mailbox_secret_bytes_max);
    EXPECT_EQ(said(1, "head -c " + size + " /dev/zero | tr '\\0' x").size(),
              limits::mailbox_secret_bytes_max);
    EXPECT_EQ(said(2, "yes"), name_of(2) + " printed more than " + size + " bytes");
}

TEST_F(SecretCommandTest, OneThatLeavesTheOutputOpenToAnAgentHasEndedAllTheSame) {
    EXPECT_EQ(said(1, "sleep 1000 & echo $! > '" + (directory_ / "id") + "'; echo secret"),
              "secret");
    std::ifstream file{directory_ / "id"};
    pid_t sleeper = 0;
    file >> sleeper;
    EXPECT_EQ(::kill(sleeper, SIGKILL), 0) << "an agent that it started goes on";
}

TEST_F(SecretCommandTest, AFewRunAtOnceAndTheOthersWait) {
    for (std::uint64_t question = 1; question <= 6; ++question) {
        ask(question, "echo x > '" + (directory_ / "ran") + std::to_string(question) +
                          "'; while [ ! -e '" + (directory_ / "go") + "' ]; do :; done; echo s");
    }
    EXPECT_EQ(left_in(directory_ / "ran4"), "x");
    EXPECT_FALSE(std::filesystem::exists(directory_ / "ran5"));
    std::ofstream{directory_ / "go"} << "x";
    for (int count = 0; count < 6; ++count) {
        EXPECT_TRUE(answer().secrets);
    }
}

TEST_F(SecretCommandTest, WhatNobodyWaitsForIsKilled) {
    ask(1, "echo $$ > '" + (directory_ / "id") + "'; sleep 1000");
    const pid_t id = std::stoi(left_in(directory_ / "id"));
    secrets_.forget();
    EXPECT_EQ(secrets_.open_questions(), 0U);
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (::kill(id, 0) == 0) {
        ASSERT_LT(std::chrono::steady_clock::now(), deadline);
        EXPECT_FALSE(secrets_.take(now_));
    }
}

TEST_F(SecretCommandTest, NoneIsRunWhereThatIsNotAllowed) {
    MailboxSecrets strict{{.directory = directory_.path()}};
    engine::Mailbox mailbox;
    mailbox.name = "main";
    mailbox.secret = task::Secret{task::SecretKind::token, task::SecretSource::command,
                                  "/bin/touch " + (directory_ / "ran")};
    strict.ask(1, mailbox, false);
    const auto found = strict.take(now_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->secrets.error().code, Errc::refused);
    EXPECT_FALSE(std::filesystem::exists(directory_ / "ran"));
}

} // namespace
} // namespace postrider::transport
