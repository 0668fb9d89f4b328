// The writer of the three containers: what stands before the base64, the base64, what stands after.
#include "common/mail/message.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/mail/address.hpp"
#include "common/mail/transfer_encoding.hpp"

namespace postrider::mail {

namespace {

constexpr std::string_view crlf = "\r\n";

/// More than all lines but the base64 ones can take, with addresses and prefix at their maxima.
constexpr std::size_t frame_bytes_max = 2048;
/// What is read of an envelope and written at once.
constexpr std::size_t block_lines = 128;
static_assert(block_lines * (mime_line_digits / 4 * 3) <= envelope_read_ahead_bytes_max);

std::size_t line_digits_of(Container container) {
    return container == Container::armour ? armour_line_digits : mime_line_digits;
}

std::size_t mail_bytes_max_of(Container container) {
    return container == Container::armour ? limits::mail_armour_bytes_max : limits::mail_bytes_max;
}

/// RFC 5322 section 3.3. A clock that is far off does not stop the mail: years are held to
/// 1970…9999.
std::string date_text(Timestamp time) {
    constexpr std::array<const char *, 7> weekdays = {"Sun", "Mon", "Tue", "Wed",
                                                      "Thu", "Fri", "Sat"};
    constexpr std::array<const char *, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    using std::chrono::sys_days;
    const Timestamp first{};
    const Timestamp last = sys_days{std::chrono::year{9999} / 12 / 31};
    const Timestamp held = std::clamp(time, first, last);
    const sys_days day = std::chrono::floor<std::chrono::days>(held);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<std::chrono::seconds>(held - day)};
    std::array<char, 48> text{};
    const int size = std::snprintf(
        text.data(), text.size(), "%s, %02u %s %04d %02d:%02d:%02d +0000",
        weekdays.at(std::chrono::weekday{day}.c_encoding()), static_cast<unsigned>(date.day()),
        months.at(static_cast<unsigned>(date.month()) - 1), static_cast<int>(date.year()),
        static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
        static_cast<int>(clock.seconds().count()));
    ensure(size > 0 && static_cast<std::size_t>(size) < text.size(), "a date has a bounded length");
    return {text.data(), static_cast<std::size_t>(size)};
}

/// The names that a token gives to the pieces of a mail, all of lower-case base32.
struct Names {
    std::string message;
    std::string subject;
    std::string file;
    std::string boundary;
};

Names names_of(const MessageToken &token) {
    const ByteView bytes = token;
    return {message_name(token), to_base32(bytes.subspan(16, 5)),
            to_base32(bytes.subspan(21, 8)).substr(0, 12) + ".dat",
            // "=_" occurs neither in base64 nor in quoted-printable (RFC 2045 section 6.7).
            "=_" + to_base32(bytes.subspan(29, 16))};
}

void add_line(std::string &text, std::string_view line) {
    text += line;
    text += crlf;
}

/// Folds after the field's name when the line would become too long; the value itself has no blank
/// at which it could be folded.
void add_field(std::string &text, std::string_view name, std::string_view value) {
    constexpr std::size_t columns_max = 76;
    text += name;
    text += name.size() + 2 + value.size() > columns_max ? ":\r\n " : ": ";
    add_line(text, value);
}

/// Within one line.
std::string letter_subject(std::string_view subject) {
    constexpr std::size_t columns_max = 66;
    std::string out;
    for (const char letter : subject.substr(0, columns_max)) {
        out += letter >= ' ' && letter <= '~' ? letter : '?';
    }
    return subject.size() > columns_max ? out.substr(0, columns_max - 3) + "..." : out;
}

void add_header(std::string &text, const Message &message, const Names &names) {
    add_field(text, "From", message.from);
    add_field(text, "To", message.to);
    add_field(text, "Date", date_text(message.date));
    add_field(text, "Message-ID",
              "<" + names.message + "@" + std::string(domain_of(message.from)) + ">");
    const std::string separator = message.subject_prefix.empty() ? "" : " ";
    add_field(text, "Subject",
              message.container == Container::letter
                  ? letter_subject(message.subject)
                  : message.subject_prefix + separator + names.subject);
    add_line(text, "MIME-Version: 1.0");
    // RFC 3834: keeps vacation programs from answering; the second one is for Exchange.
    add_line(text, "Auto-Submitted: auto-generated");
    add_line(text, "X-Auto-Response-Suppress: All");
}

void add_attachment_fields(std::string &text, const Names &names) {
    add_line(text, "Content-Type: application/octet-stream; name=\"" + names.file + "\"");
    add_line(text, "Content-Transfer-Encoding: base64");
    add_line(text, "Content-Disposition: attachment; filename=\"" + names.file + "\"");
    add_line(text, "");
}

/// The type of a text, and what it says to people: `where` the part is.
void add_text(std::string &text, std::string_view where) {
    add_line(text, "Content-Type: text/plain; charset=us-ascii");
    add_line(text, "Content-Transfer-Encoding: 7bit");
    add_line(text, "");
    add_line(text, "Postrider keeps databases in step by e-mail. The " + std::string(where) +
                       " is encrypted");
    add_line(text, "and is meant for the database that reads this mailbox: please leave this");
    add_line(text, "mail where it is.");
    add_line(text, "");
}

/// What stands before and after the base64 of the envelope.
struct Frame {
    std::string before;
    std::string after;
};

Frame frame_of(const Message &message) {
    const Names names = names_of(message.token);
    Frame frame;
    add_header(frame.before, message, names);
    switch (message.container) {
    case Container::mixed:
        add_line(frame.before, "Content-Type: multipart/mixed;");
        add_line(frame.before, " boundary=\"" + names.boundary + "\"");
        add_line(frame.before, "");
        add_line(frame.before, "--" + names.boundary);
        add_text(frame.before, "attachment");
        add_line(frame.before, "--" + names.boundary);
        add_attachment_fields(frame.before, names);
        add_line(frame.after, "--" + names.boundary + "--");
        break;
    case Container::single:
        add_attachment_fields(frame.before, names);
        break;
    case Container::armour:
        add_text(frame.before, "block below");
        add_line(frame.before, "-----BEGIN POSTRIDER PART-----");
        add_line(frame.before, "");
        add_line(frame.after, "-----END POSTRIDER PART-----");
        break;
    case Container::letter:
        add_line(frame.before, "Content-Type: text/plain; charset=utf-8");
        add_line(frame.before, "Content-Transfer-Encoding: base64");
        add_line(frame.before, "");
        break;
    }
    return frame;
}

} // namespace

