// A server that says anything, and an owner that asks, loses the connection and says goodbye
// whenever it likes: each question gets one answer in its order, and a message that was retrieved
// is what a second, simpler reader finds in all that the server has said.
//
// The input is a list of steps: a byte that names the step and one that is its argument; "say" is
// followed by as many bytes as its argument counts.
#include <algorithm>
#include <array>
#include <deque>
#include <string>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/transport/pop3_dialogue.hpp"

namespace {

using namespace postrider;
using namespace postrider::transport;

constexpr std::uint64_t message_bytes_max = 200;

constexpr std::array<std::string_view, 16> usual_answers{
    "+OK\r\nTOP\r\nUIDL\r\nPIPELINING\r\n.\r\n",
    "+OK 2 9\r\n+OK\r\n1 4\r\n2 5\r\n.\r\n+OK\r\n1 a\r\n2 b\r\n.\r\n",
    "+OK\r\n",
    "-ERR [IN-USE] no\r\n",
    "-ERR no\r\n",
    ".\r\n",
    "..\r\n",
    "\n.\r\n",
    "\r.\r\n",
    "+OK 2 9\r\n",
    "+OK\r\n2 5\r\n1 4\r\n.\r\n",
    "+OK\r\n1 a\r\n2 a\r\n.\r\n",
    ".x\r\n",
    ".\n",
    "text\r\n",
    "\r\n"};

/// Reads all that the server has said from its beginning.
class SecondReader {
  public:
    /// The next line without its end; "" where there is none any more.
    std::string line(const std::string &said) {
        const std::size_t line_end = std::min(said.find('\n', at_), said.size());
        std::string found = said.substr(at_, line_end - at_);
        at_ = std::min(line_end + 1, said.size());
        if (found.ends_with('\r')) {
            found.pop_back();
        }
        return found;
    }

    void skip_list(const std::string &said) {
        while (line(said) != ".") {
        }
    }

    std::string text(const std::string &said) {
        // With a line end before it, the end looks the same in an empty text as in any other.
        const std::string rest = "\r\n" + said.substr(at_);
        const std::size_t text_end = rest.find("\r\n.\r\n");
        ensure(text_end != std::string::npos, "a message that was retrieved has an end");
        at_ += text_end + 3;
        std::string text = rest.substr(0, text_end + 2);
        for (std::size_t dot = text.find("\r\n."); dot != std::string::npos;
             dot = text.find("\r\n.", dot + 2)) {
            text.erase(dot + 2, 1);
        }
        return text.substr(2);
    }

  private:
    std::size_t at_ = 0;
};

bool is_ok(const std::string &line) {
    return line.starts_with('+');
}

class Driver {
  public:
    explicit Driver(ByteView input) : input_(input) {}

    void run() {
        while (!input_.empty()) {
            const std::uint8_t step = next();
            take(step % 8, next());
            take_events();
        }
        dialogue_.lost({Errc::unavailable, "connection closed"});
        take_events();
        ensure(asked_.empty(), "each question gets an answer");
        ensure(has_ended_ == is_ready_, "what was ready has one end");
        ensure(dialogue_.is_over() && !dialogue_.patience(), "a dialogue that is lost is over");
        ensure(dialogue_.output(1000).empty(), "who is gone says nothing");
    }

  private:
    struct Question {
        Pop3Request request;
        std::uint64_t number;
    };

    std::uint8_t next() {
        const std::uint8_t byte = input_.empty() ? 0 : input_.front();
        input_ = input_.subspan(input_.empty() ? 0 : 1);
        return byte;
    }

    void take(unsigned step, std::uint8_t argument) {
        switch (step) {
        case 0: {
            const ByteView said = input_.first(std::min<std::size_t>(argument, input_.size()));
            input_ = input_.subspan(said.size());
            hear(said);
            return;
        }
        case 1:
            hear(as_bytes(usual_answers.at(argument % usual_answers.size())));
            return;
        case 2: {
            const Bytes bytes = dialogue_.output(argument);
            ensure(bytes.size() <= argument + 40U, "output is bounded");
            written_.append(as_text(bytes));
            return;
        }
        case 3:
        case 4:
        case 5:
            ask(static_cast<Pop3Request>(step - 3), argument);
            return;
        case 6:
            if (argument % 4 == 0) {
                dialogue_.lost({Errc::timed_out, "server is silent"});
            }
            return;
        default:
            if (argument % 4 == 0) {
                dialogue_.quit();
            }
        }
    }

