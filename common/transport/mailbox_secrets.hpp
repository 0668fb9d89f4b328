// Passwords, tokens and certificates of mailboxes, from files of the secret directory and, but for
// certificates, from commands.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/transport/secret_command.hpp"
#include "common/transport/secrets.hpp"

namespace postrider::transport {

struct MailboxSecretsSettings {
    std::string directory; // where the files are
    bool may_run_commands = false;
};

class MailboxSecrets final : public Secrets {
  public:
    explicit MailboxSecrets(MailboxSecretsSettings settings) : settings_(std::move(settings)) {}

    MailboxSecrets(const MailboxSecrets &) = delete;
    MailboxSecrets &operator=(const MailboxSecrets &) = delete;

    ~MailboxSecrets() override { forget(); }

    void ask(std::uint64_t question, const engine::Mailbox &mailbox, bool for_sending) override;
    std::optional<SecretAnswer> take(Timestamp now) override;
    void forget() override;

    [[nodiscard]] std::size_t open_questions() const override {
        return answers_.size() + commands_.size();
    }

  private:
    struct Command {
        std::uint64_t question = 0;
        LoginSecrets others; // what goes with it
        std::vector<std::string> words;
        std::string name;                   // in messages
        std::unique_ptr<SecretCommand> run; // null: it waits for others to end
    };

    [[nodiscard]] Result<LoginSecrets> with_password(LoginSecrets secrets,
                                                     const task::Secret &password) const;
    void ask_command(std::uint64_t question, const engine::Mailbox &mailbox, LoginSecrets others);
    void run_commands(Timestamp now);
    void let_go(std::unique_ptr<SecretCommand> run);

    MailboxSecretsSettings settings_;
    std::deque<SecretAnswer> answers_;
    std::deque<Command> commands_;
    std::vector<std::unique_ptr<SecretCommand>> leaving_; // killed, and not gone yet
};

} // namespace postrider::transport
