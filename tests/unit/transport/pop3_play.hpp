// A conversation with a POP3 dialogue, had once for each size of pieces with equal results. What
// happened is kept as text: one line per event, the pieces of a message joined.
#pragma once

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/transport/pop3_dialogue.hpp"

#include "tests/unit/transport/pieces.hpp"

namespace postrider::transport {

class Pop3Play {
  public:
    explicit Pop3Play(std::size_t piece, std::uint64_t message_bytes_max = limits::mail_bytes_max)
        : dialogue(message_bytes_max), piece_(piece) {}

    std::string client() {
        std::string said;
        while (true) {
            const Bytes bytes = dialogue.output(piece_);
            if (bytes.empty()) {
                return said;
            }
            said.append(as_text(bytes));
        }
    }

    void server(std::string_view text) {
        in_pieces(text, piece_, [&](ByteView bytes) {
            if (const Result<void> done = dialogue.receive(bytes); !done) {
                error = done.error();
            }
            take_events();
        });
        // The order of an error and the events that come with it is not promised.
        if (!error.message.empty()) {
            happened += "error " + std::string(name_of(error.code)) + ": " + error.message + "\n";
            hint = std::exchange(error, {}).hint;
        }
    }

    /// CAPA with these capabilities, and three messages of 5 bytes: a, b, c.
    void greet(const std::vector<std::string> &capabilities) {
        EXPECT_EQ(client(), "CAPA\r\n");
        std::string reply = "+OK\r\n";
        for (const std::string &capability : capabilities) {
            reply += capability + "\r\n";
        }
        server(reply + ".\r\n");
        EXPECT_TRUE(client().starts_with("STAT\r\n"));
        server("+OK 3 15\r\n");
        client();
        server("+OK\r\n1 5\r\n2 5\r\n3 5\r\n.\r\n");
        client();
        server("+OK\r\n1 a\r\n2 b\r\n3 c\r\n.\r\n");
        EXPECT_TRUE(dialogue.may_ask());
        happened.clear();
    }

    void lose() {
        dialogue.lost({Errc::unavailable, "connection reset by peer"});
        take_events();
    }

    Pop3Dialogue dialogue;
    std::string happened;
    std::string hint; // of the last error of receive
    std::vector<Pop3Message> messages;
    std::vector<Error> errors; // of Pop3Done and Pop3Ended

  private:
    static std::string told(const std::optional<Error> &reason) {
        return reason ? ": " + reason->message : "";
    }

    void note(const std::optional<Error> &reason) {
        if (reason) {
            EXPECT_NE(reason->code, Errc::internal);
            errors.push_back(*reason);
        }
    }

    void on(const Pop3Ready &ready) {
        messages = ready.messages;
        happened += "ready" + std::string(ready.capabilities.top ? " top" : "") +
                    (ready.capabilities.pipelining ? " pipelining" : "") + "\n";
        for (const Pop3Message &each : ready.messages) {
            happened += "  " + std::to_string(each.number) + " " + std::to_string(each.bytes) +
                        " " + each.unique_id + "\n";
        }
        if (ready.left_out != 0) {
            happened += "  without " + std::to_string(ready.left_out) + "\n";
        }
        if (ready.no_unique_ids) {
            happened += "  no unique ids\n";
            EXPECT_NE(ready.no_unique_ids->hint.find("RECEIVE 'imaps://"), std::string::npos);
        }
    }

    void on(const Pop3Piece &piece) {
        EXPECT_LE(piece.bytes.size(), limits::pop3_piece_bytes_max + 1);
        EXPECT_FALSE(piece.bytes.empty());
        EXPECT_TRUE(text_.empty() || number_ == piece.number);
        number_ = piece.number;
        text_.append(as_text(piece.bytes));
    }

    void on(const Pop3Done &done) {
        constexpr std::string_view names[] = {"retrieved", "top of", "removed"};
        EXPECT_TRUE(text_.empty() || number_ == done.number);
        EXPECT_EQ(text_.size(), done.bytes);
        happened += std::string(names[static_cast<std::size_t>(done.request)]) + " " +
                    std::to_string(done.number) + told(done.error) + "\n";
        // How much has come of a message that is lost depends on the pieces.
        happened += done.error ? "" : text_;
        text_.clear();
        note(done.error);
    }

    void on(const Pop3Ended &ended) {
        constexpr std::string_view names[] = {"done", "nothing", "unknown"};
        happened +=
            "ended, deleted: " + std::string(names[static_cast<std::size_t>(ended.deletions)]) +
            told(ended.error) + "\n";
        note(ended.error);
    }

    void take_events() {
        while (std::optional<Pop3Event> event = dialogue.take_event()) {
            std::visit([this](const auto &each) { on(each); }, *event);
        }
    }

    std::size_t piece_;
    std::string text_; // of the message that is read
    std::uint64_t number_ = 0;
    Error error{Errc::internal, {}};
};

/// Has the conversation with each size of pieces; what happened must be the same.
template <class Conversation>
void in_all_pop3_pieces(const Conversation &conversation,
                        std::uint64_t message_bytes_max = limits::mail_bytes_max) {
    std::string first;
    for (const std::size_t piece : piece_sizes) {
        SCOPED_TRACE("pieces of " + std::to_string(piece));
        Pop3Play play(piece, message_bytes_max);
        conversation(play);
        if (piece == piece_sizes[0]) {
            first = play.happened;
        }
        EXPECT_EQ(play.happened, first);
    }
}

} // namespace postrider::transport
