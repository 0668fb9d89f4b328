// One row per reason: how it reads, and what helps.
#include "sqlite_extension/sqlite_error.hpp"

#include <new>
#include <string>

#include "common/base/utf8.hpp"

#include "sqlite_extension/sqlite_database.hpp"

namespace postrider::sqlite {

namespace {

using Reason = engine::DatabaseError::Reason;

constexpr std::size_t sql_bytes_shown = 300;

struct Reading {
    Errc code;
    std::string_view verb; // "could not" when it may work later, "cannot" when it never will
    std::string_view hint;
};

Reading reading_of(Reason reason) {
    switch (reason) {
    case Reason::constraint:
        return {Errc::conflict, "cannot", ""};
    case Reason::busy:
    case Reason::overtaken:
        return {Errc::unavailable, "could not",
                "Another program holds the lock of the database file; try again when it has "
                "committed."};
    case Reason::full:
        return {Errc::unavailable, "could not",
                "Free space on the disk that holds the database file; nothing was lost."};
    case Reason::read_only:
        return {Errc::refused, "cannot",
                "Make the database file and its directory writable for this user."};
    case Reason::corrupt:
        return {Errc::refused, "cannot",
                "Run PRAGMA integrity_check in the sqlite3 shell; restore the file from a backup "
                "or salvage it with .recover."};
    case Reason::missing:
        return {Errc::schema_mismatch, "cannot",
                "Check whether the table or column was renamed or dropped."};
    case Reason::other:
        break;
    }
    return {Errc::internal, "could not", ""};
}

bool names_something_missing(std::string_view message) {
    return message.starts_with("no such table") || message.starts_with("no such column") ||
           message.find("has no column named") != std::string_view::npos;
}

} // namespace

Reason reason_of(int extended_code) {
    switch (extended_code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH: // a text for a rowid: the row's own fault, as a CHECK would be
    case SQLITE_TOOBIG:
        return Reason::constraint;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return Reason::busy;
    case SQLITE_FULL:
        return Reason::full;
    case SQLITE_READONLY:
        return Reason::read_only;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return Reason::corrupt;
    default:
        return Reason::other;
    }
}

engine::DatabaseError
last_error(sqlite3 *connection, std::string_view doing, std::string_view sql) {
    const std::string message = sqlite3_errmsg(connection);
    Reason reason = reason_of(sqlite3_extended_errcode(connection));
    if (reason == Reason::other && names_something_missing(message)) {
        reason = Reason::missing;
    }
    const Reading reading = reading_of(reason);
    Error error{reading.code,
                std::string{reading.verb} + " " + std::string{doing} + ": " + printable(message)};
    if (!sql.empty() && (reason == Reason::other || reason == Reason::missing)) {
        error.detail = "The statement was: " + printable(sql, sql_bytes_shown);
    }
    error.hint = reading.hint;
    return {reason, std::move(error)};
}

void throw_last_error(sqlite3 *connection, std::string_view doing, std::string_view sql) {
    if (sqlite3_errcode(connection) == SQLITE_NOMEM) {
        throw std::bad_alloc();
    }
    throw last_error(connection, doing, sql);
}

} // namespace postrider::sqlite
