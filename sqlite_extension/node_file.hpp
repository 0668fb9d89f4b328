// A SQLite file as a node: where its secret lies, and its engine with everything around it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/engine/cycle.hpp"
#include "common/engine/session.hpp"
#include "common/transport/node_transports.hpp"
#include "common/vault/file_vault.hpp"

#include "sqlite_extension/sqlite_database.hpp"

namespace postrider::sqlite {

Timestamp system_now();

/// `POSTRIDER_STATE_DIRECTORY`, else systemd's `STATE_DIRECTORY`, else
/// `${XDG_STATE_HOME:-~/.local/state}/postrider`.
std::string state_directory();

/// Beside this library or program, or where an installation has it: ../lib/postrider from bin.
std::string network_program();

/// True: the descriptor is ready for what is waited for. False: the time is over, or a signal came.
bool wait_for(const std::optional<engine::Waking> &waking, Duration at_most);

vault::FileVault file_vault(const std::string &database_path);

/// Answers are waited for as long as a maildir takes, not a mail server.
stream::Timing maildir_timing();

/// What to say of a file without state tables.
Error not_a_node();

/// A connection of our own to a node's file, and everything that its engine needs. Not thread-safe.
class NodeFile {
  public:
    /// `refused` when there is no such file, or it is no node.
    static Result<std::unique_ptr<NodeFile>> open(const std::string &path);

    /// Somebody asks for a round: tries again what waits for its next try, then cycles until there
    /// is nothing left to do now. Gives the sum of what was done; `next_at` and
    /// `problem` are those of the last cycle.
    Result<engine::CycleResult> run_once();

    /// The same for one peer alone; this object serves no other one from then on.
    Result<engine::CycleResult> run_once_for(const std::string &peer);

    /// Cycles until `until`, or until `stop` says so, sleeping in between. What fails is given to
    /// `tell` and tried again. An Error: it could not even begin.
    Result<engine::CycleResult> run_until(Timestamp until,
                                          const std::function<bool()> &stop,
                                          const std::function<void(const Error &)> &tell);

    using Work = std::function<Result<void>(const engine::Session &)>;

    /// Runs `work` in a write transaction of this connection and commits when it succeeds.
    Result<void> write(const Work &work);
    /// Runs `work` in a read transaction: also beside a statement of the caller that writes.
    Result<void> read(const Work &work);

  private:
    Result<void> within(engine::Mode mode, const Work &work);
    NodeFile(std::unique_ptr<SqliteDatabase> database, const std::string &path);

    std::unique_ptr<SqliteDatabase> database_;
    vault::FileVault vault_;
    transport::NodeTransports transports_;
    stream::Timing timing_;
    engine::Engine engine_;
};

} // namespace postrider::sqlite
