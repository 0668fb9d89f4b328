// The hours of mailboxes. An opening of EVERY or AT is used up when the mailbox was looked into and
// everything that was due has left; while a server does not answer it lasts an hour at most. All
// peers share it, so that a link that costs by the connection is opened once.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/engine/session.hpp"
#include "common/engine/transport.hpp"

namespace postrider::engine {

struct UsedOpening {
    std::string mailbox;
    Timestamp since{};
};

/// Openings under way. Forgotten by a crash: the mailbox is looked into once more.
class MailboxOpenings {
  public:
    void note_looked(const Looked &looked, Timestamp now);

    /// When something is due next to a peer that is reached through the mailbox.
    using NextDue = std::function<std::optional<Timestamp>(const std::string &mailbox)>;

    /// The openings that are used up. `is_busy`: mails are on their way to a server.
    std::vector<UsedOpening> used_up(const Session &session, const NextDue &next_due, bool is_busy);

    /// When a mailbox opens or closes next by time alone.
    [[nodiscard]] std::optional<Timestamp> next_change(const Session &session) const;

  private:
    struct Opening {
        Timestamp since{};
        bool is_looked_into = false;
    };

    std::map<std::string, Opening> openings_;
};

void close_mailboxes(const Session &session, const std::vector<UsedOpening> &used);

} // namespace postrider::engine
