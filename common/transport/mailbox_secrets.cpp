// Files are read at once; commands run beside each other, a few at a time.
#include "common/transport/mailbox_secrets.hpp"

#include <algorithm>
#include <utility>

#include "common/base/utf8.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/mail/server_url.hpp"
#include "common/transport/client_certificate.hpp"
#include "common/transport/login_kind.hpp"
#include "common/transport/secret_file.hpp"

namespace postrider::transport {

namespace {

constexpr std::size_t commands_at_once_max = 4;

/// How messages call a secret of this kind.
struct SecretWords {
    SecretFileWords file;
    std::string of_mailbox;
};

SecretWords words_for(task::SecretKind kind) {
    return kind == task::SecretKind::token
               ? SecretWords{{"token", "token file", "there is no token file", "TOKEN FILE 'NAME'"},
                             "for the token of mailbox"}
               : SecretWords{{"password", "password file", "there is no password file",
                              "PASSWORD FILE 'NAME'"},
                             "for the password of mailbox"};
}

SecretFileWords words_for_proxy() {
    return {"proxy password", "proxy password file", "there is no proxy password file",
            "proxy_password=FILE"};
}

/// What the text says, or does not need to say.
task::Secret secret_of(const engine::Mailbox &mailbox) {
    return mailbox.secret.value_or(task::Secret{task::SecretKind::password,
                                                task::SecretSource::file,
                                                engine::default_password_file(mailbox.name)});
}

} // namespace

void MailboxSecrets::ask(std::uint64_t question, const engine::Mailbox &mailbox, bool for_sending) {
    // One that was found just now is not among what was declared, and has no files.
    const std::string &address = for_sending ? mailbox.send : mailbox.receive;
    const Result<mail::ServerUrl> url =
        address.empty() ? mail::ServerUrl{} : mail::parse_server_url(address);
    if (!url) {
        answers_.push_back({question, url.error()});
        return;
    }
    LoginSecrets secrets;
    if (!url->certificate.empty()) {
        const Result<void> read = read_client_certificate(settings_.directory, *url, secrets);
        if (!read) {
            answers_.push_back({question, read.error(), SecretPart::certificate});
            return;
        }
    }
    if (!url->proxy_password.empty()) {
        Result<crypto::SecretBuffer> line =
            read_secret_line({settings_.directory, url->proxy_password, words_for_proxy()});
        if (!line) {
            answers_.push_back({question, line.error(), SecretPart::proxy});
            return;
        }
        secrets.proxy_password = *std::move(line);
    }
    const LoginKind login = login_at(*url, login_of(mailbox));
    const task::Secret password = secret_of(mailbox);
    if (login == LoginKind::none || login == LoginKind::certificate) {
        answers_.push_back({question, std::move(secrets)});
    } else if (password.source == task::SecretSource::file) {
        answers_.push_back({question, with_password(std::move(secrets), password)});
    } else {
        ask_command(question, mailbox, std::move(secrets));
    }
}

Result<LoginSecrets> MailboxSecrets::with_password(LoginSecrets secrets,
                                                   const task::Secret &password) const {
    const SecretWords say = words_for(password.kind);
    Result<crypto::SecretBuffer> line =
        read_secret_line({settings_.directory, password.where, say.file});
    if (!line) {
        return line.error();
    }
    secrets.password = *std::move(line);
    return secrets;
}

void MailboxSecrets::ask_command(std::uint64_t question,
                                 const engine::Mailbox &mailbox,
                                 LoginSecrets others) {
    const SecretWords say = words_for(mailbox.secret->kind);
    if (!settings_.may_run_commands) {
        answers_.push_back({question, Error{Errc::refused,
                                            "commands cannot be run here " + say.of_mailbox +
                                                " \"" + printable(mailbox.name) + "\"",
                                            {},
                                            "Keep it in a file: " + say.file.clause + "."}});
        return;
    }
    Result<std::vector<std::string>> words = words_of_command(mailbox.secret->where);
    if (!words) {
        answers_.push_back({question, words.error()});
        return;
    }
    std::string name = "command \"" + printable(words->front()) + "\" " + say.of_mailbox + " \"" +
                       printable(mailbox.name) + "\"";
    commands_.push_back({question, std::move(others), *std::move(words), std::move(name), nullptr});
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
        if (*result) {
            command->others.password = **std::move(result);
            answers_.push_back({command->question, std::move(command->others)});
        } else {
            answers_.push_back({command->question, result->error()});
        }
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
    answers_.clear();
    for (Command &command : commands_) {
        let_go(std::move(command.run));
    }
    commands_.clear();
}

} // namespace postrider::transport
