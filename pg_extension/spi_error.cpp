// One row per reason: how it reads, and what helps.
#include "pg_extension/spi_error.hpp"

#include <string>

#include "common/base/utf8.hpp"

namespace postrider::pg {

namespace {

using Reason = engine::DatabaseError::Reason;

struct Reading {
    Errc code;
    std::string_view verb; // "could not" when it may work later, "cannot" when it never will
    std::string_view hint; // where the server gives none
};

Reading reading_of(Reason reason) {
    switch (reason) {
    case Reason::constraint:
        return {Errc::conflict, "cannot", ""};
    case Reason::busy:
    case Reason::overtaken:
        return {Errc::unavailable, "could not",
                "Another session holds a lock or has changed the same rows; it is tried again by "
                "itself."};
    case Reason::full:
        return {Errc::unavailable, "could not",
                "Free space where the server keeps its data; nothing was lost."};
    case Reason::read_only:
        return {Errc::refused, "cannot", "This server is a standby, or read only for now."};
    case Reason::corrupt:
        return {Errc::refused, "cannot",
                "Look into the server's log; check the database with pg_amcheck."};
    case Reason::missing:
        return {Errc::schema_mismatch, "cannot",
                "Check whether the table or column was renamed or dropped."};
    case Reason::other:
        break;
    }
    return {Errc::internal, "could not", ""};
}

/// By https://www.postgresql.org/docs/current/errcodes-appendix.html
Reason reason_of(int sqlstate) {
    switch (sqlstate) {
    case ERRCODE_T_R_SERIALIZATION_FAILURE:
    case ERRCODE_T_R_DEADLOCK_DETECTED:
        return Reason::overtaken;
    case ERRCODE_LOCK_NOT_AVAILABLE:
    case ERRCODE_OBJECT_IN_USE:
        return Reason::busy;
    case ERRCODE_READ_ONLY_SQL_TRANSACTION:
        return Reason::read_only;
    case ERRCODE_UNDEFINED_TABLE:
    case ERRCODE_UNDEFINED_COLUMN:
        return Reason::missing;
    case ERRCODE_DATA_CORRUPTED:
    case ERRCODE_INDEX_CORRUPTED:
        return Reason::corrupt;
    // A trigger or a view with a check option has refused the row.
    case ERRCODE_RAISE_EXCEPTION:
    // A policy has, or a function of the table's does not get what it asks for: rights on the table
    // itself are looked at before (Transaction::may_use).
    case ERRCODE_INSUFFICIENT_PRIVILEGE:
    case ERRCODE_WITH_CHECK_OPTION_VIOLATION:
        return Reason::constraint;
    default:
        break;
    }
    switch (ERRCODE_TO_CATEGORY(sqlstate)) {
    case ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION:
    case ERRCODE_DATA_EXCEPTION: // a value that the column's type refuses
        return Reason::constraint;
    case ERRCODE_INSUFFICIENT_RESOURCES:
        return Reason::full;
    default:
        return Reason::other;
    }
}

std::string text_of(const char *text) {
    return text == nullptr ? "" : printable(text);
}

} // namespace

void throw_database_error(const PgError &error, std::string_view doing) {
    ErrorData *report = error.report;
    if (ERRCODE_TO_CATEGORY(report->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION) {
        throw error;
    }
    if (report->sqlerrcode == ERRCODE_OUT_OF_MEMORY) {
        throw std::bad_alloc();
    }
    const Reason reason = reason_of(report->sqlerrcode);
    const Reading reading = reading_of(reason);
    Error reason_text{reading.code,
                      std::string{reading.verb} + " " + std::string{doing} + ": " +
                          text_of(report->message),
                      text_of(report->detail), text_of(report->hint)};
    if (reason == Reason::constraint) {
        reason_text.detail.clear(); // it names values
    }
    if (reason_text.hint.empty()) {
        reason_text.hint = report->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE
                               ? "SELECT * FROM postrider.diagnose() tells which GRANT is missing."
                               : reading.hint;
    }
    call([&]() noexcept { FreeErrorData(report); });
    throw engine::DatabaseError{reason, std::move(reason_text)};
}

} // namespace postrider::pg
