// Changes grouped into blocks of one shape, block by block turned into columns.
#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

#include "common/wire/change_frame.hpp"
#include "common/wire/column_vector.hpp"
#include "common/wire/integer_vector.hpp"

namespace postrider::wire {

namespace {

using Columns = std::vector<std::uint32_t>;
using Integers = std::vector<std::uint64_t>;

/// The rows of a block as columns of pointers into the changeset.
class Table {
  public:
    void add(const Value &value, std::size_t column) {
        if (column >= columns_.size()) {
            columns_.resize(column + 1);
        }
        columns_[column].push_back(&value);
        cell_bytes_ += value.cell_bytes();
    }

    void write(CborWriter &out, std::size_t column, const SizeEstimate &size_of) const {
        encode_column(out, columns_[column], size_of);
    }

    [[nodiscard]] std::size_t size() const { return columns_.size(); }

    [[nodiscard]] std::uint64_t cell_bytes() const { return cell_bytes_; }

  private:
    std::vector<std::vector<const Value *>> columns_;
    std::uint64_t cell_bytes_ = 0;
};

std::size_t add_values(Table &table, const std::vector<Value> &values, std::size_t column) {
    for (const Value &value : values) {
        table.add(value, column++);
    }
    return column;
}

void write_columns(CborWriter &out, const Columns &columns) {
    out.array(columns.size());
    for (const std::uint32_t column : columns) {
        out.unsigned_integer(column);
    }
}

/// Writes the blocks of one change frame and adds up what they cost.
class ChangeEncoder {
  public:
    ChangeEncoder(const TableSchema &schema, const SizeEstimate &size_of)
        : schema_(schema), size_of_(size_of) {}

    Frame encode(const OneWayChanges &changes);
    Frame encode(const SyncChanges &changes);

  private:
    template <class T>
    struct Row {
        const Key *key;
        const T *change;
    };

    using Shape = std::tuple<Operation, Columns, Columns>;
    using SyncShape = std::pair<std::uint64_t, Columns>;

    void begin(std::uint64_t law);
    Frame finish(std::uint64_t rows);
    void write_block(const Shape &shape, std::span<const Row<Change>> rows);
    void write_block(const SyncShape &shape, std::span<const Row<SyncChange>> rows);
    void write_keys(std::span<const Key *const> keys);
    void write_stamps(std::span<const Stamp> stamps);
    void write_replaced(std::span<const std::optional<Stamp>> replaced);
    void number_nodes(const SyncChanges &changes);

