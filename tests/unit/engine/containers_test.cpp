// Lines that take attachments away: both sides get in step, and remember how.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/engine/bounces.hpp"
#include "common/engine/explain.hpp"
#include "common/mail/message.hpp"

#include "tests/support/mail_nodes.hpp"
#include "tests/support/recording_transport.hpp"

namespace postrider::engine {
namespace {

using mail::Container;
using std::chrono::hours;
using std::chrono::minutes;

const std::set<Container> attachments{Container::mixed, Container::single};

struct Forms : test::MailNodes {
    void SetUp() override {
        pair_all("");
        run(minutes{10});
        forget_sent();
    }

    void strip(test::MailNode &from, const std::string &to, const std::set<Container> &forms) {
        from.exchange_transport.stripped[to] = forms;
    }

    void forget_sent() {
        for (test::MailNode *node : all) {
            node->exchange_transport.forms_sent.clear();
        }
    }

    void restart_office() {
        office.own_engine.reset();
        office.restart();
        office.own_engine = std::make_unique<Engine>(
            Ports{*office.database, office.vault, office.exchange_transport},
            EngineSettings{.timing = office.timing});
    }

    void insert(const std::string &name) {
        office.application.run("INSERT INTO item(name) VALUES('" + name + "')");
    }

    static std::string form_of_path(test::MailNode &node) {
        return node.application.ask("SELECT container FROM postrider_peer_path WHERE target LIKE"
                                    " '%north%' OR target LIKE '%office%'");
    }

    std::string items_there() { return north.application.ask("SELECT count(*) FROM item"); }

    std::string on_the_way() {
        return office.application.ask("SELECT count(*) FROM postrider_outbox o JOIN"
                                      " postrider_peer p ON p.peer_id = o.peer_id"
                                      " WHERE p.name = 'north'");
    }

    static std::string events(test::MailNode &node) {
        return node.application.ask(
            "SELECT message FROM postrider_event WHERE kind = 'mail_form' ORDER BY 1");
    }

    static std::string shown(test::MailNode &node, const std::string &peer) {
        std::string words;
        node.write([&](const Session &session) {
            for (const Station &each : explain(session, *find_peer(session.transaction, peer))) {
                words += each.station == "form of mails" ? each.blocked_by : "";
            }
        });
        return words;
    }

