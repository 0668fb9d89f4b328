// The engine's database with a witness at every commit: no batch is applied twice. Also counts
// commits, by which the transport's witness knows whether a mail may go.
#pragma once

#include <memory>

#include "sqlite_extension/sqlite_database.hpp"
#include "tests/simulation/witness.hpp"

namespace postrider::simulation {

class WatchedDatabase final : public engine::Database {
  public:
    WatchedDatabase(std::unique_ptr<sqlite::SqliteDatabase> database, Witness &witness)
        : database_(std::move(database)), witness_(witness) {}

    std::unique_ptr<engine::Transaction> begin(engine::Mode mode) override;

    [[nodiscard]] const dialect::Dialect &dialect() const override { return database_->dialect(); }

    [[nodiscard]] sqlite3 *handle() { return database_->handle(); }

  private:
    std::unique_ptr<sqlite::SqliteDatabase> database_;
    Witness &witness_;
};

} // namespace postrider::simulation
