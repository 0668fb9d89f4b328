// What bytes cost once compressed, so that encodings are chosen by what they really save.
#pragma once

#include <cstddef>
#include <memory>

#include "common/base/bytes.hpp"
#include "common/wire/cbor.hpp"

namespace postrider::wire {

/// Compresses quickly and says the size. Which encoding wins is not part of the format, so another
/// release of zstd may choose otherwise.
class SizeEstimate {
  public:
    SizeEstimate();
    SizeEstimate(const SizeEstimate &) = delete;
    SizeEstimate &operator=(const SizeEstimate &) = delete;
    ~SizeEstimate();

    [[nodiscard]] std::size_t operator()(ByteView raw) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Keeps the smallest of the candidates it is offered; passes over empty ones.
class Smallest {
  public:
    explicit Smallest(const SizeEstimate &size_of) : size_of_(size_of) {}

    void offer(CborWriter candidate);

    [[nodiscard]] bool empty() const { return best_.size() == 0; }

    [[nodiscard]] ByteView view() const { return best_.view(); }

    [[nodiscard]] CborWriter take() && { return std::move(best_); }

  private:
    const SizeEstimate &size_of_;
    CborWriter best_;
    std::size_t best_size_ = 0;
};

} // namespace postrider::wire
