// The writer of container A.
#include "common/mail/message.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/mail/address.hpp"
#include "common/mail/transfer_encoding.hpp"

namespace postrider::mail {

namespace {

constexpr std::string_view crlf = "\r\n";

/// More than all lines but the base64 ones can take, with addresses and prefix at their maxima.
constexpr std::size_t frame_bytes_max = 2048;
constexpr std::size_t base64_line_bytes = 78; // 76 digits and CRLF carry 57 bytes
constexpr std::size_t base64_line_carries = 57;

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
    std::string message_id;
    std::string subject;
    std::string file;
    std::string boundary;
};

Names names_of(const MessageToken &token) {
    const ByteView bytes = token;
    return {to_base32(bytes.first(16)), to_base32(bytes.subspan(16, 5)),
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

void add_header(std::string &text, const Message &message, const Names &names) {
    add_field(text, "From", message.from);
    add_field(text, "To", message.to);
    add_field(text, "Date", date_text(message.date));
    add_field(text, "Message-ID",
              "<" + names.message_id + "@" + std::string(domain_of(message.from)) + ">");
    const std::string separator = message.subject_prefix.empty() ? "" : " ";
    add_field(text, "Subject", message.subject_prefix + separator + names.subject);
    add_line(text, "MIME-Version: 1.0");
    // RFC 3834: keeps vacation programs from answering; the second one is for Exchange.
    add_line(text, "Auto-Submitted: auto-generated");
    add_line(text, "X-Auto-Response-Suppress: All");
    add_line(text, "Content-Type: multipart/mixed;");
    add_line(text, " boundary=\"" + names.boundary + "\"");
    add_line(text, "");
}

void add_text_part(std::string &text, const Names &names) {
    add_line(text, "--" + names.boundary);
    add_line(text, "Content-Type: text/plain; charset=us-ascii");
    add_line(text, "Content-Transfer-Encoding: 7bit");
    add_line(text, "");
    add_line(text, "Postrider keeps databases in step by e-mail. The attachment is encrypted");
    add_line(text, "and is meant for the database that reads this mailbox: please leave this");
    add_line(text, "mail where it is.");
    add_line(text, "");
}

} // namespace

Result<std::string> write_message(const Message &message) {
    for (const std::string &address : {message.from, message.to}) {
        if (Result<void> checked = check_address(address); !checked) {
            return std::move(checked).error();
        }
    }
    if (Result<void> checked = check_subject_prefix(message.subject_prefix); !checked) {
        return std::move(checked).error();
    }
    if (message_bytes_max_for(message.envelope.size()) > limits::mail_bytes_max) {
        return Error{Errc::too_large, "envelope of " + std::to_string(message.envelope.size()) +
                                          " bytes does not fit into a mail"};
    }
    const Names names = names_of(message.token);
    std::string text;
    text.reserve(message_bytes_max_for(message.envelope.size()));
    add_header(text, message, names);
    add_text_part(text, names);
    add_line(text, "--" + names.boundary);
    add_line(text, "Content-Type: application/octet-stream; name=\"" + names.file + "\"");
    add_line(text, "Content-Transfer-Encoding: base64");
    add_line(text, "Content-Disposition: attachment; filename=\"" + names.file + "\"");
    add_line(text, "");
    text += to_base64_lines(message.envelope);
    add_line(text, "--" + names.boundary + "--");
    return text;
}

std::size_t message_bytes_max_for(std::size_t envelope_bytes) {
    return frame_bytes_max + base64_lines_bytes(envelope_bytes);
}

std::size_t envelope_bytes_max_for(std::size_t mail_bytes) {
    if (mail_bytes <= frame_bytes_max) {
        return 0;
    }
    const std::size_t room = mail_bytes - frame_bytes_max;
    const std::size_t last_line = room % base64_line_bytes;
    const std::size_t last_line_carries = last_line < 2 ? 0 : (last_line - 2) / 4 * 3;
    return room / base64_line_bytes * base64_line_carries + last_line_carries;
}

} // namespace postrider::mail
