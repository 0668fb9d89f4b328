// The network process as its host keeps it: started when it is wanted, started again when it ends,
// ended when it is not wanted any more, says what nobody understands, or does not answer.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "common/transport/network_child.hpp"
#include "common/transport/network_link.hpp"

namespace postrider::transport {

/// Every time is a steady one. `begin`, as many `next` as there is something for, `finish`; nothing
/// of it waits.
class NetworkProcess {
  public:
    /// The process must be of this version.
    NetworkProcess(NetworkStarter &starter, std::string version)
        : starter_(starter), version_(std::move(version)) {}

    /// Whether there shall be one, from the next `begin` on.
    void want(bool wanted) { is_wanted_ = wanted; }

    void begin(Timestamp now);
    /// What it has said next; nothing where there is nothing now. `Started` is the first of each.
    std::optional<NetworkReport> next(Timestamp now);
    void finish(Timestamp now);

    /// What it said is nothing that our own process says: it is ended.
    void distrust(const std::string &why, Timestamp now);

    /// The number of the process that may be told something; 0: there is none. Each has another.
    [[nodiscard]] std::uint64_t working() const {
        return state_ == State::working ? generation_ : 0;
    }

    /// For a working process; lost where there is none.
    void tell(const NetworkRequest &request) {
        if (link_) {
            link_->tell(request);
        }
    }

    [[nodiscard]] std::size_t unsent_bytes() const { return link_ ? link_->unsent_bytes() : 0; }

    /// Why there can be none: it is missing, of another version, or ends before it has begun.
    [[nodiscard]] const std::optional<Error> &obstacle() const { return obstacle_; }

    /// What an operator may want to know, each once.
    std::optional<Error> take_news();

    /// When something is due, if nothing wakes us before.
    [[nodiscard]] std::optional<Timestamp> next_at(Timestamp now) const;
    [[nodiscard]] std::optional<engine::Waking> waking() const;

  private:
    enum class State {
        none,
        starting, // it has not said its version yet
        working,
        leaving, // ended, or asked to end; its end has not been seen yet
    };

    [[nodiscard]] bool is_running() const {
        return state_ == State::starting || state_ == State::working;
    }

    void start(Timestamp now);
    void greet(const NetworkReport &report, Timestamp now);
    void leave(Timestamp kill_at);
    void see_its_end(Timestamp now);
    void look_after(Timestamp now);
    void plan_next_start(Timestamp now);
    void tell_once(Error error);

    NetworkStarter &starter_;
    std::string version_;
    bool is_wanted_ = false;
    State state_ = State::none;
    std::unique_ptr<NetworkChild> child_;
    std::optional<NetworkLink> link_;
    std::uint64_t generation_ = 0;

    Timestamp heard_at_{};                    // something was read
    std::optional<Timestamp> asked_at_;       // it owes us an answer since then
    std::uint64_t read_bytes_ = 0;            // when we looked last
    std::uint64_t written_bytes_ = 0;         // likewise
    std::uint64_t question_ends_at_byte_ = 0; // of all that is written to it
    bool is_read_out_ = false;                // there was nothing more to read

    Timestamp working_since_{};
    Timestamp start_at_{};      // not before
    Timestamp kill_at_{};       // while it is leaving
    bool has_worked_ = false;   // the one that there is, or was last
    bool is_dismissed_ = false; // it leaves because it is not wanted
    std::string fault_;         // why we ended it
    unsigned failures_ = 0;     // in a row
    std::optional<Error> obstacle_;
    std::deque<Error> news_;
    std::string last_news_;
};

} // namespace postrider::transport
