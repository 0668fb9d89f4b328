// Sentences for people, and the one table from our codes to SQLite's.
#include "sqlite_extension/error_text.hpp"

namespace postrider::sqlite {

std::string one_text(const Error &error) {
    std::string text = error.message;
    if (!error.detail.empty()) {
        text += "\nDETAIL: " + error.detail;
    }
    if (!error.hint.empty()) {
        text += "\nHINT: " + error.hint;
    }
    return text;
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
    return std::to_string(count) + " " + std::string{count == 1 ? one : many};
}

std::string what_was_done(const engine::CycleResult &result) {
    return counted(result.envelopes_received, "envelope", "envelopes") + " received, " +
           counted(result.steps_applied, "step", "steps") + " applied, " +
           counted(result.rows_collected, "row", "rows") + " collected, " +
           counted(result.parts_sent, "envelope", "envelopes") + " sent";
}

int result_code(Errc code) {
    switch (code) {
    case Errc::unavailable:
    case Errc::timed_out:
        return SQLITE_BUSY;
    case Errc::too_large:
        return SQLITE_TOOBIG;
    case Errc::conflict:
        return SQLITE_CONSTRAINT;
    case Errc::internal:
        return SQLITE_INTERNAL;
    default:
        return SQLITE_ERROR;
    }
}

} // namespace postrider::sqlite
