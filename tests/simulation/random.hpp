// Seeded randomness: one generator for the schedule of a run, and one that stands in for
// libsodium's while the program runs, so that keys and identifiers repeat with the seed.
#pragma once

#include <cstdint>

namespace postrider::simulation {

/// SplitMix64: small, fast, and the same on every platform.
class Random {
  public:
    explicit Random(std::uint64_t seed) noexcept : state_(seed) {}

    std::uint64_t next();
    /// 0 to `count` - 1; `count` is not 0.
    std::uint64_t below(std::uint64_t count);
    bool chance(std::uint32_t percent);

    /// One in `count`.
    bool one_in(std::uint64_t count) { return below(count) == 0; }

  private:
    std::uint64_t state_;
};

/// Replaces libsodium's random numbers for this process. Call once, before anything else of
/// libsodium.
void install_seeded_randombytes();
/// From here on libsodium's random numbers follow from `seed`.
void seed_randombytes(std::uint64_t seed);

} // namespace postrider::simulation
