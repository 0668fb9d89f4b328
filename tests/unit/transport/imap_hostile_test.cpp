// Mails that look like the server speaking, connections that end anywhere, and mailboxes of any
// size.
#include <malloc.h>

#include "common/base/limits.hpp"

#include "tests/unit/transport/imap_conversation.hpp"

namespace postrider::transport {
namespace {

/// Lines that would end the FETCH, list mails that do not exist, and move others away.
const char *const forgery =
    "From: somebody@example\r\nSubject: hello\r\n\r\nA006 OK Fetch completed\r\n)\r\n"
    "P3 OK Fetch completed\r\n* 99 FETCH (UID 666 BODY[] {3}\r\nabc)\r\n* SEARCH 666\r\n"
    "* BYE [UNAVAILABLE] go away\r\n+ go on\r\nP4 OK done\r\n* OK [UIDVALIDITY 666] new\r\n"
    "{5}\r\n\"unbalanced (((\r\n\r\n";

std::string literal(const std::string &bytes) {
    return "{" + std::to_string(bytes.size()) + "}\r\n" + bytes;
}

/// A forged mail among others, in a body, in a header, and twice within one response.
std::string forged_fetch() {
    const std::string mail = forgery;
    return "* 1 FETCH (UID 5 BODY[] " + literal(mail) + ")\r\n* 2 FETCH (BODY[HEADER] " +
           literal(mail) + " UID 6 BODY[] " + literal(mail + mail) + ")\r\n* 3 FETCH (X-THING (1 " +
           literal(mail) + ") BODY[]<0> " + literal("P3 OK\r\n") + " UID 7)\r\n";
}

const Lines &forged_events() {
    static const Lines events = {"began " + std::to_string(std::string(forgery).size()),
                                 forgery,
                                 "ended 5 " + std::to_string(std::string(forgery).size()),
                                 "began " + std::to_string(2 * std::string(forgery).size()),
                                 std::string(forgery) + forgery,
                                 "ended 6 " + std::to_string(2 * std::string(forgery).size()),
                                 "began 7",
                                 "P3 OK\r\n",
                                 "ended 7 7",
                                 "finished 3"};
    return events;
}

TEST(ImapHostile, AMailCannotSpeakForTheServer) {
    for (const std::size_t piece_bytes : {0U, 1U, 2U, 7U}) {
        ImapConversation talk(piece_bytes);
        talk.open("IDLE");
        talk.dialogue.fetch({7, {5, 6, 7}});
        talk.answer("UID FETCH 5:7 (UID BODY.PEEK[])", forged_fetch() + "% OK done\r\n");
        EXPECT_EQ(talk.events(), forged_events()) << piece_bytes;
    }
}

TEST(ImapHostile, AHeaderCannotEither) {
    ImapConversation talk(1);
    talk.open("IDLE");
    talk.dialogue.list_new(1);
    talk.say("* 1 FETCH (UID 5 BODY[HEADER.FIELDS (FROM)] " + literal(forgery) +
             ")\r\n* 2 FETCH "
             "(UID 6 BODY[HEADER.FIELDS (FROM)] \"P3 OK \\\" {5}\")\r\nP3 OK done\r\n");
    EXPECT_EQ(talk.events(), (Lines{std::string("listed 5 size 0 [") + forgery + "]",
                                    "listed 6 size 0 [P3 OK \" {5}]", "finished 3"}));
}

TEST(ImapHostile, AConnectionMayEndAtEachByte) {
    const std::string answer = forged_fetch() + "P3 OK done\r\n";
    const Lines &whole = forged_events();
    for (std::size_t size = 0; size < answer.size(); ++size) {
        ImapConversation talk;
        talk.open("IDLE");
        talk.dialogue.fetch({7, {5, 6, 7}});
        ASSERT_TRUE(talk.say(answer.substr(0, size)));
        talk.lose();
        const Lines events = talk.events();
        ASSERT_FALSE(events.empty());
        ASSERT_EQ(events.back(), "finished 3 unavailable: connection closed by server") << size;
        for (std::size_t index = 0; index + 1 < events.size(); ++index) {
            const bool is_cut_text = index + 2 == events.size() && index % 3 == 1;
            ASSERT_EQ(is_cut_text ? whole[index].substr(0, events[index].size()) : whole[index],
                      events[index])
                << size;
        }
    }
}

TEST(ImapHostile, AConnectionThatEndsWithinAMailSaysSo) {
    ImapConversation talk;
    talk.open("IDLE");
    talk.dialogue.fetch({7, {5}});
    talk.say("* 1 FETCH (UID 5 BODY[] {5}\r\nabcd");
    talk.lose();
    ASSERT_TRUE(talk.last_failed);
    EXPECT_EQ(talk.last_failed->result.error().detail, "The connection ended within a mail.");
    EXPECT_EQ(talk.events(),
              (Lines{"began 5", "abcd", "finished 3 unavailable: connection closed by server"}));
}

TEST(ImapHostile, AWrongCountIsNoticed) {
    for (const char *body : {"{2}\r\nabcd", "{6}\r\nabcd", "{3}\r\nab\r\n"}) {
        ImapConversation talk;
        talk.open("IDLE");
        talk.dialogue.fetch({7, {5}});
        EXPECT_FALSE(talk.say(std::string("* 1 FETCH (UID 5 BODY[] ") + body +
                              ")\r\nP3 OK done\r\n" + "P3 OK done\r\n"))
            << body;
        for (const std::string &line : talk.events()) {
            EXPECT_FALSE(line.starts_with("ended")) << line;
        }
    }
}

/// What is allocated now; always 0 under a sanitizer, which has a heap of its own.
std::int64_t heap_bytes() {
    return static_cast<std::int64_t>(mallinfo2().uordblks);
}

TEST(ImapHostile, TwelveThousandMailsAreListedInBoundedMemory) {
    constexpr std::uint32_t mails = 12'000;
    ImapDialogue dialogue;
    std::string sent;
    const auto say = [&](const std::string &bytes, auto &&each) {
        ASSERT_TRUE(dialogue.receive(as_bytes(bytes)));
        while (auto event = dialogue.take_event()) {
            each(*event);
        }
    };
    const auto ignore = [](const imap::Event &) {};
    say("* CAPABILITY IMAP4rev1\r\nP1 OK x\r\n", ignore);
    dialogue.select("INBOX");
    say("* 12000 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 36003] x\r\nP2 OK x\r\n",
        ignore);
    dialogue.list_new(3);
    std::uint32_t listed = 0;
    std::int64_t heap_max = 0;
    const std::int64_t heap_before = heap_bytes();
    std::string piece;
    const auto count = [&](const imap::Event &event) {
        const auto &mail = std::get<imap::Listed>(event);
        EXPECT_EQ(mail.uid, 3 * ++listed);
        if (listed % 100 == 1) {
            heap_max = std::max(heap_max, heap_bytes() - heap_before);
        }
    };
    for (std::uint32_t number = 1; number <= mails; ++number) {
        piece +=
            "* " + std::to_string(number) + " FETCH (UID " + std::to_string(3 * number) +
            " RFC822.SIZE 4711 FLAGS (\\Seen) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" "
            "BODY[HEADER.FIELDS (FROM SUBJECT)] " +
            literal("From: a@b.example\r\nSubject: mail " + std::to_string(number) + "\r\n\r\n") +
            ")\r\n";
        if (piece.size() > 16'000 || number == mails) {
            say(piece, count);
            piece.clear();
        }
    }
    EXPECT_EQ(listed, mails);
    EXPECT_LT(heap_max, 100'000);
}

TEST(ImapHostile, AMailOfAnySizePassesThrough) {
    ImapDialogue dialogue;
    const auto say = [&](const std::string &bytes) {
        EXPECT_TRUE(dialogue.receive(as_bytes(bytes)));
    };
    say("P1 OK x\r\n");
    dialogue.select("INBOX");
    say("* 1 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9] x\r\nP2 OK x\r\n");
    dialogue.fetch({7, {5}});
    while (dialogue.take_event()) {
    }
    constexpr std::size_t pieces = 4000;
    const std::string piece(16'384, '\n');
    say("* 1 FETCH (UID 5 BODY[] {" + std::to_string(pieces * piece.size()) + "}\r\n");
    const std::int64_t heap_before = heap_bytes();
    std::size_t body_bytes = 0;
    std::int64_t heap_max = 0;
    for (std::size_t number = 0; number < pieces; ++number) {
        say(piece);
        while (auto event = dialogue.take_event()) {
            const auto *part = std::get_if<imap::BodyPiece>(&*event);
            body_bytes += part == nullptr ? 0 : part->bytes.size();
            heap_max = std::max(heap_max, heap_bytes() - heap_before);
        }
    }
    say(")\r\nP3 OK done\r\n");
    EXPECT_EQ(body_bytes, pieces * piece.size());
    EXPECT_EQ(std::get<imap::BodyEnded>(*dialogue.take_event()).uid, 5U);
    EXPECT_LT(heap_max, 100'000);
}

TEST(ImapHostile, AListOfFoldersWithoutEndTakesNoMemory) {
    ImapConversation talk;
    talk.begin("NAMESPACE");
    talk.dialogue.list_folders();
    talk.answer("NAMESPACE", "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n% OK done\r\n");
    const std::int64_t heap_before = heap_bytes();
    for (int number = 0; number < 5'000; ++number) {
        talk.say("* LIST () \"/\" folder" + std::to_string(number) + "\r\n");
        talk.events();
    }
    EXPECT_LT(heap_bytes() - heap_before, 100'000);
}

} // namespace
} // namespace postrider::transport
