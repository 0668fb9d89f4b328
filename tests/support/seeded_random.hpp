// Replaces libsodium's random source by a seeded one, in test programs only: same seed, same bytes.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include <sodium.h>

namespace postrider::test {

/// Sets the source while it lives; one at a time. The stream is ChaCha20 under the seed, one block
/// number per request.
class SeededRandom {
  public:
    explicit SeededRandom(std::uint64_t seed) {
        if (sodium_init() < 0) {
            throw std::runtime_error("libsodium does not start");
        }
        state().seed = seed;
        state().requests = 0;
        randombytes_set_implementation(&implementation());
    }

    SeededRandom(const SeededRandom &) = delete;
    SeededRandom &operator=(const SeededRandom &) = delete;

    ~SeededRandom() { randombytes_set_implementation(&randombytes_sysrandom_implementation); }

  private:
    struct State {
        std::uint64_t seed = 0;
        std::uint64_t requests = 0;
    };

    static State &state() {
        static State the_state;
        return the_state;
    }

    static const char *name() { return "seeded"; }

    static std::uint32_t one() {
        std::uint32_t value = 0;
        fill(&value, sizeof value);
        return value;
    }

    static void fill(void *buffer, std::size_t size) {
        std::array<unsigned char, randombytes_SEEDBYTES> key{};
        std::memcpy(key.data(), &state().seed, sizeof state().seed);
        std::memcpy(key.data() + sizeof state().seed, &state().requests, sizeof state().requests);
        ++state().requests;
        randombytes_buf_deterministic(buffer, size, key.data());
    }

    static randombytes_implementation &implementation() {
        static randombytes_implementation the_implementation{&name,   &one,  nullptr,
                                                             nullptr, &fill, nullptr};
        return the_implementation;
    }
};

} // namespace postrider::test
