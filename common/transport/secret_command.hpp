// A command that prints a password or token: run without a shell, with nothing to read, for a
// limited time, and killed where it prints too much.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/transport/child_process.hpp"
#include "common/vault/descriptor.hpp"

namespace postrider::transport {

/// Words are separated by spaces. Between '…' or "…" spaces are kept, and nothing is special but
/// the quote that ends it; there are no escapes and no variables. The first word is an absolute
/// path.
Result<std::vector<std::string>> words_of_command(std::string_view command);

class SecretCommand {
  public:
    /// `name` stands for it in messages.
    static Result<std::unique_ptr<SecretCommand>>
    start(const std::vector<std::string> &words, std::string name, Timestamp now);

    SecretCommand(const SecretCommand &) = delete;
    SecretCommand &operator=(const SecretCommand &) = delete;
    ~SecretCommand();

    /// The first line of what it printed, or why there is none; nothing while it runs. Never
    /// waits. Once at most.
    std::optional<Result<Bytes>> take(Timestamp now);

    void kill() { process_->kill(); }

    /// Until then letting go of it may wait a moment.
    bool is_gone() { return process_->ended().has_value(); }

  private:
    SecretCommand(int output, std::string name, Timestamp now);

    bool read();
    Result<Bytes> first_line();
    [[nodiscard]] Error failed(Errc code, const std::string &how) const;

    vault::Descriptor output_;
    std::string name_;
    Timestamp kill_at_;
    std::unique_ptr<ChildProcess> process_;
    Bytes printed_; // of its final size from the start: nothing is copied while it is filled
    std::size_t count_ = 0;
};

} // namespace postrider::transport
