// Receives the mails of one account from a folder of an IMAP server: lists what is new, looks at
// the beginning of what may be ours, fetches what bears our stamp, gives it to the host, and
// removes it when the host says so. Everything else stays as it lies, unread where it was unread.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "common/network/conversation.hpp"
#include "common/network/folder_progress.hpp"
#include "common/network/incoming_mail.hpp"
#include "common/network/junk_folder.hpp"
#include "common/network/login.hpp"
#include "common/network/quota_watch.hpp"
#include "common/network/receiver.hpp"
#include "common/network/receiving_health.hpp"
#include "common/transport/imap_dialogue.hpp"

namespace postrider::network {

class ImapReceiver final : public Receiver {
  public:
    ImapReceiver(Surroundings surroundings, transport::MailAccount account);

    void configure(transport::MailAccount account) override;
    void settle(const transport::Settle &settle, Timestamp now) override;

    void look_now() override;

    bool on_secret(const transport::Secret &secret) override { return login_.on_secret(secret); }

    void step(Timestamp now) override;

    [[nodiscard]] unsigned failed_connections() const override { return login_.failures(); }

    [[nodiscard]] std::optional<Watched> watched() const override;
    [[nodiscard]] std::optional<Timestamp> next_at() const override;

  private:
    /// What the connection is for at the moment; one request is under way in each but `closed`.
    enum class Stage {
        closed,
        login,
        folders,
        opening,
        listing,
        looking,
        fetching,
        clearing,
        junk,
        quota,
        idle
    };

    struct Candidate {
        Uid uid = 0;
        bool is_whole = false;    // fetch all of it: its beginning bears our stamp, or it is small
        std::uint64_t bytes = 0;  // as the server says; 0: not known
        bool is_gathered = false; // whole, once more, since it could not be used while it came
    };

    void connect(Timestamp now);
    void talk(Timestamp now);
    void go_on(Timestamp now);
    bool fetch_next();
    bool clear_next();
    [[nodiscard]] std::string folder_for_aside() const;
    bool look_beside(Timestamp now);
    void open();
    void end_junk();
    void wait_for_mail();
    void take(const transport::imap::Event &event, Timestamp now);
    void on_listed(const transport::imap::Listed &mail);
    void on_body(const transport::imap::BodyEnded &ended);
    void on_finished(const transport::imap::Finished &finished, Timestamp now);
    void on_cleared(const transport::imap::Finished &finished);
    void end_stream(const Candidate &mail);
    void judge(const Candidate &mail, bool is_whole);
    void judge_bounce(Uid uid);
    void give_up(const Error &reason, Timestamp now);
    void tell(const Error &what, std::uint64_t count = 1);
    void tell_cursor();
    void tell_looked(bool reached);
    void do_now(std::string words);

    Surroundings around_;
    transport::MailAccount account_;
    FolderProgress progress_;
    JunkFolder junk_;
    QuotaWatch quota_;
    Login login_;
    ReceivingHealth health_;
    std::optional<transport::ImapDialogue> dialogue_;
    std::optional<Conversation> conversation_;

    Stage stage_ = Stage::closed;
    transport::imap::RequestNumber request_ = 0; // that is under way
    transport::imap::Namespace namespace_;
    std::string folder_; // where mails are looked for, as the server spells it
    std::deque<Candidate> candidates_;
    std::map<Uid, Candidate> fetching_;
    std::vector<Uid> clearing_;
    bool is_setting_aside_ = false; // what is being cleared; else it is removed
    IncomingMail incoming_;
    bool is_gathering_ = false; // what is fetched
    bool wants_look_ = true;
    bool somebody_waits_ = true; // for the look
    bool list_is_cut_ = false;   // more candidates than are kept at once
    std::uint64_t strangers_ = 0;
    std::optional<Timestamp> look_at_; // the next look, whatever IDLE says
    std::optional<Timestamp> again_at_;
    unsigned failures_ = 0;
    std::string told_; // the last error, so that it is told once
    Bytes told_cursor_;
    std::string doing_;
};

} // namespace postrider::network
