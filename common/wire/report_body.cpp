// Framing and padding of a report that travels alone.
#include "common/wire/report_body.hpp"

#include <algorithm>

#include "common/wire/envelope_body.hpp"

namespace postrider::wire {

Bytes encode_report_body(const Report &report) {
    const Bytes encoded = encode_report(report);
    ByteWriter writer;
    writer.u32(static_cast<std::uint32_t>(encoded.size()));
    writer.raw(encoded);
    Bytes body = std::move(writer).take();
    body.resize(padme(body.size()));
    return body;
}

Result<Report> decode_report_body(ByteView plaintext) {
    ByteReader reader{plaintext};
    const std::uint32_t size = reader.u32();
    const ByteView encoded = reader.raw(size);
    const ByteView padding = reader.raw(reader.remaining());
    const bool zeros =
        std::all_of(padding.begin(), padding.end(), [](std::uint8_t byte) { return byte == 0; });
    if (!reader.ok() || !zeros) {
        return Error{Errc::malformed, "the body of a report is malformed"};
    }
    return decode_report(encoded);
}

} // namespace postrider::wire
