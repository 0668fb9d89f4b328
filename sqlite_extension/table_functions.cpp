// The table-valued functions that act, and what belongs to them.
#include <array>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/inspect.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/pending.hpp"
#include "common/engine/recovery.hpp"
#include "common/engine/start.hpp"
#include "common/transport/mailbox_check.hpp"

#include "sqlite_extension/caller.hpp"
#include "sqlite_extension/surface.hpp"
#include "sqlite_extension/table_function.hpp"

namespace postrider::sqlite {

namespace {

using Rows = std::vector<engine::Row>;

/// A text, or the bytes of one, such as readfile gives.
Result<std::string> text_of(const Value &value, std::string_view what) {
    if (const auto *text = value.as<Text>()) {
        return text->text;
    }
    const auto *bytes = value.as<Bytes>();
    if (bytes == nullptr) {
        return Error{Errc::refused,
                     std::string{what} + " must be a text",
                     {},
                     "Write it in single quotes; each quote inside is written twice."};
    }
    std::string text{as_text(*bytes)};
    if (!is_utf8(text)) {
        return Error{Errc::malformed,
                     std::string{what} + " is not in UTF-8",
                     {},
                     "Save the file in UTF-8 and read it again."};
    }
    return text;
}

/// 0 or 1; an argument that is left out or null is false.
Result<bool> flag_of(const Value &value, std::string_view what) {
    const auto *number = value.as<std::int64_t>();
    if (value.is_null() || (number != nullptr && (*number == 0 || *number == 1))) {
        return number != nullptr && *number == 1;
    }
    return Error{Errc::refused, std::string{what} + " must be 0 or 1", {}, "1 stands for yes."};
}

Result<Rows> rows_of(const Result<engine::ActionRows> &actions) {
    if (!actions) {
        return actions.error();
    }
    Rows rows;
    for (const engine::ActionRow &action : *actions) {
        rows.push_back(
            {Value::text(action.action), Value::text(action.object), Value::text(action.detail)});
    }
    return rows;
}

Result<Rows> declare(sqlite3 *connection, TableArguments arguments) {
    const auto text = text_of(arguments[0], "the task text");
    if (!text) {
        return text.error();
    }
    const auto exact = flag_of(arguments[1], "exact");
    if (!exact) {
        return exact.error();
    }
    return rows_of(as_site(connection, [&](const engine::DeclareSite &site) {
        return engine::declare(site, {.text = *text, .exact = *exact});
    }));
}

Result<Rows> plan(sqlite3 *connection, TableArguments arguments) {
    const auto text = text_of(arguments[0], "the task text");
    if (!text) {
        return text.error();
    }
    const auto exact = flag_of(arguments[1], "exact");
    if (!exact) {
        return exact.error();
    }
    return rows_of(as_site(connection, [&](const engine::DeclareSite &site) {
        return engine::plan(site, {.text = *text, .exact = *exact});
    }));
}

Result<Rows> describe(sqlite3 *connection, TableArguments arguments) {
    std::string object;
    if (!arguments[0].is_null()) {
        const auto text = text_of(arguments[0], "the object's name");
        if (!text) {
            return text.error();
        }
        object = *text;
    }
    std::string description;
    const auto done =
        as_site(connection, [&](const engine::DeclareSite &site) -> Result<engine::ActionRows> {
            Result<std::string> described = engine::describe(site, object);
            if (!described) {
                return described.error();
            }
            description = *std::move(described);
            return engine::ActionRows{};
        });
    if (!done) {
        return done.error();
    }
    return Rows{{Value::text(description)}};
}

Result<Rows> accept(sqlite3 *connection, TableArguments arguments) {
    engine::Acceptance acceptance;
    const auto line = text_of(arguments[0], "the invitation");
    if (!line) {
        return line.error();
    }
    acceptance.line = *line;
    if (!arguments[1].is_null()) {
        const auto address = text_of(arguments[1], "the address");
        if (!address) {
            return address.error();
        }
        acceptance.address = *address;
    }
    const auto trust_tasks = flag_of(arguments[2], "trust_tasks");
    if (!trust_tasks) {
        return trust_tasks.error();
    }
    acceptance.trust_tasks = *trust_tasks;
    const Result<Value> peer =
        as_node(connection, [&](const engine::Session &session) -> Result<Value> {
            const Result<std::string> accepted = engine::accept(session, acceptance);
            if (!accepted) {
                return accepted.error();
            }
            return Value::text(*accepted);
        });
    if (!peer) {
        return peer.error();
    }
    const std::string object = "peer " + peer->as<Text>()->text;
    return Rows{
        {Value::text("accept"), Value::text(object),
         Value::text("our answer goes out with the next round")},
        {Value::text("to do"), Value::text(object), Value::text("SELECT postrider_sync_now();")},
        {Value::text("to do"), Value::text(object),
         Value::text("compare the four words of postrider_status with the other side")}};
}

Result<Rows> accept_offer(sqlite3 *connection, TableArguments arguments) {
    const auto name = text_of(arguments[0], "the offer's name");
    if (!name) {
        return name.error();
    }
    engine::ActionRows actions;
    const Result<Value> done =
        as_node(connection, [&](const engine::Session &session) -> Result<Value> {
            Result<engine::ActionRows> accepted = engine::accept_offer(session, *name);
            if (!accepted) {
                return accepted.error();
            }
            actions = *std::move(accepted);
            return Value{};
        });
    if (!done) {
        return done.error();
    }
    return rows_of(actions);
}

Result<Rows> pending(sqlite3 *connection, TableArguments arguments) {
    const auto peer = text_of(arguments[0], "the peer's name");
    if (!peer) {
        return peer.error();
    }
    // Not on a connection of our own: with a rollback journal it would wait for the statement that
    // called us.
    if (const Result<void> outside = outside_transaction(connection, "postrider_pending");
        !outside) {
        return outside.error();
    }
    const Result<std::string> path = database_path(connection);
    if (!path) {
        return path.error();
    }
    vault::FileVault vault = file_vault(*path);
    std::vector<Bytes> envelopes;
    engine::StateFile state;
    const Result<Value> booked =
        as_node(connection, [&](const engine::Session &caller) -> Result<Value> {
            // What goes out by hand is sent like everything else: not from a copy, and not under
            // numbers that were given before.
            engine::Identity identity = caller.identity;
            const engine::Session session{caller.transaction, caller.dialect, identity,
                                          caller.timing, caller.now};
            if (const Result<void> may_send = engine::check_not_stopped(session); !may_send) {
                return may_send.error();
            }
            if (const Result<void> placed = engine::check_place(session, vault, identity);
                !placed) {
                return placed.error();
            }
            Result<std::vector<Bytes>> taken = engine::take_pending(session, *peer);
            if (!taken) {
                return taken.error();
            }
            envelopes = *std::move(taken);
            state = engine::state_to_store(session, vault);
            return Value{};
        });
    if (!booked) {
        return booked.error();
    }
    if (const Result<void> stored = vault.store_state(state); !stored) {
        return stored.error();
    }
    Rows rows;
    for (Bytes &envelope : envelopes) {
        const auto size = static_cast<std::int64_t>(envelope.size());
        rows.push_back({Value{size}, Value{std::move(envelope)}});
    }
    return rows;
}

Result<Rows> inspect(sqlite3 *connection, TableArguments arguments) {
    const auto *envelope = arguments[0].as<Bytes>();
    if (envelope == nullptr || envelope->size() > limits::mail_bytes_max) {
        return Error{Errc::refused,
                     "postrider_inspect expects the bytes of an envelope as a blob",
                     {},
                     "Read its file: SELECT * FROM postrider_inspect(readfile('FILE'));"};
    }
    Rows rows;
    const Result<Value> done =
        as_node(connection, [&](const engine::Session &session) -> Result<Value> {
            for (const engine::EnvelopeFact &fact : engine::inspect_envelope(session, *envelope)) {
                rows.push_back({Value::text(fact.field), Value::text(fact.value)});
            }
            return Value{};
        });
    if (!done) {
        return done.error();
    }
    return rows;
}

/// On a connection of its own, so that a statement that keeps the answer may call it.
Result<Rows> export_identity(sqlite3 *connection, TableArguments /*arguments*/) {
    const Result<std::string> path = database_path(connection);
    if (!path) {
        return path.error();
    }
    auto node = own_connection(connection, "postrider_export_identity");
    if (!node) {
        return node.error();
    }
    vault::FileVault vault = file_vault(*path);
    Rows rows;
    const Result<void> done = (*node)->read([&](const engine::Session &session) -> Result<void> {
        const Result<engine::ExportedIdentity> exported = engine::export_identity(session, vault);
        if (!exported) {
            return exported.error();
        }
        rows.push_back({Value::text(exported->bundle), Value::text(exported->code)});
        return {};
    });
    if (!done) {
        return done.error();
    }
    return rows;
}

bool has_write_ahead_log(sqlite3 *connection) {
    bool is_so = false;
    const auto look = [](void *out, int, char **values, char **) {
        *static_cast<bool *>(out) = std::string_view{values[0]} == "wal";
        return 0;
    };
    sqlite3_exec(connection, "PRAGMA main.journal_mode", look, &is_so, nullptr);
    return is_so;
}

/// With a write-ahead log, the caller's statement sees what was there when it began and cannot
/// write once somebody else has: a connection of our own can. With a rollback journal our own would
/// wait for the lock of the caller's statement; there the statement's own fails where somebody
/// waits for the same lock.
Result<void>
note_check(sqlite3 *connection, const std::string &mailbox, const engine::ActionRows &actions) {
    try {
        if (has_write_ahead_log(connection)) {
            auto node = own_connection(connection, "postrider_check_mailbox");
            if (!node) {
                return node.error();
            }
            return (*node)->write([&](const engine::Session &session) -> Result<void> {
                transport::note_check(session, mailbox, actions);
                return {};
            });
        }
        const Result<Value> noted =
            as_node(connection, [&](const engine::Session &session) -> Result<Value> {
                transport::note_check(session, mailbox, actions);
                return Value{};
            });
        return noted ? Result<void>{} : noted.error();
    } catch (const engine::DatabaseError &failed) {
        return failed.error();
    }
}

/// Not in a transaction: it would be open for as long as mails take.
Result<Rows> check_mailbox(sqlite3 *connection, TableArguments arguments) {
    const auto name = text_of(arguments[0], "the mailbox's name");
    if (!name) {
        return name.error();
    }
    const Result<Duration> at_most = transport::check_duration(arguments[1]);
    if (!at_most) {
        return at_most.error();
    }
    if (const Result<void> outside = outside_transaction(connection, "postrider_check_mailbox");
        !outside) {
        return outside.error();
    }
    engine::Mailbox mailbox;
    const Result<Value> found =
        as_node(connection, [&](const engine::Session &session) -> Result<Value> {
            Result<engine::Mailbox> known = transport::mailbox_to_check(session, *name);
            if (!known) {
                return known.error();
            }
            mailbox = *std::move(known);
            return Value{};
        });
    if (!found) {
        return found.error();
    }
    engine::ActionRows actions = transport::check_mailbox(
        {.network_program = network_program(),
         .version = POSTRIDER_VERSION,
         .secrets = {.directory = state_directory(), .may_run_commands = true},
         .wait = [](const auto &waking,
                    Duration at_most_now) { (void)wait_for(waking, at_most_now); }},
        mailbox, *at_most);
    if (const Result<void> noted = note_check(connection, *name, actions); !noted) {
        actions.push_back({"failed", "event", noted.error().message});
    }
    return rows_of(actions);
}

constexpr std::array action_columns = {"action", "object", "detail"};
constexpr std::array description_columns = {"text"};
constexpr std::array envelope_columns = {"bytes", "envelope"};
constexpr std::array fact_columns = {"field", "value"};
constexpr std::array identity_columns = {"bundle", "code"};
constexpr std::array text_arguments = {"task_text", "exact"};
constexpr std::array object_arguments = {"object_name"};
constexpr std::array accept_arguments = {"line", "address", "trust_tasks"};
constexpr std::array mailbox_arguments = {"mailbox", "seconds"};
constexpr std::array pending_arguments = {"peer"};
constexpr std::array<const char *, 0> no_arguments = {};
constexpr std::array envelope_arguments = {"bytes_of_envelope"};

constexpr std::array acting_functions = {
    TableFunction{"postrider_declare", action_columns, text_arguments, 1, declare},
    TableFunction{"postrider_plan", action_columns, text_arguments, 1, plan},
    TableFunction{"postrider_describe", description_columns, object_arguments, 0, describe},
    TableFunction{"postrider_accept", action_columns, accept_arguments, 1, accept},
    TableFunction{"postrider_accept_offer", action_columns, object_arguments, 1, accept_offer},
    TableFunction{"postrider_check_mailbox", action_columns, mailbox_arguments, 1, check_mailbox},
    TableFunction{"postrider_pending", envelope_columns, pending_arguments, 1, pending},
    TableFunction{"postrider_export_identity", identity_columns, no_arguments, 0, export_identity},
    TableFunction{"postrider_inspect", fact_columns, envelope_arguments, 1, inspect},
};

} // namespace

int register_table_functions(sqlite3 *connection) {
    for (const TableFunction &function : acting_functions) {
        const int code = register_table_function(connection, function);
        if (code != SQLITE_OK) {
            return code;
        }
    }
    return SQLITE_OK;
}

} // namespace postrider::sqlite
