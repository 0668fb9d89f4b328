// The engine over SPI, files, maildirs and mailboxes.
#include "pg_extension/worker_node.hpp"

#include "common/base/text_copy.hpp"
#include "common/engine/park.hpp"
#include "common/engine/rounds.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/try_again.hpp"

#include "pg_extension/node.hpp"

extern "C" {
#include <miscadmin.h>
#include <pgstat.h>

#include "pg_extension/capture.h"
#include "pg_extension/settings.h"
#include "pg_extension/worker_signals.h"
}

namespace postrider::pg {

namespace {

void report_problem(WorkerReport &report, const Error &error) {
    copy_text(report.problem, error.message);
    copy_text(report.detail, error.detail);
    copy_text(report.hint, error.hint);
}

void tell_step(WorkerReport &report, const engine::CycleResult &sum) {
    copy_text(report.step[report.steps % 2], engine::what_was_done(sum));
    call([&]() noexcept {
        pg_write_barrier();
        ++report.steps;
        if (report.caller != nullptr) {
            SetLatch(report.caller);
        }
        CHECK_FOR_INTERRUPTS();
    });
}

/// For pg_stat_activity.
void show_activity(const std::string &work) {
    const std::string text = "postrider: " + work;
    call([&]() noexcept { pgstat_report_activity(STATE_RUNNING, text.c_str()); });
}

void wait_for_transport(const engine::Transport &transport, Duration at_most) {
    const WorkerWatch watch = watch_of(transport.waking());
    call([&]() noexcept {
        (void)postrider_worker_sleep(static_cast<long>(at_most.count()), watch);
    });
}

} // namespace

WorkerWatch watch_of(const std::optional<engine::Waking> &waking) {
    return waking ? WorkerWatch{waking->descriptor, waking->wants_to_write}
                  : WorkerWatch{-1, false};
}

WorkerNode::WorkerNode()
    : vault_(unwrap(vault_places(*database_.begin(engine::Mode::read)))),
      transports_({.network_program = std::string{pkglib_path} + "/postrider-network",
                   .version = POSTRIDER_VERSION,
                   .secrets = {.directory = postrider_secret_directory, .may_run_commands = true}}),
      timing_(mail_timing()),
      engine_({database_, vault_, transports_.all()},
              {.timing = timing_,
               .holder = "process " + std::to_string(MyProcPid),
               .show = show_activity}) {}

/// Another process of this node may have had its turn since: what it has taken over is taken back
/// by the second try.
Result<engine::CycleResult> WorkerNode::cycle() {
    Result<engine::CycleResult> done = engine_.cycle(system_now());
    if (!done && done.error().code == Errc::unavailable) {
        done = engine_.cycle(system_now());
    }
    if (done && done->rows_collected > 0) {
        call([]() noexcept { postrider_capture_give_back(); });
    }
    return done;
}

void WorkerNode::serve_only(const std::string &name) {
    const auto transaction = database_.begin(engine::Mode::read);
    engine_.serve_only(unwrap(engine::require_peer(*transaction, name)).peer_id);
}

/// Somebody asks for a round: what waits for its next try is tried now.
void WorkerNode::try_again_now() {
    const auto transaction = database_.begin(engine::Mode::write);
    const engine::Identity identity = unwrap(engine::load_identity(*transaction, vault_));
    engine::try_again_now({*transaction, database_.dialect(), identity, timing_, system_now()});
    transaction->commit();
}

std::string WorkerNode::retry_parked(const WorkerReport &report) {
    const auto transaction = database_.begin(engine::Mode::write);
    const engine::Identity identity = unwrap(engine::load_identity(*transaction, vault_));
    const engine::Session session{*transaction, database_.dialect(), identity, timing_,
                                  system_now()};
    std::string done = unwrap(engine::retry_parked_now(
        session, report.has_row ? std::optional{report.row} : std::nullopt));
    transaction->commit();
    return done;
}

Result<engine::CycleResult> WorkerNode::rounds(WorkerReport &report) {
    return engine::run_rounds(
        {.cycle = [this] { return cycle(); },
         .transport = transports_.all(),
         .now = system_now,
         .wait = wait_for_transport,
         .tell = [&](const engine::CycleResult &sum) { tell_step(report, sum); }});
}

void WorkerNode::begin_rounds(WorkerReport &report) {
    try_again_now();
    const Result<engine::CycleResult> done = rounds(report);
    if (!done) {
        report_refusal(report, done.error());
        return;
    }
    copy_text(report.summary, engine::what_was_done(*done));
    if (done->problem) {
        report_problem(report, *done->problem);
    }
}

void WorkerNode::serve(WorkerReport &report) {
    try {
        switch (report.asked) {
        case Asked::rounds:
            begin_rounds(report);
            break;
        case Asked::retry_parked:
            copy_text(report.summary, retry_parked(report));
            break;
        }
    } catch (const CoreError &error) {
        report_refusal(report, error.error);
    } catch (const engine::DatabaseError &error) {
        report_refusal(report, error.error());
    }
}

bool is_declared(engine::Database &database) {
    const auto transaction = database.begin(engine::Mode::read);
    return engine::first_row(*transaction, "SELECT 1 FROM @node").has_value();
}

void keep_event(engine::Database &database, const Error &error) {
    const auto transaction = database.begin(engine::Mode::write);
    engine::log_event(*transaction, system_now(),
                      {"worker", std::nullopt, error.message, error.hint});
    transaction->commit();
}

void report_refusal(WorkerReport &report, const Error &error) {
    report.is_refused = true;
    report_problem(report, error);
}

} // namespace postrider::pg
