// The fixture of most tests of the engine: a shop that sends its items to an office.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>

#include "common/engine/receive.hpp"
#include "common/mail/extract.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

struct TwoNodes : testing::Test {

    TemporaryDirectory directory;
    TestNode shop{directory / "shop.db", "shop", start};
    TestNode office{directory / "office.db", "office", start};
    Application shop_application{shop.path};
    Application office_application{office.path};

    void SetUp() override {
        for (Application *application : {&shop_application, &office_application}) {
            application->run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
        }
        pair_directly(shop, office, directory / "mail");
        shop.send("items", "office", {"item"});
        office.receive("items", "shop", {"item"});
    }

    void insert_rope() { shop_application.run("INSERT INTO item(id, name) VALUES(1, 'rope')"); }

    /// The mails that lie in the maildir, by path.
    std::vector<std::string> mails_on_the_way() {
        std::vector<std::string> paths;
        for (const auto &mail : std::filesystem::directory_iterator(directory / "mail/new")) {
            paths.push_back(mail.path());
        }
        return paths;
    }

    static Bytes envelope_in(const std::string &mail) {
        std::ifstream file(mail, std::ios::binary);
        const Bytes text{std::istreambuf_iterator<char>(file), {}};
        const mail::Extraction found = mail::extract_envelopes(text);
        return found.envelopes.empty() ? Bytes{} : found.envelopes.front();
    }

    /// The envelope of the one mail that the shop writes about a new item.
    Bytes envelope_on_the_way() {
        insert_rope();
        shop.cycle();
        for (const std::string &mail : mails_on_the_way()) {
            if (Bytes envelope = envelope_in(mail); !envelope.empty()) {
                return envelope;
            }
        }
        throw std::runtime_error("the shop sent no mail");
    }

    static engine::Reception deliver(TestNode &node, ByteView envelope) {
        engine::Reception reception;
        node.write([&](const engine::Session &session) {
            reception = engine::take_envelope(session, envelope, "test");
        });
        return reception;
    }

    static std::string items(Application &application) {
        return application.ask("SELECT id, name, price FROM item ORDER BY id");
    }
};

/// And a depot, which has the table and is not paired.
struct ThreeNodes : TwoNodes {
    TestNode depot{directory / "depot.db", "depot", start};
    Application depot_application{depot.path};

    void SetUp() override {
        TwoNodes::SetUp();
        depot_application.run("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, price REAL)");
    }
};

} // namespace postrider::test
