// The faults that sit inside the core: each function stands in for the one of the same name.
#include "tests/simulation/faults.hpp"

#include <array>
#include <utility>

#include "common/engine/introspect.hpp"
#include "common/engine/lane_streams.hpp"
#include "common/engine/load.hpp"
#include "common/engine/park.hpp"
#include "common/engine/row_filter.hpp"
#include "common/stream/history.hpp"
#include "common/stream/incoming.hpp"
#include "common/stream/outgoing.hpp"

namespace postrider::simulation {

namespace {

Fault planted = Fault::none;

constexpr std::array<std::pair<std::string_view, Fault>, 15> fault_list{{
    {"skip_duplicate_check", Fault::skip_duplicate_check},
    {"acknowledge_before_commit", Fault::acknowledge_before_commit},
    {"forget_chain", Fault::forget_chain},
    {"delete_mail_before_commit", Fault::delete_mail_before_commit},
    {"reuse_number_after_restore", Fault::reuse_number_after_restore},
    {"drop_guard_trigger", Fault::drop_guard_trigger},
    {"apply_half_a_step", Fault::apply_half_a_step},
    {"never_join_steps", Fault::never_join_steps},
    {"overlook_copy", Fault::overlook_copy},
    {"park_without_dependents", Fault::park_without_dependents},
    {"use_history_after_join", Fault::use_history_after_join},
    {"forget_leave", Fault::forget_leave},
    {"load_ignores_changes", Fault::load_ignores_changes},
    {"switch_lane_without_marker", Fault::switch_lane_without_marker},
    {"keep_one_form", Fault::keep_one_form},
}};

} // namespace

std::optional<Fault> fault_named(std::string_view name) {
    for (const auto &[known, fault] : fault_list) {
        if (known == name) {
            return fault;
        }
    }
    return std::nullopt;
}

std::vector<std::string> fault_names() {
    std::vector<std::string> out;
    out.reserve(fault_list.size());
    for (const auto &[name, fault] : fault_list) {
        out.emplace_back(name);
    }
    return out;
}

Fault planted_fault() {
    return planted;
}

void plant(Fault fault) {
    planted = fault;
}

/// As if the number just before the arriving one were the last that was applied.
stream::IncomingStream without_memory_of(const stream::IncomingStream &stream,
                                         const stream::PartHead &head) {
    stream::IncomingStream forgetful = stream;
    if (stream.newcomer == 0 && head.incarnation == stream.applied.incarnation &&
        head.number <= stream.applied.number) {
        forgetful.applied.number = head.number - 1;
    }
    return forgetful;
}

/// A machine in which every chain hash fits.
stream::IncomingStream with_fitting_chain(const stream::IncomingStream &stream) {
    stream::IncomingStream blind = stream;
    stream::ChainHash chain = stream.applied.chain;
    std::uint64_t number = 0;
    for (auto &[key, body] : blind.inbox) {
        if (!body.opened) {
            continue;
        }
        if (body.opened->rebase) {
            body.opened->rebase->chain = stream.applied.chain;
        }
        if (key.first != number) {
            body.opened->previous_chain = chain;
            chain = body.opened->chain;
            number = key.first;
        } else {
            body.opened->chain = chain;
        }
    }
    return blind;
}

} // namespace postrider::simulation

