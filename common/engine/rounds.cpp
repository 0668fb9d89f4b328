// A loop that ends, and sentences.
#include "common/engine/rounds.hpp"

namespace postrider::engine {

namespace {

constexpr int rounds_max = 200;

} // namespace

void add_round(CycleResult &sum, const CycleResult &round) {
    sum.envelopes_received += round.envelopes_received;
    sum.steps_applied += round.steps_applied;
    sum.rows_collected += round.rows_collected;
    sum.batches_built += round.batches_built;
    sum.parts_sent += round.parts_sent;
    sum.rows_unparked += round.rows_unparked;
    sum.next_at = round.next_at;
    sum.problem = round.problem;
}

Result<CycleResult> run_rounds(Engine &engine, const std::function<Timestamp()> &now) {
    CycleResult sum;
    for (int round = 0; round < rounds_max; ++round) {
        const Result<CycleResult> cycle = engine.cycle(now());
        if (!cycle) {
            return cycle.error();
        }
        add_round(sum, *cycle);
        if (!cycle->did_anything()) {
            break;
        }
    }
    return sum;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string{count == 1 ? one : many};
}

std::string what_was_done(const CycleResult &result) {
    return counted(result.envelopes_received, "envelope", "envelopes") + " received, " +
           counted(result.steps_applied, "step", "steps") + " applied, " +
           counted(result.rows_collected, "row", "rows") + " collected, " +
           counted(result.parts_sent, "envelope", "envelopes") + " sent";
}

std::string one_text(const Error &error) {
    std::string text = error.message;
    if (!error.detail.empty()) {
        text += "\nDETAIL: " + error.detail;
    }
    if (!error.hint.empty()) {
        text += "\nHINT: " + error.hint;
    }
    return text;
}

} // namespace postrider::engine
