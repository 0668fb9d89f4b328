// A key may stand in the file of its certificate; what is given on is each by itself.
#include "common/transport/client_certificate.hpp"

#include "common/transport/pem.hpp"
#include "common/transport/secret_file.hpp"

namespace postrider::transport {

namespace {

SecretFileWords certificate_words() {
    return {"certificate", "certificate file", "there is no certificate file", "certificate=FILE"};
}

SecretFileWords key_words() {
    return {"key", "key file", "there is no key file", "key=FILE"};
}

Error holds_no_certificate(const SecretFile &file) {
    return {Errc::refused, title_of(file) + " holds no certificate in PEM",
            "Such a file has a line -----BEGIN CERTIFICATE----- and one with END behind it.",
            "Out of PKCS #12: openssl pkcs12 -in FILE.p12 -nodes -out NEW. Write " +
                writing_hint(file)};
}

Error holds_no_key(const SecretFile &file, bool is_of_its_own) {
    return {Errc::refused, title_of(file) + " holds no private key in PEM",
            "Such a key has a line -----BEGIN PRIVATE KEY----- and one with END behind it.",
            is_of_its_own ? "Write " + writing_hint(file)
                          : "Put the key behind the certificate, or name its file: &key=FILE."};
}

Error is_encrypted(const SecretFile &file) {
    return {Errc::refused, "the key in " + title_of(file) + " is encrypted with a passphrase",
            "Nobody is there to type it: such keys cannot be used.",
            "Decrypt it: (umask 077; openssl pkey -in ENCRYPTED -out NEW), and put that there."};
}

} // namespace

Result<void> read_client_certificate(const std::string &directory,
                                     const mail::ServerUrl &url,
                                     LoginSecrets &out) {
    const SecretFile certificate{directory, url.certificate, certificate_words()};
    const Result<crypto::SecretBuffer> text = read_secret_file(certificate);
    if (!text) {
        return text.error();
    }
    PemBlocks blocks = read_pem(text->view());
    if (blocks.certificates.empty()) {
        return holds_no_certificate(certificate);
    }
    out.certificate = std::move(blocks.certificates);
    const bool has_own_file = !url.key.empty();
    const SecretFile key = has_own_file ? SecretFile{directory, url.key, key_words()} : certificate;
    if (has_own_file) {
        const Result<crypto::SecretBuffer> key_text = read_secret_file(key);
        if (!key_text) {
            return key_text.error();
        }
        blocks = read_pem(key_text->view());
    }
    if (blocks.key.empty()) {
        return holds_no_key(key, has_own_file);
    }
    if (blocks.is_key_encrypted) {
        return is_encrypted(key);
    }
    out.key = std::move(blocks.key);
    return {};
}

} // namespace postrider::transport
