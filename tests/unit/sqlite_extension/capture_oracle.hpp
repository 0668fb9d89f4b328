// Judges capture by its only purpose: what is collected, put on top of the rows as they were, must
// give the rows as they are. Knows nothing of how the triggers work.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/engine/introspect.hpp"
#include "common/model/change.hpp"

#include "sqlite_extension/sqlite_database.hpp"

namespace postrider {

/// A connection as any program has it: no extension, no setting of ours.
class HostConnection {
  public:
    explicit HostConnection(const std::string &path = ":memory:");
    HostConnection(const HostConnection &) = delete;
    HostConnection &operator=(const HostConnection &) = delete;
    ~HostConnection();

    [[nodiscard]] sqlite3 *handle() const { return connection_; }

    /// The result code of the first statement that fails; the rest is not run.
    int run(const std::string &sql) const;
    /// Throws std::runtime_error where `run` fails.
    void must(const std::string &sql) const;

  private:
    sqlite3 *connection_ = nullptr;
};

using Rows = std::map<Key, std::vector<Value>>; // all columns, by key, to the bit

struct Collected {
    Key key;
    bool present = false;
    std::vector<std::int64_t> mask;
    std::vector<Value> row;
};

/// Capture on one table of a host's file, and its reading.
class CapturedTable {
  public:
    CapturedTable(const HostConnection &host, const std::string &name, engine::Capture capture);

    [[nodiscard]] Rows rows() const;
    /// Everything marked since the last call, joined per key.
    std::vector<Collected> collect();

    [[nodiscard]] const dialect::TableDescription &description() const { return description_; }

  private:
    const HostConnection &host_;
    engine::Capture capture_;
    dialect::TableDescription description_;
    std::vector<std::string> columns_;
};

/// Makes the epoch's table, as the store does.
void create_epoch(const HostConnection &host);

/// Puts what was collected on top of the rows as they were.
Rows replay(const Rows &before, const std::vector<Collected> &collected);

} // namespace postrider
