// The scalar functions. Those that act are DIRECTONLY: no view or trigger of a file may call them.
#include <array>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/approval.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/park.hpp"
#include "common/engine/receive.hpp"
#include "common/engine/recovery.hpp"
#include "common/engine/reload.hpp"
#include "common/engine/rounds.hpp"
#include "common/engine/start.hpp"
#include "common/engine/uninstall.hpp"
#include "common/vault/private_file.hpp"

#include "sqlite_extension/caller.hpp"
#include "sqlite_extension/entry_guard.hpp"
#include "sqlite_extension/sqlite_statement.hpp"
#include "sqlite_extension/surface.hpp"
#include "sqlite_extension/worker.hpp"

namespace postrider::sqlite {

namespace {

using Arguments = std::span<sqlite3_value *const>;

Error wrong_argument(std::string_view function, std::string_view expected, std::string hint) {
    return {Errc::refused, std::string{function} + " expects " + std::string{expected}, "",
            std::move(hint)};
}

Result<std::string>
text_argument(Arguments arguments, std::size_t index, std::string_view function) {
    const Value value = argument_value(arguments[index]);
    const Text *text = value.as<Text>();
    if (text == nullptr || text->text.empty()) {
        return wrong_argument(function, "a text as argument " + std::to_string(index + 1),
                              "Write it in single quotes.");
    }
    return text->text;
}

Result<Value> told(const Result<engine::CycleResult> &result) {
    if (!result) {
        return result.error();
    }
    std::string text = engine::what_was_done(*result);
    if (result->problem) {
        text += "; " + engine::one_text(*result->problem);
    }
    return Value::text(text);
}

Result<Value> version(sqlite3 * /*connection*/, Arguments /*arguments*/) {
    return Value::text(POSTRIDER_VERSION);
}

Result<Value> invite(sqlite3 *connection, Arguments arguments) {
    const auto peer = text_argument(arguments, 0, "postrider_invite");
    if (!peer) {
        return peer.error();
    }
    return as_node(connection, [&](const engine::Session &session) -> Result<Value> {
        const Result<std::string> line = engine::invite(session, *peer);
        if (!line) {
            return line.error();
        }
        return Value::text(*line);
    });
}

Result<Value> replace_peer(sqlite3 *connection, Arguments arguments) {
    const auto peer = text_argument(arguments, 0, "postrider_replace_peer");
    if (!peer) {
        return peer.error();
    }
    return as_node(connection, [&](const engine::Session &session) -> Result<Value> {
        const Result<std::string> line = engine::replace_peer(session, *peer);
        if (!line) {
            return line.error();
        }
        return Value::text(*line);
    });
}

Result<Value> confirm_peer(sqlite3 *connection, Arguments arguments) {
    const auto peer = text_argument(arguments, 0, "postrider_confirm_peer");
    const auto words = text_argument(arguments, 1, "postrider_confirm_peer");
    if (!peer || !words) {
        return peer ? words.error() : peer.error();
    }
    // Words that differ leave an event, which has to stay although the call fails.
    engine::ComparedWords compared;
    Result<Value> done = as_node(connection, [&](const engine::Session &session) -> Result<Value> {
        Result<engine::ComparedWords> confirmed = engine::confirm_peer(session, *peer, *words);
        if (!confirmed) {
            return confirmed.error();
        }
        compared = *std::move(confirmed);
        return Value::text("peer \"" + *peer + "\" is verified");
    });
    return done && !compared.are_equal ? Result<Value>{compared.difference} : done;
}

Result<Value> revoke(sqlite3 *connection, Arguments arguments) {
    const auto peer = text_argument(arguments, 0, "postrider_revoke");
    if (!peer) {
        return peer.error();
    }
    return as_node(connection, [&](const engine::Session &session) -> Result<Value> {
        const Result<void> revoked = engine::revoke(session, *peer);
        if (!revoked) {
            return revoked.error();
        }
        return Value::text("peer \"" + *peer +
                           "\" is revoked: nothing is sent to it or taken from it");
    });
}

Result<Value> reload(sqlite3 *connection, Arguments arguments) {
    const auto task = text_argument(arguments, 0, "postrider_reload");
    if (!task) {
        return task.error();
    }
    std::optional<std::string> peer;
    if (arguments.size() > 1) {
        const auto named = text_argument(arguments, 1, "postrider_reload");
        if (!named) {
            return named.error();
        }
        peer = *named;
    }
    return as_node(connection, [&](const engine::Session &session) -> Result<Value> {
        const Result<std::size_t> tables = engine::reload(session, *task, peer);
        if (!tables) {
            return tables.error();
        }
        return Value::text(engine::counted(*tables, "table", "tables") + " of task \"" + *task +
                           "\" will be sent again");
    });
}

Result<Value> approve(sqlite3 *connection, Arguments /*arguments*/) {
    return as_node(connection, [](const engine::Session &session) -> Result<Value> {
        const Result<std::size_t> approved = engine::approve_configuration(session);
        if (!approved) {
            return approved.error();
        }
        return Value::text(engine::counted(*approved, "row", "rows") +
                           " of the configuration approved");
    });
}

Result<Value> claim_identity(sqlite3 *connection, Arguments /*arguments*/) {
    const Result<std::string> path = database_path(connection);
    if (!path) {
        return path.error();
    }
    vault::FileVault vault = file_vault(*path);
    return as_node(connection, [&](const engine::Session &session) -> Result<Value> {
        Result<engine::Identity> identity = engine::load_identity(session.transaction, vault);
        if (!identity) {
            return identity.error();
        }
        const Result<void> claimed = engine::claim_identity(session, vault, *identity);
        if (!claimed) {
            return claimed.error();
        }
        return Value::text("node \"" + identity->name + "\" goes on here");
    });
}

Result<Value> import_identity(sqlite3 *connection, Arguments arguments) {
    const auto bundle = text_argument(arguments, 0, "postrider_import_identity");
    const auto path = text_argument(arguments, 1, "postrider_import_identity");
    if (!bundle || !path) {
        return bundle ? path.error() : bundle.error();
    }
    Result<std::string> code = vault::recovery_code_in(*path);
    if (!code) {
        return code.error();
    }
    const Result<engine::ActionRows> done =
        as_site(connection, [&](const engine::DeclareSite &site) -> Result<engine::ActionRows> {
            const Result<void> imported = engine::import_identity(site, *bundle, *code);
            return imported ? Result<engine::ActionRows>{engine::ActionRows{}}
                            : Result<engine::ActionRows>{imported.error()};
        });
    std::string &text = *code;
    sodium_memzero(text.data(), text.size());
    if (!done) {
        return done.error();
    }
    return Value::text("the identity is back; this node goes on here");
}

/// What was done, then each command that is to be given next, a line each.
Result<Value> new_identity(sqlite3 *connection, Arguments arguments) {
    const auto name = text_argument(arguments, 0, "postrider_new_identity");
    if (!name) {
        return name.error();
    }
    const Result<engine::ActionRows> rows =
        as_site(connection,
                [&](const engine::DeclareSite &site) { return engine::new_identity(site, *name); });
    if (!rows) {
        return rows.error();
    }
    std::string text;
    for (const engine::ActionRow &row : *rows) {
        text += (text.empty() ? "" : "\n") + row.object + ": " + row.detail;
    }
    return Value::text(text);
}

Result<Value> sync_now(sqlite3 *connection, Arguments arguments) {
    auto node = own_connection(connection, "postrider_sync_now");
    if (!node) {
        return node.error();
    }
    if (!arguments.empty()) {
        const auto peer = text_argument(arguments, 0, "postrider_sync_now");
        return peer ? told((*node)->run_once_for(*peer)) : Result<Value>{peer.error()};
    }
    return told((*node)->run_once());
}

Result<Value> run(sqlite3 *connection, Arguments arguments) {
    constexpr std::int64_t seconds_max = 366LL * 24 * 3600;
    const Value seconds = argument_value(arguments[0]);
    const auto *whole = seconds.as<std::int64_t>();
    if (whole == nullptr || *whole < 0 || *whole > seconds_max) {
        return wrong_argument("postrider_run", "a number of seconds, at most a year",
                              "For a minute: SELECT postrider_run(60);");
    }
    auto node = own_connection(connection, "postrider_run");
    if (!node) {
        return node.error();
    }
    return told((*node)->run_until(
        system_now() + std::chrono::seconds{*whole}, [] { return false; }, [](const Error &) {}));
}

Result<Value> start(sqlite3 *connection, Arguments /*arguments*/) {
    if (const auto outside = outside_transaction(connection, "postrider_start"); !outside) {
        return outside.error();
    }
    const Result<std::string> path = database_path(connection);
    if (!path) {
        return path.error();
    }
    const Result<WorkerState> state = start_worker(*path);
    if (!state) {
        return state.error();
    }
    return Value::text(*state == WorkerState::started ? "worker started"
                                                      : "worker was running already");
}

Result<Value> stop(sqlite3 *connection, Arguments /*arguments*/) {
    const Result<std::string> path = database_path(connection);
    if (!path) {
        return path.error();
    }
    return Value::text(stop_worker(*path) == WorkerState::stopped
                           ? "worker stopped"
                           : "no worker was running in this process");
}

Result<void> take_down(NodeFile &node, bool abandon) {
    try {
        return node.write([&](const engine::Session &session) -> Result<void> {
            return engine::uninstall(session, abandon);
        });
    } catch (const engine::DatabaseError &error) {
        return error.error();
    }
}

/// Tells in `error`, why nothing was taken down, if the worker cannot go on.
void resume_worker(const std::string &path, Error &error) {
    try {
        if (start_worker(path)) {
            return;
        }
    } catch (const engine::DatabaseError &) { // NOLINT(bugprone-empty-catch): told below
    }
    error.hint += std::string{error.hint.empty() ? "" : " "} +
                  "The worker is stopped; start it again: SELECT postrider_start();";
}

Result<Value> uninstall(sqlite3 *connection, Arguments arguments) {
    const bool abandon =
        !arguments.empty() && argument_value(arguments[0]) == Value{std::int64_t{1}};
    auto node = own_connection(connection, "postrider_uninstall");
    if (!node) {
        return node.error();
    }
    const std::string path = *database_path(connection);
    const WorkerState before = stop_worker(path);
    Result<void> done = take_down(**node, abandon);
    if (!done) {
        if (before == WorkerState::stopped) {
            resume_worker(path, done.error());
        }
        return done.error();
    }
    return Value::text("everything of Postrider is gone from this file; the keys of the node stay"
                       " where they are");
}

/// The number of a parked row.
Result<std::int64_t>
number_argument(Arguments arguments, std::size_t index, std::string_view function) {
    const Value value = argument_value(arguments[index]);
    const auto *number = value.as<std::int64_t>();
    if (number == nullptr) {
        return wrong_argument(function, "the number of a parked row",
                              "Take it from the column id of postrider_parked.");
    }
    return *number;
}

/// Rows are written as the engine writes them: by a connection of our own.
Result<Value> retry_parked(sqlite3 *connection, Arguments arguments) {
    std::optional<std::int64_t> id;
    if (!arguments.empty()) {
        const auto number = number_argument(arguments, 0, "postrider_retry_parked");
        if (!number) {
            return number.error();
        }
        id = *number;
    }
    auto node = own_connection(connection, "postrider_retry_parked");
    if (!node) {
        return node.error();
    }
    std::string text;
    const Result<void> done = (*node)->write([&](const engine::Session &session) -> Result<void> {
        Result<std::string> tried = engine::retry_parked_now(session, id);
        if (!tried) {
            return tried.error();
        }
        text = *std::move(tried);
        return {};
    });
    return done ? Result<Value>{Value::text(text)} : Result<Value>{done.error()};
}

Result<Value> discard_parked(sqlite3 *connection, Arguments arguments) {
    const auto id = number_argument(arguments, 0, "postrider_discard_parked");
    if (!id) {
        return id.error();
    }
    return as_node(connection, [&](const engine::Session &session) -> Result<Value> {
        Result<std::string> discarded = engine::discard_parked(session, *id);
        if (!discarded) {
            return discarded.error();
        }
        return Value::text(*std::move(discarded));
    });
}

std::string_view name_of(engine::Received received) {
    switch (received) {
    case engine::Received::accepted:
        return "accepted";
    case engine::Received::duplicate:
        return "duplicate";
    case engine::Received::refused:
        break;
    }
    return "refused";
}

Result<Value> receive(sqlite3 *connection, Arguments arguments) {
    const Value envelope = argument_value(arguments[0]);
    const auto *bytes = envelope.as<Bytes>();
    if (bytes == nullptr) {
        return wrong_argument("postrider_receive", "the bytes of an envelope as a blob",
                              "Read its file: SELECT postrider_receive(readfile('FILE'));");
    }
    if (bytes->size() > limits::mail_bytes_max) {
        return Error{Errc::too_large,
                     "envelope is larger than any that Postrider makes",
                     {},
                     "Give one envelope at a time, as postrider_pending gives them."};
    }
    auto node = own_connection(connection, "postrider_receive");
    if (!node) {
        return node.error();
    }
    engine::Reception reception;
    const Result<void> taken = (*node)->write([&](const engine::Session &session) -> Result<void> {
        reception = engine::take_envelope(session, *bytes, "postrider_receive");
        return {};
    });
    if (!taken) {
        return taken.error();
    }
    std::string text{name_of(reception.received)};
    if (!reception.reason.empty()) {
        text += ": " + reception.reason;
    }
    return Value::text(text);
}

using Function = Result<Value> (*)(sqlite3 *, Arguments);

extern "C" {

/// One C function for all: SQLite hands back which one is meant.
static void
call_function(sqlite3_context *context, int argument_count, sqlite3_value **arguments) noexcept {
    entry(context, [&]() -> Result<Value> {
        const auto function = *static_cast<const Function *>(sqlite3_user_data(context));
        return function(sqlite3_context_db_handle(context),
                        {arguments, static_cast<std::size_t>(argument_count)});
    });
}

} // extern "C"

struct Entry {
    const char *name;
    int arguments;
    int flags;
    Function function;
};

constexpr int acts = SQLITE_UTF8 | SQLITE_DIRECTONLY;

constexpr std::array entries = {
    Entry{"postrider_version", 0, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, version},
    Entry{"postrider_invite", 1, acts, invite},
    Entry{"postrider_confirm_peer", 2, acts, confirm_peer},
    Entry{"postrider_replace_peer", 1, acts, replace_peer},
    Entry{"postrider_revoke", 1, acts, revoke},
    Entry{"postrider_reload", 1, acts, reload},
    Entry{"postrider_reload", 2, acts, reload},
    Entry{"postrider_approve", 0, acts, approve},
    Entry{"postrider_claim_identity", 0, acts, claim_identity},
    Entry{"postrider_new_identity", 1, acts, new_identity},
    Entry{"postrider_import_identity", 2, acts, import_identity},
    Entry{"postrider_retry_parked", 0, acts, retry_parked},
    Entry{"postrider_retry_parked", 1, acts, retry_parked},
    Entry{"postrider_discard_parked", 1, acts, discard_parked},
    Entry{"postrider_receive", 1, acts, receive},
    Entry{"postrider_run", 1, acts, run},
    Entry{"postrider_sync_now", 0, acts, sync_now},
    Entry{"postrider_sync_now", 1, acts, sync_now},
    Entry{"postrider_start", 0, acts, start},
    Entry{"postrider_stop", 0, acts, stop},
    Entry{"postrider_uninstall", 0, acts, uninstall},
    Entry{"postrider_uninstall", 1, acts, uninstall},
};

} // namespace

int register_functions(sqlite3 *connection) {
    for (const Entry &each : entries) {
        const int code =
            sqlite3_create_function_v2(connection, each.name, each.arguments, each.flags,
                                       const_cast<Function *>(&each.function), // NOLINT: read only
                                       call_function, nullptr, nullptr, nullptr);
        if (code != SQLITE_OK) {
            return code;
        }
    }
    return SQLITE_OK;
}

} // namespace postrider::sqlite
