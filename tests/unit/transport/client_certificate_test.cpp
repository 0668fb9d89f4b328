// Certificates and keys from files: what goes where, and what is refused with which way out.
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "common/base/limits.hpp"
#include "common/transport/mailbox_secrets.hpp"

#include "tests/support/temporary_directory.hpp"

namespace postrider::transport {
namespace {

const std::string certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
const std::string key = "-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n";

class ClientCertificateTest : public ::testing::Test {
  protected:
    void write(const std::string &name, const std::string &content, mode_t mode = 0600) const {
        std::ofstream{directory_ / name} << content;
        ASSERT_EQ(::chmod((directory_ / name).c_str(), mode), 0);
    }

    SecretAnswer ask(const std::string &query, bool for_sending = true) {
        engine::Mailbox mailbox;
        mailbox.name = "main";
        mailbox.receive = "imaps://mail.example";
        mailbox.send = "smtps://mail.example?" + query;
        mailbox.user = "user";
        mailbox.secret = secret_;
        secrets_.ask(3, mailbox, for_sending);
        return secrets_.take({}).value_or(SecretAnswer{0, Error{}});
    }

    Error problem(const std::string &query) {
        const SecretAnswer answer = ask(query);
        EXPECT_EQ(answer.part, SecretPart::certificate);
        return answer.secrets ? Error{} : answer.secrets.error();
    }

    [[nodiscard]] std::string quoted(const std::string &name) const {
        return "\"" + (directory_ / name) + "\"";
    }

    test::TemporaryDirectory directory_;
    std::optional<task::Secret> secret_;
    MailboxSecrets secrets_{{.directory = directory_.path(), .may_run_commands = true}};
};

std::string text_of(const crypto::SecretBuffer &secret) {
    return std::string{as_text(secret.view())};
}

TEST_F(ClientCertificateTest, TheKeyMayStandInTheSameFileOrInOneOfItsOwn) {
    write("both.pem", certificate + key);
    write("main.pem", certificate);
    write("main.key", key);
    for (const char *query : {"certificate=both.pem", "certificate=main.pem&key=main.key",
                              "certificate=both.pem&key=main.key"}) {
        const SecretAnswer answer = ask(query);
        ASSERT_TRUE(answer.secrets) << query;
        EXPECT_EQ(text_of(answer.secrets->certificate), certificate);
        EXPECT_EQ(text_of(answer.secrets->key), key);
        EXPECT_TRUE(answer.secrets->password.empty());
    }
}

TEST_F(ClientCertificateTest, ItIsTheLoginUnlessThereIsAPasswordBesideIt) {
    write("both.pem", certificate + key);
    write("p", "pass word\n");
    secret_ = task::Secret{task::SecretKind::password, task::SecretSource::file, "p"};
    SecretAnswer answer = ask("certificate=both.pem");
    ASSERT_TRUE(answer.secrets);
    EXPECT_EQ(text_of(answer.secrets->password), "pass word");
    EXPECT_EQ(text_of(answer.secrets->key), key);
    secret_ = task::Secret{task::SecretKind::token, task::SecretSource::command, "/bin/echo token"};
    answer = ask("certificate=both.pem"); // the command is still to run
    for (unsigned tries = 0; !answer.secrets && tries < 1000; ++tries) {
        answer = secrets_.take({}).value_or(SecretAnswer{0, Error{}});
        ::usleep(10'000);
    }
    ASSERT_TRUE(answer.secrets);
    EXPECT_EQ(text_of(answer.secrets->password), "token");
    EXPECT_EQ(text_of(answer.secrets->key), key);
}

TEST_F(ClientCertificateTest, AServerWithoutOneGetsThePasswordOfTheUsualFile) {
    write("both.pem", certificate + key);
    write("main.password", "usual");
    const SecretAnswer answer = ask("certificate=both.pem", false);
    ASSERT_TRUE(answer.secrets);
    EXPECT_EQ(text_of(answer.secrets->password), "usual");
    EXPECT_TRUE(answer.secrets->certificate.empty() && answer.secrets->key.empty());
}

TEST_F(ClientCertificateTest, MissingFilesAreNamedWithTheCommandThatMakesThem) {
    Error error = problem("certificate=main.pem");
    EXPECT_EQ(error.code, Errc::refused);
    EXPECT_EQ(error.message, "there is no certificate file " + quoted("main.pem"));
    EXPECT_EQ(error.hint, "Write the certificate into it: (umask 077; cat > '" +
                              (directory_ / "main.pem") + "')");
    write("main.pem", certificate);
    error = problem("certificate=main.pem&key=main.key");
    EXPECT_EQ(error.message, "there is no key file " + quoted("main.key"));
}

TEST_F(ClientCertificateTest, FilesThatOthersMayReadAreRefused) {
    write("both.pem", certificate + key, 0644);
    EXPECT_EQ(problem("certificate=both.pem").message,
              "certificate file " + quoted("both.pem") + " is open to other users");
    write("main.pem", certificate);
    write("main.key", key, 0640);
    EXPECT_EQ(problem("certificate=main.pem&key=main.key").message,
              "key file " + quoted("main.key") + " is open to other users");
}

TEST_F(ClientCertificateTest, WhatIsNoPemIsRefused) {
    write("main.p12", std::string("0\x82\0\1", 4));
    Error error = problem("certificate=main.p12");
    EXPECT_EQ(error.message,
              "certificate file " + quoted("main.p12") + " holds no certificate in PEM");
    EXPECT_NE(error.hint.find("openssl pkcs12"), std::string::npos);
    write("main.pem", certificate);
    error = problem("certificate=main.pem");
    EXPECT_EQ(error.message,
              "certificate file " + quoted("main.pem") + " holds no private key in PEM");
    EXPECT_NE(error.hint.find("&key=FILE"), std::string::npos);
    error = problem("certificate=main.pem&key=main.p12");
    EXPECT_EQ(error.message, "key file " + quoted("main.p12") + " holds no private key in PEM");
    write("large.pem", std::string(limits::mailbox_secret_bytes_max + 1, 'x'));
    EXPECT_NE(problem("certificate=large.pem").message.find("larger than it can be"),
              std::string::npos);
}

TEST_F(ClientCertificateTest, AnEncryptedKeyIsRefusedWithTheCommandThatDecryptsIt) {
    write("both.pem", certificate + "-----BEGIN ENCRYPTED PRIVATE KEY-----\nBBBB\n"
                                    "-----END ENCRYPTED PRIVATE KEY-----\n");
    const Error error = problem("certificate=both.pem");
    EXPECT_EQ(error.code, Errc::refused);
    EXPECT_EQ(error.message, "the key in certificate file " + quoted("both.pem") +
                                 " is encrypted with a passphrase");
    EXPECT_NE(error.hint.find("openssl pkey"), std::string::npos);
    for (const std::string &text : {error.message, error.detail, error.hint}) {
        EXPECT_EQ(text.find("BBBB"), std::string::npos);
    }
}

} // namespace
} // namespace postrider::transport
