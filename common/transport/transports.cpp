// Receipts bear the path kind in front, so that they find back.
#include "common/transport/transports.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/base/ensure.hpp"
#include "common/base/utf8.hpp"

namespace postrider::transport {

namespace {

void put_in_front(const std::string &kind, engine::Event &event) {
    if (auto *arrived = std::get_if<engine::Arrived>(&event)) {
        arrived->receipt.insert(0, kind + ":");
    } else if (auto *unusable = std::get_if<engine::Unusable>(&event)) {
        unusable->receipt.insert(0, kind + ":");
    } else if (auto *bounced = std::get_if<engine::Bounced>(&event)) {
        bounced->receipt.insert(0, kind + ":");
    }
}

} // namespace

void Transports::add(const std::string &path_kind, engine::Transport &transport) {
    ensure(path_kind.find(':') == std::string::npos, "a path kind is a plain word");
    transports_.insert_or_assign(path_kind, &transport);
}

void Transports::configure(std::vector<engine::Inlet> inlets) {
    std::map<std::string, std::vector<engine::Inlet>> by_kind;
    for (engine::Inlet &inlet : inlets) {
        by_kind[inlet.path_kind].push_back(std::move(inlet));
    }
    for (const auto &[kind, transport] : transports_) {
        transport->configure(std::move(by_kind[kind])); // none: whatever it had is gone
    }
}

void Transports::submit(engine::Transmission transmission) {
    const auto found = transports_.find(transmission.path_kind);
    if (found != transports_.end()) {
        return found->second->submit(std::move(transmission));
    }
    refused_.emplace_back(engine::Outcome{
        transmission.ticket,
        Error{Errc::refused, "paths of kind \"" + printable(transmission.path_kind) +
                                 "\" cannot be used by this node"},
        {}});
}

std::vector<engine::Event> Transports::poll(Timestamp now) {
    std::vector<engine::Event> events = std::exchange(refused_, {});
    for (const auto &[kind, transport] : transports_) {
        for (engine::Event &event : transport->poll(now)) {
            put_in_front(kind, event);
            events.push_back(std::move(event));
        }
    }
    return events;
}

void Transports::settle(const engine::Receipt &receipt, engine::Settlement settlement) {
    const std::size_t colon = std::min(receipt.find(':'), receipt.size());
    const auto found = transports_.find(receipt.substr(0, colon));
    if (found != transports_.end() && colon < receipt.size()) {
        found->second->settle(receipt.substr(colon + 1), settlement);
    }
}

void Transports::look_now() {
    for (const auto &[kind, transport] : transports_) {
        transport->look_now();
    }
}

bool Transports::is_busy() const {
    return std::any_of(transports_.begin(), transports_.end(),
                       [](const auto &each) { return each.second->is_busy(); });
}

std::optional<Timestamp> Transports::next_look(Timestamp now) const {
    if (!refused_.empty()) {
        return now;
    }
    std::optional<Timestamp> next;
    for (const auto &[kind, transport] : transports_) {
        const std::optional<Timestamp> look = transport->next_look(now);
        if (look && (!next || *look < *next)) {
            next = look;
        }
    }
    return next;
}

std::optional<engine::Waking> Transports::waking() const {
    for (const auto &[kind, transport] : transports_) {
        if (const auto waking = transport->waking()) {
            return waking;
        }
    }
    return std::nullopt;
}

} // namespace postrider::transport
