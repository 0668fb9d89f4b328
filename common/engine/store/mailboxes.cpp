// Rows of `mailbox`, and statements.
#include "common/engine/store/mailboxes.hpp"

#include <algorithm>

#include "common/base/utf8.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/store/rows.hpp"
#include "common/mail/server_url.hpp"
#include "common/task/check.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {

namespace {

/// Places among the covered columns.
constexpr std::size_t found_receive_at = 5;
constexpr std::size_t found_send_at = 6;

/// `row` begins with name, address, receive, send and settings.
std::string statement_of(std::span<const Value> row) {
    const auto text = [&](std::size_t index) { return row[index].as<Text>()->text; };
    std::string out =
        "MAILBOX " + task::quote_name(text(0)) + " ADDRESS " + task::quote_string(text(1));
    if (!text(2).empty()) {
        out += " RECEIVE " + task::quote_string(text(2));
    }
    if (!text(3).empty()) {
        out += " SEND " + task::quote_string(text(3));
    }
    return out + (text(4).empty() ? "" : " ") + text(4) + ";";
}

std::string value_or_empty(const std::optional<task::StringLiteral> &literal) {
    return literal ? literal->value : std::string{};
}

bool names_certificate(const std::optional<task::StringLiteral> &url) {
    const Result<mail::ServerUrl> parsed = mail::parse_server_url(value_or_empty(url));
    return parsed && !parsed->certificate.empty();
}

/// Where nothing is said of a login, it is the address with the password in the usual file, or with
/// a certificate that is named.
Mailbox mailbox_of(const task::Mailbox &declared) {
    std::optional<task::Secret> secret;
    if (declared.login.secret) {
        secret = declared.login.secret->value;
    } else if (!names_certificate(declared.receive) && !names_certificate(declared.send)) {
        secret = {task::SecretKind::password, task::SecretSource::file,
                  default_password_file(declared.name.value)};
    }
    return {.name = declared.name.value,
            .address = declared.address.value,
            .receive = value_or_empty(declared.receive),
            .send = value_or_empty(declared.send),
            .user = declared.login.user ? declared.login.user->value : declared.address.value,
            .secret = std::move(secret)};
}

bool is_paced(const task::Mailbox &mailbox) {
    return !pace_of(mailbox.pacing).is_empty();
}

Result<void> check_server(const task::StringLiteral &url) {
    if (url.value.starts_with(mailbox_maildir_scheme)) {
        return {};
    }
    const Result<mail::ServerUrl> parsed = mail::parse_server_url(url.value);
    return parsed ? Result<void>{}
                  : task::mistake_at(url.at, parsed.error().message, parsed.error().hint);
}

} // namespace

Result<void> check_servers(const task::Mailbox &mailbox) {
    for (const auto &url : {mailbox.receive, mailbox.send}) {
        if (Result<void> checked = url ? check_server(*url) : Result<void>{}; !checked) {
            return checked;
        }
    }
    return {};
}

std::string default_password_file(const std::string &mailbox_name) {
    return mailbox_name + ".password";
}

std::vector<StoredMailbox> load_mailboxes(const Session &session) {
    std::vector<StoredMailbox> out;
    for (const Row &row : all_rows(session.transaction, "SELECT cursor, paced_since, used_at, " +
                                                            covered_columns("mailbox") +
                                                            " FROM @mailbox ORDER BY name")) {
        StoredMailbox stored;
        stored.mailbox.name = text_at(row, 3);
        const auto *cursor = row[0].as<Bytes>();
        stored.cursor = cursor != nullptr ? *cursor : Bytes{};
        const std::span<const Value> covered = std::span{row}.subspan(3);
        stored.approved = is_approved(session.identity, protected_row("mailbox", covered));
        const Result<task::TaskText> parsed = stored.approved
                                                  ? task::parse_stored(statement_of(covered))
                                                  : Error{Errc::refused, "not approved"};
        if (parsed && parsed->statements.size() == 1) {
            const auto &declared = std::get<task::Mailbox>(parsed->statements.front());
            stored.mailbox = mailbox_of(declared);
            Pace pace = pace_of(declared.pacing);
            stored.budget = pace.budget;
            stored.hours = {std::move(pace.schedule), {time_at(row, 1), maybe_time_at(row, 2)}};
            if (!declared.receive) {
                stored.mailbox.finds_receive = true;
                stored.mailbox.receive = covered[found_receive_at].as<Text>()->text;
            }
            if (!declared.send) {
                stored.mailbox.finds_send = true;
                stored.mailbox.send = covered[found_send_at].as<Text>()->text;
            }
        } else {
            stored.approved = false;
        }
        out.push_back(std::move(stored));
    }
    return out;
}

