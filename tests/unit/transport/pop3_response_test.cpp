// Status lines, lists and refusals of POP3 servers.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/transport/pop3_response.hpp"

namespace postrider::transport {
namespace {

TEST(Pop3Status, IsOkOrErrWithAText) {
    const Result<Pop3Status> good = parse_pop3_status("+OK 3 messages");
    ASSERT_TRUE(good.has_value());
    EXPECT_TRUE(good->ok);
    EXPECT_EQ(good->text, "3 messages");
    EXPECT_TRUE(parse_pop3_status("+ok").has_value());
    const Result<Pop3Status> bad = parse_pop3_status("-ERR [sys/temp] later");
    ASSERT_TRUE(bad.has_value());
    EXPECT_FALSE(bad->ok);
    EXPECT_EQ(bad->code, "SYS/TEMP");
    EXPECT_EQ(bad->shown(), "-ERR [SYS/TEMP] later");
    EXPECT_EQ(parse_pop3_status("-ERR [IN-USE]")->code, "IN-USE");
    EXPECT_EQ(parse_pop3_status("-ERR [no end")->code, "");
    EXPECT_EQ(parse_pop3_status("-ERR a [IN-USE]")->code, "");
}

TEST(Pop3Status, IsNothingElse) {
    for (const std::string_view line :
         {"", "OK", "+OKAY", "-ERROR x", " +OK", "250 ok", "+", "."}) {
        const Result<Pop3Status> status = parse_pop3_status(line);
        ASSERT_FALSE(status.has_value()) << line;
        EXPECT_EQ(status.error().code, Errc::malformed);
    }
}

TEST(Pop3Status, IsShownPrintableAndCut) {
    EXPECT_EQ(parse_pop3_status("-ERR \x1b[2J")->shown(), "-ERR ?[2J");
    EXPECT_EQ(parse_pop3_status("-ERR " + std::string(300, 'x'))->shown().size(), 200U);
}

TEST(Pop3Refusal, SaysWhatToDo) {
    const auto refusal = [](std::string_view line) {
        return pop3_refusal("open the mailbox", *parse_pop3_status(line));
    };
    EXPECT_EQ(refusal("-ERR [IN-USE] x").code, Errc::unavailable);
    EXPECT_NE(refusal("-ERR [IN-USE] x").hint.find("Another program"), std::string::npos);
    EXPECT_EQ(refusal("-ERR [LOGIN-DELAY] x").code, Errc::unavailable);
    EXPECT_NE(refusal("-ERR [LOGIN-DELAY] x").hint.find("RECEIVE 'imaps://"), std::string::npos);
    EXPECT_EQ(refusal("-ERR [SYS/TEMP] x").code, Errc::unavailable);
    EXPECT_EQ(refusal("-ERR [SYS/PERM] x").code, Errc::refused);
    EXPECT_EQ(refusal("-ERR [AUTH] x").code, Errc::refused);
    EXPECT_NE(refusal("-ERR [AUTH] x").hint.find("password"), std::string::npos);
    EXPECT_EQ(refusal("-ERR what?").code, Errc::unavailable);
    EXPECT_EQ(refusal("-ERR [AUTH] x").message,
              "cannot open the mailbox: server replied \"-ERR [AUTH] x\"");
}

TEST(Pop3Capabilities, AreTheKnownNames) {
    Pop3Capabilities found;
    for (const std::string_view line :
         {"top", "UIDL", "PIPELINING", "EXPIRE 60", "IMPLEMENTATION x", "", "TOPS"}) {
        add_pop3_capability(found, line);
    }
    EXPECT_EQ(found, (Pop3Capabilities{true, true, true}));
    found = {};
    add_pop3_capability(found, "SASL TOP");
    EXPECT_EQ(found, Pop3Capabilities{});
}

TEST(Pop3Maildrop, PutsSizesAndUniqueIdsTogether) {
    Result<Pop3Maildrop> maildrop = Pop3Maildrop::from_stat("2 320 whatever");
    ASSERT_TRUE(maildrop.has_value());
    EXPECT_TRUE(maildrop->add_size("2 200 more").has_value());
    EXPECT_FALSE(maildrop->has_sizes());
    EXPECT_TRUE(maildrop->add_size("1 120").has_value());
    EXPECT_TRUE(maildrop->has_sizes());
    EXPECT_TRUE(maildrop->add_unique_id("1 whqtswO00WBw418f9t5JxYwZ").has_value());
    EXPECT_TRUE(maildrop->add_unique_id("2 whqtswO00WBw418f9t5JxYwZ").has_value()) << "equal ones";
    EXPECT_TRUE(maildrop->has_unique_ids());
    EXPECT_EQ(std::move(*maildrop).take_messages(),
              (std::vector<Pop3Message>{{1, 120, "whqtswO00WBw418f9t5JxYwZ"},
                                        {2, 200, "whqtswO00WBw418f9t5JxYwZ"}}));
}

TEST(Pop3Maildrop, RefusesListsThatAreNone) {
    for (const std::string_view text : {"", "x", "-1 5", "2x", "99999999999999999999 1"}) {
        EXPECT_FALSE(Pop3Maildrop::from_stat(text).has_value()) << text;
    }
    for (const std::string_view line :
         {"", "1", "1 ", "x 5", "0 5", "3 5", "1 x", "1 5x", "1  5", "1 -5"}) {
        EXPECT_FALSE(Pop3Maildrop::from_stat("2 9")->add_size(line).has_value()) << line;
    }
    for (const std::string_view line : {"", "1", "1 ", "3 a", "1 a b", "1 \x7f", "1 \xc3\xa4"}) {
        EXPECT_FALSE(Pop3Maildrop::from_stat("2 9")->add_unique_id(line).has_value()) << line;
    }
    Pop3Maildrop maildrop = *Pop3Maildrop::from_stat("2 9");
    EXPECT_TRUE(maildrop.add_size("1 0").has_value());
    EXPECT_FALSE(maildrop.add_size("1 0").has_value()) << "told twice";
    EXPECT_TRUE(maildrop.add_unique_id("1 a").has_value());
    EXPECT_FALSE(maildrop.add_unique_id("1 a").has_value()) << "told twice";
}

TEST(Pop3Maildrop, HasUniqueIdsOfALimitedSize) {
    const std::string longest(limits::pop3_unique_id_bytes_max, 'x');
    EXPECT_TRUE(Pop3Maildrop::from_stat("1 9")->add_unique_id("1 " + longest).has_value());
    EXPECT_FALSE(Pop3Maildrop::from_stat("1 9")->add_unique_id("1 " + longest + "x").has_value());
}

TEST(Pop3Maildrop, ListsALimitedNumberOfMessagesTheNewestOnes) {
    const std::uint64_t most = limits::pop3_messages_max;
    EXPECT_EQ(Pop3Maildrop::from_stat(std::to_string(most) + " 9")->left_out(), 0U);
    Pop3Maildrop maildrop = *Pop3Maildrop::from_stat(std::to_string(most + 1) + " 9");
    EXPECT_EQ(maildrop.left_out(), 1U);
    EXPECT_TRUE(maildrop.add_size("1 5").has_value()) << "passed over";
    EXPECT_TRUE(maildrop.add_size(std::to_string(most + 1) + " 7").has_value());
    const std::vector<Pop3Message> messages = std::move(maildrop).take_messages();
    EXPECT_EQ(messages.size(), most);
    EXPECT_EQ(messages.front().number, 2U);
    EXPECT_EQ(messages.back(), (Pop3Message{most + 1, 7, ""}));
    Pop3Maildrop endless = *Pop3Maildrop::from_stat("18446744073709551615 9");
    EXPECT_TRUE(endless.add_size("18446744073709551615 1").has_value());
}

} // namespace
} // namespace postrider::transport