std::string message_name(const MessageToken &token) {
    return to_base32(ByteView(token).first(16));
}

Result<MessageText> MessageText::create(const Message &message,
                                        std::size_t envelope_bytes,
                                        ReadEnvelope read_envelope) {
    for (const std::string &address : {message.from, message.to}) {
        if (Result<void> checked = check_address(address); !checked) {
            return std::move(checked).error();
        }
    }
    if (Result<void> checked = check_subject_prefix(message.subject_prefix); !checked) {
        return std::move(checked).error();
    }
    if (envelope_bytes >
        envelope_bytes_max_for(mail_bytes_max_of(message.container), message.container)) {
        return Error{Errc::too_large, "envelope of " + std::to_string(envelope_bytes) +
                                          " bytes does not fit into a mail"};
    }
    Frame frame = frame_of(message);
    MessageText text;
    text.line_digits_ = line_digits_of(message.container);
    text.size_ = frame.before.size() + base64_lines_bytes(envelope_bytes, text.line_digits_) +
                 frame.after.size();
    text.ready_ = std::move(frame.before);
    text.after_ = std::move(frame.after);
    text.envelope_bytes_ = envelope_bytes;
    text.envelope_bytes_left_ = envelope_bytes;
    text.read_envelope_ = std::move(read_envelope);
    return text;
}

Result<std::size_t> MessageText::read(std::span<std::uint8_t> into) {
    std::size_t filled = 0;
    while (filled < into.size()) {
        if (failure_) {
            return *failure_;
        }
        if (position_ == ready_.size()) {
            const Result<bool> more = make_ready();
            if (!more) {
                failure_ = more.error();
                continue;
            }
            if (!*more) {
                break;
            }
        }
        const std::size_t size = std::min(into.size() - filled, ready_.size() - position_);
        std::memcpy(into.data() + filled, ready_.data() + position_, size);
        position_ += size;
        filled += size;
    }
    return filled;
}

/// False at the end of the mail.
Result<bool> MessageText::make_ready() {
    if (is_ended_) {
        return false;
    }
    ready_.clear();
    position_ = 0;
    Bytes block(std::min(envelope_bytes_left_, block_lines * (line_digits_ / 4 * 3)));
    const bool is_end = block.empty();
    if (is_end) {
        block.resize(1); // that nothing is left is found out by reading on
    }
    std::size_t filled = 0;
    while (filled < block.size()) {
        const Result<std::size_t> size = read_envelope_(std::span(block).subspan(filled));
        if (!size) {
            return size.error();
        }
        if (*size == 0) {
            break;
        }
        filled += *size;
    }
    if (filled != (is_end ? 0 : block.size())) {
        return Error{Errc::internal, "envelope does not have the " +
                                         std::to_string(envelope_bytes_) +
                                         " bytes that it was said to have"};
    }
    if (is_end) {
        ready_ = std::move(after_);
        is_ended_ = true;
        return !ready_.empty();
    }
    envelope_bytes_left_ -= filled;
    append_base64_lines(block, line_digits_, ready_);
    return true;
}

Result<std::string> write_message(const Message &message, ByteView envelope) {
    Result<MessageText> text = MessageText::create(
        message, envelope.size(),
        [rest = envelope](std::span<std::uint8_t> into) mutable -> Result<std::size_t> {
            const ByteView piece = rest.first(std::min(rest.size(), into.size()));
            std::copy(piece.begin(), piece.end(), into.begin());
            rest = rest.subspan(piece.size());
            return piece.size();
        });
    if (!text) {
        return text.error();
    }
    std::string mail(text->size(), '\0');
    const Result<std::size_t> size =
        text->read(std::span(reinterpret_cast<std::uint8_t *>(mail.data()), mail.size()));
    if (!size) {
        return size.error();
    }
    ensure(*size == mail.size(), "the size of a mail is known beforehand");
    return mail;
}

std::size_t message_bytes_max_for(std::size_t envelope_bytes, Container container) {
    return frame_bytes_max + base64_lines_bytes(envelope_bytes, line_digits_of(container));
}

std::size_t envelope_bytes_max_for(std::size_t mail_bytes, Container container) {
    mail_bytes = std::min(mail_bytes, mail_bytes_max_of(container));
    if (mail_bytes <= frame_bytes_max) {
        return 0;
    }
    const std::size_t digits = line_digits_of(container);
    const std::size_t room = mail_bytes - frame_bytes_max;
    const std::size_t last_line = room % (digits + crlf.size());
    const std::size_t last_line_carries = last_line < 2 ? 0 : (last_line - 2) / 4 * 3;
    return room / (digits + crlf.size()) * (digits / 4 * 3) + last_line_carries;
}

} // namespace postrider::mail
