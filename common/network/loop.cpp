// Everybody takes a step, then all wait together for whatever comes first.
#include "common/network/loop.hpp"

#include <algorithm>
#include <utility>

#include "common/network/imap_receiver.hpp"
#include "common/network/pop3_receiver.hpp"

namespace postrider::network {

namespace {

/// A time that nobody can set back.
Timestamp steady_now() {
    return Timestamp{
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
}

/// For a server that is not there while its account is: an upper bound of every wait.
constexpr Duration wait_max = std::chrono::minutes{1};

} // namespace

Loop::Loop(int host_descriptor, const Clock &clock, LoopSettings settings)
    : settings_(std::move(settings)),
      host_(host_descriptor),
      connector_(settings_.ca_file, settings_.test_addresses),
      around_{host_, connector_, clock, settings_.own_name, settings_.ca_file} {
    host_.tell(transport::Started{settings_.version, settings_.confinement});
}

void Loop::run() {
    while (!host_.is_over()) {
        host_.move();
        const Timestamp now = steady_now();
        while (auto request = host_.next()) {
            take(*request, now);
        }
        for (auto &[name, served] : accounts_) {
            step(served, now);
        }
        if (check_) {
            check_->step(now);
            check_ = check_->is_done() ? nullptr : std::move(check_);
        }
        wait(now);
    }
}

/// Mails wait while their server is searched for, and no longer. The search comes last: what has
/// failed just now may be why it begins, and nothing else would wake us.
void Loop::step(Served &served, Timestamp now) {
    served.sender->step(now);
    if (served.receiver) {
        served.receiver->step(now);
    }
    served.search->step(now, served.receiver ? served.receiver->failed_connections() : 0,
                        served.sender->failed_connections());
    if (served.search->problem() && served.account.send.empty()) {
        served.sender->give_up(*served.search->problem());
    }
}

void Loop::take(transport::NetworkRequest &request, Timestamp now) {
    if (std::holds_alternative<transport::Ping>(request)) {
        host_.tell(transport::Pong{});
    } else if (const auto *accounts = std::get_if<transport::Configure>(&request)) {
        configure(*accounts);
    } else if (auto *check = std::get_if<transport::CheckMailbox>(&request)) {
        check_ = std::make_unique<MailboxCheck>(around_, connector_, std::move(*check), now);
    } else if (auto *secret = std::get_if<transport::Secret>(&request)) {
        const bool is_taken = check_ && check_->on_secret(*secret);
        for (auto &[name, served] : accounts_) {
            if (is_taken || served.sender->on_secret(*secret) ||
                (served.receiver && served.receiver->on_secret(*secret))) {
                break;
            }
        }
    } else if (auto *mail = std::get_if<transport::Submit>(&request)) {
        submit(std::move(*mail));
    } else if (auto *piece = std::get_if<transport::EnvelopePiece>(&request)) {
        for (auto &[name, served] : accounts_) {
            if (served.sender->on_piece(*piece)) {
                break;
            }
        }
    } else if (const auto *settle = std::get_if<transport::Settle>(&request)) {
        const auto found = accounts_.find(settle->account);
        if (found != accounts_.end() && found->second.receiver) {
            found->second.receiver->settle(*settle, now);
        }
    } else if (const auto *look = std::get_if<transport::LookNow>(&request)) {
        const auto found = accounts_.find(look->account);
        if (found != accounts_.end()) {
            found->second.search->look_now();
            if (found->second.receiver) {
                found->second.receiver->look_now();
            }
        }
    }
}

/// Mails that wait for their server go on waiting whatever is said anew of their account.
void Loop::configure(const transport::Configure &configure) {
    std::map<std::string, Served> accounts;
    for (const transport::MailAccount &account : configure.accounts) {
        const auto old = accounts_.find(account.name);
        Served served = old == accounts_.end() ? Served{} : std::move(old->second);
        if (!served.sender) {
            served.sender = std::make_unique<Sender>(around_, account);
            served.search = std::make_unique<ServerSearch>(around_, connector_);
        }
        served.sender->configure(account);
        served.search->configure(account);
        const bool is_same_mailbox = served.account.receive == account.receive &&
                                     served.account.user == account.user &&
                                     served.account.login == account.login;
        if (served.receiver && is_same_mailbox) {
            served.receiver->configure(account);
        } else {
            served.receiver = receiver_for(account);
        }
        served.account = account;
        accounts.insert_or_assign(account.name, std::move(served));
    }
    for (const auto &[name, served] : accounts_) {
        if (served.sender) { // else it was taken over
            served.sender->give_up(
                {Errc::refused, "there is no mailbox \"" + name + "\" any more"});
        }
    }
    accounts_ = std::move(accounts);
}

/// An address that cannot be read is told by whoever is to connect to it.
std::unique_ptr<Receiver> Loop::receiver_for(const transport::MailAccount &account) {
    if (account.receive.empty()) {
        return nullptr;
    }
    const Result<mail::ServerUrl> url = mail::parse_server_url(account.receive);
    if (url && url->protocol == mail::Protocol::pop3) {
        return std::make_unique<Pop3Receiver>(around_, account);
    }
    return std::make_unique<ImapReceiver>(around_, account);
}

void Loop::submit(transport::Submit submit) {
    const auto found = accounts_.find(submit.account);
    if (found != accounts_.end()) {
        return found->second.sender->submit(std::move(submit));
    }
    for (const std::string &recipient : submit.recipients) {
        host_.tell(transport::Delivered{
            submit.ticket, recipient, false,
            Error{Errc::refused, "there is no mailbox \"" + submit.account + "\""}, 0});
    }
}

void Loop::wait(Timestamp now) {
    std::vector<Watched> watched{host_.watched()};
    Timestamp until = now + wait_max;
    const auto add = [&](const auto &part) {
        if (const auto descriptor = part.watched()) {
            watched.push_back(*descriptor);
        }
        if (const auto at = part.next_at()) {
            until = std::min(until, *at);
        }
    };
    for (const auto &[name, served] : accounts_) {
        for (const Watched &each : served.sender->watched()) {
            watched.push_back(each);
        }
        if (const auto at = served.sender->next_at()) {
            until = std::min(until, *at);
        }
        if (const auto at = served.search->next_at()) {
            until = std::min(until, *at);
        }
        if (served.receiver) {
            add(*served.receiver);
        }
    }
    if (check_) {
        for (const Watched &each : check_->watched()) {
            watched.push_back(each);
        }
        until = std::min(until, check_->next_at());
    }
    connector_.wait(watched, std::max(until - now, Duration{0}));
}

} // namespace postrider::network
