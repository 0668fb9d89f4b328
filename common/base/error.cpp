// The names of the error codes.
#include "common/base/error.hpp"

namespace postrider {

std::string_view name_of(Errc code) {
    switch (code) {
    case Errc::unavailable:
        return "unavailable";
    case Errc::timed_out:
        return "timed_out";
    case Errc::malformed:
        return "malformed";
    case Errc::too_large:
        return "too_large";
    case Errc::unsupported_version:
        return "unsupported_version";
    case Errc::bad_signature:
        return "bad_signature";
    case Errc::unknown_peer:
        return "unknown_peer";
    case Errc::gap:
        return "gap";
    case Errc::conflict:
        return "conflict";
    case Errc::schema_mismatch:
        return "schema_mismatch";
    case Errc::refused:
        return "refused";
    case Errc::not_permitted:
        return "not_permitted";
    case Errc::internal:
        return "internal";
    }
    return "internal";
}

} // namespace postrider
