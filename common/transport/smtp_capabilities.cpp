// Reads the keywords of an EHLO reply.
#include "common/transport/smtp_capabilities.hpp"

namespace postrider::transport {

SmtpCapabilities smtp_capabilities(const SmtpReply &reply) {
    SmtpCapabilities found;
    // The first line greets.
    for (std::size_t index = 1; index < reply.lines.size(); ++index) {
        std::string_view rest = reply.lines[index];
        const std::string_view keyword = take_word(rest);
        if (is_word(keyword, "SIZE")) {
            found.size = true;
            const std::optional<std::uint64_t> size_max = take_number(rest);
            // RFC 1870 section 4: 0 is no fixed limit.
            if (size_max && *size_max != 0) {
                found.size_max = size_max;
            }
        }
        found.pipelining |= is_word(keyword, "PIPELINING");
        found.eight_bit_mime |= is_word(keyword, "8BITMIME");
        found.enhanced_status_codes |= is_word(keyword, "ENHANCEDSTATUSCODES");
    }
    return found;
}

} // namespace postrider::transport