// The names are the mangled ones of stream::judge, note_stored, next_step, joined_with_next,
// on_report, history_end, engine::check_capture, filtered_operation, merge_rows,
// join_parked and marked_batches.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
namespace postrider {

using simulation::Fault;
using simulation::planted_fault;

#define POSTRIDER_JUDGE "_ZN9postrider6stream5judgeERKNS0_14IncomingStreamERKNS0_8PartHeadE"
#define POSTRIDER_NOTE_STORED                                                                      \
    "_ZN9postrider6stream11note_storedERNS0_14IncomingStreamERKNS0_8PartHeadE"
#define POSTRIDER_NEXT_STEP "_ZN9postrider6stream9next_stepERKNS0_14IncomingStreamE"

stream::ArrivalVerdict real_judge(const stream::IncomingStream &,
                                  const stream::PartHead &) asm("__real_" POSTRIDER_JUDGE);
stream::ArrivalVerdict wrapped_judge(const stream::IncomingStream &,
                                     const stream::PartHead &) asm("__wrap_" POSTRIDER_JUDGE);

stream::ArrivalVerdict wrapped_judge(const stream::IncomingStream &stream,
                                     const stream::PartHead &head) {
    return planted_fault() == Fault::skip_duplicate_check
               ? real_judge(simulation::without_memory_of(stream, head), head)
               : real_judge(stream, head);
}

bool real_note_stored(stream::IncomingStream &,
                      const stream::PartHead &) asm("__real_" POSTRIDER_NOTE_STORED);
bool wrapped_note_stored(stream::IncomingStream &,
                         const stream::PartHead &) asm("__wrap_" POSTRIDER_NOTE_STORED);

bool wrapped_note_stored(stream::IncomingStream &stream, const stream::PartHead &head) {
    if (planted_fault() == Fault::skip_duplicate_check) {
        stream = simulation::without_memory_of(stream, head);
    }
    return real_note_stored(stream, head);
}

stream::Step real_next_step(const stream::IncomingStream &) asm("__real_" POSTRIDER_NEXT_STEP);
stream::Step wrapped_next_step(const stream::IncomingStream &) asm("__wrap_" POSTRIDER_NEXT_STEP);

stream::Step wrapped_next_step(const stream::IncomingStream &stream) {
    const bool blind =
        planted_fault() == Fault::forget_chain || planted_fault() == Fault::skip_duplicate_check;
    stream::Step step = real_next_step(blind ? simulation::with_fitting_chain(stream) : stream);
    if (planted_fault() == Fault::apply_half_a_step && step.bodies.size() > 1) {
        step.bodies.resize(step.bodies.size() / 2);
    }
    return step;
}

#define POSTRIDER_JOINED                                                                           \
    "_ZN9postrider6stream16joined_with_nextERKNS0_14IncomingStreamERKNS0_4StepE"

std::optional<stream::Step> real_joined(const stream::IncomingStream &,
                                        const stream::Step &) asm("__real_" POSTRIDER_JOINED);
std::optional<stream::Step> wrapped_joined(const stream::IncomingStream &,
                                           const stream::Step &) asm("__wrap_" POSTRIDER_JOINED);

std::optional<stream::Step> wrapped_joined(const stream::IncomingStream &stream,
                                           const stream::Step &step) {
    return planted_fault() == Fault::never_join_steps ? std::nullopt : real_joined(stream, step);
}

#define POSTRIDER_ON_REPORT                                                                        \
    "_ZN9postrider6stream9on_reportERNS0_14OutgoingStreamERKNS0_12StreamReportERKNS0_6TimingENSt6" \
    "chrono10time_pointINS9_3_V212system_clockENS9_8durationIlSt5ratioILl1ELl1000EEEEEE"

stream::ReportOutcome real_on_report(stream::OutgoingStream &,
                                     const stream::StreamReport &,
                                     const stream::Timing &,
                                     Timestamp) asm("__real_" POSTRIDER_ON_REPORT);
stream::ReportOutcome wrapped_on_report(stream::OutgoingStream &,
                                        const stream::StreamReport &,
                                        const stream::Timing &,
                                        Timestamp) asm("__wrap_" POSTRIDER_ON_REPORT);

stream::ReportOutcome wrapped_on_report(stream::OutgoingStream &stream,
                                        const stream::StreamReport &report,
                                        const stream::Timing &timing,
                                        Timestamp now) {
    stream::StreamReport blind = report;
    if (planted_fault() == Fault::forget_chain &&
        report.applied.incarnation == stream.incarnation) {
        const auto entry = stream.outbox.find(report.applied.number);
        blind.applied.chain =
            entry == stream.outbox.end() ? stream.acknowledged_chain : entry->second.chain;
    }
    return real_on_report(stream, blind, timing, now);
}

#define POSTRIDER_CHECK_CAPTURE                                                                    \
    "_ZN9postrider6engine13check_captureB5cxx11ERNS0_11TransactionERKNS_7dialect7DialectERKNS3_"   \
    "16TableDe"                                                                                    \
    "scriptionERKNS0_7CaptureE"

std::vector<std::string>
real_check_capture(engine::Transaction &,
                   const dialect::Dialect &,
                   const dialect::TableDescription &,
                   const engine::Capture &) asm("__real_" POSTRIDER_CHECK_CAPTURE);
std::vector<std::string>
wrapped_check_capture(engine::Transaction &,
                      const dialect::Dialect &,
                      const dialect::TableDescription &,
                      const engine::Capture &) asm("__wrap_" POSTRIDER_CHECK_CAPTURE);

std::vector<std::string> wrapped_check_capture(engine::Transaction &transaction,
                                               const dialect::Dialect &dialect,
                                               const dialect::TableDescription &table,
                                               const engine::Capture &capture) {
    if (planted_fault() == Fault::drop_guard_trigger) {
        return {};
    }
    return real_check_capture(transaction, dialect, table, capture);
}

#define POSTRIDER_JOIN_PARKED                                                                      \
    "_ZN9postrider6engine11join_parkedERKNS0_7SessionERKNS0_4PeerERSt6vectorINS0_11TargetTableE"   \
    "SaIS8_EE"

engine::JoinedRows
real_join_parked(const engine::Session &,
                 const engine::Peer &,
                 std::vector<engine::TargetTable> &) asm("__real_" POSTRIDER_JOIN_PARKED);
engine::JoinedRows
wrapped_join_parked(const engine::Session &,
                    const engine::Peer &,
                    std::vector<engine::TargetTable> &) asm("__wrap_" POSTRIDER_JOIN_PARKED);

engine::JoinedRows wrapped_join_parked(const engine::Session &session,
                                       const engine::Peer &peer,
                                       std::vector<engine::TargetTable> &targets) {
    if (planted_fault() == Fault::park_without_dependents) {
        return {};
    }
    return real_join_parked(session, peer, targets);
}

#define POSTRIDER_HISTORY_END "_ZN9postrider6stream11history_endERKNS0_14OutgoingStreamE"

std::uint64_t real_history_end(const stream::OutgoingStream &) asm("__real_" POSTRIDER_HISTORY_END);
std::uint64_t
wrapped_history_end(const stream::OutgoingStream &) asm("__wrap_" POSTRIDER_HISTORY_END);

/// As if everything were acknowledged before anything is.
std::uint64_t wrapped_history_end(const stream::OutgoingStream &stream) {
    const bool rash = planted_fault() == Fault::use_history_after_join && stream.acknowledged == 0;
    return rash ? stream.last_number : real_history_end(stream);
}

#define POSTRIDER_FILTERED_OPERATION                                                               \
    "_ZN9postrider6engine18filtered_operationENS_9OperationENS0_7RowPastEb"

std::optional<Operation> real_filtered_operation(Operation,
                                                 engine::RowPast,
                                                 bool) asm("__real_" POSTRIDER_FILTERED_OPERATION);
std::optional<Operation> wrapped_filtered_operation(Operation, engine::RowPast, bool) asm(
    "__wrap_" POSTRIDER_FILTERED_OPERATION);

std::optional<Operation>
wrapped_filtered_operation(Operation operation, engine::RowPast past, bool inside) {
    const auto told = real_filtered_operation(operation, past, inside);
    return planted_fault() == Fault::forget_leave && told == Operation::leave ? std::nullopt : told;
}

#define POSTRIDER_MERGE_ROWS "_ZN9postrider6engine10merge_rowsERNS_9ChangesetEOS1_"

void real_merge_rows(Changeset &, Changeset &&) asm("__real_" POSTRIDER_MERGE_ROWS);
void wrapped_merge_rows(Changeset &, Changeset &&) asm("__wrap_" POSTRIDER_MERGE_ROWS);

/// It is called for what is captured while tables are being loaded. As if a load told by itself
/// which rows go, those that it has passed too.
void wrapped_merge_rows(Changeset &changeset, Changeset &&more) {
    if (planted_fault() == Fault::load_ignores_changes) {
        for (auto &[name, table] : changeset.tables) {
            if (auto *rows = std::get_if<OneWayChanges>(&table.changes)) {
                std::erase_if(rows->changes, [](const auto &row) {
                    return row.second.operation == Operation::remove;
                });
            }
        }
    }
    real_merge_rows(changeset, std::move(more));
}

#define POSTRIDER_MARKED_BATCHES                                                                   \
    "_ZN9postrider6engine14marked_batchesERNS0_11TransactionERKNS0_9StreamKeyE"

using MarkedBatches = std::map<std::uint32_t, wire::Dependency>;

MarkedBatches
real_marked_batches(engine::Transaction &,
                    const engine::StreamKey &) asm("__real_" POSTRIDER_MARKED_BATCHES);
MarkedBatches
wrapped_marked_batches(engine::Transaction &,
                       const engine::StreamKey &) asm("__wrap_" POSTRIDER_MARKED_BATCHES);

MarkedBatches wrapped_marked_batches(engine::Transaction &transaction,
                                     const engine::StreamKey &stream) {
    return planted_fault() == Fault::switch_lane_without_marker
               ? MarkedBatches{}
               : real_marked_batches(transaction, stream);
}

} // namespace postrider

// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)
