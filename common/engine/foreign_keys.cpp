// A depth-first walk up to the parents.
#include "common/engine/foreign_keys.hpp"

#include <map>
#include <string>

namespace postrider::engine {

namespace {

class Walk {
  public:
    Walk(const dialect::Dialect &dialect,
         const std::vector<const dialect::TableDescription *> &tables)
        : dialect_(dialect), tables_(tables), seen_(tables.size(), false) {
        for (std::size_t index = 0; index < tables.size(); ++index) {
            by_name_.emplace(dialect.folded(tables[index]->name), index);
        }
    }

    // The depth is bounded by the number of tables in a batch.
    void visit(std::size_t index) {
        if (seen_[index]) {
            return;
        }
        seen_[index] = true;
        for (const dialect::ForeignKeyDescription &key : tables_[index]->foreign_keys) {
            const auto [first, last] = by_name_.equal_range(dialect_.folded(key.parent));
            for (auto parent = first; parent != last; ++parent) {
                visit(parent->second);
            }
        }
        order_.push_back(index);
    }

    std::vector<std::size_t> take() && { return std::move(order_); }

  private:
    const dialect::Dialect &dialect_;
    const std::vector<const dialect::TableDescription *> &tables_;
    std::multimap<std::string, std::size_t> by_name_; // folded
    std::vector<bool> seen_;
    std::vector<std::size_t> order_;
};

} // namespace

std::vector<std::size_t>
parents_first(const dialect::Dialect &dialect,
              const std::vector<const dialect::TableDescription *> &tables) {
    Walk walk{dialect, tables};
    for (std::size_t index = 0; index < tables.size(); ++index) {
        walk.visit(index);
    }
    return std::move(walk).take();
}

} // namespace postrider::engine
