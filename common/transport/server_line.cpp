// Gathers lines and takes them apart.
#include "common/transport/server_line.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "common/base/limits.hpp"

namespace postrider::transport {

Result<std::optional<std::string>> ServerLineReader::next(ByteView &bytes) {
    const auto line_end = std::find(bytes.begin(), bytes.end(), std::uint8_t{'\n'});
    const bool is_whole = line_end != bytes.end();
    const auto size = static_cast<std::size_t>(line_end - bytes.begin());
    const ByteView piece = bytes.first(size);
    bytes = bytes.subspan(size + (is_whole ? 1 : 0));
    const std::size_t carriage_return =
        (piece.empty() ? line_.ends_with('\r') : piece.back() == '\r') ? 1 : 0;
    if (line_.size() + piece.size() > limits::server_line_bytes_max + carriage_return) {
        line_.clear();
        return Error{Errc::too_large, "mail server sent a line of more than " +
                                          std::to_string(limits::server_line_bytes_max) + " bytes"};
    }
    line_.append(as_text(piece));
    if (!is_whole) {
        return std::optional<std::string>{};
    }
    if (carriage_return != 0) {
        line_.pop_back();
    }
    return std::optional(std::exchange(line_, {}));
}

std::optional<std::uint64_t> take_number(std::string_view &text) {
    std::uint64_t number = 0;
    const char *const text_end = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data(), text_end, number);
    if (failure != std::errc{}) {
        return std::nullopt;
    }
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    return number;
}

bool is_word(std::string_view text, std::string_view word) {
    const auto lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                      [&](char left, char right) { return lower(left) == lower(right); });
}

std::string_view take_word(std::string_view &text) {
    const std::size_t size = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, size);
    text.remove_prefix(std::min(size + 1, text.size()));
    return word;
}

Error nonsense(std::string_view protocol, std::string_view what) {
    return {Errc::malformed,
            "mail server " + std::string(what),
            {},
            "What answers is no " + std::string(protocol) +
                " server, or one that does not keep to the protocol: check the server's name and "
                "port, and whether a firewall or virus scanner stands between."};
}

} // namespace postrider::transport
