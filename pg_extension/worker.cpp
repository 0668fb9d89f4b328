// Rounds of the engine, between which the worker sleeps on its latch. It waits for nothing else: no
// network is met inside a transaction. What goes wrong ends a round, never the worker.
#include <algorithm>
#include <memory>

#include "common/base/text_copy.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/rounds.hpp"

#include "pg_extension/node.hpp"
#include "pg_extension/spi_error.hpp"
#include "pg_extension/spi_rights.hpp"
#include "pg_extension/worker_node.hpp"

extern "C" {
#include <access/xact.h>
#include <miscadmin.h>
#include <pgstat.h>
#include <postmaster/bgworker.h>
#include <storage/ipc.h>
#include <utils/guc.h>

#include "pg_extension/extension_state.h"
#include "pg_extension/worker_locks.h"
#include "pg_extension/worker_session.h"
#include "pg_extension/worker_signals.h"
#include "pg_extension/worker_slots.h"
#include "pg_extension/worker_start.h"
}

namespace postrider::pg {

namespace {

/// After a round that failed as a whole; twice as long after each further one.
constexpr Duration try_again_after = std::chrono::seconds{2};
constexpr Duration try_again_after_max = std::chrono::minutes{1};
/// Whoever waits for a lock within a round takes the news of a commit for that of the lock. So a
/// round that somebody has asked for is followed by another look.
constexpr Duration look_again_after = std::chrono::seconds{1};
/// The longest sleep; what is due later is asked for again.
constexpr Duration sleep_max = std::chrono::minutes{10};

void show(BackendState state, const char *what) {
    call([&]() noexcept {
        SetCurrentStatementStartTimestamp();
        pgstat_report_activity(state, what);
    });
}

void end_transaction() {
    call([]() noexcept { AbortOutOfAnyTransaction(); });
}

/// Runs `work`, and gives what it failed with.
template <typename Work>
std::optional<Error> attempt(Work work) {
    std::optional<Error> failed;
    try {
        work();
    } catch (const PgError &error) {
        ErrorData *report = error.report;
        failed = Error{Errc::internal, report->message == nullptr ? "" : printable(report->message),
                       report->detail == nullptr ? "" : printable(report->detail),
                       report->hint == nullptr ? "" : printable(report->hint)};
        call([&]() noexcept { FreeErrorData(report); });
    } catch (const CoreError &error) {
        failed = error.error;
    } catch (const engine::DatabaseError &error) {
        failed = error.error();
    } catch (const std::bad_alloc &) {
        failed = Error{Errc::unavailable, "out of memory", {}, "Nothing is lost."};
    } catch (const std::exception &fault) {
        failed = Error{Errc::internal,
                       std::string{"a fault of the engine: "} + fault.what(),
                       {},
                       "Nothing is lost; it is tried again. Please report it with this sentence."};
    }
    if (failed) {
        end_transaction();
    }
    return failed;
}

/// The same while no other process of this node is at work.
template <typename Work>
std::optional<Error> attempt_in_turn(Work work) {
    const bool has_turn =
        !attempt([] { call([]() noexcept { postrider_take_turn(); }); }).has_value();
    if (!has_turn) {
        return Error{Errc::unavailable, "another session of this node was waited for in vain"};
    }
    std::optional<Error> failed = attempt(work);
    call([]() noexcept { postrider_end_turn(); });
    return failed;
}

/// Throws CoreError where the role of postrider.apply_role cannot be used: while that is so,
/// nothing is done.
Oid usable_role() {
    call([]() noexcept { StartTransactionCommand(); });
    const Oid role = unwrap(apply_role());
    call([]() noexcept { CommitTransactionCommand(); });
    return role;
}

/// Tells trouble once, to the server's log and in the node's events, until it changes.
class Teller {
  public:
    void tell(const std::optional<Error> &problem) {
        const std::string text = problem ? engine::one_text(*problem) : "";
        if (text != told_ && problem) {
            log(*problem);
            unkept_ = *problem;
        }
        told_ = text;
        keep();
    }

  private:
    static void log(const Error &problem) {
        call([&]() noexcept {
            ereport(LOG, errmsg_internal("postrider: %s", problem.message.c_str()),
                    problem.detail.empty() ? 0 : errdetail_internal("%s", problem.detail.c_str()),
                    problem.hint.empty() ? 0 : errhint("%s", problem.hint.c_str()));
        });
    }

