// What happens to mails on their way.
#include "tests/simulation/network.hpp"

#include <algorithm>

#include <sodium.h>

#include "common/mail/extract.hpp"
#include "common/mail/message.hpp"
#include "common/wire/envelope.hpp"

#include "tests/simulation/crash.hpp"
#include "tests/simulation/faults.hpp"

namespace postrider::simulation {

namespace {

constexpr std::size_t events_max = 24;

constexpr Duration look_again_after = std::chrono::minutes{1};

engine::Receipt receipt_of(const std::string &mailbox, std::uint64_t id) {
    return mailbox + "\n" + std::to_string(id);
}

std::string mailbox_of(const engine::Receipt &receipt) {
    return receipt.substr(0, receipt.find('\n'));
}

std::uint64_t id_of(const engine::Receipt &receipt) {
    return std::stoull(receipt.substr(receipt.find('\n') + 1));
}

bool bears_stamp_of(ByteView envelope, const std::vector<FixedBytes<32>> &stamp_keys) {
    const Result<wire::Prologue> prologue = wire::parse_prologue(envelope);
    if (!prologue) {
        return false;
    }
    const wire::StampCover cover = wire::stamp_cover(*prologue);
    return std::any_of(stamp_keys.begin(), stamp_keys.end(), [&](const FixedBytes<32> &key) {
        return wire::find_stamp(*prologue, cover, key).has_value();
    });
}

mail::Container container_of(const std::string &mail) {
    const auto has = [&mail](const char *words) { return mail.find(words) != std::string::npos; };
    return has("multipart/mixed")            ? mail::Container::mixed
           : has("application/octet-stream") ? mail::Container::single
                                             : mail::Container::armour;
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

void Network::set_partition(const std::string &node, bool parted) {
    if (!parted) {
        parted_.erase(node);
    } else if (parted_.insert(node).second) {
        ++harm_["partition"];
    }
}

std::string Network::damaged(const std::string &from, std::string mail) {
    const auto line = stripped_.find(from);
    const bool is_stripped = line != stripped_.end() && line->second.contains(container_of(mail));
    if (is_stripped) {
        ++harm_["attachment stripped for ever"];
    }
    if (strikes(hostility_.truncation, "truncation")) {
        mail.resize(random_.below(mail.size()));
    }
    if (!mail.empty() && strikes(hostility_.bit_flip, "bit flip")) {
        char &hit = mail[random_.below(mail.size())];
        hit = static_cast<char>(static_cast<unsigned char>(hit) ^ (1U << random_.below(7)));
    }
    if (strikes(hostility_.stripping, "attachment stripped") || is_stripped) {
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

bool Network::send(const std::string &from, const std::string &to, const std::string &mail) {
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
            delay += std::chrono::hours{random_.below(std::uint64_t{24} * 21)};
        }
        mailboxes_[to][next_id_++] = {time_.now() + delay, from, damaged(from, mail)};
    }
    return true;
}

std::vector<Network::Mail> Network::look(const std::string &node, const std::string &mailbox) {
    std::vector<Mail> there;
    if (parted_.contains(node)) {
        return there;
    }
    for (const auto &[id, waiting] : mailboxes_[mailbox]) {
        if (waiting.arrives <= time_.now() && waiting.from != node &&
            !parted_.contains(waiting.from)) {
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

std::optional<Timestamp> Network::next_arrival(const std::string &node,
                                               const std::string &mailbox) const {
    std::optional<Timestamp> next;
    const auto found = mailboxes_.find(mailbox);
    if (found != mailboxes_.end()) {
        for (const auto &[id, waiting] : found->second) {
            if (waiting.arrives > time_.now() && waiting.from != node) {
                next = next ? std::min(*next, waiting.arrives) : waiting.arrives;
            }
        }
    }
    return next;
}

// ---- NetworkTransport ---------------------------------------------------------------------------

void NetworkTransport::count_call(const char *where) {
    if (disk_ != nullptr && !disk_->survives_call()) {
        throw Crash{where};
    }
    if (!calls_left_) {
        return;
    }
    if (*calls_left_ == 0) {
        throw Crash{where};
    }
    --*calls_left_;
}

void NetworkTransport::configure(std::vector<engine::Inlet> inlets) {
    for (const engine::Inlet &inlet : inlets) {
        for (const engine::Inlet &before : inlets_) {
            if (inlet.source == before.source && inlet.stamp_keys != before.stamp_keys) {
                others_.clear(); // some may be for us now
            }
        }
    }
    inlets_ = std::move(inlets);
}

void NetworkTransport::submit(engine::Transmission transmission) {
    count_call("submit");
    mail::Message message;
    message.date = network_.time().now();
    message.container =
        planted_fault() == Fault::keep_one_form ? mail::Container::mixed : transmission.container;
    randombytes_buf(message.token.data(), message.token.size());
    Result<std::string> mail = mail::write_message(message, transmission.envelope);
    Result<void> outcome;
    if (!mail) {
        outcome = mail.error();
    } else if (!network_.send(node_, transmission.target, *mail)) {
        outcome = Error{Errc::unavailable, "could not connect to mail server"};
    }
    events_.emplace_back(engine::Outcome{transmission.ticket, std::move(outcome)});
}

void NetworkTransport::judge(const engine::Inlet &inlet, const Network::Mail &mail) {
    mail::Extraction found = mail::extract_envelopes(as_bytes(mail.text));
    const engine::Receipt receipt = receipt_of(inlet.source, mail.id);
    Held held;
    for (Bytes &envelope : found.envelopes) {
        if (bears_stamp_of(envelope, inlet.stamp_keys)) {
            events_.emplace_back(engine::Arrived{receipt, std::move(envelope)});
            ++held.open_events;
        }
    }
    for (const mail::TruncatedEnvelope &truncated : found.truncated) {
        if (held.open_events == 0 && bears_stamp_of(truncated.beginning, inlet.stamp_keys)) {
            events_.emplace_back(engine::Unusable{receipt, truncated.reason()});
            ++held.open_events;
        }
    }
    if (held.open_events > 0) {
        held.commits_before = witness_ != nullptr ? witness_->commits : 0;
        held_[mail.id] = held;
        if (planted_fault() == Fault::delete_mail_before_commit) {
            remove(receipt);
        }
    } else {
        others_.insert(mail.id);
    }
}

void NetworkTransport::look_into(const engine::Inlet &inlet, Timestamp now) {
    for (const Network::Mail &mail : network_.look(node_, inlet.source)) {
        const auto held = held_.find(mail.id);
        const bool shown =
            held != held_.end() &&
            (held->second.open_events > 0 ||
             (held->second.kept_at && now < *held->second.kept_at + look_again_after &&
              now >= *held->second.kept_at));
        if (events_.size() < events_max && !shown && !others_.contains(mail.id)) {
            judge(inlet, mail);
        }
    }
}

std::vector<engine::Event> NetworkTransport::poll(Timestamp now) {
    count_call("poll");
    last_poll_ = now;
    for (const engine::Inlet &inlet : inlets_) {
        look_into(inlet, now);
    }
    return std::exchange(events_, {});
}

void NetworkTransport::settle(const engine::Receipt &receipt, engine::Settlement settlement) {
    count_call("settle");
    const auto entry = held_.find(id_of(receipt));
    if (entry == held_.end() || entry->second.open_events == 0) {
        return;
    }
    Held &held = entry->second;
    if (settlement == engine::Settlement::keep) {
        held.settlement = settlement;
    }
    if (--held.open_events > 0) {
        return;
    }
    if (held.settlement == engine::Settlement::keep) {
        held.kept_at = last_poll_;
        return;
    }
    remove(receipt);
}

void NetworkTransport::remove(const engine::Receipt &receipt) {
    const auto entry = held_.find(id_of(receipt));
    if (witness_ != nullptr && witness_->commits == entry->second.commits_before) {
        witness_->note("a mail was deleted before what it brought was committed");
    }
    network_.remove(mailbox_of(receipt), entry->first);
    held_.erase(entry);
}

std::optional<Timestamp> NetworkTransport::next_look(Timestamp now) const {
    std::optional<Timestamp> next;
    for (const engine::Inlet &inlet : inlets_) {
        if (const auto arrival = network_.next_arrival(node_, inlet.source)) {
            next = next ? std::min(*next, *arrival) : *arrival;
        }
    }
    // The world's time in the words of the node's clock.
    return next ? std::optional{*next + (now - network_.time().now())} : std::nullopt;
}

} // namespace postrider::simulation
