// Fetches messages over a connection on which a user is logged in: RFC 1939 with CAPA (RFC 2449).
// What was fetched before, what is deleted and when is the owner's; see dialogue.hpp for who moves
// the bytes.
//
// The owner calls take_event until it gives nothing, after each receive, quit and lost.
//   Pop3Ready   once, when the server has listed its messages: now may be asked.
//   Pop3Piece   a part of a message, in order; not longer than what was received, nor than
//               `limits::pop3_piece_bytes_max` and a byte.
//   Pop3Done    once for each thing asked for, in the order of asking, whatever happens. Without an
//               error the pieces before it are the whole message; with one they are to be thrown
//               away.
//   Pop3Ended   once, at the end, unless the dialogue ended before it was ready.
// The usual life: compare unique ids with those known, retrieve the new ones, commit, remove, quit.
// A message is gone only when Pop3Ended says so: a server deletes at QUIT (RFC 1939 section 6).
//
// Without unique ids (Pop3Ready::no_unique_ids) nobody can tell what is new: the owner fetches
// nothing.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/limits.hpp"
#include "common/transport/dialogue.hpp"
#include "common/transport/dot_stuffing.hpp"
#include "common/transport/pop3_response.hpp"
#include "common/transport/server_line.hpp"

namespace postrider::transport {

struct Pop3Ready {
    Pop3Capabilities capabilities;
    std::vector<Pop3Message> messages; // by number
    /// Older ones, above `limits::pop3_messages_max`; they come into view when others are deleted.
    std::uint64_t left_out = 0;
    std::optional<Error> no_unique_ids;
};

enum class Pop3Request { retrieve, top, remove };

struct Pop3Piece {
    std::uint64_t number = 0;
    Bytes bytes;
};

struct Pop3Done {
    Pop3Request request = Pop3Request::retrieve;
    std::uint64_t number = 0;
    std::uint64_t bytes = 0;    // in all pieces together
    std::optional<Error> error; // the others go on, unless the dialogue is over
};

enum class Pop3Deletions {
    done,    // the server has confirmed them
    nothing, // nothing was deleted
    unknown, // the answer to QUIT did not come, or was no; the next listing tells
};

struct Pop3Ended {
    Pop3Deletions deletions = Pop3Deletions::nothing;
    std::optional<Error> error; // unless the server said goodbye too
};

using Pop3Event = std::variant<Pop3Ready, Pop3Piece, Pop3Done, Pop3Ended>;

class Pop3Dialogue final : public Dialogue {
  public:
    /// A message that grows beyond `message_bytes_max` ends the dialogue: it cannot be told to
    /// stop. Listed sizes are hints, so compare those before asking.
    explicit Pop3Dialogue(std::uint64_t message_bytes_max = limits::mail_bytes_max);

    /// Ready, not saying goodbye, and fewer than `limits::pop3_requests_max` answers are missing.
    [[nodiscard]] bool may_ask() const;
    /// These three only while `may_ask`, with a number of the listing.
    void retrieve(std::uint64_t number);
    /// The header and `lines` lines of the text, of which `limits::pop3_top_bytes_max` bytes are
    /// given. Only with the capability `top`.
    void top(std::uint64_t number, unsigned lines);
    void remove(std::uint64_t number);
    /// Says goodbye after what was asked for; deletes.
    void quit();
    std::optional<Pop3Event> take_event();

    Result<void> receive(ByteView bytes) override;
    Bytes output(std::size_t bytes_max) override;
    void lost(const Error &reason) override;
    /// 5 minutes for an answer to begin, 2 in which it has to get on: counted from when bytes last
    /// moved.
    [[nodiscard]] std::optional<Duration> patience() const override;

    [[nodiscard]] bool is_over() const override { return is_over_; }

  private:
    enum class Question { capabilities, stat, list, unique_ids, retrieve, top, remove, quit };
    enum class Reading { status, list, text };

    struct Command {
        Question question;
        std::uint64_t number;
        std::string line;
    };

    void say(Question question, std::uint64_t number, std::string line);
    void check_asking(std::uint64_t number) const;
    Result<void> read_text(ByteView &bytes);
    Result<void> on_line(std::string_view line);
    Result<void> on_status(std::string_view line);
    Result<void> on_ok(const Pop3Status &status);
    Result<void> on_refusal(const Pop3Status &status);
    Result<void> on_listed(std::string_view line);
    Result<void> on_list_end();
    void begin_listing();
    void become_ready(std::optional<Error> no_unique_ids);
    /// The question at the front of `awaited_` is answered.
    void answered(std::optional<Error> error);
    void end(const Error &reason);

    std::uint64_t message_bytes_max_;
    ServerLineReader line_;
    DotUnstuffer unstuffer_;
    Reading reading_ = Reading::status;
    std::uint64_t text_bytes_ = 0; // of the message that is read
    std::uint64_t given_bytes_ = 0;
    std::size_t capability_lines_ = 0;
    Pop3Capabilities capabilities_;
    Pop3Maildrop maildrop_;
    std::uint64_t count_ = 0;     // of the maildrop's messages
    std::deque<Command> to_say_;  // not yet given by output
    std::deque<Command> awaited_; // given by output
    std::deque<Pop3Event> events_;
    bool is_ready_ = false;
    bool removal_said_ = false;
    bool quit_asked_ = false;
    bool quit_said_ = false;
    bool is_over_ = false;
};

} // namespace postrider::transport