    const TableSchema &schema_;
    const SizeEstimate &size_of_;
    CborWriter out_;
    std::map<NodeId, std::uint64_t> nodes_;
    std::uint64_t cell_bytes_ = 0;
};

void ChangeEncoder::begin(std::uint64_t law) {
    out_.bytes(schema_name(schema_).hash);
    out_.unsigned_integer(law);
}

Frame ChangeEncoder::finish(std::uint64_t rows) {
    return {FrameKind::changes, schema_.name, std::move(out_).take(), rows, cell_bytes_};
}

Frame ChangeEncoder::encode(const OneWayChanges &changes) {
    std::map<Shape, std::vector<Row<Change>>> blocks;
    for (const auto &[key, change] : changes.changes) {
        const Shape shape{change.operation, change.new_values.columns, change.old_values.columns};
        blocks[shape].push_back({&key, &change});
    }
    begin(0);
    out_.boolean(changes.truncated);
    out_.unsigned_integer(blocks.size());
    for (const auto &[shape, rows] : blocks) {
        write_block(shape, rows);
    }
    return finish(changes.changes.size());
}

void ChangeEncoder::write_block(const Shape &shape, std::span<const Row<Change>> rows) {
    const auto &[operation, columns, old_columns] = shape;
    out_.unsigned_integer(static_cast<std::uint64_t>(operation));
    out_.unsigned_integer(rows.size());
    write_columns(out_, columns);
    write_columns(out_, old_columns);
    Table table;
    for (const Row<Change> &row : rows) {
        std::size_t column = add_values(table, *row.key, 0);
        column = add_values(table, row.change->new_values.values, column);
        add_values(table, row.change->old_values.values, column);
    }
    for (std::size_t column = 0; column < table.size(); ++column) {
        table.write(out_, column, size_of_);
    }
    cell_bytes_ += table.cell_bytes();
}

Frame ChangeEncoder::encode(const SyncChanges &changes) {
    std::map<SyncShape, std::vector<Row<SyncChange>>> blocks;
    for (const auto &[key, change] : changes.changes) {
        SyncShape shape;
        if (change.exists) {
            shape.first = change.exists->value ? 2 : 1;
        }
        for (const auto &[column, value] : change.columns) {
            shape.second.push_back(column);
        }
        blocks[shape].push_back({&key, &change});
    }
    begin(1);
    number_nodes(changes);
    out_.unsigned_integer(blocks.size());
    for (const auto &[shape, rows] : blocks) {
        write_block(shape, rows);
    }
    return finish(changes.changes.size());
}

void ChangeEncoder::number_nodes(const SyncChanges &changes) {
    const auto note = [&](const auto &written) {
        nodes_.try_emplace(written.stamp.node, 0);
        if (written.replaced) {
            nodes_.try_emplace(written.replaced->node, 0);
        }
    };
    for (const auto &[key, change] : changes.changes) {
        if (change.exists) {
            note(*change.exists);
        }
        for (const auto &[column, value] : change.columns) {
            note(value);
        }
    }
    Bytes ids;
    std::uint64_t index = 0;
    for (auto &[node, number] : nodes_) {
        number = index++;
        ids.insert(ids.end(), node.begin(), node.end());
    }
    out_.bytes(ids);
}

void ChangeEncoder::write_block(const SyncShape &shape, std::span<const Row<SyncChange>> rows) {
    const auto &[existence, columns] = shape;
    out_.unsigned_integer(existence);
    out_.unsigned_integer(rows.size());
    write_columns(out_, columns);
    std::vector<const Key *> keys;
    std::vector<Stamp> stamps;
    std::vector<std::optional<Stamp>> replaced;
    for (const Row<SyncChange> &row : rows) {
        keys.push_back(row.key);
        if (row.change->exists) {
            stamps.push_back(row.change->exists->stamp);
            replaced.push_back(row.change->exists->replaced);
        }
    }
    write_keys(keys);
    if (existence != 0) {
        write_stamps(stamps);
        write_replaced(replaced);
    }
    for (std::size_t column = 0; column < columns.size(); ++column) {
        stamps.clear();
        replaced.clear();
        Table table;
        for (const Row<SyncChange> &row : rows) {
            const Register<Value> &written = row.change->columns[column].second;
            table.add(written.value, 0);
            stamps.push_back(written.stamp);
            replaced.push_back(written.replaced);
        }
        table.write(out_, 0, size_of_);
        write_stamps(stamps);
        write_replaced(replaced);
        cell_bytes_ += table.cell_bytes();
    }
    cell_bytes_ += rows.size() * register_bytes_fixed * (columns.size() + (existence != 0 ? 1 : 0));
}

void ChangeEncoder::write_keys(std::span<const Key *const> keys) {
    Table table;
    for (const Key *key : keys) {
        add_values(table, *key, 0);
    }
    for (std::size_t column = 0; column < table.size(); ++column) {
        table.write(out_, column, size_of_);
    }
    cell_bytes_ += table.cell_bytes();
}

void ChangeEncoder::write_stamps(std::span<const Stamp> stamps) {
    Integers times;
    Integers nodes;
    for (const Stamp &stamp : stamps) {
        times.push_back(stamp.time);
        nodes.push_back(nodes_.at(stamp.node));
    }
    encode_integers(out_, times, size_of_);
    encode_integers(out_, nodes, size_of_);
}

void ChangeEncoder::write_replaced(std::span<const std::optional<Stamp>> replaced) {
    Integers present;
    std::vector<Stamp> stamps;
    for (const std::optional<Stamp> &stamp : replaced) {
        present.push_back(stamp ? 1 : 0);
        if (stamp) {
            stamps.push_back(*stamp);
        }
    }
    encode_integers(out_, present, size_of_);
    if (!stamps.empty()) {
        write_stamps(stamps);
    }
}

} // namespace

Frame encode_changes(const TableChanges &table, const SizeEstimate &size_of) {
    return std::visit(
        [&](const auto &changes) { return ChangeEncoder(table.schema, size_of).encode(changes); },
        table.changes);
}

} // namespace postrider::wire
