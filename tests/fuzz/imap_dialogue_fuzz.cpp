// The IMAP dialogue on whatever a server may say. Two ways, by the first byte: an input is the
// server's bytes, which must give the same in pieces as whole, and bounded memory; or it is mails,
// which must come out exactly as they are, whatever stands in them.
#include <string>
#include <variant>
#include <vector>

#include "common/base/ensure.hpp"
#include "common/transport/imap_dialogue.hpp"

namespace {

using namespace postrider;
using namespace postrider::transport;

struct Story {
    std::string text;                // events one after another, the pieces of a body joined
    std::vector<std::string> bodies; // that have ended
    std::size_t finished = 0;
};

void take_events(ImapDialogue &dialogue, Story &story, std::string &body, std::size_t bytes) {
    std::size_t events = 0;
    while (auto event = dialogue.take_event()) {
        const char kind = static_cast<char>('a' + event->index());
        // New mails are told once, however often the server tells of them before somebody listens.
        const bool is_told_already =
            std::holds_alternative<imap::SomethingNew>(*event) && story.text.ends_with(kind);
        if (!is_told_already) {
            story.text += kind;
        }
        if (const auto *piece = std::get_if<imap::BodyPiece>(&*event)) {
            story.text.pop_back();
            body += as_text(piece->bytes);
        } else if (const auto *began = std::get_if<imap::BodyBegan>(&*event)) {
            story.text += std::to_string(began->size);
            body.clear();
        } else if (const auto *ended = std::get_if<imap::BodyEnded>(&*event)) {
            ensure(ended->is_too_large || body.size() == ended->size,
                   "a body that has ended is as long as the server counted");
            story.text += std::to_string(ended->uid) + body;
            story.bodies.push_back(body);
        } else if (const auto *listed = std::get_if<imap::Listed>(&*event)) {
            ensure(listed->header.size() <= limits::imap_header_bytes_max, "headers are bounded");
            ensure(listed->uid >= 3, "no mail is listed that was not asked for");
            story.text += std::to_string(listed->uid) + listed->header;
        } else if (const auto *found = std::get_if<imap::Found>(&*event)) {
            ensure(found->ranges.size() <= limits::imap_found_at_once_max, "parts are bounded");
        } else if (const auto *finished = std::get_if<imap::Finished>(&*event)) {
            ++story.finished;
            story.text += std::to_string(finished->request);
            story.text += finished->result ? "" : finished->result.error().message;
        }
        ++events;
    }
    // Each event takes some bytes of the server, but for those of the requests.
    ensure(events <= bytes + 64, "there are no more events than bytes");
}

/// The server's bytes to a dialogue that asks for everything; pieces of a size, 0 for all at once.
Story hear(ByteView bytes, std::size_t piece_bytes) {
    ImapDialogue dialogue({.body_bytes_max = 1000});
    dialogue.list_folders();
    dialogue.ask_quota();
    dialogue.select("INBOX");
    dialogue.list_new(3);
    dialogue.search(3, "x");
    dialogue.fetch({7, {1, 2, 3, 9}});
    dialogue.move({7, {2, 3}}, "done");
    dialogue.remove({7, {9}});
    dialogue.create("done");
    dialogue.idle();
    dialogue.noop();
    const std::size_t requests = dialogue.logout();
    Story story;
    std::string body;
    std::size_t sent = 0;
    while (!bytes.empty()) {
        const std::size_t size =
            piece_bytes == 0 ? bytes.size() : std::min(piece_bytes, bytes.size());
        const Result<void> taken = dialogue.receive(bytes.first(size));
        take_events(dialogue, story, body, size);
        sent += dialogue.output(1000).size();
        if (!taken) {
            story.text += taken.error().message;
            break;
        }
        bytes = bytes.subspan(size);
    }
    ensure(sent < 4000, "what is sent is bounded by what was asked");
    dialogue.lost(Error{Errc::unavailable, "lost"});
    take_events(dialogue, story, body, 0);
    ensure(story.finished == requests, "each request is finished once");
    ensure(dialogue.is_over() && !dialogue.patience(), "nothing is expected any more");
    return story;
}

/// The input cut into mails at each 0 byte, sent as literals.
void hear_mails(std::string_view text, std::size_t piece_bytes) {
    std::vector<std::string> mails;
    std::string input = "P1 OK done\r\n* 9 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n"
                        "* OK [UIDNEXT 9] x\r\nP2 OK done\r\n";
    imap::Mails asked{7, {}};
    while (!text.empty() && mails.size() < 100) {
        const std::size_t end = std::min(text.find('\0'), text.size());
        mails.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto uid = static_cast<imap::Uid>(mails.size());
        asked.uids.push_back(uid);
        const std::string literal =
            "{" + std::to_string(mails.back().size()) + "}\r\n" + mails.back();
        const std::string name = "UID " + std::to_string(uid);
        input += "* 1 FETCH (" +
                 (uid % 2 == 0 ? name + " BODY[] " + literal
                               : "BODY[HEADER] " + literal + " BODY[]<0> " + literal + " " + name) +
                 ")\r\n";
    }
    ImapDialogue dialogue;
    dialogue.select("INBOX");
    dialogue.fetch(asked);
    Story story;
    std::string body;
    for (ByteView rest = as_bytes(input); !rest.empty();) {
        const std::size_t size =
            piece_bytes == 0 ? rest.size() : std::min(piece_bytes, rest.size());
        ensure(dialogue.receive(rest.first(size)).has_value(), "no mail ends the conversation");
        take_events(dialogue, story, body, size);
        rest = rest.subspan(size);
    }
    ensure(story.bodies == mails, "mails come as they are");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::size_t piece_bytes = bytes[0] & 0x7fU;
    const ByteView rest(bytes + 1, size - 1);
    if ((bytes[0] & 0x80U) != 0) {
        hear_mails(as_text(rest), piece_bytes);
        return 0;
    }
    const Story whole = hear(rest, 0);
    const Story in_pieces = hear(rest, piece_bytes);
    ensure(whole.text == in_pieces.text, "pieces of any size tell the same story");
    return 0;
}
