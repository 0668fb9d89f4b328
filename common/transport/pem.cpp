// Line by line: a block lasts from its BEGIN to the END of the same label.
#include "common/transport/pem.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

namespace postrider::transport {

namespace {

constexpr std::string_view dashes = "-----";
constexpr std::string_view certificate_label = "CERTIFICATE";
constexpr std::string_view key_label_end = "PRIVATE KEY"; // "RSA PRIVATE KEY", "EC PRIVATE KEY"
constexpr std::string_view encrypted_key_label = "ENCRYPTED PRIVATE KEY"; // of PKCS #8
constexpr std::string_view encrypted_header = "Proc-Type: 4,ENCRYPTED";   // RFC 1421, of the others

/// With its end.
std::string_view take_line(std::string_view &rest) {
    const std::string_view line = rest.substr(0, std::min(rest.find('\n'), rest.size() - 1) + 1);
    rest.remove_prefix(line.size());
    return line;
}

/// The label of a line "-----BEGIN label-----" where `word` is BEGIN.
std::optional<std::string_view> label_of(std::string_view line, std::string_view word) {
    while (line.ends_with('\n') || line.ends_with('\r') || line.ends_with(' ')) {
        line.remove_suffix(1);
    }
    if (line.size() < 2 * dashes.size() + word.size() + 1 || !line.starts_with(dashes) ||
        !line.ends_with(dashes)) {
        return std::nullopt;
    }
    line = line.substr(dashes.size(), line.size() - 2 * dashes.size());
    if (!line.starts_with(word) || line[word.size()] != ' ') {
        return std::nullopt;
    }
    return line.substr(word.size() + 1);
}

void keep(std::string_view label, std::string_view block, PemBlocks &out) {
    if (label == certificate_label) {
        const ByteView bytes = as_bytes(block);
        out.certificates.insert(out.certificates.end(), bytes.begin(), bytes.end());
        if (!block.ends_with('\n')) {
            out.certificates.push_back('\n');
        }
    } else if (label.ends_with(key_label_end) && out.key.empty()) {
        out.key = crypto::SecretBuffer{as_bytes(block)};
        out.is_key_encrypted =
            label == encrypted_key_label || block.find(encrypted_header) != std::string_view::npos;
    }
}

} // namespace

PemBlocks read_pem(ByteView text) {
    PemBlocks out;
    std::string_view rest = as_text(text);
    std::string_view label;
    std::string_view from; // the text from the begin of the block on; empty: outside of one
    while (!rest.empty()) {
        const std::string_view at = rest;
        const std::string_view line = take_line(rest);
        if (const auto begun = label_of(line, "BEGIN")) {
            label = *begun;
            from = at;
        } else if (const auto ended = label_of(line, "END"); ended && !from.empty()) {
            if (*ended == label) {
                keep(label, from.substr(0, from.size() - rest.size()), out);
            }
            from = {};
        }
    }
    return out;
}

} // namespace postrider::transport
