// The functions that look at a running node and act on it.
#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/engine/diagnose.hpp"
#include "common/engine/explain.hpp"
#include "common/engine/inspect.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/park.hpp"
#include "common/engine/pending.hpp"
#include "common/engine/receive.hpp"
#include "common/engine/reload.hpp"
#include "common/engine/rounds.hpp"
#include "common/engine/start.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/trace.hpp"

#include "pg_extension/arguments.hpp"
#include "pg_extension/node.hpp"

namespace postrider::pg {

namespace {

/// As the views show times: in UTC, to the second.
Value shown(const std::optional<Timestamp> &time) {
    constexpr std::size_t to_the_second = 19;
    return time ? Value::text(to_text(*time).substr(0, to_the_second)) : Value{};
}

Bytes envelope_argument(FunctionCallInfo fcinfo) {
    Bytes envelope = required_bytes(fcinfo, 0, "the envelope");
    if (envelope.size() > limits::mail_bytes_max) {
        throw CoreError({Errc::too_large,
                         "envelope is larger than any that Postrider makes",
                         {},
                         "Give one envelope at a time, as postrider.pending gives them."});
    }
    return envelope;
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

/// What goes out by hand is sent like everything else: not from a copy, and not under numbers that
/// were given before.
std::vector<Bytes> take_pending(const NodeSite &site, const std::string &peer) {
    engine::Identity identity = site.session.identity;
    const engine::Session session{site.session.transaction, site.session.dialect, identity,
                                  site.session.timing, site.session.now};
    unwrap(engine::check_not_stopped(session));
    unwrap(engine::check_place(session, site.vault, identity));
    std::vector<Bytes> envelopes = unwrap(engine::take_pending(session, peer));
    unwrap(site.vault.store_state(engine::state_to_store(session, site.vault)));
    return envelopes;
}

/// Values that are given as texts, read as the types of the table's key.
Key key_of_texts(const engine::Session &session,
                 const std::string &table,
                 const std::vector<std::string> &texts) {
    const dialect::TableDescription described =
        unwrap(engine::describe_table(session.transaction, session.dialect, table));
    if (texts.empty() || texts.size() != described.key.size()) {
        return Key(texts.size()); // trace tells what is wrong
    }
    std::string sql;
    engine::Row values;
    for (std::size_t index = 0; index < texts.size(); ++index) {
        sql += (index == 0 ? "SELECT CAST(?" : ", CAST(?") + std::to_string(index + 1) + " AS " +
               described.columns[described.key[index]].type.native_name + ")";
        values.push_back(Value::text(texts[index]));
    }
    const auto cursor = session.transaction.query(sql, values);
    const engine::Row *row = cursor->next();
    ensure(row != nullptr, "a SELECT without FROM gives one row");
    return Key{row->begin(), row->end()};
}

} // namespace

SQL_FUNCTION(postrider_version) {
    return give_text(POSTRIDER_VERSION);
}

SQL_FUNCTION(postrider_reload) {
    const std::string task = required_text(fcinfo, 0, "the task's name");
    const std::optional<std::string> peer = text_argument(fcinfo, 1);
    std::size_t tables = 0;
    as_node(engine::Mode::write, [&](const NodeSite &site) {
        tables = unwrap(engine::reload(site.session, task, peer));
    });
    return give_text(engine::counted(tables, "table", "tables") + " of task \"" + task +
                     "\" will be sent again");
}

SQL_FUNCTION(postrider_discard_parked) {
    if (PG_ARGISNULL(0)) {
        throw CoreError({Errc::refused, "the number of a parked row is null", "",
                         "Take it from the column id of postrider.parked."});
    }
    const std::int64_t id = PG_GETARG_INT64(0);
    std::string answer;
    as_node(engine::Mode::write, [&](const NodeSite &site) {
        answer = unwrap(engine::discard_parked(site.session, id));
    });
    return give_text(answer);
}

SQL_FUNCTION(postrider_receive) {
    const Bytes envelope = envelope_argument(fcinfo);
    std::string answer;
    as_node(engine::Mode::write, [&](const NodeSite &site) {
        const engine::Reception reception =
            engine::take_envelope(site.session, envelope, "postrider.receive");
        answer = name_of(reception.received);
        answer += reception.reason.empty() ? "" : ": " + reception.reason;
    });
    return give_text(answer);
}

SQL_FUNCTION(postrider_pending) {
    const std::string peer = required_text(fcinfo, 0, "the peer's name");
    std::vector<engine::Row> rows;
    as_node(engine::Mode::write, [&](const NodeSite &site) {
        for (Bytes &envelope : take_pending(site, peer)) {
            const auto size = static_cast<std::int64_t>(envelope.size());
            rows.push_back({Value{size}, Value{std::move(envelope)}});
        }
    });
    return give_rows(fcinfo, rows);
}

SQL_FUNCTION(postrider_inspect) {
    const Bytes envelope = envelope_argument(fcinfo);
    std::vector<engine::Row> rows;
    as_node(engine::Mode::read, [&](const NodeSite &site) {
        for (const engine::EnvelopeFact &fact : engine::inspect_envelope(site.session, envelope)) {
            rows.push_back({Value::text(fact.field), Value::text(fact.value)});
        }
    });
    return give_rows(fcinfo, rows);
}

SQL_FUNCTION(postrider_explain) {
    const std::string name = required_text(fcinfo, 0, "the peer's name");
    std::vector<engine::Row> rows;
    as_node(engine::Mode::read, [&](const NodeSite &site) {
        const engine::Peer peer = unwrap(engine::require_peer(site.session.transaction, name));
        for (const engine::Station &station : engine::explain(site.session, peer)) {
            rows.push_back({Value::text(station.direction), Value::text(station.station),
                            Value{static_cast<std::int64_t>(station.count)},
                            Value::text(station.unit), shown(station.last_at),
                            Value::text(station.blocked_by), Value::text(station.action)});
        }
    });
    return give_rows(fcinfo, rows);
}

SQL_FUNCTION(postrider_trace) {
    const std::string table = required_text(fcinfo, 0, "the table's name");
    const std::vector<std::string> texts = text_array_argument(fcinfo, 1);
    std::vector<engine::Row> rows;
    as_node(engine::Mode::read, [&](const NodeSite &site) {
        const Key key = key_of_texts(site.session, table, texts);
        for (const engine::TracePlace &place : unwrap(engine::trace(site.session, table, key))) {
            rows.push_back(
                {Value::text(place.place), Value::text(place.peer), Value::text(place.detail)});
        }
    });
    return give_rows(fcinfo, rows);
}

SQL_FUNCTION(postrider_diagnose) {
    std::vector<engine::Row> rows;
    look_at_site([&](const engine::DeclareSite &site) {
        for (const engine::Finding &finding : engine::diagnose(site)) {
            rows.push_back({Value::text(finding.check),
                            Value::text(std::string{engine::name_of(finding.health)}),
                            Value::text(finding.detail), Value::text(finding.action)});
        }
    });
    return give_rows(fcinfo, rows);
}

} // namespace postrider::pg
