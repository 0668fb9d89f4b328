// The checks, one function each.
#include "common/engine/diagnose.hpp"

#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/engine/start.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/table_rights.hpp"

namespace postrider::engine {

namespace {

/// Captured rows beyond this are a sign that nothing collects them.
constexpr std::int64_t captured_keys_usual = 1'000'000;
constexpr Duration refused_recently = std::chrono::hours{24};

std::string call(const Session &session, std::string_view function) {
    return "SELECT " + session.dialect.command(function) + "();";
}

std::string look(const Session &session, std::string_view view) {
    return "SELECT * FROM " + session.dialect.command(view) + ";";
}

Finding secret(const Session &session, Vault &vault) {
    const Result<Secret> loaded = vault.load_secret(session.identity.node);
    if (!loaded) {
        return {"secret file", Health::trouble, loaded.error().message, loaded.error().hint};
    }
    return {"secret file", Health::good, "the keys of this node are there and private", ""};
}

Finding place(const Session &session, Vault &vault) {
    const Result<std::optional<StateFile>> state = vault.load_state(session.identity.node);
    if (!state) {
        return {"state file", Health::trouble, state.error().message, state.error().hint};
    }
    if (!*state) {
        return {"state file", Health::good, "nothing was sent yet, so there is none", ""};
    }
    if (is_other_place(**state, vault.here())) {
        return {"state file", Health::trouble,
                "this database is a copy: the node was last at \"" + (*state)->canonical_path +
                    "\"",
                "if the other one is gone for good: " + call(session, "claim_identity")};
    }
    return {"state file", Health::good, "the database lies where it was when it last sent", ""};
}

Finding capture(const Session &session, const Row &row) {
    const std::string check = "capture of table " + text_at(row, 1);
    if (const std::string held = text_at(row, 3); !held.empty()) {
        return {check, Health::trouble, held, "mend the table, or take it out of its task"};
    }
    const Result<dialect::TableDescription> table =
        describe_table(session.transaction, session.dialect, text_at(row, 1));
    if (!table) {
        return {check, Health::trouble, table.error().message, table.error().hint};
    }
    const std::vector<std::string> faults =
        check_capture(session.transaction, session.dialect, *table,
                      {integer_at(row, 0),
                       {.mask = integer_at(row, 2) != 0, .kept = read_kept(text_at(row, 4))}});
    if (!faults.empty()) {
        return {check, Health::attention, faults.front(),
                "it is renewed by the next round: " + session.dialect.sync_command() + ";"};
    }
    const std::int64_t waiting = integer_at(
        *first_row(session.transaction, session.dialect.count_captured(integer_at(row, 0))), 0);
    const std::string detail = session.dialect.captured_unit() +
                               (session.dialect.log() == nullptr ? "" : " of all tables") +
                               " that wait to be collected: " + std::to_string(waiting);
    if (waiting > captured_keys_usual) {
        return {check, Health::attention, detail,
                "is anything running for this node? " + session.dialect.sync_command() + ";"};
    }
    return {check, Health::good, detail, ""};
}

/// Nothing where all is well, and where the database knows no rights.
std::optional<Finding> rights(const Session &session) {
    for (const auto &[table, use] : stored_uses(session.transaction)) {
        if (const Result<void> may = session.transaction.may_use(table, use); !may) {
            return Finding{"rights on tables", Health::trouble, may.error().message,
                           may.error().hint};
        }
    }
    return std::nullopt;
}

Finding configuration(const Session &session) {
    const std::vector<ConfigurationKey> rows = unapproved(session);
    if (rows.empty()) {
        return {"configuration", Health::good, "every row is as it was declared", ""};
    }
    return {"configuration", Health::attention,
            std::to_string(rows.size()) +
                " rows were edited by hand and are not used, the first"
                " of table " +
                rows.front().table,
            "if the edit was yours: " + call(session, "approve")};
}

Finding peers(const Session &session) {
    std::size_t live = 0;
    for (const Peer &peer : load_peers(session.transaction)) {
        if (peer.state == PeerState::disputed || !peer.held.empty()) {
            return {"peers", Health::trouble,
                    "peer \"" + peer.name + "\" is held" +
                        (peer.held.empty() ? "" : ": " + peer.held),
                    look(session, "status")};
        }
        live += is_paired(peer.state) ? 1U : 0U;
    }
    return {"peers", live > 0 ? Health::good : Health::attention,
            "paired peers: " + std::to_string(live),
            live > 0 ? ""
                     : "SELECT " + session.dialect.command("invite") + "('name of the peer');"};
}

Finding queue(const Session &session) {
    const Row row = *first_row(session.transaction,
                               "SELECT count(*), CAST(coalesce(sum(rows), 0) AS BIGINT),"
                               " CAST(coalesce(sum(length(content)), 0) AS BIGINT) FROM @queue");
    return {"queue", Health::good,
            "changesets: " + std::to_string(integer_at(row, 0)) +
                ", rows: " + std::to_string(integer_at(row, 1)) +
                ", bytes: " + std::to_string(integer_at(row, 2)),
            ""};
}

Finding refusals(const Session &session) {
    const Row row =
        *first_row(session.transaction, "SELECT count(*) FROM @refusal WHERE last_at >= ?1",
                   {stored(session.now - refused_recently)});
    if (integer_at(row, 0) == 0) {
        return {"refused", Health::good, "nothing was refused in the last 24 hours", ""};
    }
    return {"refused", Health::attention,
            "refused for different reasons in the last 24 hours: " +
                std::to_string(integer_at(row, 0)),
            look(session, "refused")};
}

} // namespace

std::string_view name_of(Health health) {
    switch (health) {
    case Health::good:
        return "good";
    case Health::attention:
        return "attention";
    case Health::trouble:
        break;
    }
    return "trouble";
}

std::vector<Finding> diagnose(const Session &session, Vault &vault) {
    std::vector<Finding> findings{secret(session, vault), place(session, vault),
                                  configuration(session), peers(session)};
    for (const Row &row :
         all_rows(session.transaction, "SELECT capture_id, table_name, with_mask, held, kept"
                                       " FROM @capture ORDER BY table_name")) {
        findings.push_back(capture(session, row));
    }
    if (auto missing = rights(session)) {
        findings.push_back(*std::move(missing));
    }
    findings.push_back(queue(session));
    findings.push_back(refusals(session));
    return findings;
}

} // namespace postrider::engine
