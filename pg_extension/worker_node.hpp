// A node's engine in a worker, and what sessions ask it for.
#pragma once

#include <string>

#include "common/engine/cycle.hpp"
#include "common/transport/node_transports.hpp"
#include "common/vault/file_vault.hpp"

#include "pg_extension/spi_database.hpp"
#include "pg_extension/worker_report.hpp"

struct WorkerWatch;

namespace postrider::pg {

/// As pg_extension/worker_signals.h asks for it.
WorkerWatch watch_of(const std::optional<engine::Waking> &waking);

/// Everything that a node's engine needs, in this process. Throws CoreError where there is no place
/// for its secret.
class WorkerNode {
  public:
    WorkerNode();

    /// A round.
    Result<engine::CycleResult> cycle();

    /// What the transport waits for.
    [[nodiscard]] std::optional<engine::Waking> waking() const {
        return transports_.all().waking();
    }

    /// What its connections to mail servers do now; empty where there are none.
    [[nodiscard]] std::string doing() const { return transports_.doing(); }

    /// Does what `report` asks for, and puts into it what came of it. Nothing is thrown but PgError
    /// and our own faults.
    void serve(WorkerReport &report);

    /// From now on only this peer is served.
    void serve_only(const std::string &name);

  private:
    void try_again_now();
    std::string retry_parked(const WorkerReport &report);
    Result<engine::CycleResult> rounds(WorkerReport &report);
    void begin_rounds(WorkerReport &report);

    WorkerDatabase database_;
    vault::FileVault vault_;
    transport::NodeTransports transports_;
    stream::Timing timing_;
    engine::Engine engine_;
};

/// Whether the database was declared to be a node.
bool is_declared(engine::Database &database);

/// Tells in the node's own events.
void keep_event(engine::Database &database, const Error &error);

void report_refusal(WorkerReport &report, const Error &error);

} // namespace postrider::pg
