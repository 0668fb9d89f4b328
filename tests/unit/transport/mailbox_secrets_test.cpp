// Passwords of mailboxes from files: what is refused, and with which way out.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.hpp"
#include "common/transport/mailbox_secrets.hpp"

#include "tests/support/temporary_directory.hpp"

namespace postrider::transport {
namespace {

namespace fs = std::filesystem;

class MailboxSecretsTest : public ::testing::Test {
  protected:
    void write(const std::string &name, const std::string &content, mode_t mode = 0600) const {
        std::ofstream{directory_ / name} << content;
        ASSERT_EQ(::chmod((directory_ / name).c_str(), mode), 0);
    }

    Result<Bytes> ask(std::optional<task::Secret> secret, const std::string &mailbox = "main") {
        engine::Mailbox asked;
        asked.name = mailbox;
        asked.user = "user";
        asked.secret = std::move(secret);
        secrets_.ask(3, asked, false);
        EXPECT_EQ(secrets_.open_questions(), 1U);
        std::optional<SecretAnswer> answer = secrets_.take({});
        EXPECT_TRUE(answer && answer->question == 3);
        EXPECT_EQ(secrets_.open_questions(), 0U);
        if (!answer || !answer->secrets) {
            return answer ? answer->secrets.error() : Error{};
        }
        const ByteView password = answer->secrets->password.view();
        return Bytes{password.begin(), password.end()};
    }

    Result<Bytes> ask_file(const std::string &name) {
        return ask(task::Secret{task::SecretKind::password, task::SecretSource::file, name});
    }

