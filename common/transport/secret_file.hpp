// Files in the secret directory into which an operator has put a secret: which are read, and what
// is said of the others.
#pragma once

#include <string>

#include "common/base/result.hpp"
#include "common/crypto/secret_buffer.hpp"

namespace postrider::transport {

/// How messages call a file of this kind, each in one piece, so that whoever reads one finds it.
struct SecretFileWords {
    std::string noun; // what it holds: "password"
    std::string file;
    std::string no_file;
    std::string clause; // how a text names it: "PASSWORD FILE 'NAME'"
};

struct SecretFile {
    std::string directory;
    std::string name; // without it
    SecretFileWords say;
};

/// "password file "/secrets/main.password"", for messages about what is in it.
std::string title_of(const SecretFile &file);
/// The command that makes it, which waits for its content.
std::string writing_hint(const SecretFile &file);

/// All that it holds. `refused` where it is missing, open to others, another user's, a link, larger
/// than limits::mailbox_secret_bytes_max or named with a directory; the hint says what to do.
Result<crypto::SecretBuffer> read_secret_file(const SecretFile &file);
/// The same of a file of one line, without its end.
Result<crypto::SecretBuffer> read_secret_line(const SecretFile &file);

} // namespace postrider::transport
