// Starts, looks after and buries one process at a time. A process that was killed is waited for
// from call to call: the next one starts when it is gone.
#include "common/transport/network_process.hpp"

#include <algorithm>
#include <utility>

#include "common/base/ensure.hpp"
#include "common/base/utf8.hpp"

namespace postrider::transport {

namespace {

constexpr Duration first_restart_pause = std::chrono::seconds{1};
constexpr Duration longest_restart_pause = std::chrono::minutes{1};
constexpr Duration other_version_pause = std::chrono::minutes{10};
/// A process that worked for so long is none that fails from the start.
constexpr Duration proven_after = std::chrono::minutes{1};
constexpr Duration silence_max = std::chrono::minutes{1};
constexpr Duration pong_patience = std::chrono::seconds{30};
/// A process whose host has hung up ends at once; one that has closed its end ends by itself.
constexpr Duration leaving_patience = std::chrono::seconds{5};
constexpr Duration look_for_end_every = std::chrono::milliseconds{50};

constexpr const char *comes_back = "It is started again by itself and goes on where it was.";
constexpr const char *does_not_begin =
    "It is tried again by itself. Start the program by hand to see what it lacks.";

Duration restart_pause(unsigned failures) {
    const unsigned doublings = std::min(failures, 10U);
    return std::min(first_restart_pause * (1U << doublings), longest_restart_pause);
}

} // namespace

void NetworkProcess::begin(Timestamp now) {
    is_read_out_ = false;
    if (is_running() && !is_wanted_) {
        is_dismissed_ = true;
        leave(now + leaving_patience);
    }
    if (state_ == State::leaving) {
        see_its_end(now);
    }
    if (state_ == State::none && is_wanted_ && now >= start_at_) {
        start(now);
    }
    if (is_running()) {
        link_->write();
    }
}

void NetworkProcess::start(Timestamp now) {
    Result<std::unique_ptr<NetworkChild>> child = starter_.start();
    if (!child) {
        obstacle_ = child.error();
        tell_once(child.error());
        return plan_next_start(now);
    }
    obstacle_.reset();
    child_ = *std::move(child);
    link_.emplace(child_->descriptor());
    state_ = State::starting;
    ++generation_;
    heard_at_ = now;
    asked_at_ = now; // for its version
    read_bytes_ = 0;
    written_bytes_ = 0;
    question_ends_at_byte_ = 0;
    has_worked_ = false;
    is_dismissed_ = false;
    fault_.clear();
}

std::optional<NetworkReport> NetworkProcess::next(Timestamp now) {
    if (!is_running()) {
        return std::nullopt;
    }
    Result<std::optional<Frame>> frame = link_->next();
    if (link_->read_bytes() != read_bytes_) {
        read_bytes_ = link_->read_bytes();
        heard_at_ = now;
        if (state_ == State::working) {
            asked_at_.reset();
        }
    }
    if (!frame) {
        distrust(frame.error().message, now);
        return std::nullopt;
    }
    if (!*frame) {
        is_read_out_ = true;
        if (link_->is_over()) {
            leave(now + leaving_patience);
        }
        return std::nullopt;
    }
    Result<NetworkReport> report = report_of(**frame);
    if (!report) {
        distrust(report.error().message, now);
        return std::nullopt;
    }
    greet(*report, now);
    return is_running() ? std::optional{*std::move(report)} : std::nullopt;
}

/// The first message of a process says its version, and no other does.
void NetworkProcess::greet(const NetworkReport &report, Timestamp now) {
    const auto *started = std::get_if<Started>(&report);
    if ((started != nullptr) != (state_ == State::starting)) {
        return distrust("it does not begin as it should", now);
    }
    if (started == nullptr) {
        return;
    }
    if (started->version != version_) {
        obstacle_ = Error{Errc::refused,
                          "postrider-network is of version " + printable(started->version, 40) +
                              " and not of " + version_,
                          "No mail is sent or received before both are of one version.",
                          "Install the extension and postrider-network from one build."};
        return distrust("it is of another version", now);
    }
    state_ = State::working;
    has_worked_ = true;
    working_since_ = now;
    asked_at_.reset();
}

void NetworkProcess::distrust(const std::string &why, Timestamp now) {
    if (is_running()) {
        fault_ = why;
        child_->kill();
        leave(now);
    }
}

void NetworkProcess::leave(Timestamp kill_at) {
    state_ = State::leaving;
    kill_at_ = kill_at;
    link_.reset();
    child_->hang_up();
}

void NetworkProcess::finish(Timestamp now) {
    if (is_running()) {
        link_->write();
        look_after(now);
    }
    if (state_ == State::leaving) {
        see_its_end(now);
    }
}

/// Asks where nothing was heard for long. What it has said and we have not read speaks for it, and
/// so does every byte that it takes of what stands before the question.
void NetworkProcess::look_after(Timestamp now) {
    if (state_ == State::working && now - working_since_ >= proven_after) {
        failures_ = 0;
        last_news_.clear();
    }
    if (link_->written_bytes() != written_bytes_) {
        if (asked_at_ && written_bytes_ < question_ends_at_byte_) {
            asked_at_ = now;
        }
        written_bytes_ = link_->written_bytes();
    }
    if (asked_at_) {
        if (is_read_out_ && now - *asked_at_ >= pong_patience) {
            distrust(
                "it did not answer for " +
                    std::to_string(
                        std::chrono::duration_cast<std::chrono::seconds>(pong_patience).count()) +
                    " s",
                now);
        }
    } else if (is_read_out_ && now - heard_at_ >= silence_max) {
        tell(Ping{});
        asked_at_ = now;
        written_bytes_ = link_->written_bytes();
        question_ends_at_byte_ = written_bytes_ + link_->unsent_bytes();
    }
}

void NetworkProcess::see_its_end(Timestamp now) {
    const std::optional<std::string> how = child_->ended();
    if (!how) {
        if (now >= kill_at_) {
            child_->kill();
        }
        return;
    }
    child_.reset();
    state_ = State::none;
    if (std::exchange(is_dismissed_, false)) {
        start_at_ = now;
        return;
    }
    if (obstacle_) {
        tell_once(*obstacle_);
        start_at_ = now + other_version_pause;
        return;
    }
    const std::string what = fault_.empty() ? "the network process ended: " + *how
                                            : "the network process was ended: " + fault_;
    Error error{Errc::unavailable, what, {}, has_worked_ ? comes_back : does_not_begin};
    if (!has_worked_) {
        obstacle_ = error;
    }
    tell_once(std::move(error));
    plan_next_start(now);
}

void NetworkProcess::plan_next_start(Timestamp now) {
    start_at_ = now + restart_pause(failures_);
    ++failures_;
}

/// A process that fails again and again in the same way is told once.
void NetworkProcess::tell_once(Error error) {
    if (error.message != last_news_) {
        last_news_ = error.message;
        news_.push_back(std::move(error));
    }
}

std::optional<Error> NetworkProcess::take_news() {
    if (news_.empty()) {
        return std::nullopt;
    }
    Error first = std::move(news_.front());
    news_.pop_front();
    return first;
}

std::optional<Timestamp> NetworkProcess::next_at(Timestamp now) const {
    switch (state_) {
    case State::none:
        return is_wanted_ ? std::optional{start_at_} : std::nullopt;
    case State::leaving:
        return now + look_for_end_every;
    case State::starting:
    case State::working:
        break;
    }
    if (!is_wanted_) {
        return now;
    }
    return asked_at_ ? *asked_at_ + pong_patience : heard_at_ + silence_max;
}

std::optional<engine::Waking> NetworkProcess::waking() const {
    if (!is_running()) {
        return std::nullopt;
    }
    return engine::Waking{child_->descriptor(), link_->unsent_bytes() > 0};
}

} // namespace postrider::transport
