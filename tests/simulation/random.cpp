// SplitMix64, and libsodium's hook for other sources of randomness.
#include "tests/simulation/random.hpp"

#include <sodium.h>

#include "common/base/ensure.hpp"

namespace postrider::simulation {

namespace {

Random sodium_source{0};

const char *source_name() {
    return "simulation";
}

std::uint32_t source_random() {
    return static_cast<std::uint32_t>(sodium_source.next());
}

void source_buffer(void *const buffer, const std::size_t size) {
    auto *bytes = static_cast<unsigned char *>(buffer);
    for (std::size_t index = 0; index < size; ++index) {
        bytes[index] = static_cast<unsigned char>(sodium_source.next());
    }
}

randombytes_implementation source{.implementation_name = source_name,
                                  .random = source_random,
                                  .stir = nullptr,
                                  .uniform = nullptr,
                                  .buf = source_buffer,
                                  .close = nullptr};

} // namespace

std::uint64_t Random::next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t mixed = state_;
    mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
    return mixed ^ (mixed >> 31U);
}

std::uint64_t Random::below(std::uint64_t count) {
    return next() % count;
}

bool Random::chance(std::uint32_t percent) {
    return below(100) < percent;
}

void install_seeded_randombytes() {
    ensure(randombytes_set_implementation(&source) == 0, "libsodium takes another source");
    ensure(sodium_init() >= 0, "libsodium starts");
}

void seed_randombytes(std::uint64_t seed) {
    sodium_source = Random{seed};
}

} // namespace postrider::simulation
