// One row per code.
#include "sqlite_extension/error_text.hpp"

namespace postrider::sqlite {

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
