// Whole lines are looked at; what is decoded goes where it is given from, without a copy between.
#include "common/mail/envelope_stream.hpp"

#include <algorithm>

#include "common/base/limits.hpp"
#include "common/wire/envelope.hpp"

namespace postrider::mail {

namespace {

/// What the base64 of every envelope begins with.
constexpr std::string_view envelope_begins = "UFJEUgENCg";
/// No line of ours is nearly as long: such a one is taken in parts.
constexpr std::size_t line_bytes_max = 4 * limits::kib;

} // namespace

void EnvelopeStream::feed(ByteView piece, Bytes &out) {
    std::string_view text = as_text(piece);
    if (!line_.empty()) {
        const std::size_t size = std::min(text.find('\n'), text.size() - 1) + 1;
        line_ += text.substr(0, size);
        text.remove_prefix(size);
        if (line_.ends_with('\n') || line_.size() > line_bytes_max) {
            take(line_, out);
            line_.clear();
        }
    }
    const std::size_t whole = text.rfind('\n') + 1; // 0 where there is no line end
    take(text.substr(0, whole), out);
    line_ += text.substr(whole);
}

void EnvelopeStream::finish(Bytes &out) {
    take(line_, out);
    line_.clear();
    look_at_prologue(out);
}

void EnvelopeStream::take(std::string_view lines, Bytes &out) {
    while (!lines.empty()) {
        const bool is_beginning = !is_running_;
        if (is_beginning) {
            lines = skip_to_run(lines);
        }
        if (lines.empty()) {
            return;
        }
        Bytes &into = envelope_bytes_ == 0 ? begun_ : out;
        const std::size_t had_bytes = into.size();
        std::size_t read = decoder_.decode_run(lines, envelope_begins, into);
        take_decoded(had_bytes, out);
        if (read == 0 && is_beginning) { // it only looked like one
            is_odd_ = true;
            read = std::min(lines.find('\n'), lines.size() - 1) + 1;
        }
        lines.remove_prefix(read);
        is_running_ = lines.empty();
    }
}

/// Gives the lines from the first one of an envelope on, or none.
std::string_view EnvelopeStream::skip_to_run(std::string_view lines) {
    while (!lines.empty()) {
        if (lines.starts_with(envelope_begins)) {
            is_running_ = true;
            is_odd_ = is_odd_ || !begun_.empty(); // a second one
            begun_.clear();
            decoder_ = {};
            break;
        }
        lines.remove_prefix(std::min(lines.find('\n'), lines.size() - 1) + 1);
    }
    return lines;
}

/// What was added behind `had_bytes` of where it belongs.
void EnvelopeStream::take_decoded(std::size_t had_bytes, Bytes &out) {
    if (envelope_bytes_ == 0) {
        if (begun_.size() >= wire::prologue_bytes_max) {
            look_at_prologue(out);
        }
        return;
    }
    const std::size_t wanted = std::min(out.size() - had_bytes, envelope_bytes_ - given_bytes_);
    is_odd_ = is_odd_ || wanted < out.size() - had_bytes;
    out.resize(had_bytes + wanted);
    given_bytes_ += wanted;
}

void EnvelopeStream::look_at_prologue(Bytes &out) {
    if (envelope_bytes_ != 0 || is_odd_ || begun_.empty()) {
        return;
    }
    const Result<wire::Prologue> prologue = wire::parse_prologue(begun_);
    if (!prologue) {
        is_odd_ = true;
        return;
    }
    envelope_bytes_ = prologue->prologue_bytes + prologue->body_bytes;
    const std::size_t had_bytes = out.size();
    out.insert(out.end(), begun_.begin(), begun_.end());
    begun_.resize(1); // that there was one
    take_decoded(had_bytes, out);
}

} // namespace postrider::mail
