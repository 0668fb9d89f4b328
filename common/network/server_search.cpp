// What is found is told to the host, which keeps it and says it with the account from then on.
#include "common/network/server_search.hpp"

#include "common/network/receiver.hpp"

namespace postrider::network {

namespace {

/// One that was found and cannot be reached so often is searched for anew; not more often than so.
constexpr unsigned failures_enough = 3;
constexpr Duration anew_every = std::chrono::hours{1};

} // namespace

bool ServerSearch::misses_receive() const {
    return account_.finds_receive && account_.receive.empty();
}

bool ServerSearch::misses_send() const {
    return account_.finds_send && account_.send.empty();
}

void ServerSearch::configure(const transport::MailAccount &account) {
    const bool is_same = account.address == account_.address &&
                         account.finds_receive == account_.finds_receive &&
                         account.finds_send == account_.finds_send;
    account_ = account;
    if (!is_same) {
        finder_.reset();
        again_at_.reset();
        failures_ = 0;
    }
    if (!misses_receive() && !misses_send()) {
        problem_.reset();
    }
}

void ServerSearch::step(Timestamp now, unsigned receive_failures, unsigned send_failures) {
    now_ = now;
    if (!finder_ && (!again_at_ || *again_at_ <= now)) {
        const bool receive =
            misses_receive() || (account_.finds_receive && receive_failures >= failures_enough);
        const bool send =
            misses_send() || (account_.finds_send && send_failures >= failures_enough);
        if (receive || send) {
            begin(receive, send);
        }
    }
    if (!finder_) {
        return;
    }
    finder_->step();
    if (const auto found = finder_->take()) {
        finder_.reset();
        end(*found);
    }
}

void ServerSearch::begin(bool receive, bool send) {
    problem_.reset();
    finder_.emplace(
        around_.connections, lookups_,
        WantedServers{account_.address, receive, send, around_.ca_file, around_.own_name});
    around_.host.tell(transport::Doing{account_.name, receive ? "receive" : "send",
                                       "looks for the servers of its address"});
}

void ServerSearch::end(const Result<FoundServers> &found) {
    if (found) {
        const bool is_news = (!found->receive.empty() && found->receive != account_.receive) ||
                             (!found->send.empty() && found->send != account_.send);
        if (is_news) {
            around_.host.tell(
                transport::ServersFound{account_.name, found->receive, found->send, found->how});
        }
    }
    const bool lacks_receive = misses_receive() && (!found || found->receive.empty());
    const bool lacks_send = misses_send() && (!found || found->send.empty());
    if (!lacks_receive && !lacks_send) { // what is known, and was not found again, may work again
        failures_ = found ? 0 : failures_;
        again_at_ = now_ + anew_every;
        return;
    }
    again_at_ = now_ + pause_after(++failures_);
    problem_ = found ? *found->missing : found.error();
    around_.host.tell(transport::Told{account_.name, 1, *problem_});
    if (lacks_receive) {
        around_.host.tell(transport::Looked{account_.name, false});
    }
}

std::optional<Timestamp> ServerSearch::next_at() const {
    if (finder_) {
        return now_ + search_looks_every;
    }
    return misses_receive() || misses_send() ? again_at_ : std::nullopt;
}

} // namespace postrider::network
