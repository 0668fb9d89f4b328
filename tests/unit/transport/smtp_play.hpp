// A conversation with an SMTP dialogue, had once for each size of pieces with equal results. What
// happened is kept as text: one line per event.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/transport/smtp_dialogue.hpp"

#include "tests/unit/transport/pieces.hpp"

namespace postrider::transport {

class SmtpPlay {
  public:
    explicit SmtpPlay(std::size_t piece) : piece_(piece) {}

    /// What the dialogue writes now, asked for in pieces.
    std::string client() {
        std::string said;
        while (true) {
            const Bytes bytes = dialogue.output(piece_);
            take_events();
            if (bytes.empty()) {
                return said;
            }
            said.append(as_text(bytes));
        }
    }

    void server(std::string_view text) {
        in_pieces(text, piece_, [&](ByteView bytes) {
            if (const Result<void> done = dialogue.receive(bytes); !done) {
                happened += "error " + std::string(name_of(done.error().code)) + ": " +
                            done.error().message + "\n";
                hint = done.error().hint;
            }
            take_events();
        });
    }

    /// EHLO and its reply with these capabilities.
    void greet(const std::vector<std::string> &capabilities) {
        EXPECT_EQ(client(), "EHLO node.example\r\n");
        std::string reply = "mail.example greets";
        for (const std::string &capability : capabilities) {
            reply = "250-" + reply + "\r\n";
            replies += reply;
            reply = capability;
        }
        server(replies + "250 " + reply + "\r\n");
        happened.clear();
    }

    void send(std::vector<std::string> recipients, const std::string &text = "Hi\r\n") {
        send_claimed(std::move(recipients), text, text.size());
    }

    void send_claimed(std::vector<std::string> recipients,
                      const std::string &text,
                      std::uint64_t bytes,
                      bool fails = false) {
        SmtpMail mail;
        mail.ticket = 7;
        mail.sender = "us@node.example";
        mail.recipients = std::move(recipients);
        mail.bytes = bytes;
        mail.content = std::make_unique<TextContent>(text, piece_, fails);
        if (const Result<void> taken = dialogue.send(std::move(mail)); !taken) {
            happened += "not taken: " + taken.error().message + "\n";
        }
        take_events();
    }

    void lose() {
        dialogue.lost({Errc::unavailable, "connection reset by peer"});
        take_events();
    }

    SmtpDialogue dialogue{"node.example"};
    std::string happened;
    std::string hint; // of the last error of receive
    std::vector<SmtpOutcome> outcomes;

  private:
    void take_events() {
        while (std::optional<SmtpEvent> event = dialogue.take_event()) {
            if (SmtpOutcome *outcome = std::get_if<SmtpOutcome>(&*event)) {
                happened += "outcome " + std::to_string(outcome->ticket) + "\n";
                for (const SmtpRecipientOutcome &each : outcome->recipients) {
                    happened += "  " + each.address + " " + std::string(name_of(each.verdict)) +
                                (each.reply ? " " + each.reply->shown() : "") + "\n";
                    EXPECT_EQ(each.error.has_value(), each.verdict != SmtpVerdict::accepted);
                    EXPECT_TRUE(!each.error || !each.error->hint.empty());
                    EXPECT_TRUE(!each.reply || each.reply->lines.empty());
                }
                outcomes.push_back(std::move(*outcome));
            } else {
                happened += "ready\n";
            }
        }
    }

    std::size_t piece_;
    std::string replies;
};

/// Has the conversation with each size of pieces; what happened must be the same.
template <class Conversation>
void in_all_pieces(const Conversation &conversation) {
    std::string first;
    for (const std::size_t piece : piece_sizes) {
        SCOPED_TRACE("pieces of " + std::to_string(piece));
        SmtpPlay play(piece);
        conversation(play);
        if (piece == piece_sizes[0]) {
            first = play.happened;
        }
        EXPECT_EQ(play.happened, first);
    }
}

} // namespace postrider::transport
