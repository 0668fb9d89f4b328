// Frames and messages between the network process and its host: what can be read is written again
// as it was, and nothing else happens, however the stream is torn.
#include <algorithm>

#include "common/base/ensure.hpp"
#include "common/transport/network_messages.hpp"

namespace {

using namespace postrider;
using namespace postrider::transport;

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t piece = 1 + bytes[0];
    const ByteView stream{bytes + 1, size - 1};
    FrameReader reader;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
        reader.add(stream.subspan(at, std::min(piece, stream.size() - at)));
        while (true) {
            const Result<std::optional<Frame>> frame = reader.next();
            if (!frame) {
                return 0;
            }
            if (!*frame) {
                break;
            }
            const Bytes whole = to_bytes(**frame);
            const Result<NetworkRequest> request = request_of(**frame);
            ensure(!request || to_bytes(*request) == whole, "a request is written as it was read");
            const Result<NetworkReport> report = report_of(**frame);
            ensure(!report || to_bytes(*report) == whole, "a report is written as it was read");
        }
    }
    return 0;
}
