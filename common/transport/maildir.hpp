// Envelopes as mails in a maildir: a directory shared by nodes, carried on a stick or filled by a
// mail server. Takes only what one of our stamps opens and leaves everything else as it lies. It
// remembers nothing beyond the process; the inbox drops what it sees twice.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/engine/transport.hpp"
#include "common/transport/judged_mail.hpp"
#include "common/transport/maildir_files.hpp"

namespace postrider::transport {

struct MaildirSettings {
    Duration look_every = std::chrono::seconds{1};
    /// A message settled with `keep` is shown again after this time.
    Duration look_again_after = std::chrono::minutes{1};
};

/// Inlets and transmissions of path kind "maildir"; source and target are absolute paths of
/// existing maildirs. Not thread-safe. Everything happens in `poll` and `settle`. A poll gives at
/// most `limits::transport_events_max` events (more only when one mail holds several envelopes) and
/// stops reading once it has read `limits::mail_bytes_max`. A message with several envelopes for us
/// arrives as several events with the same receipt and is removed when all of them are settled so.
class Maildir final : public engine::Transport {
  public:
    explicit Maildir(MaildirSettings settings = {}) : settings_(settings) {}

    /// An inlet whose keys have changed is looked through again from the start.
    void configure(std::vector<engine::Inlet> inlets) override;
    void submit(engine::Transmission transmission) override;
    std::vector<engine::Event> poll(Timestamp now) override;
    /// What cannot be done now is tried again at every poll, and told by a Notice.
    void settle(const engine::Receipt &receipt, engine::Settlement settlement) override;
    [[nodiscard]] std::optional<Timestamp> next_look(Timestamp now) const override;

  private:
    /// A message that the host has been given, by its unique name.
    struct Held {
        HeldMail mail; // without open events: settled with `keep`, to be shown again
        Timestamp kept_at{};
    };

    struct Place {
        engine::Inlet inlet;
        std::map<std::string, Held> held;
        std::set<std::string> seen; // unique names of messages that are not for us
        std::string position;       // where the last look stopped, when `seen` cannot hold all
        std::map<std::string, engine::Settlement> unsettled; // by path: could not be done yet
        std::optional<Error> trouble;                        // as it was told last
        std::optional<Timestamp> tidied_at;
    };

    /// What one poll gathers.
    struct Harvest {
        std::vector<engine::Event> events;
        std::size_t bytes_read = 0;
        [[nodiscard]] bool is_full() const;
    };

    Result<void> deliver(const engine::Transmission &transmission, Timestamp now);
    void look(Place &place, Timestamp now, Harvest &harvest);
    std::optional<Error> look_through(Place &place, Harvest &harvest);
    static std::optional<Error> settle_what_is_left(Place &place);
    std::optional<Error>
    read_all(Place &place, const std::map<std::string, MessageFile> &unread, Harvest &harvest);
    /// False when the message is somebody else's and there is nothing to tell about it.
    static bool judge(Place &place, const MessageFile &file, ByteView mail, Harvest &harvest);
    static void
    tell_and_leave(Place &place, const MessageFile &file, const Error &reason, Harvest &harvest);
    static void leave(Place &place, const MessageFile &file);
    static void tidy(Place &place, Timestamp now);
    static void show_kept_again(Place &place, Timestamp now, Duration after);

    MaildirSettings settings_;
    std::vector<Place> places_;
    std::vector<engine::Transmission> queue_;
    Timestamp last_poll_{};
    std::uint64_t delivered_ = 0;
    bool more_ = false; // the last poll stopped before it had seen everything
};

} // namespace postrider::transport