    std::vector<Container> sent_to_north() {
        return office.exchange_transport.forms_sent["north@example.org"];
    }
};

TEST_F(Forms, AreTheUsualOneWhereAllGoesWell) {
    insert("rope");
    run(hours{2});
    EXPECT_EQ(items_there(), "1");
    EXPECT_EQ(sent_to_north(), std::vector{Container::mixed});
    EXPECT_EQ(form_of_path(office), "0");
    EXPECT_EQ(shown(office, "north"), "");
}

TEST_F(Forms, BecomeTextWhereAttachmentsDoNotArriveAndThatIsRemembered) {
    strip(office, "north@example.org", attachments);
    insert("rope");
    run(hours{6});
    EXPECT_EQ(items_there(), "1");
    EXPECT_EQ(form_of_path(office), "0") << "the peer may merely have been away";
    insert("twine");
    run(hours{6});
    EXPECT_EQ(items_there(), "2");
    EXPECT_EQ(on_the_way(), "0");
    EXPECT_EQ(form_of_path(office), "2");
    EXPECT_EQ(events(office),
              "mails to north@example.org go as text, since attachments did not arrive");
    EXPECT_EQ(shown(office, "north"), events(office));
    forget_sent();
    restart_office();
    insert("nails");
    run(minutes{5});
    EXPECT_EQ(items_there(), "3");
    EXPECT_EQ(sent_to_north(), std::vector{Container::armour});
    EXPECT_EQ(events(north), "");
}

TEST_F(Forms, BecomeOneAttachmentAloneWhereThatArrives) {
    strip(office, "north@example.org", {Container::mixed});
    for (const char *name : {"rope", "twine"}) {
        insert(name);
        run(hours{2});
    }
    EXPECT_EQ(items_there(), "2");
    EXPECT_EQ(form_of_path(office), "1");
}

TEST_F(Forms, OfReportsTurnUntilTheyAreHeard) {
    strip(north, "office@example.org", attachments);
    insert("rope");
    run(hours{6});
    EXPECT_EQ(items_there(), "1");
    EXPECT_EQ(on_the_way(), "0");
    insert("nails"); // its report may still go in a form that does not arrive
    run(hours{2});
    EXPECT_EQ(on_the_way(), "0");
    insert("glue");
    run(hours{2});
    insert("saw");
    run(minutes{5});
    EXPECT_EQ(on_the_way(), "0") << "now it is known which one does";
    EXPECT_EQ(shown(north, "office"), "reports to office@example.org go as text, since what others"
                                      " had told was sent again");
}

TEST_F(Forms, AreFoundByBothSidesWhereNeitherHearsAttachments) {
    strip(office, "north@example.org", attachments);
    strip(north, "office@example.org", attachments);
    insert("rope");
    run(hours{6});
    EXPECT_EQ(items_there(), "1");
    EXPECT_EQ(on_the_way(), "0");
    for (const char *name : {"nails", "glue", "saw"}) {
        insert(name);
        run(hours{2});
    }
    insert("axe");
    run(minutes{5});
    EXPECT_EQ(items_there(), "5");
    EXPECT_EQ(on_the_way(), "0");
    EXPECT_EQ(form_of_path(office), "2");
}

TEST_F(Forms, StayWhereAPeerWasMerelyAway) {
    for (const int away : {5, 20, 45, 50, 55, 60, 65, 100, 300}) {
        insert("while it is away");
        all = {&office, &south};
        run(minutes{away});
        all = {&office, &north, &south};
        north.now = office.now;
        run(hours{2});
        EXPECT_EQ(form_of_path(office), "0") << away;
        insert("while it is there");
        run(minutes{10});
    }
    EXPECT_EQ(items_there(), "18");
    EXPECT_EQ(events(office), "");
}

TEST_F(Forms, AreTheUsualOneAgainOnceThatArrives) {
    strip(office, "north@example.org", attachments);
    for (const char *name : {"rope", "twine"}) {
        insert(name);
        run(hours{6});
    }
    ASSERT_EQ(form_of_path(office), "2");
    run(hours{25});
    forget_sent();
    insert("nails"); // tries it, and is sent again
    run(hours{2});
    EXPECT_EQ(items_there(), "3");
    EXPECT_EQ(sent_to_north(), (std::vector{Container::mixed, Container::armour}));
    EXPECT_EQ(form_of_path(office), "2");
    strip(office, "north@example.org", {});
    run(hours{25});
    insert("glue");
    run(minutes{5});
    EXPECT_EQ(form_of_path(office), "2") << "it is tried more rarely";
    run(hours{25});
    insert("saw");
    run(minutes{5});
    EXPECT_EQ(items_there(), "5");
    EXPECT_EQ(form_of_path(office), "0");
    EXPECT_NE(events(office).find("mails to north@example.org go as usual again"),
              std::string::npos);
}

TEST_F(Forms, OfTextAreCutToWhatAMailOfTextMayHold) {
    office.application.run("UPDATE postrider_peer_path SET container = 2");
    office.application.run("INSERT INTO item(name) VALUES(hex(randomblob(2500000)))");

    test::RecordingTransport transport;

    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    ASSERT_TRUE(engine.cycle(office.now));
    std::size_t parts = 0;
    for (const Transmission &each : transport.submitted) {
        if (each.target == "north@example.org") {
            EXPECT_TRUE(mail::write_message({.container = each.container}, each.envelope));
            EXPECT_EQ(each.container, Container::armour);
            ++parts;
        }
    }
    EXPECT_GT(parts, 2U);
}

TEST_F(Forms, ChangeAtOnceWhereAServerRefusesTheContent) {
    struct Server : test::RecordingTransport {
        std::vector<Event> poll(Timestamp now) override {
            for (const Transmission &each : std::exchange(submitted, {})) {
                forms.push_back(each.container);
                Outcome outcome{each.ticket, {}, {}};
                if (forms.size() == 1) {
                    outcome.result = Error{Errc::unavailable, "come back later"};
                } else if (each.container != Container::armour) {
                    outcome.result = Error{Errc::refused, "no attachments"};
                    outcome.content_refused = true;
                }
                events.emplace_back(std::move(outcome));
            }
            return RecordingTransport::poll(now);
        }

        std::vector<Container> forms;
    } transport;

    office.application.run("DELETE FROM postrider_peer_path WHERE target LIKE 'south%'");
    insert("rope");
    Engine engine({*office.database, office.vault, transport}, {.timing = office.timing});
    for (int round = 0; round < 5; ++round) {
        ASSERT_TRUE(engine.cycle(office.now));
        office.now += minutes{5};
    }
    EXPECT_EQ(transport.forms, (std::vector{Container::mixed, Container::mixed, Container::single,
                                            Container::armour}));
}

struct BouncedForms : Forms {
    /// The last mail to north comes back.
    void bounce(const std::string &name, Container container) {
        office.write([&](const Session &session) {
            const std::int64_t peer = find_peer(session.transaction, "north")->peer_id;
            const Row row = *first_row(session.transaction,
                                       "SELECT stream, number FROM @outbox"
                                       " WHERE peer_id = ?1",
                                       {peer});
            Tickets::Sent sent{peer,
                               1,
                               StreamKey{peer, static_cast<std::uint32_t>(integer_at(row, 0))},
                               unsigned_at(row, 1),
                               0,
                               {},
                               1000};
            sent.container = container;
            remember_mail(session, sent, name);
            take_bounce(session, {"main",
                                  "1:1",
                                  {{name},
                                   {{"north@example.org", mail::BounceReason::content_refused,
                                     "5.7.1", "no attachments"}}}});
        });
    }
};

TEST_F(BouncedForms, GoOnceThroughAllFormsAndThenThePathRests) {
    strip(office, "north@example.org", {Container::mixed, Container::single, Container::armour});
    insert("rope");
    run(minutes{1});
    bounce("a", Container::mixed);
    bounce("another part", Container::mixed); // which goes in the next form already
    run(minutes{1});
    bounce("b", Container::single);
    run(minutes{1});
    EXPECT_EQ(sent_to_north(),
              (std::vector{Container::mixed, Container::single, Container::armour}));
    EXPECT_EQ(office.application.ask("SELECT sum(bounces) FROM postrider_peer_path"), "0");
    EXPECT_EQ(form_of_path(office), "0") << "a bounce alone changes nothing for other batches";
    bounce("c", Container::armour);
    EXPECT_EQ(office.application.ask("SELECT sum(bounces) FROM postrider_peer_path"), "1");
}

} // namespace
} // namespace postrider::engine
