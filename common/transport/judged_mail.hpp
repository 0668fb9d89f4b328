// What a mail is to us, by the stamps of the envelopes in it, and what becomes of it once the host
// has dealt with each of them.
#pragma once

#include <optional>
#include <vector>

#include "common/engine/transport.hpp"

namespace postrider::transport {

struct JudgedMail {
    std::vector<Bytes> envelopes;   // that bear one of our stamps
    std::optional<Error> cut;       // it was for us, but its end is missing
    std::optional<Error> suspicion; // it bears traces of an envelope that nobody can use

    [[nodiscard]] bool is_ours() const { return !envelopes.empty() || cut.has_value(); }

    /// So many events the host gets about it, each of which it settles.
    [[nodiscard]] std::size_t events() const { return envelopes.empty() ? 1 : envelopes.size(); }
};

JudgedMail judge_mail(ByteView mail, const std::vector<FixedBytes<32>> &stamp_keys);

/// A mail of ours that the host has been told of.
struct HeldMail {
    std::size_t open_events = 0;
    engine::Settlement settlement = engine::Settlement::remove;

    /// One event was settled. True when it was the last; of several settlements the one that loses
    /// less holds.
    bool settle(engine::Settlement of_event);
};

} // namespace postrider::transport
