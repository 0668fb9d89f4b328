// The functions that set a node up: the task language, pairing, offers.
#include "common/engine/approval.hpp"
#include "common/engine/offers.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/rounds.hpp"

#include "pg_extension/arguments.hpp"
#include "pg_extension/node.hpp"

namespace postrider::pg {

SQL_FUNCTION(postrider_declare) {
    const std::string task_text = required_text(fcinfo, 0, "the task text");
    engine::ActionRows actions;
    as_site(engine::Mode::write, [&](const engine::DeclareSite &site) {
        actions =
            unwrap(engine::declare(site, {.text = task_text, .exact = flag_argument(fcinfo, 1)}));
    });
    return give_actions(fcinfo, actions);
}

SQL_FUNCTION(postrider_plan) {
    const std::string task_text = required_text(fcinfo, 0, "the task text");
    engine::ActionRows actions;
    as_site(engine::Mode::read, [&](const engine::DeclareSite &site) {
        actions =
            unwrap(engine::plan(site, {.text = task_text, .exact = flag_argument(fcinfo, 1)}));
    });
    return give_actions(fcinfo, actions);
}

SQL_FUNCTION(postrider_describe) {
    const std::string object = text_argument(fcinfo, 0).value_or("");
    std::string answer;
    as_site(engine::Mode::read, [&](const engine::DeclareSite &site) {
        answer = unwrap(engine::describe(site, object));
    });
    return give_text(answer);
}

SQL_FUNCTION(postrider_invite) {
    const std::string peer = required_text(fcinfo, 0, "the peer's name");
    std::string line;
    as_node(engine::Mode::write,
            [&](const NodeSite &site) { line = unwrap(engine::invite(site.session, peer)); });
    return give_text(line);
}

SQL_FUNCTION(postrider_accept) {
    engine::Acceptance acceptance;
    acceptance.line = required_text(fcinfo, 0, "the invitation");
    if (const auto address = text_argument(fcinfo, 1)) {
        acceptance.address = *address;
    }
    acceptance.trust_tasks = flag_argument(fcinfo, 2);
    std::string peer;
    as_node(engine::Mode::write, [&](const NodeSite &site) {
        peer = "peer " + unwrap(engine::accept(site.session, acceptance));
    });
    return give_actions(
        fcinfo,
        {{"accept", peer, "our answer goes out with the next round"},
         {"to do", peer, "CALL postrider.sync_now();"},
         {"to do", peer, "compare the four words of postrider.status with the other side"}});
}

/// Words that differ leave an event, which has to stay: so the answer is a text, not an error.
SQL_FUNCTION(postrider_confirm_peer) {
    const std::string peer = required_text(fcinfo, 0, "the peer's name");
    const std::string words = required_text(fcinfo, 1, "the four words");
    std::string answer = "peer \"" + peer + "\" is verified";
    as_node(engine::Mode::write, [&](const NodeSite &site) {
        const engine::ComparedWords compared =
            unwrap(engine::confirm_peer(site.session, peer, words));
        if (!compared.are_equal) {
            answer = "not verified: " + engine::one_text(compared.difference);
        }
    });
    return give_text(answer);
}

SQL_FUNCTION(postrider_accept_offer) {
    const std::string name = required_text(fcinfo, 0, "the offer's name");
    engine::ActionRows actions;
    as_node(engine::Mode::write, [&](const NodeSite &site) {
        actions = unwrap(engine::accept_offer(site.session, name));
    });
    return give_actions(fcinfo, actions);
}

SQL_FUNCTION(postrider_approve) {
    std::string answer;
    as_node(engine::Mode::write, [&](const NodeSite &site) {
        const std::size_t rows = unwrap(engine::approve_configuration(site.session));
        answer = engine::counted(rows, "row", "rows") + " of the configuration approved";
    });
    return give_text(answer);
}

SQL_FUNCTION(postrider_revoke) {
    const std::string peer = required_text(fcinfo, 0, "the peer's name");
    as_node(engine::Mode::write,
            [&](const NodeSite &site) { unwrap(engine::revoke(site.session, peer)); });
    return give_text("peer \"" + peer + "\" is revoked: nothing is sent to it or taken from it");
}

SQL_FUNCTION(postrider_replace_peer) {
    const std::string peer = required_text(fcinfo, 0, "the peer's name");
    std::string line;
    as_node(engine::Mode::write,
            [&](const NodeSite &site) { line = unwrap(engine::replace_peer(site.session, peer)); });
    return give_text(line);
}

} // namespace postrider::pg
