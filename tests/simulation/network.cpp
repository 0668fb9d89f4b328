// What happens to mails on their way.
#include "tests/simulation/network.hpp"

#include <algorithm>

#include <sodium.h>

#include "common/mail/extract.hpp"
#include "common/mail/message.hpp"

#include "tests/simulation/crash.hpp"

namespace postrider::simulation {

namespace {

constexpr std::size_t events_max = 24;

engine::Receipt receipt_of(const std::string &mailbox, std::uint64_t id, std::uint64_t envelope) {
    return mailbox + "\n" + std::to_string(id) + "\n" + std::to_string(envelope);
}

struct Place {
    std::string mailbox;
    std::uint64_t id = 0;
    std::uint64_t envelope = 0;
};

Place place_of(const engine::Receipt &receipt) {
    const std::size_t first = receipt.find('\n');
    const std::size_t second = receipt.find('\n', first + 1);
    return {receipt.substr(0, first), std::stoull(receipt.substr(first + 1, second - first - 1)),
            std::stoull(receipt.substr(second + 1))};
}

} // namespace

// ---- Network ------------------------------------------------------------------------------------

bool Network::strikes(std::uint32_t percent, const char *kind) {
    if (!random_.chance(percent)) {
        return false;
    }
    ++harm_[kind];
    return true;
}

void Network::set_partition(const std::string &mailbox, bool parted) {
    if (!parted) {
        parted_.erase(mailbox);
    } else if (parted_.insert(mailbox).second) {
        ++harm_["partition"];
    }
}

bool Network::is_parted(const std::string &from, const std::string &to) const {
    return parted_.contains(from) || parted_.contains(to);
}

std::string Network::damaged(std::string mail) {
    if (strikes(hostility_.truncation, "truncation")) {
        mail.resize(random_.below(mail.size()));
    }
    if (!mail.empty() && strikes(hostility_.bit_flip, "bit flip")) {
        char &hit = mail[random_.below(mail.size())];
        hit = static_cast<char>(static_cast<unsigned char>(hit) ^ (1U << random_.below(7)));
    }
    if (strikes(hostility_.stripping, "attachment stripped")) {
        mail.resize(mail.find("application/octet-stream") == std::string::npos
                        ? mail.size()
                        : mail.find("application/octet-stream"));
        mail += "text/plain\r\n\r\nThis attachment was removed.\r\n";
    }
    if (strikes(hostility_.footer, "footer added")) {
        mail += "\r\n-- \r\nThis mail was scanned for your safety.\r\n";
    }
    return mail;
}

bool Network::send(const std::string &from, const std::string &to, std::string mail) {
    if (strikes(hostility_.refusal, "refusal")) {
        return false;
    }
    ++sent_;
    if (strikes(hostility_.loss, "loss")) {
        return true;
    }
    const int copies = strikes(hostility_.duplication, "duplication") ? 2 : 1;
    for (int copy = 0; copy < copies; ++copy) {
        const auto ordinary = static_cast<std::uint64_t>(hostility_.delay_max.count());
        Duration delay{static_cast<std::int64_t>(random_.below(ordinary + 1))};
        if (strikes(hostility_.weeks_of_delay, "weeks of delay")) {
            delay += std::chrono::hours{random_.below(24 * 21)};
        }
        mailboxes_[to][next_id_++] = {time_.now() + delay, from, damaged(mail)};
    }
    return true;
}

std::vector<Network::Mail> Network::look(const std::string &mailbox) {
    std::vector<Mail> there;
    for (const auto &[id, waiting] : mailboxes_[mailbox]) {
        if (waiting.arrives <= time_.now() && !is_parted(waiting.from, mailbox)) {
            there.push_back({id, waiting.text});
        }
    }
    for (std::size_t left = there.size(); left > 1; --left) {
        std::swap(there[left - 1], there[random_.below(left)]);
    }
    return there;
}

void Network::remove(const std::string &mailbox, std::uint64_t id) {
    mailboxes_[mailbox].erase(id);
}

std::optional<Timestamp> Network::next_arrival(const std::string &mailbox) const {
    std::optional<Timestamp> next;
    const auto found = mailboxes_.find(mailbox);
    if (found != mailboxes_.end()) {
        for (const auto &[id, waiting] : found->second) {
            if (waiting.arrives > time_.now()) {
                next = next ? std::min(*next, waiting.arrives) : waiting.arrives;
            }
        }
    }
    return next;
}

// ---- NetworkTransport ---------------------------------------------------------------------------

void NetworkTransport::count_call(const char *where) {
    if (!calls_left_) {
        return;
    }
    if (*calls_left_ == 0) {
        throw Crash{where};
    }
    --*calls_left_;
}

void NetworkTransport::configure(std::vector<engine::Inlet> inlets) {
    sources_.clear();
    for (const engine::Inlet &inlet : inlets) {
        sources_.push_back(inlet.source);
    }
}

void NetworkTransport::submit(engine::Transmission transmission) {
    count_call("submit");
    mail::Message message;
    message.date = time_.now();
    randombytes_buf(message.token.data(), message.token.size());
    message.envelope = transmission.envelope;
    Result<std::string> mail = mail::write_message(message);
    Result<void> outcome;
    if (!mail) {
        outcome = mail.error();
    } else {
        const std::string from = sources_.empty() ? "" : sources_.front();
        if (!network_.send(from, transmission.target, std::move(*mail))) {
            outcome = Error{Errc::unavailable, "could not connect to mail server"};
        }
    }
    events_.push_back(engine::Outcome{transmission.ticket, std::move(outcome)});
}

void NetworkTransport::look_into(const std::string &mailbox) {
    for (const Network::Mail &mail : network_.look(mailbox)) {
        if (events_.size() >= events_max) {
            return;
        }
        if (!shown_.insert(mail.id).second) {
            continue;
        }
        mail::Extraction found = mail::extract_envelopes(as_bytes(mail.text));
        std::uint64_t envelope = 0;
        for (Bytes &bytes : found.envelopes) {
            unsettled_[mail.id].insert(envelope);
            events_.push_back(
                engine::Arrived{receipt_of(mailbox, mail.id, envelope++), std::move(bytes)});
        }
        if (found.envelopes.empty() && found.problem) {
            unsettled_[mail.id].insert(0);
            events_.push_back(engine::Unusable{receipt_of(mailbox, mail.id, 0), *found.problem});
        } else if (found.envelopes.empty()) {
            network_.remove(mailbox, mail.id); // nothing of ours in it any more
        }
    }
}

std::vector<engine::Event> NetworkTransport::poll(Timestamp) {
    count_call("poll");
    for (const std::string &source : sources_) {
        look_into(source);
    }
    return std::exchange(events_, {});
}

void NetworkTransport::settle(const engine::Receipt &receipt, engine::Settlement settlement) {
    count_call("settle");
    const Place place = place_of(receipt);
    if (settlement == engine::Settlement::keep) {
        shown_.erase(place.id);
        return;
    }
    auto &envelopes = unsettled_[place.id];
    envelopes.erase(place.envelope);
    if (envelopes.empty()) {
        unsettled_.erase(place.id);
        network_.remove(place.mailbox, place.id);
    }
}

std::optional<Timestamp> NetworkTransport::next_look(Timestamp now) const {
    std::optional<Timestamp> next;
    for (const std::string &source : sources_) {
        if (const auto arrival = network_.next_arrival(source)) {
            next = next ? std::min(*next, *arrival) : *arrival;
        }
    }
    // The world's time in the words of the node's clock.
    return next ? std::optional{*next + (now - time_.now())} : std::nullopt;
}

} // namespace postrider::simulation
