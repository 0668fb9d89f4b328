// Blocks back into changes; rows and cells are charged before they are made.
#include <optional>

#include "common/wire/change_frame.hpp"
#include "common/wire/column_vector.hpp"
#include "common/wire/integer_vector.hpp"

namespace postrider::wire {

namespace {

using Columns = std::vector<std::uint32_t>;
using Integers = std::vector<std::uint64_t>;
using Vectors = std::vector<std::vector<Value>>;

constexpr std::uint64_t laws = 2;
constexpr std::uint64_t operations = static_cast<std::uint64_t>(Operation::leave) + 1;
constexpr std::uint64_t existences = 3;
constexpr std::uint64_t existence_absent = 0;
constexpr std::uint64_t existence_there = 2;
constexpr std::size_t node_bytes = 16;
constexpr int steps_max = 8; // of a search in order, before it is one in the tree
constexpr std::size_t schema_hash_bytes = std::tuple_size_v<SchemaHash>;

class ChangeDecoder {
  public:
    ChangeDecoder(CborReader &in, const TableSchema &schema, Allowance &allowance)
        : in_(in), schema_(schema), allowance_(allowance), is_key_(schema.columns.size()) {
        for (const std::uint32_t column : schema.key) {
            is_key_[column] = true;
        }
    }

    void read(OneWayChanges &out);
    void read(SyncChanges &out);

  private:
    void read_block(OneWayChanges &out);
    void read_block(SyncChanges &out);
    std::uint64_t read_row_count();
    Columns read_columns();
    Vectors read_vectors(std::size_t count, std::uint64_t rows);
    std::vector<Stamp> read_stamps(std::uint64_t rows);
    std::vector<std::optional<Stamp>> read_replaced(std::uint64_t rows);
    void charge_registers(std::uint64_t rows);

    /// Keys of an operation rise, and those of other operations lie between them: most often one
    /// belongs at `place`, or a few steps behind it. Leaves there the place behind it.
    template <class T>
    void
    add(std::map<Key, T> &changes, typename std::map<Key, T>::iterator &place, Key key, T change) {
        for (int step = 0; step < steps_max && place != changes.end() && place->first < key;
             ++step) {
            ++place;
        }
        const std::size_t before = changes.size();
        place = std::next(changes.try_emplace(place, std::move(key), std::move(change)));
        if (changes.size() == before) {
            in_.fail();
        }
    }

