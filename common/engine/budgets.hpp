// What may still go over a path, through a mailbox, and for a lane, in the present period: the
// table `budget` brought to the rules of common/stream/budget.hpp. Everything that crosses the wire
// is booked, batches, control messages, reports and pairing messages alike, in the transaction that
// decides to send it.
#pragma once

#include <array>
#include <vector>

#include "common/engine/pacing.hpp"
#include "common/mail/message.hpp"

namespace postrider::engine {

/// Whose the rows of a mailbox's budget are: every peer's.
inline constexpr std::int64_t spent_by_all = 0;

/// One mail to be: its limits are those of the path, of its mailbox and of the lane, and the
/// tightest wins.
class Limits {
  public:
    Limits(const Session &session, std::int64_t peer_id, const PeerPath &path);
    Limits(const Session &session, const LanePace &lane, const PeerPath &path);
    /// Of a mail that came through a mailbox.
    Limits(const Session &session, const std::string &mailbox, const stream::Budget &budget);

    [[nodiscard]] bool is_empty() const { return limits_.empty(); }

    /// When a mail of so many bytes may go; `session.now` where it may already.
    [[nodiscard]] Timestamp next_passage(stream::Urgency urgency, std::uint64_t bytes) const;

    /// The part of a body that a mail carries: such that a period's share holds several, and that
    /// the path's servers take the mail.
    [[nodiscard]] std::size_t
    slice_bytes(stream::Urgency urgency, std::uint64_t body_bytes, mail::Container container) const;

    /// An answer cannot be expected sooner than the other side's budget lets it come, which is
    /// thought to be like ours.
    [[nodiscard]] stream::Timing timing() const;

    /// A mail leaves. Commit before it does.
    void book(std::uint64_t bytes) const;
    /// One that was booked at `then` did not after all.
    void give_back(std::uint64_t bytes, Timestamp then) const;

  private:
    struct Limit {
        std::int64_t peer_id = 0;
        std::string scope; // whose, and what is counted
        std::int64_t number = 0;
        stream::Budget budget;
    };

    [[nodiscard]] stream::Spent spent(const Limit &limit) const;
    void store(const Limit &limit, const stream::Spent &spent) const;

    const Session &session_;
    /// Of the path, of its mailbox, and of the peer's.
    std::array<std::optional<Duration>, 3> rhythms_ = {};
    std::optional<std::uint64_t> mail_bytes_max_; // of the path
    std::vector<Limit> limits_;
};

/// A mail of so many bytes came: it is counted beside what is sent.
void book_incoming(const Session &session,
                   const std::string &mailbox,
                   const stream::Budget &budget,
                   std::uint64_t bytes);

/// What went through a mailbox that is no more.
void forget_spent(Transaction &transaction, const std::string &mailbox);

/// What a batch of the lane may use of the budgets.
stream::Urgency urgency_of(const LanePace &lane);

/// How large mails may be once one of so many bytes was refused for its size; empty: that was so
/// small already that its size cannot be why.
std::optional<std::uint64_t> after_refusal_of(std::uint64_t mail_bytes);

/// The bytes of the mail around an envelope.
std::uint64_t wire_bytes(std::size_t envelope_bytes,
                         mail::Container container = mail::Container::mixed);
/// At most, for so much of a body.
std::uint64_t wire_bytes_of_slice(std::size_t slice_bytes,
                                  mail::Container container = mail::Container::mixed);

} // namespace postrider::engine
