// The order of key columns.
#include "common/engine/local_key.hpp"

namespace postrider::engine {

LocalKeys::LocalKeys(const Session &session,
                     const dialect::TableDescription &table,
                     const TableSchema &came)
    : session_(session), table_(table) {
    for (const std::uint32_t column : table.key) {
        names_.push_back(table.columns[column].name);
        for (std::size_t position = 0; position < came.key.size(); ++position) {
            if (came.columns[came.key[position]].name == names_.back()) {
                position_.push_back(position);
            }
        }
    }
    ensure(position_.size() == came.key.size(), "the shapes were compared before");
}

Result<Key> LocalKeys::local(const Key &key) const {
    Key local;
    for (const std::size_t position : position_) {
        Result<Value> stored_value = session_.dialect.to_storage(key[position]);
        if (!stored_value) {
            return stored_value.error();
        }
        local.push_back(*std::move(stored_value));
    }
    return local;
}

Key LocalKeys::as_it_came(const Key &local) const {
    Key key(local.size());
    for (std::size_t index = 0; index < local.size(); ++index) {
        key[position_[index]] = local[index];
    }
    return key;
}

std::optional<Row> LocalKeys::row(const Key &local, const std::vector<std::string> &columns) const {
    const auto cursor =
        session_.transaction.query(session_.dialect.select_row(table_, columns), Parameters{local});
    const Row *row = cursor->next();
    return row == nullptr ? std::nullopt : std::optional{*row};
}

} // namespace postrider::engine
