// Looks into the junk folder of an IMAP account now and then for mails that bear our stamp, and
// moves them to the folder where they are looked for: there they are taken as all others.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/network/folder_progress.hpp"
#include "common/transport/imap_dialogue.hpp"
#include "common/transport/network_messages.hpp"

namespace postrider::network {

class JunkFolder {
  public:
    JunkFolder(ByteView cursor, const KeysDigest &keys);

    void know_keys(const KeysDigest &keys);

    /// A folder of the account; mails are looked for in the one with the name `own`.
    void know(const transport::imap::Folder &folder, const std::string &own);

    void look_now() { next_.reset(); }

    /// There is one, and it is time.
    [[nodiscard]] bool is_due(Timestamp now) const {
        return !name_.empty() && (!next_ || *next_ <= now);
    }

    /// Opens the folder. Until the visit is over all events of the dialogue are for `take`.
    transport::imap::RequestNumber begin(transport::ImapDialogue &dialogue, Timestamp now);
    void take(const transport::imap::Event &event, const transport::MailAccount &account);
    /// A request of the visit has ended. Gives the next one; nothing where the visit is over.
    std::optional<transport::imap::RequestNumber> go_on(transport::ImapDialogue &dialogue,
                                                        const transport::imap::Finished &finished,
                                                        const std::string &own);
    /// The connection is gone.
    void end();

    /// The keys whose stamps were on what has been moved since the last call.
    std::vector<FixedBytes<32>> take_found() { return std::exchange(found_, {}); }

    /// As that of FolderProgress.
    [[nodiscard]] Bytes cursor() const { return progress_.cursor(); }

  private:
    enum class Stage { opening, listing, looking, moving };

    std::optional<transport::imap::RequestNumber> fetch(transport::ImapDialogue &dialogue);
    void judge(Uid uid, const transport::MailAccount &account);

    KeysDigest keys_{};
    FolderProgress progress_;
    std::string name_; // as the server spells it; empty: there is none
    bool is_guessed_ = false;
    std::optional<Timestamp> next_; // empty: at once
    Stage stage_ = Stage::opening;
    std::vector<Uid> candidates_;
    std::vector<Uid> ours_;
    std::vector<FixedBytes<32>> keys_of_ours_;
    std::vector<FixedBytes<32>> found_;
    Bytes body_;
};

} // namespace postrider::network
