// pipe2(2) and the words of a command.
#include "common/transport/secret_command.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/vault/private_file.hpp"

namespace postrider::transport {

namespace {

constexpr Duration command_patience = std::chrono::seconds{30};

/// What password managers need to find their own things.
constexpr std::array<const char *, 8> command_variables{
    "HOME", "USER", "LOGNAME", "PATH", "LANG", "TZ", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"};

std::vector<std::string> command_environment() {
    std::vector<std::string> environment;
    for (const char *name : command_variables) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment of a server
        if (const char *value = std::getenv(name)) {
            environment.push_back(std::string{name} + "=" + value);
        }
    }
    return environment;
}

Error bad_command(std::string_view command, const std::string &why) {
    return {Errc::refused,
            "command \"" + printable(command) + "\" " + why,
            {},
            "Write it as '/full/path/of/program argument …', arguments with spaces in quotes."};
}

} // namespace

Result<std::vector<std::string>> words_of_command(std::string_view command) {
    std::vector<std::string> words;
    std::string word;
    bool is_in_word = false;
    char quote = 0;
    for (const char letter : command) {
        if (letter == 0) {
            return bad_command(command, "holds a zero byte");
        }
        if (quote != 0) {
            if (letter == quote) {
                quote = 0;
            } else {
                word += letter;
            }
        } else if (letter == '\'' || letter == '"') {
            quote = letter;
            is_in_word = true;
        } else if (letter != ' ') {
            word += letter;
            is_in_word = true;
        } else if (std::exchange(is_in_word, false)) {
            words.push_back(std::exchange(word, {}));
        }
    }
    if (quote != 0) {
        return bad_command(command, "ends within quotes");
    }
    if (is_in_word) {
        words.push_back(std::move(word));
    }
    if (words.empty() || !words.front().starts_with('/')) {
        return bad_command(command, "does not begin with the full path of a program");
    }
    return words;
}

SecretCommand::SecretCommand(int output, std::string name, Timestamp now)
    : output_(output),
      name_(std::move(name)),
      kill_at_(now + command_patience),
      printed_(limits::mailbox_secret_bytes_max + 1) {}

SecretCommand::~SecretCommand() {
    sodium_memzero(printed_.data(), printed_.size());
}

Result<std::unique_ptr<SecretCommand>>
SecretCommand::start(const std::vector<std::string> &words, std::string name, Timestamp now) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        return Error{Errc::unavailable,
                     "could not start " + name + ": " + std::generic_category().message(errno)};
    }
    std::unique_ptr<SecretCommand> command{new SecretCommand{ends[0], std::move(name), now}};
    const vault::Descriptor theirs{ends[1]};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0) {
        command->process_ = ChildProcess::start({.path = words.front(),
                                                 .arguments = {words.begin() + 1, words.end()},
                                                 .environment = command_environment(),
                                                 .descriptor = theirs.get(),
                                                 .number = STDOUT_FILENO});
    }
    if (!command->process_) {
        return command->failed(Errc::refused,
                               "cannot be run: " + std::generic_category().message(errno));
    }
    return command;
}

Error SecretCommand::failed(Errc code, const std::string &how) const {
    return {
        code, name_ + " " + how, {}, "Try it as user \"" + vault::user_name(::geteuid()) + "\"."};
}

std::optional<Result<Bytes>> SecretCommand::take(Timestamp now) {
    const bool has_ended = is_gone(); // before all that it printed is read
    if (!read()) {
        kill();
        return failed(Errc::too_large, "printed more than " +
                                           std::to_string(limits::mailbox_secret_bytes_max) +
                                           " bytes");
    }
    if (has_ended) {
        return process_->exit_code() == 0
                   ? first_line()
                   : failed(Errc::unavailable, "ended: " + process_->ended().value_or("?"));
    }
    if (now >= kill_at_) {
        kill();
        return failed(
            Errc::timed_out,
            "did not end within " +
                std::to_string(
                    std::chrono::duration_cast<std::chrono::seconds>(command_patience).count()) +
                " s");
    }
    return std::nullopt;
}

/// False where it has printed more than it may.
bool SecretCommand::read() {
    while (count_ < printed_.size()) {
        const ssize_t got =
            ::read(output_.get(), printed_.data() + count_, printed_.size() - count_);
        if (got <= 0) {
            return true;
        }
        count_ += static_cast<std::size_t>(got);
    }
    return false;
}

Result<Bytes> SecretCommand::first_line() {
    const auto begin = printed_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(count_);
    auto line_end = std::find(begin, end, '\n');
    if (line_end != begin && *std::prev(line_end) == '\r') {
        --line_end;
    }
    if (line_end == begin || std::find(begin, line_end, 0) != line_end) {
        return failed(Errc::refused, "printed no text in its first line");
    }
    return Bytes{begin, line_end};
}

} // namespace postrider::transport
