// Rounds of the engine, between which the worker sleeps on its latch. It waits for nothing else: no
// network is met inside a transaction.
#include "pg_extension/worker.hpp"

#include <algorithm>
#include <cstring>

#include "common/base/text_copy.hpp"
#include "common/engine/cycle.hpp"
#include "common/engine/rounds.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/try_again.hpp"
#include "common/transport/maildir.hpp"

#include "pg_extension/node.hpp"
#include "pg_extension/spi_error.hpp"

extern "C" {
#include <access/xact.h>
#include <commands/extension.h>
#include <miscadmin.h>
#include <pgstat.h>
#include <postmaster/bgworker.h>
#include <postmaster/interrupt.h>
#include <storage/dsm.h>
#include <storage/ipc.h>
#include <storage/latch.h>
#include <storage/lock.h>
#include <storage/proc.h>
#include <tcop/tcopprot.h>
#include <utils/guc.h>
#include <utils/wait_event.h>
}

namespace postrider::pg {

namespace {

/// After a round that failed as a whole.
constexpr Duration try_again_after = std::chrono::seconds{10};
/// The longest sleep; what is due later is asked for again.
constexpr Duration sleep_max = std::chrono::minutes{10};

/// Settings of our own session. Users' triggers do not fire for what the engine writes, and foreign
/// keys are checked by the engine (docs/correctness.md, A6).
void configure_session() {
    call([]() noexcept {
        const auto set = [](const char *name, const char *value) {
            SetConfigOption(name, value, PGC_SUSET, PGC_S_OVERRIDE);
        };
        set("search_path", "");
        set("session_replication_role", "replica");
        set("lock_timeout", "10s");
        set("statement_timeout", "0");
        set("default_transaction_read_only", "off");
        set("client_encoding", "UTF8");
        set("DateStyle", "ISO");
        set("IntervalStyle", "postgres");
        set("extra_float_digits", "1");
    });
}

bool extension_is_there() {
    return call([]() noexcept {
        StartTransactionCommand();
        const bool is_there = OidIsValid(get_extension_oid("postrider", true));
        CommitTransactionCommand();
        return is_there;
    });
}

/// Everything that a node's engine needs, in this process.
class Node {
  public:
    Node()
        : vault_(unwrap(vault_places(*database_.begin(engine::Mode::read)))),
          timing_(mail_timing()),
          engine_({database_, vault_, transport_},
                  {.timing = timing_, .holder = "process " + std::to_string(MyProcPid)}) {}

    engine::Engine &engine() { return engine_; }

    /// Somebody asks for a round: what waits for its next try is tried now.
    void try_again_now() {
        const auto transaction = database_.begin(engine::Mode::write);
        const engine::Identity identity = unwrap(engine::load_identity(*transaction, vault_));
        engine::try_again_now({*transaction, database_.dialect(), identity, timing_, system_now()});
        transaction->commit();
    }

    void serve_only(const std::string &name) {
        const auto transaction = database_.begin(engine::Mode::read);
        engine_.serve_only(unwrap(engine::require_peer(*transaction, name)).peer_id);
    }