    void hear(ByteView said) {
        if (!dialogue_.is_over()) {
            said_.append(as_text(said));
        }
        const Result<void> heard = dialogue_.receive(said);
        ensure(heard.has_value() || dialogue_.is_over(), "an error ends the dialogue");
    }

    void ask(Pop3Request request, std::uint8_t argument) {
        if (!dialogue_.may_ask() || count_ == 0 || (request == Pop3Request::top && !has_top_)) {
            return;
        }
        const std::uint64_t number = 1 + argument % count_;
        asked_.push_back({request, number});
        ensure(asked_.size() <= limits::pop3_requests_max, "questions are bounded");
        switch (request) {
        case Pop3Request::retrieve:
            dialogue_.retrieve(number);
            return;
        case Pop3Request::top:
            dialogue_.top(number, argument);
            return;
        case Pop3Request::remove:
            dialogue_.remove(number);
        }
    }

    void take_events() {
        while (std::optional<Pop3Event> event = dialogue_.take_event()) {
            ensure(!has_ended_, "nothing comes after the end");
            std::visit([this](const auto &each) { on(each); }, *event);
        }
    }

    void on(const Pop3Ready &ready) {
        ensure(!is_ready_, "it is ready once");
        is_ready_ = true;
        has_top_ = ready.capabilities.top;
        count_ = ready.messages.size();
        if (is_ok(second_.line(said_))) {
            second_.skip_list(said_); // CAPA
        }
        second_.line(said_); // STAT
        second_.line(said_);
        second_.skip_list(said_); // LIST
        if (is_ok(second_.line(said_))) {
            second_.skip_list(said_); // UIDL
        }
    }

    void on(const Pop3Piece &piece) {
        ensure(!asked_.empty() && asked_.front().number == piece.number &&
                   asked_.front().request != Pop3Request::remove,
               "a piece is of the message that was asked for first");
        text_.append(as_text(piece.bytes));
        ensure(text_.size() <= message_bytes_max, "messages are bounded");
    }

    void on(const Pop3Done &done) {
        ensure(!asked_.empty(), "there is a question for each answer");
        const Question question = asked_.front();
        asked_.pop_front();
        ensure(question.request == done.request && question.number == done.number,
               "answers come in the order of questions");
        ensure(text_.size() == done.bytes, "all bytes are counted");
        const std::string text = std::exchange(text_, {});
        if (dialogue_.is_over() && done.error) {
            return; // what came of it may be anything
        }
        ensure(is_ok(second_.line(said_)) == !done.error, "what is said is what is told");
        if (!done.error && done.request != Pop3Request::remove) {
            ensure(text == second_.text(said_), "no byte is lost or invented");
        }
    }

    void on(const Pop3Ended &ended) {
        has_ended_ = true;
        const bool has_quit = written_.ends_with("QUIT\r\n");
        const bool has_removed = written_.find("DELE ") != std::string::npos;
        ensure(ended.error.has_value() == (ended.deletions != Pop3Deletions::done),
               "an end without goodbye has a reason");
        ensure(ended.deletions == Pop3Deletions::nothing || has_quit, "QUIT deletes, nothing else");
        ensure(ended.deletions != Pop3Deletions::nothing || !has_quit || !has_removed,
               "what may be deleted is not called kept");
    }

    ByteView input_;
    Pop3Dialogue dialogue_{message_bytes_max};
    SecondReader second_;
    std::string said_;
    std::string written_;
    std::string text_; // of the message that is read
    std::deque<Question> asked_;
    std::uint64_t count_ = 0;
    bool has_top_ = false;
    bool is_ready_ = false;
    bool has_ended_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
    Driver(ByteView(bytes, size)).run();
    return 0;
}
