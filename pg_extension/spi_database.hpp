// The engine's port over SPI: transactions of a background worker, or inside the transaction of the
// session that calls one of our functions.
#pragma once

#include <memory>

#include "common/engine/database.hpp"

#include "pg_extension/spi_statement.hpp"

namespace postrider::pg {

/// For a worker: it begins and commits transactions of its own. Every transaction sees one snapshot
/// (REPEATABLE READ); one that writes takes the lock of the state tables before its snapshot, so
/// that what it reads is what everybody else has left.
class WorkerDatabase final : public engine::Database {
  public:
    std::unique_ptr<engine::Transaction> begin(engine::Mode mode) override;
    [[nodiscard]] const dialect::Dialect &dialect() const override;

  private:
    StatementCache cache_;
};

/// Within the caller's transaction. Nothing is begun or committed; what is thrown aborts the
/// caller's statement. With `Mode::write` the lock of the state tables is held until the caller's
/// transaction ends.
std::unique_ptr<engine::Transaction> join_transaction(engine::Mode mode);

} // namespace postrider::pg
