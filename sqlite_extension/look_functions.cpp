// The table-valued functions that only look: explain, trace and diagnose.
#include <array>

#include "common/engine/diagnose.hpp"
#include "common/engine/explain.hpp"
#include "common/engine/trace.hpp"

#include "sqlite_extension/caller.hpp"
#include "sqlite_extension/surface.hpp"
#include "sqlite_extension/table_function.hpp"

namespace postrider::sqlite {

namespace {

using Rows = std::vector<engine::Row>;

/// As the views show times: in UTC, to the second.
Value shown(const std::optional<Timestamp> &time) {
    constexpr std::size_t to_the_second = 19;
    return time ? Value::text(to_text(*time).substr(0, to_the_second)) : Value{};
}

/// Runs `work`, which fills `rows`, as this node.
Result<Rows>
rows_as_node(sqlite3 *connection,
             const std::function<Result<void>(const engine::Session &, Rows &)> &work) {
    Rows rows;
    const Result<Value> done =
        as_node(connection, [&](const engine::Session &session) -> Result<Value> {
            const Result<void> worked = work(session, rows);
            if (!worked) {
                return worked.error();
            }
            return Value{};
        });
    if (!done) {
        return done.error();
    }
    return rows;
}

Result<Rows> explain(sqlite3 *connection, TableArguments arguments) {
    const Text *name = arguments[0].as<Text>();
    if (name == nullptr) {
        return Error{Errc::refused, "the peer's name must be a text", "",
                     "SELECT * FROM postrider_explain('name'); postrider_status has the names."};
    }
    return rows_as_node(
        connection, [&](const engine::Session &session, Rows &rows) -> Result<void> {
            const Result<engine::Peer> peer = engine::require_peer(session.transaction, name->text);
            if (!peer) {
                return peer.error();
            }
            for (const engine::Station &station : engine::explain(session, *peer)) {
                rows.push_back({Value::text(station.direction), Value::text(station.station),
                                Value{static_cast<std::int64_t>(station.count)},
                                Value::text(station.unit), shown(station.last_at),
                                Value::text(station.blocked_by), Value::text(station.action)});
            }
            return {};
        });
}

Result<Rows> trace(sqlite3 *connection, TableArguments arguments) {
    const Text *table = arguments[0].as<Text>();
    if (table == nullptr) {
        return Error{Errc::refused, "the table's name must be a text", "",
                     "SELECT * FROM postrider_trace('table', key value, …);"};
    }
    Key key;
    for (const Value &value : arguments.subspan(1)) {
        if (!value.is_null()) {
            key.push_back(value);
        }
    }
    return rows_as_node(connection,
                        [&](const engine::Session &session, Rows &rows) -> Result<void> {
                            const auto places = engine::trace(session, table->text, key);
                            if (!places) {
                                return places.error();
                            }
                            for (const engine::TracePlace &place : *places) {
                                rows.push_back({Value::text(place.place), Value::text(place.peer),
                                                Value::text(place.detail)});
                            }
                            return {};
                        });
}

/// What only SQLite knows of the file.
engine::Finding journal_mode(const engine::DeclareSite &site) {
    const auto cursor = site.transaction.query("PRAGMA journal_mode", {});
    const engine::Row *row = cursor->next();
    const Text *mode = row != nullptr ? row->at(0).as<Text>() : nullptr;
    if (mode != nullptr && mode->text == "wal") {
        return {"journal mode", engine::Health::good,
                "with WAL, collecting and writing do not wait for each other", ""};
    }
    return {"journal mode", engine::Health::attention,
            "without WAL, writers wait while changes are collected", "PRAGMA journal_mode = wal;"};
}

Result<Rows> diagnose(sqlite3 *connection, TableArguments /*arguments*/) {
    Rows rows;
    const Result<void> looked = look_at_site(connection, [&](const engine::DeclareSite &site) {
        std::vector<engine::Finding> findings = engine::diagnose(site);
        findings.push_back(journal_mode(site));
        for (const engine::Finding &finding : findings) {
            rows.push_back({Value::text(finding.check),
                            Value::text(std::string{name_of(finding.health)}),
                            Value::text(finding.detail), Value::text(finding.action)});
        }
    });
    if (!looked) {
        return looked.error();
    }
    return rows;
}

constexpr std::array station_columns = {"direction", "station",    "count", "unit",
                                        "last",      "blocked_by", "action"};
constexpr std::array place_columns = {"place", "peer", "detail"};
constexpr std::array finding_columns = {"check", "health", "detail", "action"};
constexpr std::array explain_arguments = {"peer_name"};
/// A primary key of more columns is looked up by nobody.
constexpr std::array trace_arguments = {"table_name", "key1", "key2", "key3", "key4",
                                        "key5",       "key6", "key7", "key8"};

constexpr std::array look_functions = {
    TableFunction{"postrider_explain", station_columns, explain_arguments, 1, explain},
    TableFunction{"postrider_trace", place_columns, trace_arguments, 2, trace},
    TableFunction{"postrider_diagnose", finding_columns, {}, 0, diagnose},
};

} // namespace

int register_look_functions(sqlite3 *connection) {
    for (const TableFunction &function : look_functions) {
        const int code = register_table_function(connection, function);
        if (code != SQLITE_OK) {
            return code;
        }
    }
    return SQLITE_OK;
}

} // namespace postrider::sqlite
