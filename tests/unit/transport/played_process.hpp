// The network process played by the test, in the same thread, at the other end of a socket pair.
#pragma once

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/transport/network_transport.hpp"

namespace postrider::transport {

constexpr const char *played_version = "1.2.3";

/// What the process does, and what becomes of it.
class PlayedProcess {
  public:
    PlayedProcess() {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_.data()) !=
            0) {
            throw std::runtime_error("no socket pair");
        }
    }

    PlayedProcess(const PlayedProcess &) = delete;
    PlayedProcess &operator=(const PlayedProcess &) = delete;

    ~PlayedProcess() {
        hang_up();
        close_host_end();
    }

    // --- the process

    /// So much may lie unread; false where the system does not allow it.
    [[nodiscard]] bool let_socket_hold(std::size_t bytes) const {
        const int size = static_cast<int>(bytes);
        return ::setsockopt(ends_[1], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) == 0;
    }

    void say(const NetworkReport &report) { say_bytes(to_bytes(report)); }

    void say_bytes(const Bytes &bytes) {
        unsaid_.insert(unsaid_.end(), bytes.begin(), bytes.end());
        move();
    }

    /// Writes and reads what goes without waiting.
    void move() {
        while (!unsaid_.empty()) {
            const ssize_t count =
                ::send(ends_[1], unsaid_.data(), unsaid_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count <= 0) {
                break;
            }
            unsaid_.erase(unsaid_.begin(), unsaid_.begin() + count);
        }
        if (is_stopped) {
            return;
        }
        std::array<std::uint8_t, 65536> piece{};
        ssize_t count = 0;
        while ((count = ::recv(ends_[1], piece.data(), piece.size(), 0)) > 0) {
            reader_.add(ByteView{piece}.first(static_cast<std::size_t>(count)));
        }
        while (auto frame = reader_.next().value()) {
            heard_.push_back(request_of(*frame).value());
        }
    }

    /// Takes the messages of one kind that were not taken yet.
    template <class Request>
    std::vector<Request> heard() {
        move();
        std::vector<Request> found;
        std::deque<NetworkRequest> rest;
        for (NetworkRequest &request : heard_) {
            if (auto *wanted = std::get_if<Request>(&request)) {
                found.push_back(std::move(*wanted));
            } else {
                rest.push_back(std::move(request));
            }
        }
        heard_ = std::move(rest);
        return found;
    }

    [[nodiscard]] bool has_heard_nothing() {
        move();
        return heard_.empty();
    }

    [[nodiscard]] std::size_t unsaid_bytes() const { return unsaid_.size(); }

    /// Ends by itself.
    void end(const std::string &how) {
        hang_up();
        how_it_ended = how;
    }

    void hang_up() {
        if (ends_[1] >= 0) {
            ::close(std::exchange(ends_[1], -1));
        }
    }

    bool is_stopped = false; // reads nothing
    bool survives = false;   // a kill takes until somebody sets `how_it_ended`
    std::optional<std::string> how_it_ended;
    bool was_killed = false;
    bool was_hung_up = false;

    // --- as its child object sees it

    [[nodiscard]] int host_end() const { return ends_[0]; }

    void close_host_end() {
        if (ends_[0] >= 0) {
            was_hung_up = true;
            ::close(std::exchange(ends_[0], -1));
        }
    }

  private:
    std::array<int, 2> ends_{-1, -1};
    Bytes unsaid_;
    FrameReader reader_;
    std::deque<NetworkRequest> heard_;
};

class PlayedChild final : public NetworkChild {
  public:
    explicit PlayedChild(std::shared_ptr<PlayedProcess> process) : process_(std::move(process)) {}

    PlayedChild(const PlayedChild &) = delete;
    PlayedChild &operator=(const PlayedChild &) = delete;

    ~PlayedChild() override { hang_up(); }

    [[nodiscard]] int descriptor() const override { return process_->host_end(); }

    void hang_up() override { process_->close_host_end(); }

    void kill() override {
        process_->was_killed = true;
        if (!process_->survives && !process_->how_it_ended) {
            process_->end("signal 9");
        }
    }

    std::optional<std::string> ended() override { return process_->how_it_ended; }

  private:
    std::shared_ptr<PlayedProcess> process_;
};

