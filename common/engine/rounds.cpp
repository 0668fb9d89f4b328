// A loop that ends, and sentences.
#include "common/engine/rounds.hpp"

namespace postrider::engine {

namespace {

/// As many as two nodes on one machine need.
constexpr int rounds_max = 200;
/// For a mail server that says nothing.
constexpr Duration patience = std::chrono::seconds{60};
constexpr Duration look_every = std::chrono::seconds{1};

/// Until the transport has something to tell, or nothing under way. False: it keeps silent.
bool wait_for(const RoundsHost &host, Timestamp since) {
    const Timestamp now = host.now();
    if (!host.transport.is_busy() || now < since || now - since > patience) {
        return false;
    }
    host.wait(host.transport, look_every);
    return true;
}

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

Result<CycleResult> run_rounds(const RoundsHost &host) {
    CycleResult sum;
    host.transport.look_now();
    Timestamp moved_at = host.now();
    for (int rounds = 0; rounds < rounds_max;) {
        const Result<CycleResult> cycle = host.cycle();
        if (!cycle) {
            return cycle.error();
        }
        add_round(sum, *cycle);
        if (cycle->did_anything()) {
            ++rounds;
            moved_at = host.now();
            if (host.tell) {
                host.tell(sum);
            }
        } else if (!wait_for(host, moved_at)) {
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
