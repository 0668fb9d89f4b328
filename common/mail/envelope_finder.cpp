// The magic, its ruins, and the lengths behind it.
#include "common/mail/envelope_finder.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "common/base/limits.hpp"
#include "common/wire/envelope.hpp"

namespace postrider::mail {

namespace {

// The magic is "PRDR", a version, and bytes that do not survive a change of line ends or a removal
// of NULs: their ruins tell what happened.
constexpr std::string_view magic_name = "PRDR";
constexpr char magic_version = '\x01';
constexpr std::string_view magic_tail("\r\n\0", 3);
constexpr std::size_t magic_bytes = magic_name.size() + 1 + magic_tail.size();

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

/// Looks at what begins with the name of the magic but not with the magic.
void look_at_ruins(std::string_view text, Findings &findings) {
    const std::string_view after_name = text.substr(magic_name.size());
    if (!after_name.starts_with(magic_version)) {
        return;
    }
    if (text.size() < magic_bytes) {
        findings.note({Errc::malformed, "envelope is truncated within its magic"});
    } else if (const char *damage = damage_of_tail(after_name.substr(1)); damage != nullptr) {
        findings.note({Errc::malformed, std::string("envelope is damaged: ") + damage});
    }
}

bool begins_with_magic(std::string_view text) {
    return text.size() >= magic_bytes && text.substr(magic_name.size() + 1).starts_with(magic_tail);
}

/// How many bytes at the end may be the beginning of the magic's name.
std::size_t begun_name_bytes(std::string_view text) {
    std::size_t size = std::min(magic_name.size() - 1, text.size());
    while (!magic_name.starts_with(text.substr(text.size() - size))) {
        --size;
    }
    return size;
}

} // namespace

void Findings::keep(Bytes envelope) {
    std::vector<Bytes> &known = extraction_.envelopes;
    if (known.size() < limits::mail_envelopes_max &&
        std::find(known.begin(), known.end(), envelope) == known.end()) {
        known.push_back(std::move(envelope));
    }
}

/// The same envelope may be met undecoded and decoded: its ephemeral key, within the first 80
/// bytes, tells that it is the same.
void Findings::keep_truncated(TruncatedEnvelope envelope) {
    constexpr std::ptrdiff_t fixed_bytes = 80;
    std::vector<TruncatedEnvelope> &known = extraction_.truncated;
    const bool is_known =
        std::any_of(known.begin(), known.end(), [&](const TruncatedEnvelope &other) {
            return std::equal(envelope.beginning.begin(), envelope.beginning.begin() + fixed_bytes,
                              other.beginning.begin());
        });
    if (known.size() < limits::mail_envelopes_max && !is_known) {
        known.push_back(std::move(envelope));
    }
}

void Findings::note(Error problem) {
    if (!problem_) {
        problem_ = std::move(problem);
    }
}

Extraction Findings::take() && {
    if (extraction_.envelopes.empty() && !extraction_.truncated.empty()) {
        extraction_.problem = extraction_.truncated.front().reason();
    } else if (extraction_.envelopes.empty()) {
        extraction_.problem = std::move(problem_);
    }
    return std::move(extraction_);
}

void EnvelopeFinder::search(ByteView bytes, Findings &findings) {
    EnvelopeFinder finder(findings, bytes.size());
    finder.is_last_ = true;
    finder.search_what_is_here(bytes);
}

void EnvelopeFinder::feed(ByteView piece) {
    if (declared_bytes_ != 0) {
        const std::size_t size = std::min(declared_bytes_ - begun_.size(), piece.size());
        begun_.insert(begun_.end(), piece.begin(),
                      piece.begin() + static_cast<std::ptrdiff_t>(size));
        if (begun_.size() < declared_bytes_) {
            return;
        }
        findings_.keep(std::move(begun_));
        begun_ = {};
        declared_bytes_ = 0;
        piece = piece.subspan(size);
    }
    if (!begun_.empty()) { // less than a prologue: the piece is copied behind it
        begun_.insert(begun_.end(), piece.begin(), piece.end());
        const Bytes together = std::move(begun_);
        begun_ = {};
        feed(together);
        return;
    }
    const ByteView left = piece.subspan(search_what_is_here(piece));
    if (declared_bytes_ != 0) {
        begun_.reserve(std::min(declared_bytes_, bytes_max_));
    }
    begun_.assign(left.begin(), left.end());
}

void EnvelopeFinder::finish() {
    const Bytes left = std::move(begun_);
    begun_ = {};
    declared_bytes_ = 0;
    search(left, findings_);
}

/// Gives how many bytes are done with; the rest is to be looked at again together with what comes.
std::size_t EnvelopeFinder::search_what_is_here(ByteView bytes) {
    const std::string_view text = as_text(bytes);
    std::size_t at = text.find(magic_name);
    while (at != std::string_view::npos) {
        const ByteView here = bytes.subspan(at);
        if (!is_last_ && here.size() < wire::prologue_bytes_max) {
            return at;
        }
        if (begins_with_magic(text.substr(at))) {
            const std::size_t done = look_at_prologue(here);
            if (done == 0) {
                return at;
            }
            at += done;
        } else {
            look_at_ruins(text.substr(at), findings_);
            at += magic_name.size();
        }
        at = text.find(magic_name, at);
    }
    return is_last_ ? text.size() : text.size() - begun_name_bytes(text);
}

/// Gives how many bytes to go on by; 0 when more is to come.
std::size_t EnvelopeFinder::look_at_prologue(ByteView bytes) {
    const Result<wire::Prologue> prologue = wire::parse_prologue(bytes);
    if (!prologue) {
        findings_.note(prologue.error());
        return magic_bytes;
    }
    const std::size_t declared = prologue->prologue_bytes + prologue->body_bytes;
    if (bytes.size() >= declared) {
        findings_.keep({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(declared)});
        return declared;
    }
    if (!is_last_) {
        declared_bytes_ = declared;
        return 0;
    }
    const ByteView beginning = bytes.first(prologue->prologue_bytes);
    findings_.keep_truncated({{beginning.begin(), beginning.end()}, declared, bytes.size()});
    return magic_bytes;
}

} // namespace postrider::mail