class PlayedStarter final : public NetworkStarter {
  public:
    Result<std::unique_ptr<NetworkChild>> start() override {
        ++starts;
        if (fault) {
            return *fault;
        }
        processes.push_back(std::make_shared<PlayedProcess>());
        return std::unique_ptr<NetworkChild>{std::make_unique<PlayedChild>(processes.back())};
    }

    std::vector<std::shared_ptr<PlayedProcess>> processes;
    std::optional<Error> fault;
    unsigned starts = 0;
};

/// Answers when the test says so.
class PlayedSecrets final : public Secrets {
  public:
    void ask(std::uint64_t question, const engine::Mailbox &mailbox, bool for_sending) override {
        questions.emplace_back(question, mailbox.name + (for_sending ? ", send" : ""));
    }

    std::optional<SecretAnswer> take(Timestamp /*now*/) override {
        if (answers.empty()) {
            return std::nullopt;
        }
        SecretAnswer first = std::move(answers.front());
        answers.pop_front();
        questions.erase(questions.begin());
        return first;
    }

    void forget() override {
        questions.clear();
        answers.clear();
    }

    [[nodiscard]] std::size_t open_questions() const override { return questions.size(); }

    std::vector<std::pair<std::uint64_t, std::string>> questions;
    std::deque<SecretAnswer> answers;
};

class PlayedClock final : public Clock {
  public:
    [[nodiscard]] Timestamp now() const override { return time; }

    Timestamp time{std::chrono::hours{5}};
};

class NetworkHostTest : public ::testing::Test {
  protected:
    static engine::Inlet inlet(const std::string &name, std::uint8_t key = 7, Bytes cursor = {}) {
        engine::Inlet inlet{"mail", name, {}, std::move(cursor), {}};
        inlet.stamp_keys.emplace_back().fill(key);
        inlet.mailbox = engine::Mailbox{
            name,
            name + "@example.org",
            "imaps://mail.example",
            "smtps://mail.example",
            "user",
            task::Secret{task::SecretKind::password, task::SecretSource::file, "p"}};
        return inlet;
    }

    static engine::Transmission
    mail(std::uint64_t ticket, const std::string &mailbox = "main", std::size_t bytes = 100) {
        return {ticket, "mail", "peer@example.org", mailbox, Bytes(bytes, 0x5a)};
    }

    std::vector<engine::Event> poll() { return transport.poll(wall); }

    /// Polls until nothing comes any more, with the process taking and saying all it can.
    std::vector<engine::Event> poll_all() {
        std::vector<engine::Event> all;
        for (int round = 0; round < 10000; ++round) {
            if (!starter.processes.empty()) {
                process().move();
            }
            std::vector<engine::Event> events = poll();
            if (events.empty() && transport.next_look(wall) != wall && !is_something_under_way()) {
                break;
            }
            std::move(events.begin(), events.end(), std::back_inserter(all));
        }
        return all;
    }

    bool is_something_under_way() {
        if (starter.processes.empty()) {
            return false;
        }
        const auto waking = transport.waking();
        return process().unsaid_bytes() > 0 ||
               (waking && waking->wants_to_write && !process().is_stopped);
    }

    template <class Event>
    std::vector<Event> poll_for() {
        std::vector<Event> found;
        for (engine::Event &event : poll_all()) {
            if (auto *wanted = std::get_if<Event>(&event)) {
                found.push_back(std::move(*wanted));
            }
        }
        return found;
    }

    PlayedProcess &process() { return *starter.processes.back(); }

    void pass(Duration time) { clock.time += time; }

    /// The next process starts and says so.
    void let_start() {
        poll();
        process().say(Started{played_version, {}});
        EXPECT_TRUE(poll_all().empty());
    }

    /// With one mailbox, and all that is said at first taken.
    void start() {
        transport.configure({inlet("main")});
        let_start();
        ASSERT_EQ(process().heard<Configure>().size(), 1U);
    }

    Timestamp wall{std::chrono::hours{24 * 365 * 56}};
    PlayedClock clock;
    PlayedStarter starter;
    PlayedSecrets secrets;
    NetworkTransport transport{{starter, secrets, clock}, {.version = played_version}};
};

} // namespace postrider::transport
