// The functions that set a node up: the task language, pairing, offers, identity.
#include "common/engine/approval.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/recovery.hpp"
#include "common/engine/rounds.hpp"
#include "common/engine/start.hpp"

#include "pg_extension/arguments.hpp"
#include "pg_extension/node.hpp"

using namespace postrider;
using engine::DeclareSite;
using engine::Mode;
using engine::Session;
using pg::NodeSite;

SQL_FUNCTION(postrider_declare) {
    const std::string text = pg::required_text(fcinfo, 0, "the task text");
    engine::ActionRows actions;
    pg::as_site(Mode::write, [&](const DeclareSite &site) {
        actions = pg::unwrap(
            engine::declare(site, {.text = text, .exact = pg::flag_argument(fcinfo, 1)}));
    });
    return pg::give_actions(fcinfo, actions);
}

SQL_FUNCTION(postrider_plan) {
    const std::string text = pg::required_text(fcinfo, 0, "the task text");
    engine::ActionRows actions;
    pg::as_site(Mode::read, [&](const DeclareSite &site) {
        actions =
            pg::unwrap(engine::plan(site, {.text = text, .exact = pg::flag_argument(fcinfo, 1)}));
    });
    return pg::give_actions(fcinfo, actions);
}

SQL_FUNCTION(postrider_describe) {
    const std::string object = pg::text_argument(fcinfo, 0).value_or("");
    std::string text;
    pg::as_site(Mode::read, [&](const DeclareSite &site) {
        text = pg::unwrap(engine::describe(site, object));
    });
    return pg::give_text(text);
}

SQL_FUNCTION(postrider_invite) {
    const std::string peer = pg::required_text(fcinfo, 0, "the peer's name");
    std::string line;
    pg::as_node(Mode::write, [&](const NodeSite &site) {
        line = pg::unwrap(engine::invite(site.session, peer));
    });
    return pg::give_text(line);
}

SQL_FUNCTION(postrider_accept) {
    engine::Acceptance acceptance;
    acceptance.line = pg::required_text(fcinfo, 0, "the invitation");
    if (const auto address = pg::text_argument(fcinfo, 1)) {
        acceptance.address = *address;
    }
    acceptance.trust_tasks = pg::flag_argument(fcinfo, 2);
    std::string peer;
    pg::as_node(Mode::write, [&](const NodeSite &site) {
        peer = "peer " + pg::unwrap(engine::accept(site.session, acceptance));
    });
    return pg::give_actions(
        fcinfo,
        {{"accept", peer, "our answer goes out with the next round"},
         {"to do", peer, "CALL postrider.sync_now();"},
         {"to do", peer, "compare the four words of postrider.status with the other side"}});
}

/// Words that differ leave an event, which has to stay: so the answer is a text, not an error.
SQL_FUNCTION(postrider_confirm_peer) {
    const std::string peer = pg::required_text(fcinfo, 0, "the peer's name");
    const std::string words = pg::required_text(fcinfo, 1, "the four words");
    std::string answer = "peer \"" + peer + "\" is verified";
    pg::as_node(Mode::write, [&](const NodeSite &site) {
        const Result<void> confirmed = engine::confirm_peer(site.session, peer, words);
        if (!confirmed) {
            answer = "not verified: " + engine::one_text(confirmed.error());
        }
    });
    return pg::give_text(answer);
}

SQL_FUNCTION(postrider_accept_offer) {
    const std::string name = pg::required_text(fcinfo, 0, "the offer's name");
    engine::ActionRows actions;
    pg::as_node(Mode::write, [&](const NodeSite &site) {
        actions = pg::unwrap(engine::accept_offer(site.session, name));
    });
    return pg::give_actions(fcinfo, actions);
}

SQL_FUNCTION(postrider_approve) {
    std::string text;
    pg::as_node(Mode::write, [&](const NodeSite &site) {
        const std::size_t rows = pg::unwrap(engine::approve_configuration(site.session));
        text = engine::counted(rows, "row", "rows") + " of the configuration approved";
    });
    return pg::give_text(text);
}

SQL_FUNCTION(postrider_revoke) {
    const std::string peer = pg::required_text(fcinfo, 0, "the peer's name");
    pg::as_node(Mode::write,
                [&](const NodeSite &site) { pg::unwrap(engine::revoke(site.session, peer)); });
    return pg::give_text("peer \"" + peer +
                         "\" is revoked: nothing is sent to it or taken from it");
}

SQL_FUNCTION(postrider_replace_peer) {
    const std::string peer = pg::required_text(fcinfo, 0, "the peer's name");
    std::string line;
    pg::as_node(Mode::write, [&](const NodeSite &site) {
        line = pg::unwrap(engine::replace_peer(site.session, peer));
    });
    return pg::give_text(line);
}

SQL_FUNCTION(postrider_claim_identity) {
    std::string name;
    pg::as_node(Mode::write, [&](const NodeSite &site) {
        engine::Identity identity =
            pg::unwrap(engine::load_identity(site.session.transaction, site.vault));
        pg::unwrap(engine::claim_identity(site.session, site.vault, identity));
        name = identity.name;
    });
    return pg::give_text("node \"" + name + "\" goes on here");
}

SQL_FUNCTION(postrider_new_identity) {
    const std::string name = pg::required_text(fcinfo, 0, "the new name");
    engine::ActionRows actions;
    pg::as_site(Mode::write, [&](const DeclareSite &site) {
        actions = pg::unwrap(engine::new_identity(site, name));
    });
    return pg::give_actions(fcinfo, actions);
}

SQL_FUNCTION(postrider_export_identity) {
    std::vector<engine::Row> rows;
    pg::as_node(Mode::read, [&](const NodeSite &site) {
        const engine::ExportedIdentity exported =
            pg::unwrap(engine::export_identity(site.session, site.vault));
        rows.push_back({Value::text(exported.bundle), Value::text(exported.code)});
    });
    return pg::give_rows(fcinfo, rows);
}
