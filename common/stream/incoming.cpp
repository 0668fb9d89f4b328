// The receiver's side: arrivals, the chain, and what to apply next.
#include "common/stream/incoming.hpp"

#include <algorithm>

#include "common/base/ensure.hpp"
#include "common/base/limits.hpp"

namespace postrider::stream {

namespace {

/// The incarnation whose bodies the inbox holds, 0 before the first part of all.
std::uint64_t current_incarnation(const IncomingStream &stream) {
    return stream.newcomer != 0 ? stream.newcomer : stream.applied.incarnation;
}

/// The last number of the inbox's incarnation that is applied.
std::uint64_t applied_number(const IncomingStream &stream) {
    return stream.newcomer != 0 ? 0 : stream.applied.number;
}

InboxKey first_of(std::uint64_t number) {
    return {number, BodyHash{}};
}

/// The first opened body of a number, null where there is none.
const std::pair<const InboxKey, InboxBody> *opened_body(const IncomingStream &stream,
                                                        std::uint64_t number) {
    for (auto body = stream.inbox.lower_bound(first_of(number));
         body != stream.inbox.end() && body->first.first == number; ++body) {
        if (body->second.opened) {
            return &*body;
        }
    }
    return nullptr;
}

/// The first number whose body is not here whole.
std::uint64_t front_of(const IncomingStream &stream) {
    std::uint64_t number = applied_number(stream) + 1;
    while (opened_body(stream, number) != nullptr) {
        ++number;
    }
    return number;
}

/// The last number of those that are applied, or here and continued: what is behind it is needed
/// before anything more can be applied.
std::uint64_t end_of_begun_step(const IncomingStream &stream) {
    std::uint64_t last = applied_number(stream);
    const auto *body = opened_body(stream, last + 1);
    while (body != nullptr && body->second.opened->continues) {
        ++last;
        body = opened_body(stream, last + 1);
    }
    return last;
}

/// The greatest number that is stored: a step longer than the window moves it (B10), as at the
/// sender.
std::uint64_t window_end(const IncomingStream &stream) {
    return end_of_begun_step(stream) + limits::window_numbers_max;
}

bool is_sane(const PartHead &head) {
    return head.incarnation != 0 && head.number != 0 && head.range.offset < head.range.end &&
           head.range.end <= head.body_total && head.body_total <= limits::body_bytes_max;
}

Arrival judge_place(const IncomingStream &stream, const PartHead &head) {
    if (head.number > window_end(stream)) {
        return Arrival::beyond_window;
    }
    const auto known = stream.inbox.find({head.number, head.body_hash});
    if (known != stream.inbox.end()) {
        if (known->second.total != head.body_total) {
            return Arrival::malformed;
        }
        if (known->second.ranges.contains(head.range)) {
            return Arrival::stored_already;
        }
        RangeSet ranges = known->second.ranges;
        return ranges.add(head.range) ? Arrival::store : Arrival::too_many_ranges;
    }
    const auto bodies = std::distance(stream.inbox.lower_bound(first_of(head.number)),
                                      stream.inbox.lower_bound(first_of(head.number + 1)));
    return static_cast<std::size_t>(bodies) < bodies_of_number_max ? Arrival::store
                                                                   : Arrival::too_many_ranges;
}

Step step_of(Step::What what, std::string reason) {
    return {what, {}, std::move(reason)};
}

/// Checks number 1 of an incarnation: it must begin where we stand.
std::optional<Step> refused_beginning(const IncomingStream &stream, const OpenedBatch &batch) {
    const Position beginning = batch.rebase.value_or(Position{});
    if (beginning.chain == stream.applied.chain) {
        return std::nullopt;
    }
    return step_of(Step::What::rebase_refused,
                   "a new incarnation begins at number " + std::to_string(beginning.number) +
                       ", but number " + std::to_string(stream.applied.number) +
                       " of another past was applied");
}

/// Another opened body of the same number tells other content.
bool is_told_twice(const IncomingStream &stream, std::uint64_t number, const ChainHash &chain) {
    for (auto body = stream.inbox.lower_bound(first_of(number));
         body != stream.inbox.end() && body->first.first == number; ++body) {
        if (body->second.opened && body->second.opened->chain != chain) {
            return true;
        }
    }
    return false;
}

bool is_lacking(const InboxBody &body) {
    return !body.opened && body.ranges.covers(body.total);
}

/// The bodies whose history is missing.
std::vector<MissingParts> lacking_of(const IncomingStream &stream) {
    std::vector<MissingParts> out;
    for (const auto &[key, body] : stream.inbox) {
        const bool is_named = !out.empty() && out.back().number == key.first;
        if (is_lacking(body) && !is_named && opened_body(stream, key.first) == nullptr) {
            out.push_back({key.first, key.second, {}});
        }
    }
    out.resize(std::min(out.size(), report_ranges_max));
    return out;
}

/// What is missing below the greatest number of the inbox, at most report_ranges_max ranges and
/// numbers in all.
std::vector<MissingParts> missing_of(const IncomingStream &stream) {
    std::vector<MissingParts> out;
    std::size_t left = report_ranges_max;
    std::uint64_t expected = applied_number(stream) + 1;
    for (const auto &[key, body] : stream.inbox) {
        for (; expected < key.first && left > 0; ++expected, --left) {
            out.push_back({expected, BodyHash{}, {}});
        }
        expected = key.first + 1;
        if (opened_body(stream, key.first) != nullptr) {
            continue;
        }
        if (is_lacking(body) && left > 0) {
            --left;
            out.push_back({key.first, key.second, {}});
        }
        std::vector<Range> ranges = body.ranges.missing(body.total);
        ranges.resize(std::min(ranges.size(), left));
        if (!ranges.empty()) {
            left -= ranges.size();
            out.push_back({key.first, key.second, std::move(ranges)});
        }
    }
    return out;
}

Step fork_at(std::uint64_t number, const char *what) {
    return step_of(Step::What::fork, "number " + std::to_string(number) + " " + what);
}

/// Adds to `step` the bodies from `number` on, up to the first that does not continue.
Step with_step_at(const IncomingStream &stream, Step step, std::uint64_t number, ChainHash chain) {
    for (;; ++number) {
        const auto *body = opened_body(stream, number);
        if (body == nullptr) {
            return {};
        }
        const OpenedBatch &batch = *body->second.opened;
        if (number == 1) {
            if (std::optional<Step> refused = refused_beginning(stream, batch)) {
                return *refused;
            }
        }
        if (batch.previous_chain != chain) {
            return fork_at(number, "continues another past");
        }
        if (is_told_twice(stream, number, batch.chain)) {
            return fork_at(number, "was sent with two contents");
        }
        step.bodies.push_back(body->first);
        if (!batch.continues) {
            step.what = Step::What::apply;
            return step;
        }
        chain = batch.chain;
    }
}

} // namespace

ArrivalVerdict judge(const IncomingStream &stream, const PartHead &head) {
    if (!is_sane(head)) {
        return {Arrival::malformed};
    }
    const std::uint64_t current = current_incarnation(stream);
    if (head.incarnation < current) {
        return {Arrival::lower_incarnation};
    }
    if (head.incarnation > current) {
        if (head.incarnation == stream.refused) {
            return {Arrival::lower_incarnation};
        }
        if (stream.state == StreamState::stopped) {
            return {Arrival::stopped};
        }
        return head.number > limits::window_numbers_max ? ArrivalVerdict{Arrival::beyond_window}
                                                        : ArrivalVerdict{Arrival::store, true};
    }
    if (head.number <= applied_number(stream)) {
        return {Arrival::duplicate};
    }
    const bool ended = stream.state == StreamState::stopped ||
                       (stream.state == StreamState::forked && stream.newcomer == 0);
    return {ended ? Arrival::stopped : judge_place(stream, head)};
}

bool note_stored(IncomingStream &stream, const PartHead &head) {
    const ArrivalVerdict verdict = judge(stream, head);
    ensure(verdict.arrival == Arrival::store, "only what is to be stored is noted as stored");
    if (verdict.replaces_inbox) {
        stream.inbox.clear();
        stream.newcomer = head.incarnation;
    }
    InboxBody &body = stream.inbox[{head.number, head.body_hash}];
    body.total = head.body_total;
    ensure(body.ranges.add(head.range).has_value(), "the verdict has tried the range");
    return body.ranges.covers(body.total);
}

void note_opened(IncomingStream &stream, const InboxKey &body, const OpenedBatch &batch) {
    const auto found = stream.inbox.find(body);
    ensure(found != stream.inbox.end() && found->second.ranges.covers(found->second.total),
           "only a complete body can be opened");
    found->second.opened = batch;
}

void note_lacking(IncomingStream &stream, const InboxKey &body) {
    const auto found = stream.inbox.find(body);
    ensure(found != stream.inbox.end() && found->second.opened.has_value(),
           "only an opened body tells that it needs history");
    found->second.opened.reset();
}

void note_unusable(IncomingStream &stream, const InboxKey &body) {
    stream.inbox.erase(body);
}

Step next_step(const IncomingStream &stream) {
    const bool may_apply = stream.state == StreamState::open ||
                           (stream.state == StreamState::forked && stream.newcomer != 0);
    if (!may_apply) {
        return {};
    }
    return with_step_at(stream, {}, applied_number(stream) + 1, stream.applied.chain);
}

std::optional<Step> joined_with_next(const IncomingStream &stream, const Step &step) {
    ensure(step.what == Step::What::apply && !step.bodies.empty(), "a step to apply has bodies");
    const InboxKey &last = step.bodies.back();
    Step joined = with_step_at(stream, step, last.first + 1, stream.inbox.at(last).opened->chain);
    return joined.what == Step::What::apply ? std::optional{std::move(joined)} : std::nullopt;
}

std::vector<InboxKey> note_applied(IncomingStream &stream, const Step &step) {
    ensure(step.what == Step::What::apply && !step.bodies.empty(), "a step to apply has bodies");
    const InboxKey &last = step.bodies.back();
    const auto found = stream.inbox.find(last);
    ensure(found != stream.inbox.end() && found->second.opened.has_value(),
           "what was applied was opened");
    stream.applied = {current_incarnation(stream), last.first, found->second.opened->chain};
    if (stream.newcomer != 0) {
        stream.newcomer = 0;
        stream.state = StreamState::open;
        stream.reason.clear();
    }
    std::vector<InboxKey> dropped;
    const auto first_kept = stream.inbox.lower_bound(first_of(last.first + 1));
    for (auto body = stream.inbox.begin(); body != first_kept; ++body) {
        dropped.push_back(body->first);
    }
    stream.inbox.erase(stream.inbox.begin(), first_kept);
    return dropped;
}

void stop_forked(IncomingStream &stream, const Step &step) {
    ensure(step.what == Step::What::fork, "only a fork forks a stream");
    // A newcomer that forks has proven that it begins where we stand: its sender is told of it, not
    // the sender of the past before.
    stream.applied = position_of(stream);
    stream.newcomer = 0;
    stream.state = StreamState::forked;
    stream.reason = step.reason;
}

std::vector<InboxKey> drop_newcomer(IncomingStream &stream) {
    std::vector<InboxKey> dropped;
    for (const auto &[key, body] : stream.inbox) {
        dropped.push_back(key);
    }
    stream.inbox.clear();
    stream.refused = stream.newcomer;
    stream.newcomer = 0;
    return dropped;
}

Position position_of(const IncomingStream &stream) {
    return stream.newcomer == 0 ? stream.applied
                                : Position{stream.newcomer, 0, stream.applied.chain};
}

StreamReport make_report(const IncomingStream &stream, bool name_missing) {
    StreamReport report;
    report.applied = position_of(stream);
    report.forked = stream.state == StreamState::forked && stream.newcomer == 0;
    RangeSet stored(report_ranges_max);
    for (const auto &[key, body] : stream.inbox) {
        if (body.opened && !stored.add({key.first, key.first + 1})) {
            break; // the rest goes unnamed until a later report
        }
    }
    report.stored = stored.ranges();
    report.missing = name_missing ? missing_of(stream) : lacking_of(stream);
    return report;
}

bool is_needed_next(const IncomingStream &stream, const PartHead &head) {
    const bool is_newcomer = head.incarnation > current_incarnation(stream);
    return head.number == (is_newcomer ? 1 : end_of_begun_step(stream) + 1);
}

bool has_gap(const IncomingStream &stream) {
    return !stream.inbox.empty() && stream.inbox.rbegin()->first.first >= front_of(stream);
}

} // namespace postrider::stream