    /// A database that takes no event now, such as one whose disk is full, gets it later.
    void keep() {
        if (!unkept_) {
            return;
        }
        const std::optional<Error> failed = attempt_in_turn([&] {
            WorkerDatabase database;
            keep_event(database, *unkept_);
        });
        if (!failed) {
            unkept_.reset();
        }
    }

    std::string told_;
    std::optional<Error> unkept_;
};

/// The worker that stays.
class Worker {
  public:
    /// Returns when it is to end.
    void run() {
        while (goes_on()) {
            if (const std::optional<Oid> role = other_role()) {
                begin_as(*role);
                return;
            }
            serve_requests();
            const bool is_put_off = try_again_at_ > system_now();
            const Timestamp next = is_put_off ? try_again_at_ : round();
            // What the transport has to say is of no use to a node that could not even begin.
            const bool has_failed = try_again_at_ > system_now();
            sleep_until(next, has_failed || !node_ ? std::nullopt : node_->waking());
        }
        call([]() noexcept { postrider_slot_set_end(WORKER_WITHOUT_EXTENSION); });
    }

  private:
    /// Looks at the extension, which may have been dropped or altered meanwhile.
    bool goes_on() {
        ExtensionState state{};
        if (attempt([&] { state = call([]() noexcept { return postrider_extension_state(); }); })) {
            return true; // cancelled; it is looked at again
        }
        if (state.id != extension_) {
            node_.reset();
            is_declared_ = false;
            extension_ = state.id;
        }
        if (!OidIsValid(state.id)) {
            return false;
        }
        is_other_version_ = !state.is_ours;
        version_ = state.version;
        return true;
    }

    /// postrider.apply_role names a role that is not ours any more, and that can be used.
    static std::optional<Oid> other_role() {
        std::optional<Oid> role;
        (void)attempt([&] { role = usable_role(); });
        return role == GetSessionUserId() ? std::nullopt : role;
    }

    /// Who a session is cannot be changed: another worker takes this one's place.
    static void begin_as(Oid role) {
        call([&]() noexcept {
            postrider_slot_set_end(WORKER_OF_OTHER_ROLE);
            if (!postrider_has_slots()) {
                postrider_end_being_the_worker();
                (void)postrider_start_worker({MyDatabaseId, role}, WORKER_OF_SERVER,
                                             DSM_HANDLE_INVALID);
            }
        });
    }

    WorkerNode &node() {
        (void)usable_role();
        if (is_other_version_) {
            throw CoreError({Errc::unsupported_version,
                             "extension postrider is of version " + version_ +
                                 ", and the library that the server has loaded of " +
                                 POSTRIDER_VERSION,
                             {},
                             "ALTER EXTENSION postrider UPDATE; where that changes nothing, the "
                             "server is to be restarted with the new library."});
        }
        if (!node_) {
            node_ = std::make_unique<WorkerNode>();
        }
        return *node_;
    }

    /// What sessions wait for.
    void serve_requests() {
        dsm_handle handle = DSM_HANDLE_INVALID;
        while (call([&]() noexcept { return postrider_next_request(&handle); })) {
            dsm_segment *segment = call([&]() noexcept { return dsm_attach(handle); });
            if (segment == nullptr) {
                continue; // the session has given up
            }
            serve(*static_cast<WorkerReport *>(
                call([&]() noexcept { return dsm_segment_address(segment); })));
            call([&]() noexcept { dsm_detach(segment); });
            try_again_at_ = {};
        }
    }

    void serve(WorkerReport &report) {
        report.is_begun = true;
        show(STATE_RUNNING, "a round of postrider that a session asks for");
        const std::optional<Error> failed = attempt_in_turn([&] {
            if (report.peer[0] == '\0') {
                node().serve(report);
                return;
            }
            WorkerNode for_peer; // takes the lease over, and leaves it to the other one
            for_peer.serve_only(report.peer);
            for_peer.serve(report);
        });
        if (failed) {
            report_refusal(report, *failed);
            node_.reset();
        }
        report.is_done = true;
    }

