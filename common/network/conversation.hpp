// A dialogue over its connection: moves the bytes between the two and gives the server up when it
// is silent for longer than the dialogue is patient.
#pragma once

#include <memory>
#include <optional>

#include "common/network/connection.hpp"
#include "common/transport/dialogue.hpp"

namespace postrider::network {

class Conversation {
  public:
    /// The dialogue has to outlive it. `server` is for messages.
    Conversation(std::unique_ptr<Connection> connection,
                 transport::Dialogue &dialogue,
                 std::string server,
                 Timestamp now);

    /// Moves what can be moved without waiting; the owner takes the dialogue's events afterwards.
    void move(Timestamp now);

    /// Whether bytes of the server are left where they are, since there is no place for them:
    /// `move` is not called then, and no patience is lost.
    void hold(bool is_held, Timestamp now);

    [[nodiscard]] bool is_held() const { return is_held_; }

    /// The connection is gone, or is not needed any more; the dialogue knows.
    [[nodiscard]] bool is_closed() const { return is_closed_; }

    /// Why it is closed; empty where the two sides had said goodbye.
    [[nodiscard]] const std::optional<Error> &problem() const { return problem_; }

    /// When `move` has to be called although nothing has come.
    [[nodiscard]] std::optional<Timestamp> deadline() const;

    [[nodiscard]] Watched watched() const { return {connection_->descriptor(), !output_.empty()}; }

  private:
    bool read();
    bool write_on();
    bool write();
    void give_up(const Error &reason);

    std::unique_ptr<Connection> connection_;
    transport::Dialogue &dialogue_;
    std::string server_;
    Timestamp moved_at_; // when bytes were moved last
    Bytes output_;       // of which `written_` are on their way; never changed before all are
    std::size_t written_ = 0;
    bool is_held_ = false;
    bool has_more_ = false; // it stopped for the sake of others
    bool is_closed_ = false;
    std::optional<Error> problem_;
};

} // namespace postrider::network
