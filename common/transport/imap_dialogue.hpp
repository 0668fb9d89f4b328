// Receiving: what is said to an IMAP server that libcurl has logged in to. The owner asks, moves
// bytes, and takes events; the dialogue knows the commands and reads the answers, and decides
// nothing about mails.
//
//   when                       the owner calls
//   connected and logged in    the constructor; CAPABILITY is asked by itself (request 1)
//   first                      list_folders, ask_quota; then select
//   Selected                   list_new from the UID after the last one it has seen
//   Listed, each               chooses; after Finished fetch in groups that it bounds by size
//   BodyEnded, committed       move (after `try_create`: create, move again) or remove
//   nothing more to do         idle, and `done` at SomethingNew or after 9 minutes; or noop now and
//                              then; then list_new in any case: IDLE is only a hint
//   UidsChanged, or Selected with another uid_validity: forgets its UIDs and lists from 1
//   after every receive and every request: take_event until there is none, and output
//
// Requests are done one after another, one command at a time: answers of a server cannot be mixed
// up, and a later request is not sent before the earlier one has its outcome. Memory does not grow
// with mails, lists or bodies, but with the requests that wait, and with the events that are not
// taken; a BodyPiece is no longer than what `receive` was given, or a quoted string. \Seen is never
// set, and only mails that the owner names are marked or removed.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/limits.hpp"
#include "common/transport/dialogue.hpp"
#include "common/transport/imap_commands.hpp"
#include "common/transport/imap_events.hpp"
#include "common/transport/imap_reader.hpp"

namespace postrider::transport {

struct ImapSettings {
    /// The text of a larger mail is not handed on, whatever RFC822.SIZE had said.
    std::uint64_t body_bytes_max = limits::mail_bytes_max;
};

class ImapDialogue final : public Dialogue {
  public:
    explicit ImapDialogue(ImapSettings settings = {});

    Result<void> receive(ByteView bytes) override;
    Bytes output(std::size_t bytes_max) override;
    void lost(const Error &reason) override;
    [[nodiscard]] std::optional<Duration> patience() const override;

    [[nodiscard]] bool is_over() const override { return is_over_; }

    /// What has happened, oldest first.
    std::optional<imap::Event> take_event();

    /// Known when request 1 is finished; a server may say others later.
    [[nodiscard]] const imap::Capabilities &capabilities() const { return capabilities_; }

    // Requests. Each gets one Finished. Folders are named as the server spells them: from a Folder
    // event, `imap::to_folder_name` or `imap::folder_within`.

    /// Namespace, where the server has it, and Folder for each.
    imap::RequestNumber list_folders();
    /// Quota for each root of the inbox; no event where the server has no quotas.
    imap::RequestNumber ask_quota();
    /// Selected. `only_reads`: nothing can be moved or removed, and \Recent stays.
    imap::RequestNumber select(std::string folder, bool only_reads = false);
    /// Listed for each mail with this UID or a higher one.
    imap::RequestNumber list_new(imap::Uid from);
    /// Found: mails with this UID or a higher one whose subject contains the text, as far as the
    /// server searches well; without a text, or with one that is not ASCII, all.
    imap::RequestNumber search(imap::Uid from, std::string subject = {});
    /// BodyBegan, BodyPiece and BodyEnded for each in the server's order, then Missing.
    /// `first_bytes`: no more than that of each; 0 for all.
    imap::RequestNumber fetch(imap::Mails mails, std::uint64_t first_bytes = 0);
    /// When it fails some may have been moved, and some be there twice.
    imap::RequestNumber move(imap::Mails mails, std::string folder);
    /// Without UIDPLUS the mails are marked \Deleted and stay until somebody expunges the folder.
    imap::RequestNumber remove(imap::Mails mails);
    /// Succeeds when the folder is there already.
    imap::RequestNumber create(std::string folder);
    /// Fails at once where `capabilities().has_idle` is not. What is asked meanwhile waits.
    imap::RequestNumber idle();
    /// Ends every `idle` that was asked so far; nothing where there is none.
    void done();
    imap::RequestNumber noop();
    imap::RequestNumber logout();

  private:
    /// How far it was gone to learn UIDNEXT.
    enum class OpeningStage { select, status, last_uid };

    imap::RequestNumber ask(imap::Request request);
    void advance();
    void begin(const imap::Request &request);
    void plan(const imap::Request &request);
    void send(const imap::Command &command);
    void finish(Result<void> result, imap::Code code = imap::Code::none);
    void finish_all(const Error &reason);
    [[nodiscard]] std::optional<imap::Finished> refusal(const imap::Request &request) const;
    [[nodiscard]] bool is_under_way(imap::Command::Kind kind) const;
    [[nodiscard]] bool is_opening() const;
    void tell_new(std::uint32_t count);

    // One for each kind of response.
    Result<void> take(const imap::Continuation &response);
    Result<void> take(const imap::Tagged &response);
    Result<void> take(const imap::Untagged &response);
    Result<void> take(const imap::CapabilityList &response);
    Result<void> take(imap::Folder &response);
    Result<void> take(imap::Namespace &response);
    Result<void> take(imap::Quota &response);
    Result<void> take(const imap::FolderStatus &response);
    Result<void> take(const imap::Exists &response);
    Result<void> take(const imap::Expunged &response);
    Result<void> take(const imap::FoundPart &response);
    Result<void> take(const imap::BodyBegin &response);
    Result<void> take(const imap::BodyBytes &response);
    Result<void> take(imap::Fetched &response);

    void take_code(const imap::Status &status);
    void take_uid_validity(std::uint32_t uid_validity);
    Result<void> take_body_end(const imap::Fetched &response);
    void command_succeeded();
    void complete_opening();
    void say_bye(const imap::Status &status);

    ImapSettings settings_;
    imap::ResponseReader reader_;
    imap::Capabilities capabilities_;
    std::deque<imap::Request> requests_; // the first is under way
    bool has_begun_ = false;             // the first has its commands
    std::deque<imap::Command> commands_; // of the first; its first is under way when `tag_` is set
    std::string tag_;
    std::uint64_t tags_ = 0;
    imap::RequestNumber numbers_ = 0;
    std::deque<imap::Event> events_;
    std::string output_;
    std::optional<imap::Selected> open_;
    imap::Selected opening_;
    OpeningStage opening_stage_ = OpeningStage::select;
    std::vector<imap::Uid> missing_; // sorted: of the fetch that is under way, not there yet
    bool has_idled_ = false;         // "+" has come
    bool is_idling_ = false;         // "+" has come, DONE has not been said
    bool skips_body_ = false;
    bool is_over_ = false;
    std::optional<Error> broken_;
};

} // namespace postrider::transport
