// The checks, one function each.
#include "common/engine/diagnose.hpp"

#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_stored.hpp"
#include "common/engine/introspect.hpp"
#include "common/engine/kept_columns.hpp"
#include "common/engine/start.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/schema.hpp"
#include "common/engine/table_rights.hpp"

namespace postrider::engine {

namespace {

/// Captured rows beyond this are a sign that nothing collects them.
constexpr std::int64_t captured_keys_usual = 1'000'000;
constexpr Duration refused_recently = std::chrono::hours{24};

std::string call(const DeclareSite &site, std::string_view function) {
    return "SELECT " + site.dialect.command(function) + "();";
}

std::string look(const DeclareSite &site, std::string_view view) {
    return "SELECT * FROM " + site.dialect.command(view) + ";";
}

Finding secret(const Result<Identity> &identity) {
    if (!identity) {
        return {"secret file", Health::trouble, identity.error().message, identity.error().hint};
    }
    return {"secret file", Health::good, "the keys of this node are there and private", ""};
}

Finding place(const DeclareSite &site, const NodeId &node) {
    const Result<std::optional<StateFile>> state = site.vault.load_state(node);
    if (!state) {
        return {"state file", Health::trouble, state.error().message, state.error().hint};
    }
    if (!*state) {
        return {"state file", Health::good, "nothing was sent yet, so there is none", ""};
    }
    if (is_other_place(**state, site.vault.here())) {
        return {"state file", Health::trouble,
                "this database is a copy: the node was last at \"" + (*state)->canonical_path +
                    "\"",
                "if the other one is gone for good: " + call(site, "claim_identity")};
    }
    return {"state file", Health::good, "the database lies where it was when it last sent", ""};
}

Finding capture(const DeclareSite &site, const Row &row) {
    const std::string check = "capture of table " + text_at(row, 1);
    if (const std::string held = text_at(row, 3); !held.empty()) {
        return {check, Health::trouble, held, "mend the table, or take it out of its task"};
    }
    const Result<dialect::TableDescription> table =
        describe_table(site.transaction, site.dialect, text_at(row, 1));
    if (!table) {
        return {check, Health::trouble, table.error().message, table.error().hint};
    }
    const std::vector<std::string> faults =
        check_capture(site.transaction, site.dialect, *table,
                      {integer_at(row, 0),
                       {.mask = integer_at(row, 2) != 0, .kept = read_kept(text_at(row, 4))}});
    if (!faults.empty()) {
        return {check, Health::attention, faults.front(),
                "it is renewed by the next round: " + site.dialect.sync_command() + ";"};
    }
    const std::int64_t waiting = integer_at(
        *first_row(site.transaction, site.dialect.count_captured(integer_at(row, 0))), 0);
    const std::string detail = site.dialect.captured_unit() +
                               (site.dialect.log() == nullptr ? "" : " of all tables") +
                               " that wait to be collected: " + std::to_string(waiting);
    if (waiting > captured_keys_usual) {
        return {check, Health::attention, detail,
                "is anything running for this node? " + site.dialect.sync_command() + ";"};
    }
    return {check, Health::good, detail, ""};
}

/// Nothing where all is well, and where the database knows no rights.
std::optional<Finding> rights(const DeclareSite &site) {
    for (const auto &[table, use] : stored_uses(site.transaction)) {
        if (const Result<void> may = site.transaction.may_use(table, use); !may) {
            return Finding{"rights on tables", Health::trouble, may.error().message,
                           may.error().hint};
        }
    }
    return std::nullopt;
}

Finding configuration(const DeclareSite &site, const Result<Identity> &identity) {
    if (!identity) {
        return {"configuration", Health::attention,
                "without the secret file nobody can tell whether its rows were edited", ""};
    }
    const stream::Timing timing;
    const std::vector<ConfigurationKey> rows =
        unapproved({site.transaction, site.dialect, *identity, timing, site.now});
    if (rows.empty()) {
        return {"configuration", Health::good, "every row is as it was declared", ""};
    }
    return {"configuration", Health::attention,
            std::to_string(rows.size()) +
                " rows were edited by hand and are not used, the first"
                " of table " +
                rows.front().table,
            "if the edit was yours: " + call(site, "approve")};
}

Finding peers(const DeclareSite &site) {
    std::size_t live = 0;
    for (const Peer &peer : load_peers(site.transaction)) {
        if (peer.state == PeerState::disputed || !peer.held.empty()) {
            return {"peers", Health::trouble,
                    "peer \"" + peer.name + "\" is held" +
                        (peer.held.empty() ? "" : ": " + peer.held),
                    look(site, "status")};
        }
        live += is_paired(peer.state) ? 1U : 0U;
    }
    return {"peers", live > 0 ? Health::good : Health::attention,
            "paired peers: " + std::to_string(live),
            live > 0 ? "" : "SELECT " + site.dialect.command("invite") + "('name of the peer');"};
}

Finding queue(const DeclareSite &site) {
    const Row row = *first_row(site.transaction,
                               "SELECT count(*), CAST(coalesce(sum(rows), 0) AS BIGINT),"
                               " CAST(coalesce(sum(length(content)), 0) AS BIGINT) FROM @queue");
    return {"queue", Health::good,
            "changesets: " + std::to_string(integer_at(row, 0)) +
                ", rows: " + std::to_string(integer_at(row, 1)) +
                ", bytes: " + std::to_string(integer_at(row, 2)),
            ""};
}

Finding refusals(const DeclareSite &site) {
    const Row row =
        *first_row(site.transaction, "SELECT count(*) FROM @refusal WHERE last_at >= ?1",
                   {stored(site.now - refused_recently)});
    if (integer_at(row, 0) == 0) {
        return {"refused", Health::good, "nothing was refused in the last 24 hours", ""};
    }
    return {"refused", Health::attention,
            "refused for different reasons in the last 24 hours: " +
                std::to_string(integer_at(row, 0)),
            look(site, "refused")};
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

std::vector<Finding> diagnose(const DeclareSite &site) {
    const Result<bool> has_tables = has_state_tables(site.transaction, site.dialect);
    if (!has_tables) {
        return {{"node", Health::trouble, has_tables.error().message, has_tables.error().hint}};
    }
    const auto node = *has_tables ? first_row(site.transaction, "SELECT node_id FROM @node")
                                  : std::optional<Row>{};
    if (!node) {
        return {{"node", Health::trouble, "this database is not a node yet",
                 "SELECT * FROM " + site.dialect.command("declare") + "('NODE my_name;');"}};
    }
    const Result<Identity> identity = load_identity(site.transaction, site.vault);
    std::vector<Finding> findings{secret(identity), place(site, fixed_at<16>(*node, 0)),
                                  configuration(site, identity), peers(site)};
    for (const Row &row :
         all_rows(site.transaction, "SELECT capture_id, table_name, with_mask, held, kept"
                                    " FROM @capture ORDER BY table_name")) {
        findings.push_back(capture(site, row));
    }
    if (auto missing = rights(site)) {
        findings.push_back(*std::move(missing));
    }
    findings.push_back(queue(site));
    findings.push_back(refusals(site));
    return findings;
}

} // namespace postrider::engine
