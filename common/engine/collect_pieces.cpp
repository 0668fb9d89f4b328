// Which columns of a table travel, and the pieces.
#include "common/engine/collect_pieces.hpp"

#include <algorithm>
#include <set>

namespace postrider::engine {

ColumnMap map_columns(const dialect::TableDescription &table,
                      const std::vector<std::string> &kept) {
    ColumnMap map;
    map.schema = table.schema();
    std::set<std::uint32_t> key(map.schema.key.begin(), map.schema.key.end());
    std::map<std::string, std::uint32_t> position;
    for (std::uint32_t index = 0; index < map.schema.columns.size(); ++index) {
        map.names.push_back(map.schema.columns[index].name);
        position.emplace(map.names.back(), index);
        if (!key.contains(index)) {
            map.outside_key.push_back(index);
        }
    }
    for (std::uint32_t index = 0; index < table.columns.size(); ++index) {
        if (const auto found = position.find(table.columns[index].name); found != position.end()) {
            map.of_table.emplace(index, found->second);
        }
    }
    for (const std::string &name : kept) {
        const auto found = position.find(name);
        ensure(found != position.end(), "a capture whose columns are not there is held");
        map.kept.emplace(found->second, map.kept.size());
    }
    return map;
}

void Pieces::add(const RowsOf &rows, const Key &key, Change &&change) {
    writer_.make_room(cost_of(key, change));
    writer_.changes(rows.table, rows.schema).changes.insert_or_assign(key, std::move(change));
}

void Pieces::add_next(const RowsOf &rows, const Key &key, Change &&change) {
    writer_.make_room(cost_of(key, change));
    auto &changes = writer_.changes(rows.table, rows.schema).changes;
    const auto before = changes.find(key);
    if (before == changes.end()) {
        changes.emplace(key, std::move(change));
    } else if (auto both = compose_one_way(before->second, change)) {
        before->second = *std::move(both);
    } else {
        changes.erase(before);
    }
}

void Pieces::begin_anew(const RowsOf &rows) {
    writer_.changes(rows.table, rows.schema) = {.truncated = true, .changes = {}};
}

void Pieces::add_chunks(std::size_t bytes) {
    const std::set<PeerSet> waiting = bytes == 0 ? std::set<PeerSet>{} : loads_.waiting();
    for (const PeerSet &peers : waiting) {
        begin_for(load_receivers(peers));
        loads_.read_chunk(session_, writer_.open_piece(),
                          std::max<std::size_t>(1, bytes / waiting.size()), peers);
    }
    finish();
}

void Pieces::begin_for(Receivers receivers) {
    if (receivers != receivers_) {
        finish();
        receivers_ = std::move(receivers);
    }
}

void Pieces::hand_on(Changeset &&piece, const Take &take) {
    if (!goes_on_) {
        return;
    }
    if (!loads_.empty()) {
        merge_rows(piece, loads_.parents_of(session_, piece));
    }
    goes_on_ = take(piece, receivers_);
}

} // namespace postrider::engine
