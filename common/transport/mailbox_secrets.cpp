// What a file holds is the secret, without the newline that editors put behind it. Commands run
// beside each other, a few at a time.
#include "common/transport/mailbox_secrets.hpp"

#include <algorithm>
#include <utility>

#include <sodium.h>
#include <unistd.h>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/vault/private_file.hpp"

namespace postrider::transport {

namespace {

constexpr std::size_t commands_at_once_max = 4;
constexpr std::string_view password_file_end = ".password";

bool is_plain_file_name(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.size() <= limits::name_bytes_max &&
           name == printable(name, name.size()) && name.find('/') == std::string_view::npos;
}

void cut_newline(Bytes &text) {
    if (!text.empty() && text.back() == '\n') {
        text.pop_back();
        if (!text.empty() && text.back() == '\r') {
            text.pop_back();
        }
    }
}

/// How messages call a secret of this kind.
struct SecretWords {
    std::string noun;
    std::string keyword; // of its clause
    std::string file;
    std::string no_file;
    std::string of_mailbox;
};

SecretWords words_for(task::SecretKind kind) {
    return kind == task::SecretKind::token
               ? SecretWords{"token", "TOKEN", "token file", "there is no token file",
                             "for the token of mailbox"}
               : SecretWords{"password", "PASSWORD", "password file", "there is no password file",
                             "for the password of mailbox"};
}

bool is_one_line(ByteView text) {
    return std::none_of(text.begin(), text.end(),
                        [](std::uint8_t byte) { return byte == '\n' || byte == 0; });
}

} // namespace

void MailboxSecrets::ask(std::uint64_t question, const engine::Mailbox &mailbox) {
    if (!mailbox.secret) {
        answers_.push_back({question, read_file(mailbox.name + std::string{password_file_end},
                                                task::SecretKind::password)});
    } else if (mailbox.secret->source == task::SecretSource::file) {
        answers_.push_back({question, read_file(mailbox.secret->where, mailbox.secret->kind)});
    } else {
        ask_command(question, mailbox);
    }
}

void MailboxSecrets::ask_command(std::uint64_t question, const engine::Mailbox &mailbox) {
    const SecretWords say = words_for(mailbox.secret->kind);
    if (!settings_.may_run_commands) {
        answers_.push_back(
            {question, Error{Errc::refused,
                             "commands cannot be run here " + say.of_mailbox + " \"" +
                                 printable(mailbox.name) + "\"",
                             {},
                             "Keep it in a file: " + say.keyword + " FILE 'NAME'."}});
        return;
    }
    Result<std::vector<std::string>> words = words_of_command(mailbox.secret->where);
    if (!words) {
        answers_.push_back({question, words.error()});
        return;
    }
    std::string name = "command \"" + printable(words->front()) + "\" " + say.of_mailbox + " \"" +
                       printable(mailbox.name) + "\"";
    commands_.push_back({question, *std::move(words), std::move(name), nullptr});
}

Result<Bytes> MailboxSecrets::read_file(const std::string &name, task::SecretKind kind) const {
    const SecretWords say = words_for(kind);
    if (!is_plain_file_name(name)) {
        return Error{Errc::refused,
                     say.file + " \"" + printable(name) + "\" is not a plain file name",
                     "Such files lie in the secret directory and are named without it.",
                     "Put it into \"" + settings_.directory + "\" and write " + say.keyword +
                         " FILE 'NAME'."};
    }
    const std::string path = settings_.directory + "/" + name;
    Result<std::optional<Bytes>> content = vault::read_private(
        {.directory = settings_.directory,
         .name = name,
         .what = say.file,
         .bytes_max = limits::mailbox_secret_bytes_max,
         .hint_for_size = "Write nothing but the " + say.noun + " into it.",
         .hint_for_owner = "As root: chown " + vault::user_name(::geteuid()) + " '" + path + "'"});
    if (!content) {
        return content.error();
    }
    if (!*content) {
        return Error{Errc::refused,
                     say.no_file + " \"" + path + "\"",
                     {},
                     "Write the " + say.noun + " into it: (umask 077; cat > '" + path + "')"};
    }
    Bytes secret = **std::move(content);
    cut_newline(secret);
    if (secret.empty() || !is_one_line(secret)) {
        sodium_memzero(secret.data(), secret.size());
        return Error{Errc::refused,
                     say.file + " \"" + path + "\" does not hold one line",
                     {},
                     "Write nothing but the " + say.noun + " into it: (umask 077; cat > '" + path +
                         "')"};
    }
    return secret;
}

std::optional<SecretAnswer> MailboxSecrets::take(Timestamp now) {
    std::erase_if(leaving_, [](const auto &run) { return run->is_gone(); });
    run_commands(now);
    if (answers_.empty()) {
        return std::nullopt;
    }
    SecretAnswer first = std::move(answers_.front());
    answers_.pop_front();
    return first;
}

void MailboxSecrets::run_commands(Timestamp now) {
    std::size_t running = leaving_.size();
    for (auto command = commands_.begin(); command != commands_.end();) {
        std::optional<Result<Bytes>> result;
        if (command->run) {
            result = command->run->take(now);
        } else if (running < commands_at_once_max) {
            auto started = SecretCommand::start(command->words, command->name, now);
            if (started) {
                command->run = *std::move(started);
            } else {
                result = started.error();
            }
        }
        running += command->run ? 1U : 0U;
        if (!result) {
            ++command;
            continue;
        }
        answers_.push_back({command->question, *std::move(result)});
        let_go(std::move(command->run));
        command = commands_.erase(command);
    }
}

void MailboxSecrets::let_go(std::unique_ptr<SecretCommand> run) {
    if (run && !run->is_gone()) {
        run->kill();
        leaving_.push_back(std::move(run));
    }
}

void MailboxSecrets::forget() {
    for (SecretAnswer &answer : answers_) {
        if (answer.secret) {
            sodium_memzero(answer.secret->data(), answer.secret->size());
        }
    }
    answers_.clear();
    for (Command &command : commands_) {
        let_go(std::move(command.run));
    }
    commands_.clear();
}

} // namespace postrider::transport
