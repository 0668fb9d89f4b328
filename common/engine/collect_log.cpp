// Records become changes: columns by their numbers in the catalogue, values by their types.
#include "common/engine/collect_log.hpp"

#include <algorithm>
#include <optional>

#include "common/dialect/log_capture.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/wire/capture_log.hpp"

namespace postrider::engine {

namespace {

using wire::CapturedValue;
using wire::CaptureLayout;
using wire::CaptureOperation;
using wire::CaptureRecord;

/// Where the columns of one layout stand in the schema of their table; none: it has no such column
/// any more.
struct LayoutMap {
    std::vector<std::optional<std::uint32_t>> of_schema;
    std::vector<std::size_t> key; // by the key of the schema: indexes into the layout
    bool is_whole = false;        // the layout has every column, and the key is the same
};

/// One table and the layouts of it that were met.
class TableReader {
  public:
    TableReader(const Session &session, LoggedTable table)
        : session_(session),
          table_(std::move(table)),
          map_(map_columns(table_.description, table_.kept)) {
        for (std::uint32_t index = 0; index < map_.names.size(); ++index) {
            position_.emplace(map_.names[index], index);
        }
        for (const Row &row : session.transaction.catalogue(session.dialect.log()->columns(),
                                                            {Value::text(table_.name)})) {
            numbers_.emplace(static_cast<std::uint16_t>(integer_at(row, 0)), text_at(row, 1));
        }
    }

    [[nodiscard]] RowsOf rows() const { return {table_.name, map_.schema}; }

    struct Read {
        Key key;
        Change change;
    };

    /// Nothing: the table has another shape now, or a value cannot be read.
    std::optional<Read> read(const CaptureRecord &record) {
        const LayoutMap &layout = layout_of(*record.layout);
        if (!layout.is_whole) {
            return std::nullopt;
        }
        Read out{{}, {.operation = operation_of(record), .new_values = {}, .old_values = {}}};
        for (const std::size_t index : layout.key) {
            const std::optional<Value> value = value_of(record, index);
            if (!value) {
                return std::nullopt;
            }
            out.key.push_back(*value);
        }
        const bool ends = record.operation == CaptureOperation::remove;
        if ((!ends && !read_new(record, layout, out.change)) ||
            !read_old(record, layout, out.change)) {
            return std::nullopt;
        }
        return out;
    }

  private:
    const LayoutMap &layout_of(const CaptureLayout &layout) {
        for (const auto &[known, map] : layouts_) {
            if (known == layout) {
                return map;
            }
        }
        return layouts_.emplace_back(layout, new_layout(layout)).second;
    }

    [[nodiscard]] LayoutMap new_layout(const CaptureLayout &layout) const {
        LayoutMap map;
        std::set<std::uint32_t> found;
        for (const wire::CapturedColumn &column : layout.columns) {
            const auto name = numbers_.find(column.attnum);
            const auto place =
                name == numbers_.end() ? position_.end() : position_.find(name->second);
            map.of_schema.push_back(place == position_.end() ? std::nullopt
                                                             : std::optional{place->second});
            if (place != position_.end()) {
                found.insert(place->second);
            }
        }
        for (const std::uint32_t wanted : map_.schema.key) {
            for (const std::uint32_t index : layout.key) {
                if (map.of_schema[index] == wanted) {
                    map.key.push_back(index);
                }
            }
        }
        map.is_whole =
            found.size() == map_.names.size() && map.key.size() == map_.schema.key.size() &&
            map.key.size() == layout.key.size() && layout.kept.size() == map_.kept.size();
        return map;
    }

    /// With kept columns a change is whole.
    [[nodiscard]] Operation operation_of(const CaptureRecord &record) const {
        switch (record.operation) {
        case CaptureOperation::insert:
            return Operation::insert;
        case CaptureOperation::update:
            return map_.kept.empty() ? Operation::update : Operation::upsert;
        default:
            return Operation::remove;
        }
    }

    [[nodiscard]] std::optional<Value> value_of(const CaptureRecord &record,
                                                std::size_t index) const {
        return decoded(record.values[index], record.layout->columns[index].type);
    }

    [[nodiscard]] std::optional<Value> decoded(const CapturedValue &value,
                                               std::uint32_t type) const {
        if (value.null) {
            return Value{};
        }
        Result<Value> read = session_.dialect.log()->read_value(type, value.bytes);
        return read ? std::optional{*std::move(read)} : std::nullopt;
    }

