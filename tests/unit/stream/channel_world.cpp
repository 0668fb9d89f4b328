// The simulation of one stream.
#include "tests/unit/stream/channel_world.hpp"

#include <algorithm>

namespace postrider::stream::channel {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int sender_node = 0;
constexpr int receiver_node = 1;
constexpr std::uint64_t incarnation_step = std::uint64_t{1} << 32U;

void put_hash(ByteWriter &writer, const FixedBytes<32> &hash) {
    writer.raw(hash);
}

ChainHash next_chain(const ChainHash &previous, std::uint64_t incarnation, const Batch &batch) {
    Bytes content = encode(batch);
    content.insert(content.end(), previous.begin(), previous.end());
    content.push_back(static_cast<std::uint8_t>(incarnation));
    return hash_of(content);
}

} // namespace

std::uint64_t checksum_of(const Bytes &bytes) {
    std::uint64_t sum = 0xcbf29ce484222325U;
    for (const std::uint8_t byte : bytes) {
        sum = (sum ^ byte) * 0x100000001b3U;
    }
    return sum;
}

FixedBytes<32> hash_of(const Bytes &bytes) {
    FixedBytes<32> hash{};
    std::uint64_t state = checksum_of(bytes);
    for (std::size_t index = 0; index < hash.size(); ++index) {
        state = state * 6364136223846793005U + 1442695040888963407U;
        hash[index] = static_cast<std::uint8_t>(state >> 56U);
    }
    return hash;
}

Bytes encode(const Batch &batch) {
    ByteWriter writer;
    put_hash(writer, batch.header.previous_chain);
    put_hash(writer, batch.header.chain);
    writer.u8(batch.header.continues ? 1 : 0);
    writer.u8(batch.is_load ? 1 : 0);
    writer.u8(batch.header.rebase ? 1 : 0);
    const Position rebase = batch.header.rebase.value_or(Position{});
    writer.u64(rebase.incarnation);
    writer.u64(rebase.number);
    put_hash(writer, rebase.chain);
    writer.u32(static_cast<std::uint32_t>(batch.values.size()));
    for (const std::uint32_t value : batch.values) {
        writer.u32(value);
    }
    return std::move(writer).take();
}

std::optional<Batch> decode(const Bytes &body) {
    ByteReader reader{body};
    Batch batch;
    batch.header.previous_chain = reader.fixed<32>();
    batch.header.chain = reader.fixed<32>();
    batch.header.continues = reader.u8() != 0;
    batch.is_load = reader.u8() != 0;
    const bool has_rebase = reader.u8() != 0;
    Position rebase;
    rebase.incarnation = reader.u64();
    rebase.number = reader.u64();
    rebase.chain = reader.fixed<32>();
    if (has_rebase) {
        batch.header.rebase = rebase;
    }
    const std::uint32_t count = reader.u32();
    for (std::uint32_t index = 0; index < count && reader.ok(); ++index) {
        batch.values.push_back(reader.u32());
    }
    return reader.at_end() ? std::optional{batch} : std::nullopt;
}

World::World(std::uint64_t seed, Mutant mutant) : random_(seed), mutant_(mutant) {
    sender_.machine.incarnation = incarnation_step;
    sender_vault_.incarnation = incarnation_step;
    with_restores_ = seed % 2 == 1;
}

std::uint32_t World::random(std::uint32_t below) {
    return static_cast<std::uint32_t>(random_() % below);
}

bool World::chance(std::uint32_t percent) {
    return random(100) < percent;
}

void World::maybe_crash() {
    if (hostile_ && chance(3)) {
        throw Crash{};
    }
}

Timestamp World::clock_of(int node) const {
    return now_ + skew_[node];
}

/// All or nothing: `work` changes a copy.
template <class Disk, class Work>
void World::transact(Disk &disk, const Work &work) {
    Disk copy = disk;
    work(copy);
    maybe_crash();
    disk = std::move(copy);
    maybe_crash();
}

