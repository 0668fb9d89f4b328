// Two small machines that know where a line begins.
#include "common/transport/dot_stuffing.hpp"

#include <algorithm>
#include <cstring>

namespace postrider::transport {

namespace {

bool may_stand_inside(std::uint8_t byte) {
    return byte != '\r' && byte != '\n' && byte != 0 && byte < 0x80U;
}

/// Of eight bytes at once. What is below 0x80 loses its highest bit by 0x80 - 1 only where it is 0.
bool may_all_stand_inside(std::uint64_t word) {
    constexpr std::uint64_t each = 0x0101010101010101U;
    constexpr std::uint64_t highest = each * 0x80U;
    const auto not_zero = [](std::uint64_t bytes) { return (bytes | highest) - each; };
    return (word & highest) == 0 && (not_zero(word) & not_zero(word ^ (each * '\r')) &
                                     not_zero(word ^ (each * '\n')) & highest) == highest;
}

/// How many bytes at the beginning of `piece` lie within a line.
std::size_t run_of(ByteView piece) {
    std::size_t size = 0;
    std::uint64_t word = 0;
    for (; size + sizeof word <= piece.size(); size += sizeof word) { // all mails pass here
        std::memcpy(&word, piece.data() + size, sizeof word);
        if (!may_all_stand_inside(word)) {
            break;
        }
    }
    const auto rest = piece.subspan(size);
    const auto end = std::find_if_not(rest.begin(), rest.end(), may_stand_inside);
    return size + static_cast<std::size_t>(end - rest.begin());
}

} // namespace

Result<void> DotStuffer::write(ByteView piece, Bytes &out) {
    while (!piece.empty()) {
        if (place_ == Place::inside) { // most of a mail: copied at once
            const std::size_t run = run_of(piece);
            out.insert(out.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(run));
            piece = piece.subspan(run);
            if (piece.empty()) {
                break;
            }
        }
        const std::uint8_t byte = piece.front();
        piece = piece.subspan(1);
        if ((place_ == Place::after_cr) != (byte == '\n') || byte == 0 || byte >= 0x80U) {
            return Error{Errc::internal, "mail to be sent is not 7-bit text with CR LF"};
        }
        if (byte == '.' && place_ == Place::line_start) {
            out.push_back('.');
        }
        out.push_back(byte);
        place_ = Place::inside;
        if (byte == '\r') {
            place_ = Place::after_cr;
        } else if (byte == '\n') {
            place_ = Place::line_start;
        }
    }
    return {};
}

Result<void> DotStuffer::finish(Bytes &out) {
    if (place_ == Place::after_cr) {
        return Error{Errc::internal, "mail to be sent ends with a bare CR"};
    }
    const std::string_view mark = place_ == Place::line_start ? ".\r\n" : "\r\n.\r\n";
    out.insert(out.end(), mark.begin(), mark.end());
    return {};
}

bool DotUnstuffer::read(ByteView &bytes, Bytes &out) {
    while (!bytes.empty()) {
        if (place_ == Place::inside) {
            const auto run_end = std::find(bytes.begin(), bytes.end(), std::uint8_t{'\r'});
            out.insert(out.end(), bytes.begin(), run_end);
            bytes = bytes.subspan(static_cast<std::size_t>(run_end - bytes.begin()));
            if (bytes.empty()) {
                return false;
            }
        }
        const std::uint8_t byte = bytes.front();
        bytes = bytes.subspan(1);
        if (place_ == Place::line_start && byte == '.') {
            place_ = Place::after_dot;
            continue;
        }
        if (place_ == Place::after_dot && byte == '\r') {
            place_ = Place::after_dot_cr;
            continue;
        }
        if (place_ == Place::after_dot_cr) {
            if (byte == '\n') {
                place_ = Place::line_start;
                return true;
            }
            out.push_back('\r'); // it belonged to the text
            place_ = Place::after_cr;
        }
        out.push_back(byte);
        if (byte == '\r') {
            place_ = Place::after_cr;
        } else {
            place_ = byte == '\n' && place_ == Place::after_cr ? Place::line_start : Place::inside;
        }
    }
    return false;
}

} // namespace postrider::transport
