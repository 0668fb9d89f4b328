// Rounds until nothing is left to do now, for whoever asks for them; and what they did, in words.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "common/engine/cycle.hpp"

namespace postrider::engine {

/// Adds what a round did; `next_at` and `problem` are those of the last one.
void add_round(CycleResult &sum, const CycleResult &round);

/// What whoever asks for rounds lends to them.
struct RoundsHost {
    std::function<Result<CycleResult>()> cycle;
    Transport &transport;
    std::function<Timestamp()> now;
    /// Returns when the transport is to be polled, or after this time.
    std::function<void(const Transport &, Duration)> wait;
    /// Is told the sum after each round that did something.
    std::function<void(const CycleResult &)> tell = {};
};

/// Cycles until there is nothing left to do now and the transport has nothing under way, or as
/// often and as long as any honest exchange needs; what is left waits for the next call.
Result<CycleResult> run_rounds(const RoundsHost &host);

/// "1 row", "2 rows".
std::string counted(std::uint64_t count, std::string_view one, std::string_view many);

/// What rounds did, in one line.
std::string what_was_done(const CycleResult &result);

/// Message, detail and hint, each on a line of its own.
std::string one_text(const Error &error);

} // namespace postrider::engine
