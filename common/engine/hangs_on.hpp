// Which changes of a step hang on others of it: known from their values, before the database says
// so one after another.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "common/engine/references.hpp"
#include "common/engine/row_work.hpp"

namespace postrider::engine {

/// Target and key as it came.
using ChangePlace = std::pair<std::size_t, Key>;

/// Values are compared as they came. One that is stored here in another form is found later, by the
/// database.
class HangsOn {
  public:
    HangsOn(Transaction &transaction,
            const dialect::Dialect &dialect,
            const References &references,
            const std::vector<TargetTable> &targets);

    /// The rows that refer to a row which is not here without this change.
    [[nodiscard]] std::vector<ChangePlace> children_of(const ChangePlace &place) const;

    /// The rows that take a unique value which the row holds here.
    [[nodiscard]] std::vector<ChangePlace> takers_from(const ChangePlace &place) const;

    /// The rows that hold here what the row, of these targets or another, gives the columns to
    /// which others refer, and that lose it. Those who refer to it would lose it with them.
    [[nodiscard]] std::vector<ChangePlace> givers_to(const TargetTable &target,
                                                     const Key &key) const;

  private:
    using Values = std::vector<Value>;
    using Taken = std::map<Values, std::vector<ChangePlace>>;

    void note(std::size_t target);
    void note_held(std::size_t target, const dialect::Reference &reference);
    [[nodiscard]] std::optional<Values> values_of(const ChangePlace &place,
                                                  const std::vector<std::string> &columns) const;
    [[nodiscard]] std::optional<Values> values_of(const TargetTable &target,
                                                  const Key &key,
                                                  const std::vector<std::string> &columns) const;
    [[nodiscard]] std::optional<Values> values_here(const ChangePlace &place,
                                                    const std::vector<std::string> &columns) const;

    Transaction &transaction_;
    const dialect::Dialect &dialect_;
    const References &references_;
    const std::vector<TargetTable> &targets_;
    std::map<const dialect::Reference *, Taken> referring_;
    std::map<const dialect::Reference *, Taken> held_;            // and given up
    std::map<std::pair<std::string, std::string>, Taken> unique_; // table and index
};

} // namespace postrider::engine
