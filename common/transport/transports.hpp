// Several ways for envelopes as one transport: each path kind has its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/engine/transport.hpp"

namespace postrider::transport {

class Transports final : public engine::Transport {
  public:
    /// `transport` stays the caller's. A path kind has no ':', which stands behind it in receipts.
    void add(const std::string &path_kind, engine::Transport &transport);

    void configure(std::vector<engine::Inlet> inlets) override;
    /// What nobody carries has its outcome with the next poll.
    void submit(engine::Transmission transmission) override;
    std::vector<engine::Event> poll(Timestamp now) override;
    void settle(const engine::Receipt &receipt, engine::Settlement settlement) override;
    void look_now() override;
    [[nodiscard]] bool is_busy() const override;
    [[nodiscard]] std::optional<Timestamp> next_look(Timestamp now) const override;
    /// Of the first that has one; the others say by `next_look` when to look.
    [[nodiscard]] std::optional<engine::Waking> waking() const override;

  private:
    std::map<std::string, engine::Transport *> transports_; // by path kind
    std::vector<engine::Event> refused_;
};

} // namespace postrider::transport
