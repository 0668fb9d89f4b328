// Rows of `mailbox_health`.
#include "common/engine/mailbox_health.hpp"

#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

std::string error_line(const Error &error) {
    return error.message + (error.detail.empty() ? "" : " (" + error.detail + ")");
}

bool is_declared(Transaction &transaction, const std::string &mailbox) {
    return first_row(transaction, "SELECT 1 FROM @mailbox WHERE name = ?1", {Value::text(mailbox)})
        .has_value();
}

void note_failure(const Session &session, const std::string &mailbox, const Error &problem) {
    const MailboxHealth before = load_mailbox_health(session.transaction, mailbox);
    const std::string error = error_line(problem);
    if (!before.failing_since) {
        log_event(session.transaction, session.now,
                  {"mailbox_fails", std::nullopt,
                   "cannot fetch mail for mailbox \"" + mailbox + "\": " + error, problem.hint});
    }
    session.transaction.execute(
        "INSERT INTO @mailbox_health (name, failing_since, failures, error, hint)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO UPDATE SET"
        " failing_since = excluded.failing_since, failures = excluded.failures,"
        " error = excluded.error, hint = excluded.hint",
        {Value::text(mailbox), stored(before.failing_since.value_or(session.now)),
         stored(before.failures + 1), Value::text(error), Value::text(problem.hint)});
}

void note_success(const Session &session, const std::string &mailbox) {
    const MailboxHealth before = load_mailbox_health(session.transaction, mailbox);
    if (before.failing_since) {
        log_event(session.transaction, session.now,
                  {"mailbox_works", std::nullopt,
                   "mail for mailbox \"" + mailbox + "\" is fetched again, which failed since " +
                       to_text(*before.failing_since) + ": " + before.error});
    }
    session.transaction.execute(
        "INSERT INTO @mailbox_health (name, worked_at) VALUES (?1, ?2)"
        " ON CONFLICT (name) DO UPDATE SET failing_since = NULL, failures = 0, error = '',"
        " hint = '', worked_at = excluded.worked_at",
        {Value::text(mailbox), stored(session.now)});
}

/// How full the storage is was never told.
constexpr std::int64_t never_told = -1;

} // namespace

void note_receiving(const Session &session, const Receiving &receiving) {
    if (!is_declared(session.transaction, receiving.source)) {
        return;
    }
    if (receiving.problem) {
        note_failure(session, receiving.source, *receiving.problem);
    } else {
        note_success(session, receiving.source);
    }
}

void note_filled(const Session &session, const Filled &filled) {
    if (!is_declared(session.transaction, filled.source)) {
        return;
    }
    const auto row =
        first_row(session.transaction, "SELECT filled FROM @mailbox_health WHERE name = ?1",
                  {Value::text(filled.source)});
    const std::int64_t before = row ? maybe_integer_at(*row, 0).value_or(never_told) : never_told;
    const auto percent = static_cast<std::int64_t>(filled.percent);
    if (before == percent) {
        return;
    }
    const std::string mailbox = "mailbox \"" + filled.source + "\" ";
    if (percent > 0 && before <= 0) {
        log_event(session.transaction, session.now,
                  {"mailbox_fills", std::nullopt,
                   mailbox + "has used " + std::to_string(percent) + " % of its storage or more",
                   "remove what others have sent from it, or have it made larger: once it is full"
                   " servers refuse what comes"});
    } else if (percent == 0 && before != never_told) {
        log_event(session.transaction, session.now,
                  {"mailbox_has_room", std::nullopt,
                   mailbox + "has used less than 80 % of its storage again"});
    }
    session.transaction.execute("INSERT INTO @mailbox_health (name, filled) VALUES (?1, ?2)"
                                " ON CONFLICT (name) DO UPDATE SET filled = excluded.filled",
                                {Value::text(filled.source), percent});
}

void note_arrival(const Session &session, const std::string &mailbox) {
    session.transaction.execute("INSERT INTO @mailbox_health (name, received_at)"
                                " SELECT m.name, ?2 FROM @mailbox m WHERE m.name = ?1"
                                " ON CONFLICT (name) DO UPDATE SET"
                                " received_at = excluded.received_at",
                                {Value::text(mailbox), stored(session.now)});
}

MailboxHealth load_mailbox_health(Transaction &transaction, const std::string &mailbox) {
    const auto row = first_row(transaction,
                               "SELECT failing_since, failures, error, hint, worked_at"
                               " FROM @mailbox_health WHERE name = ?1",
                               {Value::text(mailbox)});
    if (!row) {
        return {};
    }
    return {.failing_since = maybe_time_at(*row, 0),
            .failures = unsigned_at(*row, 1),
            .error = text_at(*row, 2),
            .hint = text_at(*row, 3),
            .worked_at = maybe_time_at(*row, 4)};
}

std::string path_uses_mailbox(const std::string &path, const std::string &mailbox) {
    return "(" + path + ".kind = 'mail' AND " + path + ".mailbox IN ('', " + mailbox + ".name))";
}

} // namespace postrider::engine