bool has_paced_mailbox(Transaction &transaction) {
    return first_row(transaction, "SELECT 1 FROM @mailbox WHERE paced_since > 0 LIMIT 1")
        .has_value();
}

const StoredMailbox *mailbox_for(std::span<const StoredMailbox> mailboxes, std::string_view name) {
    if (name.empty()) {
        return mailboxes.size() == 1 ? &mailboxes.front() : nullptr;
    }
    const auto found =
        std::find_if(mailboxes.begin(), mailboxes.end(),
                     [&](const StoredMailbox &each) { return each.mailbox.name == name; });
    return found == mailboxes.end() ? nullptr : &*found;
}

std::vector<std::string> mailbox_statements(Transaction &transaction) {
    std::vector<std::string> out;
    for (const Row &row : all_rows(transaction, "SELECT name, address, receive, send, settings"
                                                " FROM @mailbox ORDER BY name")) {
        out.push_back(statement_of(row));
    }
    return out;
}

std::string mailbox_statement(Transaction &transaction, const std::string &name) {
    return statement_of(*first_row(transaction,
                                   "SELECT name, address, receive, send, settings"
                                   " FROM @mailbox WHERE name = ?1",
                                   {Value::text(name)}));
}

void store_mailbox(const Session &session, const task::Mailbox &mailbox) {
    const Value name = Value::text(mailbox.name.value);
    session.transaction.execute(
        "INSERT INTO @mailbox (name, address, receive, send, settings, paced_since)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (name) DO UPDATE SET address = "
        "excluded.address, send = excluded.send,"
        " cursor = CASE WHEN @mailbox.receive = excluded.receive"
        " AND @mailbox.address = excluded.address AND @mailbox.settings = excluded.settings"
        " THEN @mailbox.cursor END,"
        " paced_since = CASE WHEN @mailbox.settings = excluded.settings"
        " THEN @mailbox.paced_since ELSE excluded.paced_since END,"
        " found_receive = CASE WHEN @mailbox.address = excluded.address AND excluded.receive = ''"
        " THEN @mailbox.found_receive ELSE '' END,"
        " found_send = CASE WHEN @mailbox.address = excluded.address AND excluded.send = ''"
        " THEN @mailbox.found_send ELSE '' END,"
        " receive = excluded.receive, settings = excluded.settings",
        {name, Value::text(mailbox.address.value), Value::text(value_or_empty(mailbox.receive)),
         Value::text(value_or_empty(mailbox.send)), Value::text(task::print_options(mailbox)),
         stored(is_paced(mailbox) ? session.now : Timestamp{})});
    protect(session, "mailbox", {name});
}

bool store_found(const Session &session, const ServersFound &found) {
    const std::vector<StoredMailbox> mailboxes = load_mailboxes(session);
    const StoredMailbox *stored = mailbox_for(mailboxes, found.source);
    if (found.source.empty() || stored == nullptr || !stored->approved ||
        (!found.receive.empty() && !stored->mailbox.finds_receive) ||
        (!found.send.empty() && !stored->mailbox.finds_send)) {
        return false;
    }
    const Value name = Value::text(found.source);
    session.transaction.execute(
        "UPDATE @mailbox SET cursor = CASE WHEN ?2 IN ('', found_receive) THEN cursor END,"
        " found_receive = CASE WHEN ?2 = '' THEN found_receive ELSE ?2 END,"
        " found_send = CASE WHEN ?3 = '' THEN found_send ELSE ?3 END, found_how = ?4"
        " WHERE name = ?1",
        {name, Value::text(found.receive), Value::text(found.send), Value::text(found.how)});
    protect(session, "mailbox", {name});
    return true;
}

std::string found_servers_comment(Transaction &transaction, const std::string &name) {
    const auto row = first_row(transaction,
                               "SELECT found_receive, found_send, found_how FROM @mailbox"
                               " WHERE name = ?1",
                               {Value::text(name)});
    if (!row || (text_at(*row, 0).empty() && text_at(*row, 1).empty())) {
        return {};
    }
    std::string servers = text_at(*row, 0);
    servers += (servers.empty() || text_at(*row, 1).empty() ? "" : " and ") + text_at(*row, 1);
    return "-- found for " + printable(name) + ": " + printable(servers) + " (" +
           printable(text_at(*row, 2)) + ")\n";
}

void drop_mailbox(Transaction &transaction, const std::string &name) {
    for (const std::string table : {"mailbox", "mailbox_health"}) {
        transaction.execute("DELETE FROM @" + table + " WHERE name = ?1", {Value::text(name)});
    }
}

void store_cursor(Transaction &transaction, const std::string &name, const Bytes &cursor) {
    transaction.execute("UPDATE @mailbox SET cursor = ?2 WHERE name = ?1",
                        {Value::text(name), stored(cursor)});
}

} // namespace postrider::engine
