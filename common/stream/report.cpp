// The names of stream states, as tables and views show them.
#include "common/stream/report.hpp"

namespace postrider::stream {

std::string_view name_of(StreamState state) {
    switch (state) {
    case StreamState::open:
        return "open";
    case StreamState::held:
        return "held";
    case StreamState::forked:
        return "forked";
    case StreamState::stopped:
        return "stopped";
    }
    return "unknown";
}

} // namespace postrider::stream