    bool read_new(const CaptureRecord &record, const LayoutMap &layout, Change &change) const {
        std::map<std::uint32_t, Value> given; // by the schema's order
        for (std::size_t index = 0; index < record.values.size(); ++index) {
            const auto column = layout.of_schema[index];
            if (!column || !record.values[index].given || is_key(*column)) {
                continue;
            }
            std::optional<Value> value = value_of(record, index);
            if (!value) {
                return false;
            }
            given.emplace(*column, *std::move(value));
        }
        for (auto &[column, value] : given) {
            change.new_values.columns.push_back(column);
            change.new_values.values.push_back(std::move(value));
        }
        return true;
    }

    bool read_old(const CaptureRecord &record, const LayoutMap &layout, Change &change) const {
        std::map<std::uint32_t, Value> before;
        for (std::size_t place = 0; place < record.kept_values.size(); ++place) {
            const std::uint32_t index = record.layout->kept[place];
            const auto column = layout.of_schema[index];
            std::optional<Value> value =
                decoded(record.kept_values[place], record.layout->columns[index].type);
            if (!value || !column) {
                return false;
            }
            before.emplace(*column, *std::move(value));
        }
        for (auto &[column, value] : before) {
            change.old_values.columns.push_back(column);
            change.old_values.values.push_back(std::move(value));
        }
        return true;
    }

    [[nodiscard]] bool is_key(std::uint32_t column) const {
        return std::find(map_.schema.key.begin(), map_.schema.key.end(), column) !=
               map_.schema.key.end();
    }

    const Session &session_;
    LoggedTable table_;
    ColumnMap map_;
    std::map<std::string, std::uint32_t> position_; // name → index into the schema
    std::map<std::uint16_t, std::string> numbers_;  // attnum → name
    std::vector<std::pair<CaptureLayout, LayoutMap>> layouts_;
};

class LogTaker {
  public:
    LogTaker(const Session &session, const LoggedTables &tables, Pieces &pieces)
        : session_(session), tables_(tables), pieces_(pieces) {}

    std::set<dialect::CaptureId> run() {
        const auto rows = session_.transaction.query(session_.dialect.log()->take(), {});
        Result<void> read;
        while (const Row *row = read ? rows->next() : nullptr) {
            content_ = blob_at(*row, 0);
            read = reader_.feed(content_);
            read = read ? take_records() : read;
        }
        read = read ? reader_.finish() : read;
        if (!read) {
            everything_is_lost(read.error());
        }
        return std::move(whole_);
    }

  private:
    Result<void> take_records() {
        while (true) {
            const Result<const CaptureRecord *> record = reader_.next();
            if (!record) {
                return record.error();
            }
            if (*record == nullptr) {
                return {};
            }
            take(**record);
        }
    }

    void take(const CaptureRecord &record) {
        TableReader *table = whole_.contains(record.capture) ? nullptr : reader_of(record.capture);
        if (table == nullptr) {
            return;
        }
        if (record.operation == CaptureOperation::truncate ||
            record.operation == CaptureOperation::lost) {
            whole_.insert(record.capture);
            return;
        }
        if (auto read = table->read(record)) {
            pieces_.add_next(table->rows(), read->key, std::move(read->change));
        } else {
            whole_.insert(record.capture);
        }
    }

    TableReader *reader_of(dialect::CaptureId capture) {
        if (const auto known = readers_.find(capture); known != readers_.end()) {
            return known->second ? &*known->second : nullptr;
        }
        std::optional<TableReader> &reader = readers_[capture];
        if (auto table =
                tables_.captures.contains(capture) ? tables_.find(capture) : std::nullopt) {
            reader.emplace(session_, *std::move(table));
        }
        return reader ? &*reader : nullptr;
    }

    void everything_is_lost(const Error &reason) {
        log_event(session_.transaction, session_.now,
                  {.kind = "capture_damaged",
                   .peer_id = {},
                   .message = "captured changes could not be read: " + reason.message,
                   .action = "nothing to do: the tables that are sent are sent again whole"});
        whole_ = tables_.captures;
    }

    const Session &session_;
    const LoggedTables &tables_;
    Pieces &pieces_;
    wire::CaptureLogReader reader_;
    Bytes content_;
    std::map<dialect::CaptureId, std::optional<TableReader>> readers_; // none: nobody wants it
    std::set<dialect::CaptureId> whole_;
};

} // namespace

std::set<dialect::CaptureId>
take_log(const Session &session, const LoggedTables &tables, Pieces &pieces) {
    return LogTaker{session, tables, pieces}.run();
}

} // namespace postrider::engine
