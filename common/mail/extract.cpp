// The tolerant extractor. Every leaf is decoded as its header says and searched for the magic; then
// it is searched undecoded; then for the base64 form of the magic, once and twice encoded. Each of
// these is one pass, so the whole is linear in the mail times the (bounded) nesting.
#include "common/mail/extract.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "common/base/limits.hpp"
#include "common/mail/entity.hpp"
#include "common/mail/envelope_finder.hpp"
#include "common/mail/header_fields.hpp"
#include "common/mail/transfer_encoding.hpp"
#include "common/wire/envelope.hpp"

namespace postrider::mail {

namespace {

// What every base64 of an envelope begins with, and every base64 of such a base64. Our attachments
// begin with the envelope, so it is always aligned.
constexpr std::string_view base64_magic = "UFJEUgENCg";
constexpr std::string_view double_base64_magic = "VUZKRVVnRU5DZ";

class Search {
  public:
    Extraction run(std::string_view mail) && {
        search_entity(mail, {});
        return std::move(findings_).take();
    }

  private:
    struct Depth {
        unsigned containers = 0;
        unsigned encoded_containers = 0;
    };

    void search_entity(std::string_view text, Depth depth) {
        if (parts_left_ == 0) {
            findings_.note({Errc::too_large, "mail has too many parts"});
            return;
        }
        --parts_left_;
        const Entity entity = parse_entity(text);
        const bool is_container = entity.is_multipart || entity.is_message;
        if (is_container && depth.containers == limits::mime_depth_max) {
            findings_.note({Errc::too_large, "mail is nested too deeply"});
        } else if (is_container && search_container(entity, depth)) {
            return;
        }
        search_leaf(entity);
    }

    /// False when the entity is not the container that it claims to be.
    bool search_container(const Entity &entity, Depth depth) {
        ++depth.containers;
        if (entity.encoding == TransferEncoding::identity || is_readable_container(entity)) {
            return search_inside(entity, entity.body, depth);
        }
        if (depth.encoded_containers++ == limits::mime_encoded_depth_max) {
            findings_.note({Errc::too_large, "mail was encoded as a whole too often"});
            return false;
        }
        const Bytes decoded = decoded_body(entity);
        return search_inside(entity, as_text(decoded), depth);
    }

    bool search_inside(const Entity &entity, std::string_view body, Depth depth) {
        if (entity.is_multipart) {
            return for_each_part(body, entity.boundary,
                                 [&](std::string_view part) { search_entity(part, depth); });
        }
        if (!begins_with_field(body)) {
            return false;
        }
        search_entity(body, depth);
        return true;
    }

    void search_leaf(const Entity &entity) {
        const std::size_t found_before = findings_.envelope_count();
        const auto found = [&] { return findings_.envelope_count() != found_before; };
        if (entity.encoding != TransferEncoding::identity && search_decoded(entity) && !found()) {
            const Bytes decoded = decoded_body(entity);
            search_base64(as_text(decoded), base64_magic);
        }
        if (!found()) {
            EnvelopeFinder::search(as_bytes(entity.body), findings_);
        }
        if (!found()) {
            search_base64(entity.body, base64_magic);
        }
        if (!found()) {
            search_base64(entity.body, double_base64_magic);
        }
    }

    /// Gives whether what it decoded seems to hold an envelope that is encoded once more.
    bool search_decoded(const Entity &entity) {
        EnvelopeFinder finder(findings_, entity.body.size());
        Base64Decoder decoder;
        Bytes decoded; // the end of a piece, behind which the next one is decoded
        bool seems_encoded = false;
        std::string_view rest = entity.body;
        while (!rest.empty()) {
            const std::string_view piece = take_piece(rest);
            const std::size_t kept = decoded.size();
            if (entity.encoding == TransferEncoding::base64) {
                decoder.decode(piece, decoded);
            } else {
                decode_quoted_printable(piece, decoded);
            }
            finder.feed(ByteView(decoded).subspan(kept));
            seems_encoded =
                seems_encoded || as_text(decoded).find(base64_magic) != std::string_view::npos;
            const std::size_t end = std::min(base64_magic.size() - 1, decoded.size());
            decoded.erase(decoded.begin(), decoded.end() - static_cast<std::ptrdiff_t>(end));
        }
        finder.finish();
        return seems_encoded;
    }

    /// Decodes each run of base64 that begins with the given form of the magic.
    void search_base64(std::string_view text, std::string_view beginning) {
        std::size_t at = text.find(beginning);
        while (at != std::string_view::npos) {
            at = text.find(beginning, at + search_run(text.substr(at), beginning));
        }
    }

    /// Gives how many bytes are done with: the run, or the line that is none.
    std::size_t search_run(std::string_view text, std::string_view beginning) {
        const bool is_double = beginning == double_base64_magic;
        EnvelopeFinder finder(findings_, text.size());
        Base64Decoder decoder;
        Bytes decoded;
        std::string_view rest = text;
        while (!rest.empty()) {
            std::string_view after = rest;
            const std::string_view piece = take_piece(after);
            const std::size_t read = decoder.decode_run(piece, beginning, decoded);
            if (!is_double) {
                finder.feed(decoded);
                decoded.clear();
            }
            if (read == 0 && rest.size() == text.size()) {
                return std::max(std::min(piece.find('\n'), piece.size()), beginning.size());
            }
            rest.remove_prefix(read);
            if (read < piece.size()) {
                break;
            }
        }
        finder.finish();
        if (is_double) {
            search_base64(as_text(decoded), base64_magic);
        }
        return std::max(text.size() - rest.size(), beginning.size());
    }

    Findings findings_;
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

FirstLook look_at_beginning(ByteView first_bytes) {
    first_bytes = first_bytes.first(std::min(first_bytes.size(), limits::mail_first_look_bytes));
    Extraction found = Search().run(as_text(first_bytes));
    FirstLook look{std::move(found.truncated), std::move(found.problem)};
    for (const Bytes &envelope : found.envelopes) {
        const Result<wire::Prologue> prologue = wire::parse_prologue(envelope);
        ensure(prologue.has_value(), "what was found has a prologue");
        const ByteView beginning = ByteView(envelope).first(prologue->prologue_bytes);
        look.beginnings.push_back(
            {{beginning.begin(), beginning.end()}, envelope.size(), envelope.size()});
    }
    if (!look.beginnings.empty()) {
        look.problem.reset();
    }
    return look;
}

} // namespace postrider::mail
