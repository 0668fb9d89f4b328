// The mail system of a simulated world at its worst: real mails between named mailboxes, which it
// loses, doubles, overtakes, keeps for weeks, cuts, flips bits of, strips of their attachments and
// adorns with footers. A mailbox keeps its mails until its owner settles them.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/engine/transport.hpp"
#include "common/mail/message.hpp"

#include "tests/simulation/clock.hpp"
#include "tests/simulation/memory_disk.hpp"
#include "tests/simulation/random.hpp"
#include "tests/simulation/witness.hpp"

namespace postrider::simulation {

/// Chances in percent, per mail.
struct Hostility {
    std::uint32_t loss = 0;
    std::uint32_t duplication = 0;
    std::uint32_t weeks_of_delay = 0;
    std::uint32_t truncation = 0;
    std::uint32_t bit_flip = 0;
    std::uint32_t stripping = 0;
    std::uint32_t footer = 0;
    /// The sender's server refuses the mail for now, and says so.
    std::uint32_t refusal = 0;
    /// Ordinary delay, up to.
    Duration delay_max = std::chrono::minutes{30};
};

/// How often each kind of harm was done.
using HarmCounts = std::map<std::string, std::uint64_t>;

class Network {
  public:
    Network(Random &random, const WorldTime &time) : random_(random), time_(time) {}

    void set_hostility(const Hostility &hostility) { hostility_ = hostility; }

    /// Mails to and from this node are held back until its partition ends.
    void set_partition(const std::string &node, bool parted);

    /// What this node sends in these forms loses its envelope, always.
    void strip_from(const std::string &node, std::set<mail::Container> forms) {
        stripped_[node] = std::move(forms);
    }

    /// `from` is a node, `to` a mailbox. False: refused for now.
    bool send(const std::string &from, const std::string &to, const std::string &mail);

    struct Mail {
        std::uint64_t id = 0;
        std::string text;
    };

    /// What lies in the mailbox for anyone who looks into it now, in an order of chance. Without
    /// the node's own mails.
    std::vector<Mail> look(const std::string &node, const std::string &mailbox);
    void remove(const std::string &mailbox, std::uint64_t id);

    /// When the next mail on its way to this mailbox arrives.
    [[nodiscard]] std::optional<Timestamp> next_arrival(const std::string &node,
                                                        const std::string &mailbox) const;

    [[nodiscard]] const HarmCounts &harm() const { return harm_; }

    [[nodiscard]] const WorldTime &time() const { return time_; }

    /// Mails handed in, for the promise that nothing is sent without a change.
    [[nodiscard]] std::uint64_t sent() const { return sent_; }

  private:
    struct Waiting {
        Timestamp arrives;
        std::string from;
        std::string text;
    };

    bool strikes(std::uint32_t percent, const char *kind);
    std::string damaged(const std::string &from, std::string mail);
    Random &random_;
    const WorldTime &time_;
    Hostility hostility_;
    std::map<std::string, std::map<std::uint64_t, Waiting>> mailboxes_;
    std::set<std::string> parted_;
    std::map<std::string, std::set<mail::Container>> stripped_; // by sender
    std::uint64_t next_id_ = 1;
    std::uint64_t sent_ = 0;
    HarmCounts harm_;
};

/// A node's way into the network: mailboxes shared by several nodes, of which each takes what one
/// of its stamps opens, like transport/maildir. Forgets everything when the process dies (it is
/// destroyed).
class NetworkTransport final : public engine::Transport {
  public:
    NetworkTransport(Network &network, std::string node)
        : network_(network), node_(std::move(node)) {}

    /// Of a process that dies with its disk, and under a witness: a mail that goes before anything
    /// was committed since it was shown is a violation.
    NetworkTransport(Network &network, std::string node, MemoryDisk &disk, Witness &witness)
        : network_(network), node_(std::move(node)), disk_(&disk), witness_(&witness) {}

    void configure(std::vector<engine::Inlet> inlets) override;
    void submit(engine::Transmission transmission) override;
    std::vector<engine::Event> poll(Timestamp now) override;
    void settle(const engine::Receipt &receipt, engine::Settlement settlement) override;
    [[nodiscard]] std::optional<Timestamp> next_look(Timestamp now) const override;

    /// The process dies (Crash is thrown) before the `calls`-th call from now.
    void die_in(std::uint64_t calls) { calls_left_ = calls; }

  private:
    struct Held {
        std::size_t open_events = 0;
        engine::Settlement settlement = engine::Settlement::remove;
        std::optional<Timestamp> kept_at;
        std::uint64_t commits_before = 0;
    };

    void count_call(const char *where);
    void look_into(const engine::Inlet &inlet, Timestamp now);
    void judge(const engine::Inlet &inlet, const Network::Mail &mail);
    void remove(const engine::Receipt &receipt);

    Network &network_;
    std::string node_;
    MemoryDisk *disk_ = nullptr;
    Witness *witness_ = nullptr;
    std::optional<std::uint64_t> calls_left_;
    std::vector<engine::Inlet> inlets_;
    std::vector<engine::Event> events_;
    std::set<std::uint64_t> others_; // mails that are not for us
    std::map<std::uint64_t, Held> held_;
    Timestamp last_poll_{};
};

} // namespace postrider::simulation