    test::TemporaryDirectory directory_;
    MailboxSecrets secrets_{{.directory = directory_.path()}};
};

std::string text_of(const Result<Bytes> &secret) {
    return secret ? std::string{as_text(*secret)} : "(" + secret.error().message + ")";
}

TEST_F(MailboxSecretsTest, AFileHoldsThePasswordWithOrWithoutANewline) {
    for (const char *content : {"pass word", "pass word\n", "pass word\r\n"}) {
        write("p", content);
        EXPECT_EQ(text_of(ask_file("p")), "pass word");
    }
}

TEST_F(MailboxSecretsTest, WhereNoFileIsNamedItHasTheNameOfTheMailbox) {
    write("main.password", "x");
    EXPECT_EQ(text_of(ask(std::nullopt)), "x");
}

TEST_F(MailboxSecretsTest, AMissingFilesHintIsTheCommandThatMakesIt) {
    const Result<Bytes> secret = ask(std::nullopt);
    ASSERT_FALSE(secret);
    const std::string path = directory_ / "main.password";
    EXPECT_EQ(secret.error().code, Errc::refused);
    EXPECT_EQ(secret.error().message, "there is no password file \"" + path + "\"");
    EXPECT_EQ(secret.error().hint, "Write the password into it: (umask 077; cat > '" + path + "')");
}

TEST_F(MailboxSecretsTest, ATokenIsCalledSo) {
    write("t", "ya29.token\n");
    const task::Secret file{task::SecretKind::token, task::SecretSource::file, "t"};
    EXPECT_EQ(text_of(ask(file)), "ya29.token");
    const task::Secret missing{task::SecretKind::token, task::SecretSource::file, "u"};
    const std::string path = directory_ / "u";
    const Result<Bytes> secret = ask(missing);
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().message, "there is no token file \"" + path + "\"");
    EXPECT_EQ(secret.error().hint, "Write the token into it: (umask 077; cat > '" + path + "')");
    const task::Secret command{task::SecretKind::token, task::SecretSource::command, "/bin/true"};
    const Result<Bytes> unrun = ask(command);
    ASSERT_FALSE(unrun);
    EXPECT_EQ(unrun.error().message,
              "commands cannot be run here for the token of mailbox \"main\"");
    EXPECT_EQ(unrun.error().hint, "Keep it in a file: TOKEN FILE 'NAME'.");
}

TEST_F(MailboxSecretsTest, OnlyPlainFileNamesAreTaken) {
    write("main.password", "x");
    for (const char *name : {"", ".", "..", "/etc/passwd", "a/b", "../main.password", "a\nb"}) {
        const Result<Bytes> secret = ask_file(name);
        ASSERT_FALSE(secret) << name;
        EXPECT_NE(secret.error().message.find("is not a plain file name"), std::string::npos);
        EXPECT_NE(secret.error().hint.find(directory_.path()), std::string::npos);
    }
    EXPECT_FALSE(ask(std::nullopt, "../x"));
}

TEST_F(MailboxSecretsTest, FilesThatOthersMayReadAreRefused) {
    for (const mode_t mode : {0640U, 0604U, 0660U}) {
        write("p", "x", mode);
        const Result<Bytes> secret = ask_file("p");
        ASSERT_FALSE(secret) << mode;
        EXPECT_NE(secret.error().message.find("is open to other users"), std::string::npos);
        EXPECT_NE(secret.error().hint.find("chmod 600"), std::string::npos);
    }
}

TEST_F(MailboxSecretsTest, LinksAndOtherThingsAreRefused) {
    write("p", "x");
    fs::create_symlink(directory_ / "p", directory_ / "link");
    EXPECT_NE(text_of(ask_file("link")).find("is a symbolic link"), std::string::npos);
    ASSERT_EQ(::mkfifo((directory_ / "pipe").c_str(), 0600), 0);
    EXPECT_NE(text_of(ask_file("pipe")).find("is not a regular file"), std::string::npos);
}

TEST_F(MailboxSecretsTest, AFileOfAnotherUserIsRefusedWithTheWayOut) {
    if (::geteuid() != 0) {
        GTEST_SKIP() << "only root can give a file away";
    }
    write("p", "x");
    ASSERT_EQ(::chown((directory_ / "p").c_str(), 65534, 65534), 0);
    const Result<Bytes> secret = ask_file("p");
    ASSERT_FALSE(secret);
    EXPECT_NE(secret.error().hint.find("chown"), std::string::npos) << secret.error().hint;
}

TEST_F(MailboxSecretsTest, ADirectoryThatOthersMayWriteToIsRefused) {
    write("p", "x");
    ASSERT_EQ(::chmod(directory_.path().c_str(), 0777), 0);
    EXPECT_NE(text_of(ask_file("p")).find("can be written by other users"), std::string::npos);
}

TEST_F(MailboxSecretsTest, FilesAreTakenUpToTheLimitAndNotBeyond) {
    write("p", std::string(limits::mailbox_secret_bytes_max, 'x'));
    EXPECT_TRUE(ask_file("p"));
    write("p", std::string(limits::mailbox_secret_bytes_max + 1, 'x'));
    const Result<Bytes> secret = ask_file("p");
    ASSERT_FALSE(secret);
    EXPECT_EQ(secret.error().hint, "Write nothing but the password into it.");
}

TEST_F(MailboxSecretsTest, AFileHoldsOneLine) {
    using namespace std::string_literals;
    for (const std::string &content : {""s, "\n"s, "a\nb\n"s, "a\n\n"s, "a\0b"s}) {
        write("p", content);
        const Result<Bytes> secret = ask_file("p");
        ASSERT_FALSE(secret) << content;
        EXPECT_NE(secret.error().message.find("does not hold one line"), std::string::npos);
    }
}

TEST_F(MailboxSecretsTest, ThePasswordOfAProxyComesWithThatOfTheServer) {
    write("main.password", "x");
    write("proxy.password", "pass word\n");
    engine::Mailbox mailbox;
    mailbox.name = "main";
    mailbox.user = "user";
    mailbox.receive =
        "imaps://mail.example?proxy=http://u@proxy.example&proxy_password=proxy.password";
    secrets_.ask(3, mailbox, false);
    std::optional<SecretAnswer> answer = secrets_.take({});
    ASSERT_TRUE(answer && answer->secrets);
    EXPECT_EQ(as_text(answer->secrets->password.view()), "x");
    EXPECT_EQ(as_text(answer->secrets->proxy_password.view()), "pass word");
    fs::remove(directory_ / "proxy.password");
    secrets_.ask(4, mailbox, false);
    answer = secrets_.take({});
    ASSERT_TRUE(answer && !answer->secrets);
    EXPECT_EQ(answer->part, SecretPart::proxy);
    EXPECT_EQ(answer->secrets.error().message,
              "there is no proxy password file \"" + (directory_ / "proxy.password") + "\"");
}

TEST_F(MailboxSecretsTest, WhatNobodyWantsAnyMoreIsForgotten) {
    write("main.password", "x");
    secrets_.ask(1, {"main", {}, {}, {}, "user", {}}, false);
    secrets_.forget();
    EXPECT_EQ(secrets_.open_questions(), 0U);
    EXPECT_FALSE(secrets_.take({}));
}

} // namespace
} // namespace postrider::transport
