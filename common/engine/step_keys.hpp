// What a step that is applied batch by batch must know at its end, kept in a table because it may
// be more than memory holds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "common/dialect/table_description.hpp"
#include "common/engine/session.hpp"

namespace postrider::engine {

/// In the transaction of the step, which ends with `forget`. Keys are in the order of their table's
/// own, as it holds them.
class StepKeys {
  public:
    explicit StepKeys(const Session &session) : session_(session) {}

    /// Rows that go at the end of the step.
    void add_going(const std::string &table, const std::vector<Row> &keys);
    /// Rows that came: they do not go.
    void add_staying(const std::string &table, const std::vector<Row> &keys);
    /// Rows that do not go after all.
    void take_back(const std::string &table, const std::vector<Row> &keys);
    /// All rows of the table that did not come go.
    void add_absent(const dialect::TableDescription &table);

    /// The rows of the table that go, at most so many at a time.
    using Take = std::function<Result<void>(std::vector<Row> &&)>;
    Result<void> each_going(const std::string &table, const Take &take) const;

    void forget();

  private:
    void store(const std::string &table, const std::vector<Row> &keys, bool goes);

    const Session &session_;
};

} // namespace postrider::engine
