// The tolerant extractor. Every leaf is decoded as its header says and searched for the magic; then
// it is searched undecoded; then for the base64 form of the magic, once and twice encoded. Each of
// these is one pass, so the whole is linear in the mail times the (bounded) nesting.
#include "common/mail/extract.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "common/base/limits.hpp"
#include "common/mail/entity.hpp"
#include "common/mail/transfer_encoding.hpp"
#include "common/wire/envelope.hpp"

namespace postrider::mail {

namespace {

// The magic is "PRDR", a version, and bytes that do not survive a change of line ends or a removal
// of NULs: their ruins tell what happened.
constexpr std::string_view magic_name = "PRDR";
constexpr char magic_version = '\x01';
constexpr std::string_view magic_tail("\r\n\0", 3);
constexpr std::size_t magic_bytes = magic_name.size() + 1 + magic_tail.size();

// What every base64 of an envelope begins with, and every base64 of such a base64. Our attachments
// begin with the envelope, so it is always aligned.
constexpr std::string_view base64_magic = "UFJEUgENCg";
constexpr std::string_view double_base64_magic = "VUZKRVVnRU5DZ";

/// What is wrong when the bytes after the version are not the tail; null when these bytes are not
/// the ruins of a magic.
const char *damage_of_tail(std::string_view after_version) {
    if (after_version.starts_with(std::string_view("\n\0", 2))) {
        return "CRLF was changed to LF in the attachment";
    }
    if (after_version.starts_with("\r\r\n") || after_version.starts_with("\r\n\r\n")) {
        return "LF was changed to CRLF in the attachment";
    }
    if (after_version.starts_with("\r\n")) {
        return "NUL bytes were removed from the attachment";
    }
    if (after_version.starts_with("\r") || after_version.starts_with("\n")) {
        return "line ends were changed in the attachment";
    }
    return nullptr;
}

class Search {
  public:
    Extraction run(std::string_view mail) && {
        search_entity(mail, 0);
        if (extraction_.envelopes.empty() && !extraction_.truncated.empty()) {
            extraction_.problem = extraction_.truncated.front().reason();
        } else if (extraction_.envelopes.empty()) {
            extraction_.problem = std::move(problem_);
        }
        return std::move(extraction_);
    }

  private:
    void search_entity(std::string_view text, unsigned depth) {
        if (parts_left_ == 0) {
            note({Errc::too_large, "mail has too many parts"});
            return;
        }
        --parts_left_;
        const Entity entity = parse_entity(text);
        const bool is_container = entity.is_multipart || entity.is_message;
        if (is_container && depth == limits::mime_depth_max) {
            note({Errc::too_large, "mail is nested too deeply"});
        } else if (is_container && search_container(entity, depth)) {
            return;
        }
        search_leaf(entity);
    }

    /// False when the entity is not the container that it claims to be.
    bool search_container(const Entity &entity, unsigned depth) {
        std::string_view body = entity.body;
        Bytes decoded;
        // The standards forbid to encode a container, some gateways do it all the same, and some
        // only say so: the body decides.
        if (entity.encoding != TransferEncoding::identity && !begins_plainly(entity)) {
            decoded = decode(entity);
            body = as_text(decoded);
        }
        if (entity.is_message) {
            if (!begins_with_field(body)) {
                return false;
            }
            search_entity(body, depth + 1);
            return true;
        }
        return for_each_part(body, entity.boundary,
                             [&](std::string_view part) { search_entity(part, depth + 1); });
    }

    static bool begins_plainly(const Entity &entity) {
        return entity.is_message
                   ? begins_with_field(entity.body)
                   : entity.body.find("--" + entity.boundary) != std::string_view::npos;
    }

    static Bytes decode(const Entity &entity) {
        return entity.encoding == TransferEncoding::base64 ? decode_base64(entity.body)
                                                           : decode_quoted_printable(entity.body);
    }

    void search_leaf(const Entity &entity) {
        const std::size_t found_before = extraction_.envelopes.size();
        const auto found = [&] { return extraction_.envelopes.size() != found_before; };
        if (entity.encoding != TransferEncoding::identity) {
            const Bytes decoded = decode(entity);
            search_bytes(decoded);
            if (!found()) {
                search_base64(as_text(decoded), base64_magic);
            }
        }
        if (!found()) {
            search_bytes(as_bytes(entity.body));
        }
        if (!found()) {
            search_base64(entity.body, base64_magic);
        }
        if (!found()) {
            search_base64(entity.body, double_base64_magic);
        }
    }

