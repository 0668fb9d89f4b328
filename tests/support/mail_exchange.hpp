// Mail between nodes of a test, without servers: what one submits arrives at the address at once.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/engine/transport.hpp"

namespace postrider::test {

using Mails = std::vector<Bytes>;

/// What lies at each address.
using MailExchange = std::map<std::string, Mails>;

/// The transport of the node that lives at `address`.
class ExchangeTransport : public engine::Transport {
  public:
    ExchangeTransport(MailExchange &exchange, std::string address)
        : exchange_(exchange), address_(std::move(address)) {}

    void configure(std::vector<engine::Inlet> inlets) override {
        const bool was_open = is_open;
        is_open = false;
        for (const engine::Inlet &inlet : inlets) {
            if (inlet.mailbox && !inlet.mailbox->receive.empty()) {
                is_open = true;
                if (!was_open) {
                    ++times_opened;
                    events_.emplace_back(engine::Looked{inlet.source, is_reachable});
                }
            }
        }
    }

    void submit(engine::Transmission transmission) override {
        if (refused.contains(transmission.target)) {
            events_.emplace_back(engine::Outcome{
                transmission.ticket, Error{Errc::unavailable, "the server is down"}, {}});
            return;
        }
        if (transmission.plain) {
            letters.emplace_back(transmission.target, *std::move(transmission.plain));
            events_.emplace_back(engine::Outcome{transmission.ticket, {}, {}});
            return;
        }
        if (!stripped[transmission.target].contains(transmission.container)) {
            exchange_[transmission.target].push_back(std::move(transmission.envelope));
        }
        forms_sent[transmission.target].push_back(transmission.container);
        events_.emplace_back(engine::Outcome{transmission.ticket, {}, {}});
        ++mails_sent;
    }

    std::vector<engine::Event> poll(Timestamp /*now*/) override {
        for (Bytes &envelope : is_open ? std::exchange(exchange_[address_], {}) : Mails{}) {
            events_.emplace_back(engine::Arrived{address_, std::move(envelope), "main"});
        }
        return std::exchange(events_, {});
    }

    void settle(const engine::Receipt & /*receipt*/, engine::Settlement /*settlement*/) override {}

    [[nodiscard]] std::optional<Timestamp> next_look(Timestamp /*now*/) const override {
        return std::nullopt; // whoever runs the nodes asks each of them
    }

    std::uint64_t mails_sent = 0;
    std::set<std::string> refused; // addresses
    /// By address: what loses its envelope on the way there.
    std::map<std::string, std::set<mail::Container>> stripped;
    std::map<std::string, std::vector<mail::Container>> forms_sent;
    std::vector<std::pair<std::string, engine::PlainMail>> letters;
    int times_opened = 0;
    bool is_open = false; // mails are fetched
    bool is_reachable = true;

  private:
    MailExchange &exchange_;
    std::string address_;
    std::vector<engine::Event> events_;
};

} // namespace postrider::test
