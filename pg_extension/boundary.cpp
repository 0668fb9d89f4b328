// What a failure of C++ becomes in PostgreSQL.
#include "pg_extension/boundary.hpp"

#include "common/base/text_copy.hpp"

namespace postrider::pg {

void Failure::set(int code, const char *text) noexcept {
    sqlstate = code;
    copy_text(message, text);
}

void Failure::set(const Error &error) noexcept {
    set(sqlstate_of(error.code), error.message.c_str());
    copy_text(detail, error.detail);
    copy_text(hint, error.hint);
}

int sqlstate_of(Errc code) noexcept {
    switch (code) {
    case Errc::unavailable:
        return ERRCODE_OBJECT_IN_USE;
    case Errc::timed_out:
        return ERRCODE_LOCK_NOT_AVAILABLE;
    case Errc::malformed:
        return ERRCODE_INVALID_BINARY_REPRESENTATION;
    case Errc::too_large:
        return ERRCODE_PROGRAM_LIMIT_EXCEEDED;
    case Errc::unsupported_version:
        return ERRCODE_FEATURE_NOT_SUPPORTED;
    case Errc::bad_signature:
        return ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION;
    case Errc::unknown_peer:
        return ERRCODE_UNDEFINED_OBJECT;
    case Errc::gap:
        return ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
    case Errc::conflict:
        return ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION;
    case Errc::schema_mismatch:
        return ERRCODE_DATATYPE_MISMATCH;
    case Errc::refused:
        return ERRCODE_INVALID_PARAMETER_VALUE;
    case Errc::not_permitted:
        return ERRCODE_INSUFFICIENT_PRIVILEGE;
    case Errc::internal:
        break;
    }
    return ERRCODE_INTERNAL_ERROR;
}

void raise(const Failure &failure) {
    if (failure.report != nullptr) {
        ReThrowError(failure.report);
    }
    ereport(ERROR, errcode(failure.sqlstate), errmsg_internal("%s", failure.message),
            failure.detail[0] == '\0' ? 0 : errdetail_internal("%s", failure.detail),
            failure.hint[0] == '\0' ? 0 : errhint("%s", failure.hint));
    pg_unreachable();
}

} // namespace postrider::pg
