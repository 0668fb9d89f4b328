// PRIVATE: columns whose values are outside of every history.
#include <gtest/gtest.h>

#include "common/engine/declare.hpp"

#include "tests/support/head_office.hpp"

namespace postrider::test {
namespace {

struct Private : HeadOffice {
    void SetUp() override {
        for (Application *application : {&hq_application, &shop_application}) {
            application->run("CREATE TABLE visit(id INTEGER PRIMARY KEY, ward TEXT, reason TEXT)");
        }
        hq_application.run("INSERT INTO visit VALUES(1, 'north', 'cough'), (2, 'south', 'flu')");
        trust_each_other();
    }

    std::string visits() { return shop_application.ask("SELECT * FROM visit ORDER BY id"); }

    /// In how much of what is kept as history the word stands.
    static std::string kept(Application &application, const std::string &word) {
        return application.ask("SELECT count(*) FROM postrider_history_frame"
                               " WHERE instr(content, CAST('" +
                               word + "' AS BLOB)) > 0");
    }
};

TEST_F(Private, ValuesArriveAndAreInNoHistory) {
    ASSERT_EQ(declare(hq, "TASK t SEND visit (id, ward, reason PRIVATE) TO shop"), "declared");
    settle();
    EXPECT_EQ(visits(), "1|north|cough\n2|south|flu");
    hq_application.run("UPDATE visit SET reason = 'broken leg' WHERE id = 2;"
                       "INSERT INTO visit VALUES(3, 'east', NULL)");
    settle();
    EXPECT_EQ(visits(), "1|north|cough\n2|south|broken leg\n3|east|");
    for (Application *application : {&hq_application, &shop_application}) {
        EXPECT_NE(kept(*application, "south"), "0");
        EXPECT_EQ(kept(*application, "cough"), "0");
        EXPECT_EQ(kept(*application, "broken"), "0");
    }
}

TEST_F(Private, OfAReceiverIsObeyedByTheSender) {
    ASSERT_EQ(declare(shop, "TASK t RECEIVE visit (id, ward, reason PRIVATE) FROM hq"), "declared");
    settle();
    EXPECT_EQ(visits(), "1|north|cough\n2|south|flu");
    EXPECT_EQ(hq_application.ask("SELECT columns FROM postrider_task_table"),
              R"(("id", "ward", "reason" PRIVATE))");
    EXPECT_EQ(kept(hq_application, "cough"), "0");
}

TEST_F(Private, MayBeAnExpression) {
    ASSERT_EQ(declare(hq, "TASK t SEND visit (id, upper(reason) AS reason PRIVATE) TO shop"),
              "declared");
    settle();
    EXPECT_EQ(visits(), "1||COUGH\n2||FLU");
    EXPECT_EQ(kept(hq_application, "COUGH"), "0");
}

TEST_F(Private, AColumnThatBecomesSoIsNotCompressedWithItsPast) {
    ASSERT_EQ(declare(hq, "TASK t SEND visit (id, ward, reason) TO shop"), "declared");
    settle();
    EXPECT_NE(kept(hq_application, "cough"), "0");
    ASSERT_EQ(declare(hq, "TASK t SEND visit (id, ward, reason PRIVATE) TO shop"), "declared");
    settle();
    hq_application.run("UPDATE visit SET ward = 'west' WHERE id = 1");
    settle();
    EXPECT_EQ(visits(), "1|west|cough\n2|south|flu");
    for (Application *application : {&hq_application, &shop_application}) {
        EXPECT_EQ(kept(*application, "cough"), "0");
    }
    EXPECT_EQ(hq_application.ask("SELECT hidden FROM postrider_stream_out WHERE stream > 0"),
              R"(visit ("reason"))");
}

TEST_F(Private, IsNoColumnOfTheKey) {
    EXPECT_EQ(declare(hq, "TASK t SEND visit (id PRIVATE, ward) TO shop"),
              "line 1, column 19: column \"id\" of the primary key of table \"visit\" cannot be"
              " PRIVATE | Rows are told apart by it. Say NO HISTORY, or make another column the"
              " key.");
}

} // namespace
} // namespace postrider::test
