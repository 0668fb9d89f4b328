// A server that says anything, and an owner that sends, asks for output, loses the connection and
// says goodbye whenever it likes: each mail gets one outcome per recipient, one that may have been
// accepted was written whole and exactly, and one that was not sent was not.
//
// The input is a list of steps: a byte that names the step and one that is its argument; "say" is
// followed by as many bytes as its argument counts.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"
#include "common/transport/smtp_dialogue.hpp"

namespace {

using namespace postrider;
using namespace postrider::transport;

constexpr std::array<std::string_view, 16> usual_replies{
    "250-x\r\n250-SIZE 40\r\n250 PIPELINING\r\n",
    "250 x\r\n",
    "250 2.1.0 ok\r\n",
    "354 go\r\n",
    "550 5.1.1 no\r\n",
    "452 4.5.3 many\r\n",
    "421 bye\r\n",
    "450 4.7.1 wait\r\n",
    "552 5.2.2 full\r\n",
    "250-x\r\n",
    "500 what\r\n",
    "250-x\r\n250 SIZE\r\n",
    "221 bye\r\n",
    "554 5.7.1 spam\r\n",
    "250 ok\r\n250 ok\r\n250 ok\r\n",
    "250 ok\r\n250 ok\r\n550 no\r\n"};

class Content final : public ContentSource {
  public:
    Content(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}

    Result<std::size_t> read(std::span<std::uint8_t> into) override {
        const std::size_t size = std::min({piece_, into.size(), text_.size() - at_});
        std::copy_n(text_.data() + at_, size, into.begin());
        at_ += size;
        return size;
    }

  private:
    std::string text_;
    std::size_t piece_;
    std::size_t at_ = 0;
};

/// What is to be written for a text, said in another way than the dialogue does it.
std::string on_the_wire(const std::string &text) {
    std::string wire = "\r\n" + text;
    for (std::size_t at = wire.find("\r\n."); at != std::string::npos;
         at = wire.find("\r\n.", at + 3)) {
        wire.insert(at + 2, ".");
    }
    wire.erase(0, 2);
    return wire + (text.empty() || text.ends_with("\r\n") ? ".\r\n" : "\r\n.\r\n");
}

bool has_crlf_only(const std::string &text) {
    std::size_t pairs = 0;
    for (std::size_t at = text.find("\r\n"); at != std::string::npos;
         at = text.find("\r\n", at + 2)) {
        ++pairs;
    }
    const auto count = [&](char letter) {
        return static_cast<std::size_t>(std::count(text.begin(), text.end(), letter));
    };
    return count('\r') == pairs && count('\n') == pairs;
}

class Driver {
  public:
    explicit Driver(ByteView input) : input_(input) {}

    void run() {
        while (!input_.empty()) {
            const std::uint8_t step = next();
            const std::uint8_t argument = next();
            take(step % 7, argument);
            take_events();
        }
        dialogue_.lost({Errc::unavailable, "connection closed"});
        take_events();
        ensure(!under_way_, "each mail that was taken gets an outcome");
        ensure(dialogue_.is_over() && !dialogue_.patience(), "a dialogue that is lost is over");
        ensure(dialogue_.output(1000).empty(), "who is gone says nothing");
    }

  private:
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
            hear(as_bytes(usual_replies.at(argument % usual_replies.size())));
            return;
        case 2:
        case 3:
            write(step == 2 ? argument : 20'000);
            return;
        case 4:
            send(argument);
            return;
        case 5:
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
        const Result<void> heard = dialogue_.receive(said);
        ensure(heard.has_value() || dialogue_.is_over(), "an error ends the dialogue");
    }

    void write(std::size_t bytes_max) {
        const Bytes bytes = dialogue_.output(bytes_max);
        ensure(bytes.size() <= 2 * bytes_max + 600, "output is bounded");
        written_.append(as_text(bytes));
    }

    void send(std::uint8_t argument) {
        if (!dialogue_.may_send()) {
            return;
        }
        constexpr std::array<std::string_view, 8> pieces{".",         "\r\n", "a",  "..",
                                                         "\r\n.\r\n", "b.",   "\n", "\r"};
        std::string text;
        for (unsigned count = next() % 16; count > 0; --count) {
            // Bare line ends seldom, or hardly a mail would reach its end.
            const std::uint8_t choice = next();
            text += pieces.at(choice < 8 ? choice : choice % 6);
        }
        SmtpMail mail;
        mail.ticket = ++ticket_;
        mail.sender = "us@node.example";
        for (unsigned count = argument % 4; count > 0; --count) {
            mail.recipients.push_back("r" + std::to_string(count) + "@you.example");
        }
        mail.bytes = argument >= 240 ? next() : text.size();
        mail.content = std::make_unique<Content>(text, 1 + argument / 4 % 8);
        is_sound_ = mail.bytes == text.size() && has_crlf_only(text);
        recipients_ = mail.recipients;
        text_ = text;
        written_.clear();
        under_way_ = dialogue_.send(std::move(mail)).has_value();
        ensure(under_way_ != recipients_.empty(), "a mail needs recipients and nothing else");
    }

    void take_events() {
        for (unsigned count = 0; std::optional<SmtpEvent> event = dialogue_.take_event(); ++count) {
            ensure(count < 2, "events do not pile up");
            if (const SmtpOutcome *outcome = std::get_if<SmtpOutcome>(&*event)) {
                check(*outcome);
            }
        }
    }

    void check(const SmtpOutcome &outcome) {
        ensure(under_way_ && outcome.ticket == ticket_, "one outcome for each mail");
        under_way_ = false;
        ensure(outcome.recipients.size() == recipients_.size(), "one line for each recipient");
        const bool is_written = written_.ends_with("DATA\r\n" + on_the_wire(text_));
        bool is_for_nobody = true;
        for (std::size_t index = 0; index < recipients_.size(); ++index) {
            const SmtpRecipientOutcome &each = outcome.recipients[index];
            ensure(each.address == recipients_[index], "recipients come back in their order");
            ensure(each.error.has_value() == (each.verdict != SmtpVerdict::accepted),
                   "who is not accepted is told why");
            const bool may_have_it =
                each.verdict == SmtpVerdict::accepted || each.verdict == SmtpVerdict::unknown;
            is_for_nobody = is_for_nobody && !may_have_it;
            ensure(!may_have_it || is_written, "what may be accepted was written exactly");
            ensure(!may_have_it ||
                       written_.find("RCPT TO:<" + each.address + ">\r\n") != std::string::npos,
                   "who may have it was named");
            ensure(each.verdict != SmtpVerdict::not_sent || !is_written,
                   "what was written was sent");
        }
        const std::size_t data = written_.find("DATA\r\n");
        const std::string after = data == std::string::npos ? "" : written_.substr(data + 6);
        // RFC 2920 section 3.1: DATA that went ahead is ended at once where nobody was accepted.
        const bool is_ended_empty = is_for_nobody && after == ".\r\n";
        ensure(on_the_wire(text_).starts_with(after) || after == "RSET\r\n" || is_ended_empty,
               "no byte is lost or invented");
        ensure(is_sound_ || !is_written || is_ended_empty, "what is not as was said is not ended");
    }

    ByteView input_;
    SmtpDialogue dialogue_{"node.example"};
    std::string written_; // since the mail under way was sent
    std::string text_;
    std::vector<std::string> recipients_;
    std::uint64_t ticket_ = 0;
    bool is_sound_ = false; // it can be sent
    bool under_way_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
    Driver(ByteView(bytes, size)).run();
    return 0;
}
