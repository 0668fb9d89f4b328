// A CBOR sequence: schema hash, [+ column], number of values, the values; then zeros.
#include "common/wire/private_values.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "common/wire/envelope_body.hpp"
#include "common/wire/value_format.hpp"

namespace postrider::wire {

namespace {

using ColumnNumbers = std::set<std::uint32_t>;

/// Does `work` with each new value of the columns, in the order of keys.
template <class Work>
void each_private(OneWayChanges &changes, const ColumnNumbers &columns, const Work &work) {
    for (auto &[key, change] : changes.changes) {
        for (std::size_t index = 0; index < change.new_values.columns.size(); ++index) {
            if (columns.contains(change.new_values.columns[index])) {
                work(change.new_values.values[index]);
            }
        }
    }
}

class PrivateReader {
  public:
    PrivateReader(const Frame &frame, const TableSchema &schema)
        : frame_(frame), schema_(schema), in_(frame.raw), allowance_(0, frame.cell_bytes) {}

    Result<void> read() {
        if (in_.fixed<8>() != schema_name(schema_).hash) {
            in_.fail();
        }
        read_columns();
        for (std::uint64_t left = in_.unsigned_integer(); left > 0 && in_.ok(); --left) {
            values.emplace_back(decode_value(in_, allowance_));
        }
        if (in_.ok() && (!is_padded() || !allowance_.is_used_up())) {
            in_.fail();
        }
        return in_.ok() ? Result<void>{} : Result<void>{in_.error("private frame")};
    }

    ColumnNumbers columns;
    std::vector<std::optional<Value>> values; // none: it was taken

  private:
    void read_columns() {
        const std::size_t count = in_.array(schema_.columns.size());
        for (std::size_t index = 0; index < count && in_.ok(); ++index) {
            const auto column = static_cast<std::uint32_t>(in_.choice(schema_.columns.size()));
            const bool is_key =
                std::find(schema_.key.begin(), schema_.key.end(), column) != schema_.key.end();
            if (is_key || (!columns.empty() && column <= *columns.rbegin())) {
                in_.fail();
            }
            columns.insert(column);
        }
        if (columns.empty()) {
            in_.fail();
        }
    }

    [[nodiscard]] bool is_padded() const {
        const ByteView rest = ByteView{frame_.raw}.last(in_.remaining());
        return frame_.raw.size() == padme(frame_.raw.size() - rest.size()) &&
               std::all_of(rest.begin(), rest.end(), [](std::uint8_t byte) { return byte == 0; });
    }

    const Frame &frame_;
    const TableSchema &schema_;
    CborReader in_;
    Allowance allowance_;
};

Error malformed_private() {
    return {Errc::malformed, "private frame does not fit the changes of its table"};
}

} // namespace

Frame take_private(TableChanges &table, const std::set<std::string> &columns) {
    ColumnNumbers numbers;
    for (std::uint32_t index = 0; index < table.schema.columns.size(); ++index) {
        if (columns.contains(table.schema.columns[index].name)) {
            numbers.insert(index);
        }
    }
    Frame frame{FrameKind::private_values, table.schema.name, {}, 0, 0};
    CborWriter values;
    std::int64_t count = 0;
    each_private(std::get<OneWayChanges>(table.changes), numbers, [&](Value &value) {
        encode_value(values, value);
        frame.cell_bytes += value.cell_bytes();
        value = count++;
    });
    CborWriter out;
    out.bytes(schema_name(table.schema).hash);
    out.array(numbers.size());
    for (const std::uint32_t column : numbers) {
        out.unsigned_integer(column);
    }
    out.unsigned_integer(static_cast<std::uint64_t>(count));
    out.raw(values.view());
    frame.raw = std::move(out).take();
    frame.raw.resize(padme(frame.raw.size()));
    return frame;
}

Result<void> put_private(const Frame &frame, TableChanges &table) {
    auto *changes = std::get_if<OneWayChanges>(&table.changes);
    if (changes == nullptr || frame.rows != 0) {
        return malformed_private();
    }
    PrivateReader reader{frame, table.schema};
    if (Result<void> read = reader.read(); !read) {
        return read;
    }
    std::size_t left = reader.values.size();
    bool fits = true;
    each_private(*changes, reader.columns, [&](Value &value) {
        const auto *number = value.as<std::int64_t>();
        fits = fits && number != nullptr && *number >= 0 &&
               static_cast<std::uint64_t>(*number) < reader.values.size() &&
               reader.values[static_cast<std::size_t>(*number)].has_value();
        if (fits) {
            value = *std::exchange(reader.values[static_cast<std::size_t>(*number)], std::nullopt);
            --left;
        }
    });
    return fits && left == 0 ? Result<void>{} : Result<void>{malformed_private()};
}

} // namespace postrider::wire
