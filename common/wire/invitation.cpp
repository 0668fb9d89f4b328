// The invitation line: a CBOR map with the keys 0 to 9 in order, a checksum, base64url.
#include "common/wire/invitation.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/base/utf8.hpp"
#include "common/wire/cbor.hpp"

namespace postrider::wire {

namespace {

constexpr std::string_view prefix = "postrider1:";
constexpr std::string_view any_prefix = "postrider";
constexpr std::size_t checksum_bytes = 4;
constexpr std::size_t public_fields = 9;
// Beyond it milliseconds since 1970 would not fit.
constexpr std::uint64_t seconds_max = 253'402'300'799; // 9999-12-31 23:59:59

void write_public_fields(CborWriter &writer, const Invitation &invitation) {
    std::uint64_t key = 0;
    writer.unsigned_integer(key++);
    writer.bytes(invitation.id);
    writer.unsigned_integer(key++);
    writer.bytes(invitation.node);
    writer.unsigned_integer(key++);
    writer.text(invitation.name);
    writer.unsigned_integer(key++);
    writer.text(invitation.address);
    writer.unsigned_integer(key++);
    writer.bytes(invitation.signing_key);
    writer.unsigned_integer(key++);
    writer.bytes(invitation.contact_key);
    writer.unsigned_integer(key++);
    writer.bytes(invitation.nonce_commitment);
    writer.unsigned_integer(key++);
    writer.unsigned_integer(static_cast<std::uint64_t>(to_milliseconds(invitation.expires) / 1000));
    writer.unsigned_integer(key++);
    writer.unsigned_integer(invitation.suites);
}

Bytes whole_invitation(const Invitation &invitation) {
    CborWriter writer;
    writer.map(public_fields + 1);
    write_public_fields(writer, invitation);
    writer.unsigned_integer(public_fields);
    writer.bytes(invitation.secret.view());
    return std::move(writer).take();
}

Result<Invitation> read_invitation(ByteView bytes, bool with_secret) {
    CborReader reader{bytes};
    Invitation invitation;
    const std::size_t fields = with_secret ? public_fields + 1 : public_fields;
    if (reader.map(fields) != fields) {
        reader.fail();
    }
    std::uint64_t expected = 0;
    const auto key = [&reader, &expected] {
        if (reader.unsigned_integer() != expected++) {
            reader.fail();
        }
    };
    key();
    invitation.id = reader.fixed<8>();
    key();
    invitation.node = reader.fixed<16>();
    key();
    invitation.name = reader.text(limits::name_bytes_max);
    key();
    invitation.address = reader.text(limits::mail_address_bytes_max);
    key();
    invitation.signing_key = reader.fixed<32>();
    key();
    invitation.contact_key = reader.fixed<32>();
    key();
    invitation.nonce_commitment = reader.fixed<32>();
    key();
    invitation.expires = Timestamp{std::chrono::seconds{reader.unsigned_integer(seconds_max)}};
    key();
    invitation.suites = static_cast<Suites>(reader.unsigned_integer(0xffff'ffffU));
    if (with_secret) {
        key();
        invitation.secret = crypto::SecretBytes<16>{reader.fixed<16>()};
    }
    if (!reader.at_end()) {
        return reader.error("invitation");
    }
    if (auto checked = check_self_description(invitation.name, invitation.address); !checked) {
        return checked.error();
    }
    return invitation;
}

FixedBytes<checksum_bytes> checksum(ByteView bytes) {
    return crypto::hash<checksum_bytes>(crypto::label::check, {}, {bytes});
}

std::string without_blanks(std::string_view text) {
    std::string out;
    std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char letter) {
        return letter != ' ' && letter != '\t' && letter != '\r' && letter != '\n';
    });
    return out;
}

Error damaged() {
    return Error{Errc::malformed, "invitation was mistyped or cut short",
                 "Its checksum does not fit.",
                 "Copy the whole line again, from \"postrider1:\" to its end."};
}

Result<std::string> strip_prefix(const std::string &text) {
    if (text.starts_with(prefix)) {
        return text.substr(prefix.size());
    }
    const std::size_t colon = text.find(':');
    const std::string version = text.starts_with(any_prefix) && colon != std::string::npos
                                    ? text.substr(any_prefix.size(), colon - any_prefix.size())
                                    : std::string{};
    if (!version.empty() && version.size() <= 4 &&
        version.find_first_not_of("0123456789") == std::string::npos) {
        return Error{Errc::unsupported_version,
                     "invitation is of version " + version + ", which is not known here",
                     {},
                     "Update Postrider on this side, or make the invitation here and accept it "
                     "there."};
    }
    return Error{Errc::malformed,
                 "text is not an invitation",
                 {},
                 "An invitation is one line that begins with \"postrider1:\"."};
}

} // namespace

Result<void> check_self_description(std::string_view name, std::string_view address) {
    const auto is_control = [](char letter) {
        return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7f;
    };
    if (name.empty()) {
        return Error{Errc::malformed, "node name is empty"};
    }
    if (name.size() > limits::name_bytes_max) {
        return Error{Errc::too_large, "node name is longer than 255 bytes"};
    }
    if (!is_utf8(name) || std::any_of(name.begin(), name.end(), is_control)) {
        return Error{Errc::malformed, "node name is not printable UTF-8"};
    }
    if (address.size() > limits::mail_address_bytes_max) {
        return Error{Errc::too_large, "address is longer than 254 bytes"};
    }
    const auto is_printable_ascii = [](char letter) { return letter > 0x20 && letter < 0x7f; };
    if (!std::all_of(address.begin(), address.end(), is_printable_ascii)) {
        return Error{Errc::malformed, "address is not printable ASCII without blanks"};
    }
    return {};
}

Bytes public_invitation(const Invitation &invitation) {
    CborWriter writer;
    writer.map(public_fields);
    write_public_fields(writer, invitation);
    return std::move(writer).take();
}

Result<Invitation> parse_public_invitation(ByteView bytes) {
    return read_invitation(bytes, false);
}

Result<std::string> invitation_line(const Invitation &invitation) {
    if (auto checked = check_self_description(invitation.name, invitation.address); !checked) {
        return checked.error();
    }
    const std::int64_t expires = to_milliseconds(invitation.expires);
    if (expires < 0 || expires % 1000 != 0 ||
        static_cast<std::uint64_t>(expires) / 1000 > seconds_max) {
        return Error{Errc::malformed, "expiry of an invitation is not in whole seconds"};
    }
    Bytes bytes = whole_invitation(invitation);
    const auto check = checksum(bytes);
    bytes.insert(bytes.end(), check.begin(), check.end());
    std::string line{prefix};
    line += to_base64url(bytes);
    sodium_memzero(bytes.data(), bytes.size());
    return line;
}

Result<Invitation> parse_invitation(std::string_view line) {
    if (line.size() > limits::invitation_bytes_max) {
        return Error{Errc::too_large, "invitation is longer than an invitation can be"};
    }
    const Result<std::string> encoded = strip_prefix(without_blanks(line));
    if (!encoded) {
        return encoded.error();
    }
    const Result<Bytes> decoded = from_base64url(*encoded);
    if (!decoded || decoded->size() <= checksum_bytes) {
        return damaged();
    }
    const ByteView all{*decoded};
    const ByteView bytes = all.first(all.size() - checksum_bytes);
    const auto check = checksum(bytes);
    if (!std::equal(check.begin(), check.end(), all.last(checksum_bytes).begin())) {
        return damaged();
    }
    return read_invitation(bytes, true);
}

crypto::Key invitation_key(const Invitation &invitation) {
    const crypto::Hash line = crypto::hash256(crypto::label::line, {public_invitation(invitation)});
    return crypto::derive<32>(crypto::label::invite, invitation.secret.view(),
                              {invitation.id, line});
}

} // namespace postrider::wire
