// vault/private_file checks whose a file is; what it holds is the secret, in files of one line
// without the newline that editors put behind it.
#include "common/transport/secret_file.hpp"

#include <algorithm>

#include <unistd.h>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/mail/server_url.hpp"
#include "common/vault/private_file.hpp"

namespace postrider::transport {

namespace {

std::string path_of(const SecretFile &file) {
    return file.directory + "/" + file.name;
}

ByteView without_newline(ByteView text) {
    if (!text.empty() && text.back() == '\n') {
        text = text.first(text.size() - 1);
        if (!text.empty() && text.back() == '\r') {
            text = text.first(text.size() - 1);
        }
    }
    return text;
}

bool is_one_line(ByteView text) {
    return !text.empty() && std::none_of(text.begin(), text.end(), [](std::uint8_t byte) {
        return byte == '\n' || byte == 0;
    });
}

} // namespace

std::string title_of(const SecretFile &file) {
    return file.say.file + " \"" + path_of(file) + "\"";
}

std::string writing_hint(const SecretFile &file) {
    return "the " + file.say.noun + " into it: (umask 077; cat > '" + path_of(file) + "')";
}

Result<crypto::SecretBuffer> read_secret_file(const SecretFile &file) {
    if (!mail::is_plain_file_name(file.name)) {
        return Error{Errc::refused,
                     file.say.file + " \"" + printable(file.name) + "\" is not a plain file name",
                     "Such files lie in the secret directory and are named without it.",
                     "Put it into \"" + file.directory + "\" and write " + file.say.clause + "."};
    }
    Result<std::optional<Bytes>> content = vault::read_private(
        {.directory = file.directory,
         .name = file.name,
         .what = file.say.file,
         .bytes_max = limits::mailbox_secret_bytes_max,
         .hint_for_size = "Write nothing but the " + file.say.noun + " into it.",
         .hint_for_owner =
             "As root: chown " + vault::user_name(::geteuid()) + " '" + path_of(file) + "'"});
    if (!content) {
        return content.error();
    }
    if (!*content) {
        return Error{Errc::refused,
                     file.say.no_file + " \"" + path_of(file) + "\"",
                     {},
                     "Write " + writing_hint(file)};
    }
    return crypto::SecretBuffer{**std::move(content)};
}

Result<crypto::SecretBuffer> read_secret_line(const SecretFile &file) {
    Result<crypto::SecretBuffer> content = read_secret_file(file);
    if (!content) {
        return content;
    }
    const ByteView line = without_newline(content->view());
    if (!is_one_line(line)) {
        return Error{Errc::refused,
                     title_of(file) + " does not hold one line",
                     {},
                     "Write nothing but " + writing_hint(file)};
    }
    return crypto::SecretBuffer{line};
}

} // namespace postrider::transport