void World::put(std::vector<Mail> &box, Mail mail) {
    ++mails_;
    if (!hostile_) {
        mail.arrives = now_ + seconds{1 + random(60)};
        box.push_back(std::move(mail));
        return;
    }
    if (chance(20)) {
        return;
    }
    for (int copies = chance(20) ? 2 : 1; copies > 0; --copies) {
        Mail copy = mail;
        copy.arrives = now_ + (chance(10) ? Duration{hours{random(24 * 21)}}
                                          : Duration{seconds{random(3600)}});
        if (chance(5) && !copy.slice.empty()) {
            copy.slice.resize(random(static_cast<std::uint32_t>(copy.slice.size())));
        } else if (chance(5) && !copy.slice.empty()) {
            copy.slice[random(static_cast<std::uint32_t>(copy.slice.size()))] ^= 1U;
        }
        box.push_back(std::move(copy));
    }
}

std::optional<Mail> World::take_next(std::vector<Mail> &box) {
    std::vector<std::size_t> arrived;
    for (std::size_t index = 0; index < box.size(); ++index) {
        if (box[index].arrives <= now_) {
            arrived.push_back(index);
        }
    }
    if (arrived.empty()) {
        return std::nullopt;
    }
    // Moved to the end, so that `remove` finds it there.
    const std::size_t chosen = arrived[random(static_cast<std::uint32_t>(arrived.size()))];
    std::swap(box[chosen], box.back());
    return box.back();
}

void World::remove(std::vector<Mail> &box, const Mail &) {
    box.pop_back();
}

// ---- Sender -------------------------------------------------------------------------------------

void World::begin_again(SenderDisk &disk, std::optional<Position> position) {
    const std::uint64_t known = std::max({disk.machine.incarnation, sender_vault_.incarnation,
                                          position ? position->incarnation : 0});
    const std::uint64_t incarnation = (known / incarnation_step + 1) * incarnation_step;
    begin_incarnation(disk.machine, incarnation, position);
    disk.bodies.clear();
}

void World::sender_start() {
    const bool behind = sender_vault_.incarnation > sender_.machine.incarnation ||
                        (sender_vault_.incarnation == sender_.machine.incarnation &&
                         sender_vault_.number > sender_.machine.last_number);
    if (behind && mutant_ != Mutant::reuse_number_after_restore) {
        transact(sender_, [this](SenderDisk &disk) { begin_again(disk, std::nullopt); });
    }
}

void World::sender_writes() {
    transact(sender_, [this](SenderDisk &disk) {
        for (std::uint32_t count = 1 + random(3); count > 0; --count) {
            disk.log.push_back(next_value_++);
        }
    });
}

void World::sender_numbers() {
    const auto next = next_number(sender_.machine);
    const bool is_load = next && next->rebase;
    if (!next || (!is_load && sender_.cursor == sender_.log.size())) {
        return;
    }
    transact(sender_, [&](SenderDisk &disk) {
        Batch batch;
        batch.is_load = is_load;
        const std::size_t from = is_load ? 0 : disk.cursor;
        const std::size_t left = disk.log.size() - from;
        const std::size_t count = is_load ? left : std::min<std::size_t>(left, 1 + random(4));
        const auto first = disk.log.begin() + static_cast<std::ptrdiff_t>(from);
        batch.values.assign(first, first + static_cast<std::ptrdiff_t>(count));
        disk.cursor = from + count;
        batch.header.continues = disk.cursor < disk.log.size() && chance(40);
        batch.header.previous_chain = next->previous_chain;
        batch.header.rebase = next->rebase;
        batch.header.chain = next_chain(next->previous_chain, disk.machine.incarnation, batch);
        const Bytes body = encode(batch);
        take_number(
            disk.machine,
            {next->number, batch.header.chain, hash_of(body), body.size(), batch.header.continues},
            clock_of(sender_node));
        disk.bodies[next->number] = body;
    });
}

