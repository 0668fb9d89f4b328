// Nodes that pair by the protocol, their messages carried by hand.
#pragma once

#include "common/engine/configuration_mac.hpp"
#include "common/engine/pairing.hpp"
#include "common/engine/receive.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

constexpr Timestamp pairing_start = from_milliseconds(1'790'000'000'000);

/// A node with what people type and what mails bring.
struct PairingNode : TestNode {
    explicit PairingNode(const std::string &file, const std::string &name)
        : TestNode{file, name, pairing_start}, rows{file} {}

    void declare(const std::string &peer, const std::string &maildir = {}) {
        rows.run("INSERT INTO postrider_peer (name, created_at) VALUES ('" + peer + "', 0)");
        if (!maildir.empty()) {
            rows.run("INSERT INTO postrider_peer_path (peer_id, ordinal, kind, target)"
                     " SELECT peer_id, 1, 'maildir', '" +
                     maildir + "' FROM postrider_peer WHERE name = '" + peer + "'");
            write([](const engine::Session &session) { engine::approve(session); });
        }
    }

    template <class T>
    T within(const std::function<T(const engine::Session &)> &work) {
        std::optional<T> out;
        write([&](const engine::Session &session) { out.emplace(work(session)); });
        return *std::move(out);
    }

    std::string invite(const std::string &peer) {
        return within<Result<std::string>>(
                   [&](const engine::Session &session) { return engine::invite(session, peer); })
            .value();
    }

    Result<std::string> accept(const engine::Acceptance &acceptance) {
        return within<Result<std::string>>(
            [&](const engine::Session &session) { return engine::accept(session, acceptance); });
    }

    Result<std::string> accept(const std::string &line) {
        return accept(engine::Acceptance{line, "/mail", false});
    }

    Result<void> confirm(const std::string &peer, const std::string &words) {
        return within<Result<void>>([&](const engine::Session &session) -> Result<void> {
            const auto compared = engine::confirm_peer(session, peer, words);
            if (!compared) {
                return compared.error();
            }
            return compared->are_equal ? Result<void>{} : compared->difference;
        });
    }

    Result<void> revoke(const std::string &peer) {
        return within<Result<void>>(
            [&](const engine::Session &session) { return engine::revoke(session, peer); });
    }

    /// The pairing messages that are due now.
    std::vector<Bytes> mails() {
        return within<std::vector<Bytes>>([](const engine::Session &session) {
            std::vector<Bytes> out;
            for (engine::PairingMail &mail : engine::due_pairing_mails(session)) {
                out.push_back(std::move(mail.envelope));
            }
            return out;
        });
    }

    engine::Received take(const Bytes &mail) {
        return within<engine::Reception>([&](const engine::Session &session) {
                   return engine::take_envelope(session, mail, "test");
               })
            .received;
    }

    engine::Received take(const std::vector<Bytes> &mails) {
        engine::Received last = engine::Received::refused;
        for (const Bytes &mail : mails) {
            last = take(mail);
        }
        return last;
    }

    std::string state_of(const std::string &peer) {
        return rows.ask("SELECT state FROM postrider_peer WHERE name = '" + peer + "'");
    }

    std::string words_of(const std::string &peer) {
        return rows.ask("SELECT words FROM postrider_peer WHERE name = '" + peer + "'");
    }

    engine::Peer peer(const std::string &name) {
        return within<engine::Peer>([&](const engine::Session &session) {
            return *engine::find_peer(session.transaction, name);
        });
    }

    engine::PeerKeys keys(const std::string &name) {
        return within<engine::PeerKeys>([&](const engine::Session &session) {
            return *engine::peer_keys(session.identity,
                                      *engine::find_peer(session.transaction, name));
        });
    }

    std::string count(const std::string &table) {
        return rows.ask("SELECT count(*) FROM postrider_" + table);
    }

    Application rows; // looks at the tables from outside
};

} // namespace postrider::test