    /// Gives when the next one is due.
    Timestamp round() {
        show(STATE_RUNNING, "a round of postrider");
        std::optional<Result<engine::CycleResult>> done;
        std::optional<Error> failed = attempt_in_turn([&] {
            if (is_declared_ || (is_declared_ = is_declared(database_))) {
                done = node().cycle();
            }
        });
        const Timestamp now = system_now();
        if (failed) {
            node_.reset();
        } else if (!done) {
            return now + sleep_max; // until it is declared
        } else if (!*done) {
            failed = done->error();
        }
        if (failed) {
            return try_again(now, *failed);
        }
        failures_ = 0;
        teller_.tell((*done)->problem);
        return (*done)->did_anything() ? now : (*done)->next_at.value_or(now + sleep_max);
    }

    Timestamp try_again(Timestamp now, const Error &failed) {
        if (!goes_on()) {
            return now; // that was the reason
        }
        teller_.tell(failed);
        const Duration after =
            std::min(try_again_after * (1 << std::min(failures_++, 10)), try_again_after_max);
        try_again_at_ = now + after;
        return try_again_at_;
    }

    /// Until `next`, or until somebody sets our latch or the transport has something to say.
    void sleep_until(Timestamp next, std::optional<engine::Waking> transport) {
        const Duration longest = look_again_ ? look_again_after : sleep_max;
        const Duration left = std::clamp(next - system_now(), Duration{0}, longest);
        const auto milliseconds =
            left.count() == 0
                ? 0
                : std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1;
        const WorkerWatch watch = watch_of(transport);
        const std::string connections = node_ ? node_->doing() : std::string{};
        const std::string waits = "waits for changes, mails or the next hour" +
                                  (connections.empty() ? "" : " (" + connections + ")");
        const WorkerWaking waking = call([&]() noexcept {
            if (milliseconds > 0) {
                pgstat_report_stat(true);
                pgstat_report_activity(STATE_IDLE, waits.c_str());
            }
            return postrider_worker_sleep(static_cast<long>(milliseconds), watch);
        });
        look_again_ = milliseconds == 0 || waking == WOKEN_BY_LATCH || waking == WOKEN_BY_SETTINGS;
        if (waking == WOKEN_BY_SETTINGS) {
            node_.reset();
            try_again_at_ = {};
        }
    }

    WorkerDatabase database_;
    std::unique_ptr<WorkerNode> node_;
    Oid extension_ = InvalidOid;
    bool is_other_version_ = false;
    std::string version_;
    bool is_declared_ = false;
    Teller teller_;
    Timestamp try_again_at_{};
    bool look_again_ = true;
    int failures_ = 0;
};

void stay() {
    const bool is_alone = call([]() noexcept {
        const bool is_first = postrider_be_the_worker();
        if (is_first) {
            postrider_slot_enter();
        }
        return is_first;
    });
    if (is_alone) {
        Worker{}.run();
    }
}

/// For one call, whose report lies in the segment.
void work_for_call(dsm_handle handle) {
    dsm_segment *segment = call([&]() noexcept {
        dsm_segment *attached = dsm_attach(handle);
        if (attached != nullptr) {
            dsm_pin_mapping(attached);
        }
        return attached;
    });
    if (segment == nullptr) {
        return;
    }
    auto &report = *static_cast<WorkerReport *>(dsm_segment_address(segment));
    report.is_begun = true;
    show(STATE_RUNNING, "a round of postrider that a session asks for");
    const std::optional<Error> failed = attempt_in_turn([&] {
        WorkerNode node;
        if (report.peer[0] != '\0') {
            node.serve_only(report.peer);
        }
        node.serve(report);
    });
    if (failed) {
        report_refusal(report, *failed);
    }
    report.is_done = true;
}

} // namespace

} // namespace postrider::pg

extern "C" {
PGDLLEXPORT void postrider_worker_main(Datum argument);

/// The entry of both kinds of worker. The argument is
/// the handle of a WorkerReport, or DSM_HANDLE_INVALID for one that stays.
void postrider_worker_main(Datum argument) {
    postrider_worker_signals();
    postrider_connect_worker();
    postrider_keep_reports();
    postrider::pg::entry([&] {
        if (DatumGetUInt32(argument) == DSM_HANDLE_INVALID) {
            postrider::pg::stay();
        } else {
            postrider::pg::work_for_call(DatumGetUInt32(argument));
        }
        return Datum{0};
    });
    proc_exit(0);
}
}
