// Mails through the network process: the transport of path kind "mail". Keeps what was submitted
// until its outcome, gives the process what it asks for, and hands on what it says as events.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/engine/transport.hpp"
#include "common/mail/message.hpp"
#include "common/transport/network_process.hpp"
#include "common/transport/secrets.hpp"

namespace postrider::transport {

struct NetworkTransportSettings {
    std::string version; // ours, which the process must have as well
    std::string subject_prefix = std::string{mail::default_subject_prefix};
};

/// The source of what is said of the process as a whole.
inline constexpr const char *process_source = "postrider-network";

/// What the transport needs and does not own.
struct NetworkTransportPorts {
    NetworkStarter &starter;
    Secrets &secrets;
    const Clock &steady_clock;
};

/// Not thread-safe. There is a process while there is a mailbox. A poll gives at most
/// `limits::transport_events_max` events and stops once the envelopes in them reach
/// `limits::mail_bytes_max`; what is beyond that waits in the process.
class NetworkTransport final : public engine::Transport {
  public:
    NetworkTransport(NetworkTransportPorts ports, NetworkTransportSettings settings)
        : ports_(ports),
          settings_(std::move(settings)),
          process_(ports_.starter, settings_.version) {}

    void configure(std::vector<engine::Inlet> inlets) override;
    void submit(engine::Transmission transmission) override;
    std::vector<engine::Event> poll(Timestamp now) override;
    void settle(const engine::Receipt &receipt, engine::Settlement settlement) override;
    void look_now() override;
    [[nodiscard]] std::optional<Timestamp> next_look(Timestamp now) const override;

    [[nodiscard]] bool is_busy() const override {
        return !waiting_.empty() || !open_.empty() || !looking_.empty() || !events_.empty();
    }

    [[nodiscard]] std::optional<engine::Waking> waking() const override {
        return process_.waking();
    }

    /// What the connections of the accounts do now, as far as they have said, in a line:
    /// "main, receive: waits for mail; main, send: not connected".
    [[nodiscard]] std::string doing() const;

  private:
    /// A mail that has no outcome yet.
    struct Mail {
        engine::Transmission transmission;
        unsigned deaths = 0; // processes that ended while they had it
        /// What the process wants of its envelope and has not been given: up to here, from there.
        std::size_t given_to = 0;
        std::size_t wanted_to = 0;
    };

    struct Account {
        engine::Mailbox mailbox;
        MailAccount told; // what the process is told of it, with the newest cursor
        Bytes arriving;   // of an envelope that comes in pieces
    };

    void set_account(engine::Inlet inlet, std::map<std::string, Account> &accounts);
    void tell_once(const std::string &source, Error what);
    void end_with(std::uint64_t ticket, Error reason);
    void give_up_mails_without_mailbox();
    void give_up_what_waits(const Error &reason);
    void tell_that_nothing_is_received(const Error &reason);
    void notice_change_of_process();
    void tell_accounts();
    void answer_questions(Timestamp now);
    void send_what_fits();
    bool give_a_piece();
    bool submit_next();
    void take_piece(const EnvelopeArrives &piece, Timestamp now);
    void take_arrived(MailArrived &arrived, Timestamp now);
    void take_wish(const EnvelopeWanted &wanted, Timestamp now);
    void read(Timestamp now, std::vector<engine::Event> &events);
    void gather(std::vector<engine::Event> &events);
    void take(NetworkReport &report, Timestamp now);
    void take_question(const SecretWanted &wanted, Timestamp now);
    void take_outcome(const Delivered &delivered);
    void take_servers(const ServersFound &found, Timestamp now);
    void take_cursor(CursorMoved &moved, Timestamp now);
    bool has_good_receipt(const std::string &account, const std::string &receipt, Timestamp now);
    [[nodiscard]] engine::Receipt receipt_for(const std::string &account,
                                              const std::string &receipt) const;

    [[nodiscard]] bool knows(const std::string &account) const {
        return accounts_.count(account) != 0;
    }

    NetworkTransportPorts ports_;
    NetworkTransportSettings settings_;
    NetworkProcess process_;

    std::map<std::string, Account> accounts_;      // by name
    std::optional<std::vector<MailAccount>> told_; // without cursors; to the process that works
    std::uint64_t known_process_ = 0;              // its number when we looked last

    std::deque<Mail> waiting_;           // to be submitted to the process
    std::map<std::uint64_t, Mail> open_; // by ticket: submitted to it
    std::size_t open_bytes_ = 0;         // of their beginnings
    std::deque<std::uint64_t> wishes_;   // tickets of those of which more is wanted

    std::set<std::string> looking_;    // accounts that are to be looked into
    std::deque<engine::Event> events_; // to be given by a poll
    std::map<std::pair<std::string, std::string>, std::string> doing_;
    /// By account: why there is no process that could receive for it, as it was told last.
    std::map<std::string, std::string> blocked_;
    std::set<std::string> told_once_; // messages
    bool has_more_ = false;           // the last poll stopped before everything was read
};

} // namespace postrider::transport