void World::sender_sends() {
    const Timestamp now = clock_of(sender_node);
    if (sender_.machine.awaits_position) {
        const bool due = !sender_.last_hello || now - *sender_.last_hello > minutes{30} ||
                         now < *sender_.last_hello;
        if (due) {
            transact(sender_, [&](SenderDisk &disk) { disk.last_hello = now; });
            sender_vault_ = {sender_.machine.incarnation, sender_.machine.last_number};
            Mail hello;
            hello.kind = Mail::Kind::hello;
            put(to_receiver_, hello);
        }
        return;
    }
    for (const Due &due : due_now(sender_.machine, timing_, now)) {
        const OutboxEntry entry = sender_.machine.outbox.at(due.number);
        const Bytes body = sender_.bodies.at(due.number);
        transact(sender_, [&](SenderDisk &disk) {
            on_sending(disk.machine, due.number, timing_, now,
                       static_cast<std::uint32_t>(random_()));
        });
        sender_vault_ = {sender_.machine.incarnation, sender_.machine.last_number};
        std::vector<Range> ranges = due.ranges;
        if (ranges.empty()) {
            ranges.push_back({0, body.size()});
        }
        for (Range range : ranges) {
            // Split differently every time.
            const std::uint64_t size = chance(50) ? body.size() : 20 + random(80);
            for (std::uint64_t offset = range.offset; offset < range.end; offset += size) {
                Mail mail;
                const std::uint64_t end = std::min(range.end, offset + size);
                mail.head = {sender_.machine.incarnation,
                             due.number,
                             entry.body_hash,
                             body.size(),
                             {offset, end}};
                mail.slice.assign(body.begin() + static_cast<std::ptrdiff_t>(offset),
                                  body.begin() + static_cast<std::ptrdiff_t>(end));
                mail.checksum = checksum_of(mail.slice);
                maybe_crash();
                put(to_receiver_, mail);
            }
        }
    }
}

void World::sender_polls() {
    const std::optional<Mail> mail = take_next(to_sender_);
    if (!mail) {
        return;
    }
    transact(sender_, [&](SenderDisk &disk) {
        StreamReport report = mail->report;
        if (mutant_ == Mutant::ignore_chain) {
            const auto entry = disk.machine.outbox.find(report.applied.number);
            report.applied.chain = entry == disk.machine.outbox.end()
                                       ? disk.machine.acknowledged_chain
                                       : entry->second.chain;
        }
        const ReportOutcome outcome =
            on_report(disk.machine, report, timing_, clock_of(sender_node));
        for (const std::uint64_t number : outcome.dropped) {
            disk.bodies.erase(number);
        }
        if (outcome.verdict == ReportVerdict::wrong_chain) {
            ++forks_;
        }
        if (disk.machine.state == StreamState::held || disk.machine.state == StreamState::forked) {
            begin_again(disk, report.applied);
        }
    });
    remove(to_sender_, *mail);
}

// ---- Receiver -----------------------------------------------------------------------------------

void World::receiver_start() {
    if (std::pair{receiver_vault_.incarnation, receiver_vault_.number} >
        std::pair{receiver_.incarnation, receiver_.reports}) {
        transact(receiver_, [this](ReceiverDisk &disk) {
            disk.incarnation = static_cast<std::uint64_t>(to_milliseconds(now_));
            note_urgent(disk.acknowledgement, clock_of(receiver_node));
        });
    }
}

void World::note_front(ReceiverDisk &disk) {
    const StreamReport report = make_report(disk.machine, false);
    std::uint64_t front = report.applied.number + 1;
    if (!report.stored.empty() && report.stored.front().offset == front) {
        front = report.stored.front().end;
    }
    note_gap(disk.acknowledgement, has_gap(disk.machine), front != disk.front,
             clock_of(receiver_node));
    disk.front = front;
}

void World::receiver_polls() {
    const std::optional<Mail> mail = take_next(to_receiver_);
    if (!mail) {
        return;
    }
    if (mail->kind == Mail::Kind::hello) {
        transact(receiver_, [this](ReceiverDisk &disk) {
            note_urgent(disk.acknowledgement, clock_of(receiver_node));
        });
    } else if (checksum_of(mail->slice) == mail->checksum) {
        receiver_stores(*mail);
    }
    remove(to_receiver_, *mail);
}

