// What the tests of dialogues share: contents read piece by piece, and the sizes of pieces in which
// each conversation is had again.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "common/transport/dialogue.hpp"

namespace postrider::transport {

inline constexpr std::size_t whole = 1 << 20;
inline constexpr std::size_t piece_sizes[] = {1, 2, 7, whole};

/// Calls `take` with one piece after another.
template <class Take>
void in_pieces(std::string_view text, std::size_t piece, const Take &take) {
    for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
        take(as_bytes(text.substr(0, piece)));
    }
}

/// Gives a text in pieces of at most `piece` bytes, then its end, or an error instead of it.
class TextContent final : public ContentSource {
  public:
    TextContent(std::string text, std::size_t piece, bool fails = false)
        : text_(std::move(text)), piece_(piece), fails_(fails) {}

    Result<std::size_t> read(std::span<std::uint8_t> into) override {
        if (fails_ && at_ == text_.size()) {
            return Error{Errc::unavailable, "could not read file \"part\": gone"};
        }
        const std::size_t size = std::min({piece_, into.size(), text_.size() - at_});
        std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), size, into.begin());
        at_ += size;
        return size;
    }

  private:
    std::string text_;
    std::size_t piece_;
    bool fails_;
    std::size_t at_ = 0;
};

} // namespace postrider::transport
