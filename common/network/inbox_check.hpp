// One half of trying a mailbox: whether it can be received from, by IMAP or POP3, and whether what
// was sent to it is there.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/network/connection.hpp"
#include "common/network/surroundings.hpp"
#include "common/network/test_mail.hpp"

namespace postrider::network {

/// Where what was found out goes: the subject, and words or an Error.
using TellStep = std::function<void(const std::string &subject, const Result<std::string> &found)>;

/// How long a server is left alone between two looks.
inline constexpr Duration look_for_test_mails_every = std::chrono::milliseconds{500};

class InboxCheck {
  public:
    InboxCheck() = default;
    InboxCheck(const InboxCheck &) = delete;
    InboxCheck &operator=(const InboxCheck &) = delete;
    virtual ~InboxCheck() = default;

    enum class State {
        opening, // it is found out what the server is like
        ready,   // all of that was told
        failed,  // and why was told
    };

    [[nodiscard]] virtual State state() const = 0;
    /// From now on looks for these again and again: sets `seen_at` and `problem` of those that it
    /// finds, and removes them. They have to outlive it.
    virtual void look_for(std::vector<TestMail> &tests) = 0;
    /// Nothing that was found is still to be removed.
    [[nodiscard]] virtual bool is_tidy() const = 0;

    virtual bool on_secret(const transport::Secret &secret) = 0;
    virtual void step(Timestamp now) = 0;
    [[nodiscard]] virtual std::optional<Watched> watched() const = 0;
    [[nodiscard]] virtual std::optional<Timestamp> next_at() const = 0;
};

std::unique_ptr<InboxCheck>
make_imap_check(const Surroundings &around, transport::MailAccount account, TellStep tell);
std::unique_ptr<InboxCheck>
make_pop3_check(const Surroundings &around, transport::MailAccount account, TellStep tell);

/// "connected to imaps://mail.example:993, encrypted, logged in as x@y.example".
std::string words_of_connection(const mail::ServerUrl &url, const transport::MailAccount &account);

} // namespace postrider::network