void World::receiver_stores(const Mail &mail) {
    transact(receiver_, [&](ReceiverDisk &disk) {
        const Timestamp now = clock_of(receiver_node);
        const ArrivalVerdict verdict = judge(disk.machine, mail.head);
        if (verdict.arrival != Arrival::store) {
            note_duplicate(disk.acknowledgement, timing_, std::nullopt, now);
            if (mutant_ == Mutant::skip_duplicate_check && verdict.arrival == Arrival::duplicate) {
                if (const auto batch = decode(mail.slice)) {
                    disk.log.insert(disk.log.end(), batch->values.begin(), batch->values.end());
                }
            }
            return;
        }
        if (verdict.replaces_inbox) {
            disk.bodies.clear();
        }
        const InboxKey key{mail.head.number, mail.head.body_hash};
        const bool complete = note_stored(disk.machine, mail.head);
        Bytes &body = disk.bodies[key];
        body.resize(mail.head.body_total);
        std::copy(mail.slice.begin(), mail.slice.end(),
                  body.begin() + static_cast<std::ptrdiff_t>(mail.head.range.offset));
        if (complete) {
            const auto batch = decode(body);
            if (batch && hash_of(body) == mail.head.body_hash) {
                note_opened(disk.machine, key, batch->header);
                note_news(disk.acknowledgement, now);
            } else {
                note_unusable(disk.machine, key);
                disk.bodies.erase(key);
            }
        }
        note_front(disk);
    });
}

void World::receiver_applies() {
    if (mutant_ == Mutant::ignore_chain) {
        ChainHash chain = receiver_.machine.applied.chain;
        for (auto &[key, body] : receiver_.machine.inbox) {
            if (body.opened) {
                body.opened->previous_chain = chain;
                chain = body.opened->chain;
                if (body.opened->rebase) {
                    body.opened->rebase->chain = receiver_.machine.applied.chain;
                }
            }
        }
    }
    const Step step = next_step(receiver_.machine);
    if (step.what == Step::What::wait) {
        return;
    }
    transact(receiver_, [&](ReceiverDisk &disk) {
        const Timestamp now = clock_of(receiver_node);
        if (step.what == Step::What::fork) {
            ++forks_;
            stop_forked(disk.machine, step);
            note_urgent(disk.acknowledgement, now);
            return;
        }
        std::vector<InboxKey> dropped;
        if (step.what == Step::What::apply) {
            for (const InboxKey &key : step.bodies) {
                const Batch batch = *decode(disk.bodies.at(key));
                if (batch.is_load) {
                    disk.log.clear();
                }
                disk.log.insert(disk.log.end(), batch.values.begin(), batch.values.end());
            }
            dropped = note_applied(disk.machine, step);
            note_news(disk.acknowledgement, now);
        } else {
            dropped = drop_newcomer(disk.machine);
            note_urgent(disk.acknowledgement, now);
        }
        for (const InboxKey &key : dropped) {
            disk.bodies.erase(key);
        }
        note_front(disk);
    });
}

void World::receiver_reports() {
    const Timestamp now = clock_of(receiver_node);
    const auto due = report_due(receiver_.acknowledgement, timing_, now);
    if (!due || *due > now) {
        return;
    }
    Mail mail;
    mail.kind = Mail::Kind::report;
    transact(receiver_, [&](ReceiverDisk &disk) {
        mail.report = make_report(disk.machine, names_missing(disk.acknowledgement, timing_, now));
        mail.report.reporter_incarnation = disk.incarnation;
        mail.report.counter = ++disk.reports;
        on_reported(disk.acknowledgement, timing_, now);
    });
    receiver_vault_ = {receiver_.incarnation, receiver_.reports};
    put(to_sender_, mail);
}

// ---- The run ------------------------------------------------------------------------------------

void World::restore() {
    restored_ = true;
    const auto index =
        sender_copies_.empty() ? 0 : random(static_cast<std::uint32_t>(sender_copies_.size()));
    if (chance(50) && !sender_copies_.empty()) {
        const bool with_vault = chance(30);
        restored_unnoticed_ = restored_unnoticed_ || with_vault;
        sender_ = sender_copies_[index].first;
        sender_vault_ = with_vault ? sender_copies_[index].second : sender_vault_;
    } else if (!receiver_copies_.empty()) {
        // With its vault too, its reports would count from where they were and pass for old ones;
        // that is for the start tokens to notice.
        receiver_ = receiver_copies_[index];
    }
    start_both();
}

/// Nobody works before a start has succeeded.
void World::start_both() {
    for (bool started = false; !started;) {
        try {
            sender_start();
            receiver_start();
            started = true;
        } catch (const Crash &) {
            started = false;
        }
    }
}