    CborReader &in_;
    const TableSchema &schema_;
    Allowance &allowance_;
    std::vector<bool> is_key_;
    std::vector<NodeId> nodes_;
};

/// Takes the values of one row out of the vectors from `first` on.
std::vector<Value>
take_row(Vectors &vectors, std::size_t first, std::size_t count, std::size_t row) {
    std::vector<Value> out;
    out.reserve(count);
    for (std::size_t column = first; column < first + count; ++column) {
        out.push_back(std::move(vectors[column][row]));
    }
    return out;
}

std::uint64_t ChangeDecoder::read_row_count() {
    const std::uint64_t rows = in_.unsigned_integer();
    if (in_.ok() && !allowance_.take_rows(rows)) {
        in_.fail_with(Errc::too_large);
    }
    if (rows == 0) {
        in_.fail();
    }
    return rows;
}

Columns ChangeDecoder::read_columns() {
    Columns out;
    const std::size_t count = in_.array(limits::table_columns_max);
    for (std::size_t index = 0; index < count && in_.ok(); ++index) {
        const auto column = static_cast<std::uint32_t>(in_.choice(schema_.columns.size()));
        if ((!out.empty() && column <= out.back()) || is_key_[column]) {
            in_.fail();
        }
        out.push_back(column);
    }
    return out;
}

Vectors ChangeDecoder::read_vectors(std::size_t count, std::uint64_t rows) {
    Vectors out;
    for (std::size_t index = 0; index < count && in_.ok(); ++index) {
        out.push_back(decode_column(in_, rows, allowance_));
    }
    return out;
}

void ChangeDecoder::read(OneWayChanges &out) {
    out.truncated = in_.boolean();
    for (std::uint64_t blocks = in_.unsigned_integer(); blocks > 0 && in_.ok(); --blocks) {
        read_block(out);
    }
}

void ChangeDecoder::read_block(OneWayChanges &out) {
    const auto operation = static_cast<Operation>(in_.choice(operations));
    const std::uint64_t rows = read_row_count();
    const Columns columns = read_columns();
    const Columns old_columns = read_columns();
    const std::size_t keys = schema_.key.size();
    Vectors vectors = read_vectors(keys + columns.size() + old_columns.size(), rows);
    auto place = out.changes.begin();
    for (std::size_t row = 0; row < rows && in_.ok(); ++row) {
        Change change;
        change.operation = operation;
        change.new_values = {columns, take_row(vectors, keys, columns.size(), row)};
        change.old_values = {old_columns,
                             take_row(vectors, keys + columns.size(), old_columns.size(), row)};
        add(out.changes, place, take_row(vectors, 0, keys, row), std::move(change));
    }
}

void ChangeDecoder::read(SyncChanges &out) {
    const ByteView ids = in_.bytes();
    if (ids.size() % node_bytes != 0) {
        in_.fail();
    }
    ByteReader reader(ids);
    while (reader.remaining() > 0) {
        nodes_.push_back(reader.fixed<node_bytes>());
    }
    for (std::uint64_t blocks = in_.unsigned_integer(); blocks > 0 && in_.ok(); --blocks) {
        read_block(out);
    }
}

void ChangeDecoder::charge_registers(std::uint64_t rows) {
    if (in_.ok() && !allowance_.take_cell_bytes(rows * register_bytes_fixed)) {
        in_.fail_with(Errc::too_large);
    }
}

std::vector<Stamp> ChangeDecoder::read_stamps(std::uint64_t rows) {
    if (nodes_.empty()) {
        in_.fail();
        return {};
    }
    const Integers times = decode_integers(in_, rows);
    const Integers nodes = decode_integers_up_to(in_, rows, nodes_.size() - 1);
    std::vector<Stamp> out;
    for (std::size_t row = 0; row < rows && in_.ok(); ++row) {
        out.push_back({times[row], nodes_[nodes[row]]});
    }
    return out;
}

std::vector<std::optional<Stamp>> ChangeDecoder::read_replaced(std::uint64_t rows) {
    const Integers present = decode_integers_up_to(in_, rows, 1);
    std::uint64_t count = 0;
    for (const std::uint64_t flag : present) {
        count += flag;
    }
    std::vector<Stamp> stamps;
    if (count > 0) {
        stamps = read_stamps(count);
    }
    std::vector<std::optional<Stamp>> out;
    auto next = stamps.begin();
    for (std::size_t row = 0; row < rows && in_.ok(); ++row) {
        out.emplace_back(present[row] == 1 ? std::optional<Stamp>(*next++) : std::nullopt);
    }
    return out;
}

void ChangeDecoder::read_block(SyncChanges &out) {
    const std::uint64_t existence = in_.choice(existences);
    const std::uint64_t rows = read_row_count();
    const Columns columns = read_columns();
    Vectors keys = read_vectors(schema_.key.size(), rows);
    if (!in_.ok()) {
        return;
    }
    std::vector<SyncChange> changes(rows);
    if (existence != existence_absent) {
        charge_registers(rows);
        const std::vector<Stamp> stamps = read_stamps(rows);
        const std::vector<std::optional<Stamp>> replaced = read_replaced(rows);
        for (std::size_t row = 0; row < rows && in_.ok(); ++row) {
            changes[row].exists = {stamps[row], existence == existence_there, replaced[row]};
        }
    }
    for (std::size_t column = 0; column < columns.size() && in_.ok(); ++column) {
        charge_registers(rows);
        std::vector<Value> values = decode_column(in_, rows, allowance_);
        const std::vector<Stamp> stamps = read_stamps(rows);
        const std::vector<std::optional<Stamp>> replaced = read_replaced(rows);
        for (std::size_t row = 0; row < rows && in_.ok(); ++row) {
            changes[row].columns.emplace_back(
                columns[column],
                Register<Value>{stamps[row], std::move(values[row]), replaced[row]});
        }
    }
    auto place = out.changes.begin();
    for (std::size_t row = 0; row < rows && in_.ok(); ++row) {
        add(out.changes, place, take_row(keys, 0, keys.size(), row), std::move(changes[row]));
    }
}

} // namespace

Result<SchemaHash> read_schema_hash(ByteView raw) {
    CborReader in(raw);
    const SchemaHash out = in.fixed<schema_hash_bytes>();
    if (!in.ok()) {
        return in.error("change frame");
    }
    return out;
}

Result<TableChanges> decode_changes(ByteView raw, const TableSchema &schema, Allowance &allowance) {
    CborReader in(raw);
    in.fixed<schema_hash_bytes>();
    TableChanges out;
    out.schema = schema;
    if (in.choice(laws) == 1) {
        out.changes.emplace<SyncChanges>();
    }
    ChangeDecoder decoder(in, schema, allowance);
    std::visit([&](auto &changes) { decoder.read(changes); }, out.changes);
    if (!in.at_end()) {
        in.fail();
        return in.error("change frame");
    }
    return out;
}

} // namespace postrider::wire
