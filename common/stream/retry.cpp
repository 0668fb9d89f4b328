// The backoff of a path that fails.
#include "common/stream/retry.hpp"

#include <algorithm>
#include <array>

#include "common/stream/timing.hpp"

namespace postrider::stream {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::array<Duration, 9> delays{
    seconds{30}, minutes{1}, minutes{2}, minutes{5}, minutes{15},
    minutes{30}, hours{1},   hours{2},   hours{4},
};

} // namespace

Duration retry_delay(std::uint32_t failures) {
    const std::size_t index = failures == 0 ? 0 : failures - 1;
    return delays.at(std::min(index, delays.size() - 1));
}

Timestamp next_try(const Retry &state, Timestamp now) {
    const Duration longest = delays.back() * 5 / 4; // with jitter
    return state.next_try ? std::max(now, due_time(*state.next_try, longest, now)) : now;
}

bool may_try(const Retry &state, Timestamp now) {
    return next_try(state, now) <= now;
}

void on_failure(Retry &state, Timestamp now, std::uint32_t random, Duration at_least) {
    if (state.failures == 0) {
        state.first_failure = now;
    }
    if (state.failures < UINT32_MAX) {
        ++state.failures;
    }
    const Duration delay = std::max(retry_delay(state.failures), std::min(at_least, delays.back()));
    state.next_try = now + jittered(delay, random);
}

void on_success(Retry &state) {
    state = Retry{};
}

} // namespace postrider::stream