  private:
    WorkerDatabase database_;
    vault::FileVault vault_;
    transport::Maildir transport_;
    stream::Timing timing_;
    engine::Engine engine_;
};

void report_refusal(RoundsReport &report, const Error &error) {
    report.is_refused = true;
    copy_text(report.problem, error.message);
    copy_text(report.detail, error.detail);
    copy_text(report.hint, error.hint);
}

Result<engine::CycleResult> run_for(const RoundsReport &report) {
    Node node;
    if (report.peer[0] != '\0') {
        node.serve_only(report.peer);
    }
    node.try_again_now();
    return engine::run_rounds(node.engine(), system_now);
}

/// For one call of sync_now. What fails is told to the caller.
void run_once(RoundsReport &report) {
    try {
        const Result<engine::CycleResult> done = run_for(report);
        if (!done) {
            report_refusal(report, done.error());
        } else {
            copy_text(report.summary, engine::what_was_done(*done));
            if (done->problem) {
                report_refusal(report, *done->problem);
                report.is_refused = false;
            }
        }
    } catch (const CoreError &error) {
        report_refusal(report, error.error);
    } catch (const engine::DatabaseError &error) {
        report_refusal(report, error.error());
    }
    report.is_done = true;
}

/// Tells the server's log; a problem that stays is told once.
class Teller {
  public:
    void tell(const std::optional<Error> &problem) {
        const std::string text = problem ? engine::one_text(*problem) : "";
        if (text != told_ && problem) {
            call([&]() noexcept {
                ereport(LOG, errmsg_internal("postrider: %s", problem->message.c_str()),
                        problem->detail.empty() ? 0
                                                : errdetail_internal("%s", problem->detail.c_str()),
                        problem->hint.empty() ? 0 : errhint("%s", problem->hint.c_str()));
            });
        }
        told_ = text;
    }

  private:
    std::string told_;
};

/// Until `wake`, or until somebody sets our latch. Ends the process when the server wants that.
void sleep_until(Timestamp wake) {
    const Duration left = std::clamp(wake - system_now(), Duration{0}, sleep_max);
    const auto milliseconds =
        std::chrono::duration_cast<std::chrono::milliseconds>(left).count() + 1;
    call([&]() noexcept {
        pgstat_report_activity(STATE_IDLE, "waits for changes, mails or the next hour");
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
                        static_cast<long>(milliseconds), PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
        if (ConfigReloadPending) {
            ConfigReloadPending = false;
            ProcessConfigFile(PGC_SIGHUP);
        }
    });
}

void run_for_ever() {
    Node node;
    Teller teller;
    while (true) {
        call([]() noexcept { pgstat_report_activity(STATE_RUNNING, "a round of postrider"); });
        const Result<engine::CycleResult> cycle = node.engine().cycle(system_now());
        teller.tell(cycle ? cycle->problem : std::optional{cycle.error()});
        if (cycle && cycle->did_anything()) {
            call([]() noexcept { CHECK_FOR_INTERRUPTS(); });
            continue;
        }
        const Timestamp now = system_now();
        sleep_until(cycle ? cycle->next_at.value_or(now + sleep_max) : now + try_again_after);
    }
}

/// One worker for a database; a second one ends at once.
bool is_alone() {
    return call([]() noexcept {
        LOCKTAG tag;
        SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, 0x706f7374, 0x72696465, 3);
        return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
    });
}

Datum work(Datum argument) {
    configure_session();
    const dsm_handle handle = DatumGetUInt32(argument);
    if (handle == DSM_HANDLE_INVALID) {
        if (extension_is_there() && is_alone()) {
            run_for_ever();
        }
        return Datum{0};
    }
    dsm_segment *segment = call([&]() noexcept {
        dsm_segment *attached = dsm_attach(handle);
        if (attached != nullptr) {
            dsm_pin_mapping(attached);
        }
        return attached;
    });
    if (segment != nullptr) {
        run_once(*static_cast<RoundsReport *>(dsm_segment_address(segment)));
    }
    return Datum{0};
}

} // namespace

} // namespace postrider::pg

extern "C" {
PGDLLEXPORT void postrider_worker_main(Datum argument);

/// The entry of both kinds of worker. `bgw_extra` holds the number of the database; the argument is
/// the handle of a RoundsReport, or DSM_HANDLE_INVALID for one that stays.
void postrider_worker_main(Datum argument) {
    Oid database = InvalidOid;
    std::memcpy(&database, MyBgworkerEntry->bgw_extra, sizeof database);
    pqsignal(SIGTERM, die);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
    postrider::pg::entry([&] { return postrider::pg::work(argument); });
    proc_exit(0);
}
}
