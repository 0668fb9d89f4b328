// A trial with a fast level of zstd.
#include "common/wire/size_estimate.hpp"

#include <algorithm>
#include <new>

#include <zstd.h>

namespace postrider::wire {

namespace {

constexpr int trial_level = 1;
// Below this, zstd finds nothing that would outweigh its own table headers.
constexpr std::size_t trial_bytes_min = 48;

} // namespace

struct SizeEstimate::State {
    ZSTD_CCtx *context = ZSTD_createCCtx();
    Bytes output;
};

SizeEstimate::SizeEstimate() : state_(std::make_unique<State>()) {
    if (state_->context == nullptr) {
        throw std::bad_alloc();
    }
}

SizeEstimate::~SizeEstimate() {
    ZSTD_freeCCtx(state_->context);
}

std::size_t SizeEstimate::operator()(ByteView raw) const {
    if (raw.size() < trial_bytes_min) {
        return raw.size();
    }
    Bytes &output = state_->output;
    output.resize(ZSTD_compressBound(raw.size()));
    const std::size_t size = ZSTD_compressCCtx(state_->context, output.data(), output.size(),
                                               raw.data(), raw.size(), trial_level);
    return ZSTD_isError(size) != 0U ? raw.size() : std::min(size, raw.size());
}

void Smallest::offer(CborWriter candidate) {
    if (candidate.size() == 0) {
        return;
    }
    const std::size_t size = size_of_(candidate.view());
    if (empty() || size < best_size_) {
        best_size_ = size;
        best_ = std::move(candidate);
    }
}

} // namespace postrider::wire
