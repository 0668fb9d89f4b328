// An IMAP dialogue and the server's half of it, word for word. Events become lines of text, the
// pieces of a mail one line, so that two runs can be compared whatever the pieces of the input.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "common/transport/imap_dialogue.hpp"

namespace postrider::transport {

/// One event as a line.
struct ImapEventText {
    std::string operator()(const imap::Selected &event) const {
        return "selected " + event.folder + " validity " + std::to_string(event.uid_validity) +
               " next " + std::to_string(event.uid_next) + " count " + std::to_string(event.count) +
               (event.can_only_be_read ? " read-only" : "");
    }

    std::string operator()(const imap::UidsChanged &event) const {
        return "uids changed " + std::to_string(event.before) + " " + std::to_string(event.now);
    }

    std::string operator()(const imap::Listed &event) const {
        return "listed " + std::to_string(event.uid) + " size " + std::to_string(event.size) +
               (event.is_seen ? " seen" : "") + (event.is_deleted ? " deleted" : "") +
               (event.received ? " " + to_text(*event.received) : "") + " [" + event.header + "]" +
               (event.header_is_cut ? " cut" : "");
    }

    std::string operator()(const imap::BodyBegan &event) const {
        return "began " + std::to_string(event.size);
    }

    std::string operator()(const imap::BodyPiece &event) const {
        return std::string(as_text(event.bytes));
    }

    std::string operator()(const imap::BodyEnded &event) const {
        return "ended " + std::to_string(event.uid) + " " + std::to_string(event.size) +
               (event.is_too_large ? " too large" : "");
    }

    std::string operator()(const imap::Missing &event) const {
        std::string out = "missing";
        for (const imap::Uid uid : event.uids) {
            out += " " + std::to_string(uid);
        }
        return out;
    }

    std::string operator()(const imap::Found &event) const {
        std::string out = "found";
        for (const imap::UidRange range : event.ranges) {
            out += " " + std::to_string(range.first) + ":" + std::to_string(range.last);
        }
        return out;
    }

    std::string operator()(const imap::SomethingNew &event) const {
        return "new " + std::to_string(event.count);
    }

    std::string operator()(const imap::Alert &event) const { return "alert " + event.text; }

    std::string operator()(const imap::Folder &event) const {
        static const char *const uses[] = {"none", "inbox", "junk", "trash", "archive", "sent"};
        return "folder " + event.name + " (" + event.shown + ") " +
               (event.delimiter == 0 ? std::string("NIL") : std::string(1, event.delimiter)) + " " +
               uses[static_cast<int>(event.use)] + (event.is_guessed ? " guessed" : "") +
               (event.can_be_selected ? "" : " closed");
    }

    std::string operator()(const imap::Namespace &event) const {
        return "namespace [" + event.prefix + "] " + std::string(1, event.delimiter);
    }

    std::string operator()(const imap::Quota &event) const {
        return "quota " + event.root + " " + std::to_string(event.used_kib) + " of " +
               std::to_string(event.limit_kib);
    }

    std::string operator()(const imap::Finished &event) const {
        const std::string number = "finished " + std::to_string(event.request);
        return event.result ? number
                            : number + " " + std::string(name_of(event.result.error().code)) +
                                  ": " + event.result.error().message;
    }
};

class ImapConversation {
  public:
    /// The server's bytes come in pieces of this size; 0: as they are said.
    explicit ImapConversation(std::size_t piece_bytes = 0, ImapSettings settings = {})
        : dialogue(settings), piece_bytes_(piece_bytes) {}

    /// What the dialogue wants to say now.
    std::string sent() {
        std::string out;
        for (Bytes bytes = dialogue.output(5); !bytes.empty(); bytes = dialogue.output(5)) {
            out += as_text(bytes);
        }
        return out;
    }

    /// False when the dialogue gives up; then `lost` has been called as its owner does.
    bool say(std::string_view bytes) {
        while (!bytes.empty()) {
            const std::size_t size =
                piece_bytes_ == 0 ? bytes.size() : std::min(piece_bytes_, bytes.size());
            const Result<void> taken = dialogue.receive(as_bytes(bytes.substr(0, size)));
            collect();
            if (!taken) {
                error = taken.error();
                dialogue.lost(*error);
                collect();
                return false;
            }
            bytes.remove_prefix(size);
        }
        return true;
    }

    /// The command that must have been sent, and the answer; "%" in it stands for the tag.
    bool answer(std::string_view command, std::string answer) {
        const std::string line = sent();
        const std::size_t blank = line.find(' ');
        EXPECT_EQ(blank == std::string::npos ? line : line.substr(blank + 1),
                  std::string(command) + "\r\n");
        return say(with_tag(line, std::move(answer)));
    }

    /// "%" in the answer becomes the tag of the command, or of the one before it where this has
    /// none.
    std::string with_tag(const std::string &line, std::string answer) {
        const std::size_t blank = line.find(' ');
        tag_ = blank == std::string::npos ? tag_ : line.substr(0, blank);
        for (std::size_t at = answer.find('%'); at != std::string::npos; at = answer.find('%')) {
            answer.replace(at, 1, tag_);
        }
        return answer;
    }

    /// What happened since the last call.
    std::vector<std::string> events() {
        collect();
        is_within_body_ = false;
        return std::exchange(events_, {});
    }

    void lose() {
        dialogue.lost(Error{Errc::unavailable, "connection closed by server"});
        collect();
    }

    /// Past CAPABILITY, with nothing told of it.
    void begin(const std::string &capabilities) {
        answer("CAPABILITY", "* CAPABILITY IMAP4rev1 " + capabilities + "\r\n% OK done\r\n");
        events();
    }

    /// And with a folder open.
    void open(const std::string &capabilities, std::uint32_t count = 4) {
        begin(capabilities);
        dialogue.select("INBOX");
        answer("SELECT \"INBOX\"", "* " + std::to_string(count) +
                                       " EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n"
                                       "* OK [UIDNEXT 100] ok\r\n% OK [READ-WRITE] done\r\n");
        events();
    }

    ImapDialogue dialogue;
    std::optional<Error> error;
    std::optional<imap::Finished> last_failed;

  private:
    void collect() {
        while (auto event = dialogue.take_event()) {
            const auto *finished = std::get_if<imap::Finished>(&*event);
            if (finished != nullptr && !finished->result) {
                last_failed = *finished;
            }
            const bool is_piece = std::holds_alternative<imap::BodyPiece>(*event);
            std::string line = std::visit(ImapEventText{}, *event);
            if (is_piece && is_within_body_) {
                events_.back() += line;
            } else {
                events_.push_back(std::move(line));
            }
            is_within_body_ = is_piece;
        }
    }

    std::size_t piece_bytes_;
    bool is_within_body_ = false;
    std::string tag_;
    std::vector<std::string> events_;
};

using Lines = std::vector<std::string>;

} // namespace postrider::transport