    /// Decodes each run of base64 that begins with the given form of the magic.
    void search_base64(std::string_view text, std::string_view beginning) {
        std::size_t at = text.find(beginning);
        while (at != std::string_view::npos) {
            const std::size_t length = base64_run_length(text.substr(at));
            const Bytes decoded = decode_base64(text.substr(at, length));
            if (beginning == base64_magic) {
                search_bytes(decoded);
            } else {
                search_base64(as_text(decoded), base64_magic);
            }
            at = text.find(beginning, at + length);
        }
    }

    void search_bytes(ByteView bytes) {
        const std::string_view text = as_text(bytes);
        std::size_t at = text.find(magic_name);
        while (at != std::string_view::npos) {
            at = text.find(magic_name, at + look_at(bytes.subspan(at)));
        }
    }

    /// Looks at what begins with the name of the magic; gives how many bytes to go on by.
    std::size_t look_at(ByteView bytes) {
        const std::string_view text = as_text(bytes);
        const std::string_view after_name = text.substr(magic_name.size());
        const bool has_version = after_name.starts_with(magic_version);
        if (after_name.size() < magic_bytes - magic_name.size()) {
            if (has_version) {
                note({Errc::malformed, "envelope is truncated within its magic"});
            }
            return magic_name.size();
        }
        if (after_name.substr(1).starts_with(magic_tail)) {
            return look_at_prologue(bytes);
        }
        const char *damage = has_version ? damage_of_tail(after_name.substr(1)) : nullptr;
        if (damage != nullptr) {
            note({Errc::malformed, std::string("envelope is damaged: ") + damage});
        }
        return magic_name.size();
    }

    std::size_t look_at_prologue(ByteView bytes) {
        const Result<wire::Prologue> prologue = wire::parse_prologue(bytes);
        if (!prologue) {
            note(prologue.error());
            return magic_bytes;
        }
        const std::size_t declared = prologue->prologue_bytes + prologue->body_bytes;
        if (bytes.size() < declared) {
            keep_truncated(bytes.first(prologue->prologue_bytes), declared, bytes.size());
            return magic_bytes;
        }
        keep(bytes.first(declared));
        return declared;
    }

    void keep(ByteView envelope) {
        const bool is_known = std::any_of(
            extraction_.envelopes.begin(), extraction_.envelopes.end(), [&](const Bytes &known) {
                return std::equal(known.begin(), known.end(), envelope.begin(), envelope.end());
            });
        if (!is_known && extraction_.envelopes.size() < limits::mail_envelopes_max) {
            extraction_.envelopes.emplace_back(envelope.begin(), envelope.end());
        }
    }

    /// The same envelope may be met undecoded and decoded: its ephemeral key, within the first 80
    /// bytes, tells that it is the same.
    void keep_truncated(ByteView beginning, std::size_t declared, std::size_t present) {
        if (extraction_.truncated.size() == limits::mail_envelopes_max) {
            return;
        }
        constexpr std::ptrdiff_t fixed_bytes = 80;
        const bool is_known =
            std::any_of(extraction_.truncated.begin(), extraction_.truncated.end(),
                        [&](const TruncatedEnvelope &known) {
                            return std::equal(beginning.begin(), beginning.begin() + fixed_bytes,
                                              known.beginning.begin());
                        });
        if (!is_known) {
            extraction_.truncated.push_back(
                {Bytes(beginning.begin(), beginning.end()), declared, present});
        }
    }

    /// The first problem is the one that is told.
    void note(Error problem) {
        if (!problem_) {
            problem_ = std::move(problem);
        }
    }

    Extraction extraction_;
    std::optional<Error> problem_;
    std::size_t parts_left_ = limits::mime_parts_max;
};

} // namespace

Error TruncatedEnvelope::reason() const {
    return {Errc::malformed, "envelope is truncated: " + std::to_string(present_bytes) + " of " +
                                 std::to_string(declared_bytes) + " bytes are there"};
}

Extraction extract_envelopes(ByteView mail) {
    if (mail.size() > limits::mail_bytes_max) {
        Extraction refused;
        refused.problem = Error{Errc::too_large, "mail of " + std::to_string(mail.size()) +
                                                     " bytes is larger than a mail may be"};
        return refused;
    }
    return Search().run(as_text(mail));
}

} // namespace postrider::mail
