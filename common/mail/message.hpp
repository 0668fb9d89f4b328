// Writes the mail that carries one part (docs/protocol.md, "Mail container") in one of three forms,
// and those that people read. 7-bit, CRLF, no line above 76 columns, no text of a peer in any
// header. Reading is mail/extract.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"

namespace postrider::mail {

/// Stands in From and To on paths that know no mail addresses, such as a shared maildir.
inline constexpr std::string_view neutral_address = "postrider@localhost.invalid";
inline constexpr std::string_view default_subject_prefix = "[postrider]";

/// Fresh for every transmission, a repeated one too: systems on the way drop what they think they
/// have seen by its Message-ID. Shown to the world, so never bytes that anything secret depends on.
using MessageToken = FixedBytes<48>;

/// How the envelope lies in the mail. What one of them does not survive, another may.
enum class Container {
    mixed,  // multipart/mixed of a few lines for humans and a base64 octet-stream: the usual one
    single, // an octet-stream alone, for lists that drop multiparts
    armour, // base64 in a text, for filters that strip attachments; small mails only
    letter, // no envelope but a text in UTF-8 for a person to read, with a subject of its own
};

struct Message {
    std::string from = std::string(neutral_address);
    std::string to = std::string(neutral_address);
    std::string subject_prefix = std::string(default_subject_prefix);
    Timestamp date{};
    MessageToken token{};
    Container container = Container::mixed;
    std::string subject = {}; // of a letter; what is not ASCII, and what is too long, is left out
};

/// What stands before the '@' of the Message-ID: by it a bounce tells which mail it is about.
std::string message_name(const MessageToken &token);

/// Gives an envelope from its beginning to its end: fills the beginning of `into` and gives how
/// much; 0 at the end.
using ReadEnvelope = std::function<Result<std::size_t>(std::span<std::uint8_t> into)>;

/// So much more of the envelope may be read than has been given as text.
inline constexpr std::size_t envelope_read_ahead_bytes_max = 8192;

/// A mail as it is put on the wire, written while it is read: some kilobytes are in memory, however
/// large it is.
class MessageText {
  public:
    /// Fails as check_address and check_subject_prefix do, and with `too_large` above the limit of
    /// the container: `limits::mail_bytes_max`, of armour `limits::mail_armour_bytes_max`.
    static Result<MessageText>
    create(const Message &message, std::size_t envelope_bytes, ReadEnvelope read_envelope);

    /// Of the whole mail, to the byte, for the SIZE of SMTP.
    [[nodiscard]] std::size_t size() const { return size_; }

    /// Fills `into`, or its beginning where the mail ends; gives how much. An envelope that is not
    /// as long as it was said to be, or cannot be read, is an error, and stays one: what was
    /// written must not be taken for a mail.
    Result<std::size_t> read(std::span<std::uint8_t> into);

  private:
    MessageText() = default;

    Result<bool> make_ready();

    std::string ready_; // written, and read up to `position_`
    std::size_t position_ = 0;
    std::string after_; // what follows the envelope
    std::size_t envelope_bytes_ = 0;
    std::size_t envelope_bytes_left_ = 0;
    std::size_t line_digits_ = 0;
    std::size_t size_ = 0;
    ReadEnvelope read_envelope_;
    bool is_ended_ = false;
    std::optional<Error> failure_;
};

/// The whole mail at once; fails as MessageText::create.
Result<std::string> write_message(const Message &message, ByteView envelope);

/// The size of the mail around `envelope_bytes` bytes, at most: with the longest addresses and
/// prefix, rounded up.
std::size_t message_bytes_max_for(std::size_t envelope_bytes,
                                  Container container = Container::mixed);

/// The largest envelope whose mail is sure to stay within `mail_bytes` and within what the
/// container may have; 0 when none does.
std::size_t envelope_bytes_max_for(std::size_t mail_bytes, Container container = Container::mixed);

} // namespace postrider::mail
