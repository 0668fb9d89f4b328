// Blocks of PEM texts as people put them together.
#include <gtest/gtest.h>

#include "common/transport/pem.hpp"

namespace postrider::transport {
namespace {

std::string block(const std::string &label, const std::string &content = "AAAA") {
    return "-----BEGIN " + label + "-----\n" + content + "\n-----END " + label + "-----\n";
}

PemBlocks read(const std::string &text) {
    return read_pem(as_bytes(text));
}

std::string certificates_in(const std::string &text) {
    return std::string{as_text(read(text).certificates)};
}

std::string key_in(const std::string &text) {
    return std::string{as_text(read(text).key.view())};
}

TEST(Pem, TellsCertificatesFromTheKeyInAnyOrder) {
    const std::string own = block("CERTIFICATE", "own");
    const std::string signer = block("CERTIFICATE", "signer");
    for (const char *label : {"PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY"}) {
        const std::string key = block(label);
        for (const std::string &text : {own + signer + key, own + key + signer, key + own + signer,
                                        "subject: x\n" + own + "\n\n" + signer + "text" + "\n" +
                                            block("EC PARAMETERS") + key + "bye"}) {
            EXPECT_EQ(certificates_in(text), own + signer);
            EXPECT_EQ(key_in(text), key);
            EXPECT_FALSE(read(text).is_key_encrypted);
        }
    }
}

TEST(Pem, ReadsLinesOfOtherSystemsAndWithoutTheLastEnd) {
    const std::string text = "-----BEGIN CERTIFICATE-----\r\nAAAA\r\n-----END CERTIFICATE-----\r\n";
    EXPECT_EQ(certificates_in(text), text);
    const std::string unended = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
    EXPECT_EQ(certificates_in(unended), unended + "\n");
}

TEST(Pem, SeesThatAKeyIsEncrypted) {
    EXPECT_TRUE(read(block("ENCRYPTED PRIVATE KEY")).is_key_encrypted);
    EXPECT_TRUE(read(block("RSA PRIVATE KEY", "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES\n\nAAAA"))
                    .is_key_encrypted);
    EXPECT_FALSE(read(block("CERTIFICATE", "Proc-Type: 4,ENCRYPTED")).is_key_encrypted);
}

TEST(Pem, TakesTheFirstKey) {
    EXPECT_EQ(key_in(block("PRIVATE KEY", "1") + block("PRIVATE KEY", "2")),
              block("PRIVATE KEY", "1"));
}

TEST(Pem, PassesOverWhatIsNoBlock) {
    for (const std::string &text :
         {std::string{}, std::string{"\n"}, std::string{"\0\1\2", 3}, std::string{"PuTTY-User-Key"},
          std::string{"-----BEGIN"}, std::string{"-----BEGIN-----"}, std::string{"----------"},
          std::string{"-----END CERTIFICATE-----"}, block("TRUSTED CERTIFICATE"),
          block("PUBLIC KEY"),
          std::string{"-----BEGIN CERTIFICATE-----\nA\n-----END PRIVATE KEY-----\n"}}) {
        EXPECT_EQ(certificates_in(text), "") << text;
        EXPECT_EQ(key_in(text), "") << text;
    }
}

TEST(Pem, GivesNoBlockThatIsCut) {
    const std::string certificate = block("CERTIFICATE");
    const std::string text = certificate + block("PRIVATE KEY");
    for (std::size_t size = 0; size + 1 < text.size(); ++size) { // the last newline may be missing
        EXPECT_EQ(key_in(text.substr(0, size)), "") << size;
        const bool is_whole = size + 1 >= certificate.size();
        EXPECT_EQ(certificates_in(text.substr(0, size)), is_whole ? certificate : "") << size;
    }
}

} // namespace
} // namespace postrider::transport
