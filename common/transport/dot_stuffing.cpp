// Two small machines that know where a line begins.
#include "common/transport/dot_stuffing.hpp"

#include <algorithm>

namespace postrider::transport {

Result<void> DotStuffer::write(ByteView piece, Bytes &out) {
    while (!piece.empty()) {
        if (place_ == Place::inside) { // most of a mail: copied at once
            const auto run_end = std::find_if(piece.begin(), piece.end(), [](std::uint8_t byte) {
                return byte == '\r' || byte == '\n' || byte == 0 || byte >= 0x80U;
            });
            out.insert(out.end(), piece.begin(), run_end);
            piece = piece.subspan(static_cast<std::size_t>(run_end - piece.begin()));
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
