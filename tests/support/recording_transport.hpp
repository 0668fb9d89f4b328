// A transport that remembers what it was told, and says what it is to say.
#pragma once

#include <utility>
#include <vector>

#include "common/engine/transport.hpp"

namespace postrider::test {

struct RecordingTransport : engine::Transport {
    std::vector<engine::Inlet> inlets;
    std::vector<engine::Transmission> submitted;
    std::vector<engine::Event> events;

    void configure(std::vector<engine::Inlet> told) override { inlets = std::move(told); }

    void submit(engine::Transmission transmission) override {
        submitted.push_back(std::move(transmission));
    }

    std::vector<engine::Event> poll(Timestamp /*now*/) override {
        return std::exchange(events, {});
    }

    void settle(const engine::Receipt & /*receipt*/, engine::Settlement /*settlement*/) override {}

    [[nodiscard]] std::optional<Timestamp> next_look(Timestamp /*now*/) const override {
        return std::nullopt;
    }
};

} // namespace postrider::test