void World::step() {
    now_ += chance(5) ? Duration{hours{random(48)}} : Duration{seconds{random(600)}};
    if (chance(1)) {
        skew_[random(2)] = minutes{random(200)} - minutes{100};
    }
    if (with_restores_ && chance(2)) {
        sender_copies_.emplace_back(sender_, sender_vault_);
        receiver_copies_.push_back(receiver_);
    }
    if (with_restores_ && chance(1)) {
        restore();
        return;
    }
    switch (random(8)) {
    case 0:
        return sender_writes();
    case 1:
        return sender_numbers();
    case 2:
        return sender_sends();
    case 3:
        return sender_polls();
    case 4:
    case 5:
        return receiver_polls();
    case 6:
        return receiver_applies();
    default:
        return receiver_reports();
    }
}

std::string World::check_prefix() const {
    const std::vector<std::uint32_t> &got = receiver_.log;
    if (restored_ || (got.size() <= sender_.log.size() &&
                      std::equal(got.begin(), got.end(), sender_.log.begin()))) {
        return "";
    }
    return "the receiver holds what the sender did not send in this order";
}

std::optional<Timestamp> World::next_event() const {
    std::optional<Timestamp> next;
    const auto consider = [&next](std::optional<Timestamp> time, Duration skew) {
        if (time) {
            next = next ? std::min(*next, *time - skew) : *time - skew;
        }
    };
    consider(next_due(sender_.machine, timing_, clock_of(sender_node)), skew_[sender_node]);
    consider(report_due(receiver_.acknowledgement, timing_, clock_of(receiver_node)),
             skew_[receiver_node]);
    if (sender_.machine.awaits_position) {
        consider(sender_.last_hello.value_or(now_) + minutes{31}, skew_[sender_node]);
    }
    for (const auto *box : {&to_receiver_, &to_sender_}) {
        for (const Mail &mail : *box) {
            consider(mail.arrives, Duration::zero());
        }
    }
    return next;
}

std::string World::heal() {
    hostile_ = false;
    start_both();
    sender_writes();
    for (int round = 0; round < 20'000; ++round) {
        sender_numbers();
        sender_sends();
        sender_polls();
        receiver_polls();
        receiver_applies();
        receiver_reports();
        const auto next = next_event();
        const bool all_numbered = sender_.cursor == sender_.log.size();
        if (!next && all_numbered && next_step(receiver_.machine).what == Step::What::wait) {
            return "";
        }
        if (next && *next > now_) {
            now_ = *next;
        }
    }
    const auto place = [](const Position &position) {
        return std::to_string(position.incarnation) + "/" + std::to_string(position.number);
    };
    const OutgoingStream &out = sender_.machine;
    return "does not come to rest: sender " + std::string(name_of(out.state)) + " " + out.reason +
           " at " + place({out.incarnation, out.last_number, {}}) + ", acknowledged " +
           std::to_string(out.acknowledged) + (out.awaits_position ? ", awaits position" : "") +
           "; receiver " + std::string(name_of(receiver_.machine.state)) + " " +
           receiver_.machine.reason + " at " + place(position_of(receiver_.machine)) + ", " +
           std::to_string(receiver_.machine.inbox.size()) + " in the inbox";
}

std::string World::run() {
    for (int count = 0; count < 400; ++count) {
        try {
            step();
        } catch (const Crash &) {
            start_both();
        }
        if (const std::string broken = check_prefix(); !broken.empty()) {
            return broken;
        }
    }
    if (const std::string broken = heal(); !broken.empty()) {
        return broken;
    }
    if (sender_.log != receiver_.log) {
        return "the two sides differ in the end";
    }
    if (!sender_.machine.outbox.empty() || sender_.machine.state != StreamState::open) {
        return "something is left in the outbox";
    }
    if (forks_ > 0 && !restored_unnoticed_) {
        return "a number was used twice";
    }
    const int mails = mails_;
    for (int day = 0; day < 60; ++day) {
        now_ += hours{24};
        sender_sends();
        receiver_reports();
    }
    return mails_ == mails ? "" : "mails without a change";
}

} // namespace postrider::stream::channel
