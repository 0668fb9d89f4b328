// A sender and a receiver of one stream over a hostile channel, with plain numbers as payload: the
// machines alone, no database and no cryptography. Each side is a disk (a value that a transaction
// replaces), a vault beside it, and nothing else, so a crash is an exception.
#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "common/stream/acknowledgement.hpp"
#include "common/stream/incoming.hpp"
#include "common/stream/outgoing.hpp"

namespace postrider::stream::channel {

/// Planted faults: each must be noticed by the checks.
enum class Mutant { none, skip_duplicate_check, reuse_number_after_restore, ignore_chain };

struct Crash {};

/// What a mail carries: a part of a body, a report, or the sender's question where we stand.
struct Mail {
    enum class Kind { part, report, hello } kind = Kind::part;
    Timestamp arrives{};
    PartHead head;
    Bytes slice;
    std::uint64_t checksum = 0;
    StreamReport report;
};

struct Batch {
    OpenedBatch header;
    bool is_load = false; // replaces everything
    std::vector<std::uint32_t> values;
};

Bytes encode(const Batch &batch);
std::optional<Batch> decode(const Bytes &body);
FixedBytes<32> hash_of(const Bytes &bytes);
std::uint64_t checksum_of(const Bytes &bytes);

struct SenderDisk {
    OutgoingStream machine;
    std::vector<std::uint32_t> log; // the user's data: numbers, appended
    std::size_t cursor = 0;
    std::map<std::uint64_t, Bytes> bodies;
    std::optional<Timestamp> last_hello;
};

struct ReceiverDisk {
    IncomingStream machine;
    Acknowledgement acknowledgement;
    std::vector<std::uint32_t> log;
    std::map<InboxKey, Bytes> bodies;
    std::uint64_t front = 0;
    std::uint64_t incarnation = 1;
    std::uint64_t reports = 0;
};

/// Of either side: what must not be restored together with the disk.
struct NodeVault {
    std::uint64_t incarnation = 0;
    std::uint64_t number = 0;
};

/// Everything of one run. All randomness comes from the seed.
class World {
  public:
    World(std::uint64_t seed, Mutant mutant);

    /// Runs, heals, and checks. Empty, or what was broken.
    std::string run();

  private:
    std::uint32_t random(std::uint32_t below);
    bool chance(std::uint32_t percent);
    void maybe_crash();
    Timestamp clock_of(int node) const;
    template <class Disk, class Work>
    void transact(Disk &disk, const Work &work);

    void step();
    void restore();
    void start_both();
    void put(std::vector<Mail> &box, Mail mail);
    std::optional<Mail> take_next(std::vector<Mail> &box);
    static void remove(std::vector<Mail> &box, const Mail &mail);

    // Sender.
    void sender_start();
    void sender_writes();
    void sender_numbers();
    void sender_sends();
    void sender_polls();
    void begin_again(SenderDisk &disk, std::optional<Position> position);

    // Receiver.
    void receiver_start();
    void receiver_polls();
    void receiver_stores(const Mail &mail);
    void receiver_applies();
    void receiver_reports();
    void note_front(ReceiverDisk &disk);

    std::string check_prefix() const;
    std::string heal();
    std::optional<Timestamp> next_event() const;

    std::mt19937_64 random_;
    Mutant mutant_;
    Timing timing_;
    Timestamp now_ = from_milliseconds(1'800'000'000'000);
    Duration skew_[2]{};
    SenderDisk sender_;
    ReceiverDisk receiver_;
    NodeVault sender_vault_;
    NodeVault receiver_vault_;
    std::vector<std::pair<SenderDisk, NodeVault>> sender_copies_;
    std::vector<ReceiverDisk> receiver_copies_;
    std::vector<Mail> to_receiver_;
    std::vector<Mail> to_sender_;
    std::uint32_t next_value_ = 1;
    bool hostile_ = true;
    bool restored_ = false;           // either side went back in time
    bool restored_unnoticed_ = false; // its vault too
    int forks_ = 0;
    int mails_ = 0;
    bool with_restores_ = false;
};

} // namespace postrider::stream::channel
