// Changesets of every kind from a seed: values of all neutral kinds in columns of many styles.
#pragma once

#include <algorithm>
#include <random>
#include <string>

#include "common/model/changeset.hpp"

namespace postrider::test {

class RandomChangeset {
  public:
    explicit RandomChangeset(std::uint64_t seed) : random_(seed) {}

    std::uint64_t draw(std::uint64_t below) { return random_() % below; }

    /// A few tables, one-way and SYNC.
    Changeset next(std::uint64_t rows_max = 40) {
        Changeset out;
        for (std::uint64_t tables = 1 + draw(3); tables > 0; --tables) {
            TableChanges table = draw(3) == 0 ? sync_table(rows_max) : one_way_table(rows_max);
            out.tables.insert_or_assign(table.schema.name, std::move(table));
        }
        return out;
    }

    Value value_of(Kind kind) {
        switch (kind) {
        case Kind::null:
            return {};
        case Kind::boolean:
            return draw(2) == 1;
        case Kind::int64:
            return integer();
        case Kind::decimal:
            return Decimal{pick({"0.10", "-12.5", "NaN", "Infinity", "-0", "1e5", "00.1"})};
        case Kind::float64:
            return Float64{draw(2) == 0 ? random_() : 0x8000000000000000U};
        case Kind::float32:
            return Float32{static_cast<std::uint32_t>(random_())};
        case Kind::text:
            return Value::text(any_text());
        case Kind::bytes:
            return bytes(draw(20));
        case Kind::date:
            return Date{static_cast<std::int32_t>(random_())};
        case Kind::time:
            return Time{static_cast<std::int64_t>(draw(86'400'000'001))};
        case Kind::time_with_zone:
            return TimeWithZone{static_cast<std::int64_t>(draw(86'400'000'001)),
                                static_cast<std::int32_t>(draw(7200)) - 3600};
        case Kind::timestamp:
            return LocalTimestamp{integer()};
        case Kind::timestamp_with_zone:
            return ZonedTimestamp{integer()};
        case Kind::interval:
            return Interval{static_cast<std::int32_t>(random_()),
                            static_cast<std::int32_t>(random_()), integer()};
        default:
            return structured_value(kind);
        }
    }

    Kind any_kind() { return static_cast<Kind>(draw(19)); }

  private:
    static constexpr std::uint64_t styles = 13;

    std::string pick(std::initializer_list<const char *> texts) {
        return *(texts.begin() + static_cast<std::ptrdiff_t>(draw(texts.size())));
    }

    std::int64_t integer() {
        switch (draw(4)) {
        case 0:
            return static_cast<std::int64_t>(random_());
        case 1:
            return draw(2) == 0 ? INT64_MIN : INT64_MAX;
        default:
            return static_cast<std::int64_t>(draw(1000)) - 500;
        }
    }

    Bytes bytes(std::uint64_t size) {
        Bytes out(size);
        for (std::uint8_t &byte : out) {
            byte = static_cast<std::uint8_t>(random_());
        }
        return out;
    }

    /// Not UTF-8 now and then, and with U+0000.
    std::string any_text() {
        const Bytes raw = bytes(draw(12));
        return draw(2) == 0 ? std::string(raw.begin(), raw.end()) : std::string("a\0b", 3);
    }

    Value structured_value(Kind kind) {
        switch (kind) {
        case Kind::uuid: {
            Uuid uuid{};
            const Bytes raw = bytes(16);
            std::copy(raw.begin(), raw.end(), uuid.bytes.begin());
            return uuid;
        }
        case Kind::json:
            return Json{pick({"{}", "[1, 2]", "null"})};
        case Kind::bits: {
            const std::uint64_t count = draw(20);
            Bytes raw = bytes((count + 7) / 8);
            if (count % 8 != 0) {
                raw.back() &= static_cast<std::uint8_t>(0xff00U >> (count % 8));
            }
            return Bits{count, raw};
        }
        case Kind::array: {
            Array array;
            for (std::uint64_t left = draw(4); left > 0; --left) {
                array.elements.push_back(value_of(static_cast<Kind>(draw(17))));
            }
            if (!array.elements.empty()) {
                array.dimensions = {{static_cast<std::int32_t>(draw(5)) - 2,
                                     static_cast<std::uint32_t>(array.elements.size())}};
            }
            return array;
        }
        default:
            return Native{pick({"(1,2)", "<x/>", ""})};
        }
    }

    std::string hex(std::size_t digits) {
        std::string out;
        while (out.size() < digits) {
            out += "0123456789abcdef"[draw(16)];
        }
        return out;
    }

    /// Values as real columns hold them; the last style mixes kinds.
    Value styled(std::uint64_t style, std::uint64_t row) {
        const auto number = static_cast<std::int64_t>(row);
        switch (style) {
        case 0:
            return 1000 + number;
        case 1:
            return Value::text(hex(8) + '-' + hex(4) + "-4" + hex(3) + "-8" + hex(3) + '-' +
                               hex(12));
        case 2:
            return Value::text("2024-01-15 08:00:0" + std::to_string(draw(10)) + ".12345" +
                               std::to_string(draw(10)));
        case 3:
            return Value::text(pick({"the road", "the clinic", "road the", "the the road"}));
        case 4:
            return Value::text(std::to_string(draw(100)) + ".5" + std::to_string(draw(10)));
        case 5:
            return Value::float64(static_cast<double>(draw(5000)) / 100);
        case 6:
            return draw(3) == 0 ? Value{} : Value{static_cast<std::int64_t>(draw(3))};
        case 7:
            return Value::text("INVOICE/2024/" + std::to_string(10000 + row));
        case 8:
            return Value::text("constant");
        case 9:
            return Value::text("2024-01-" + std::to_string(10 + draw(20)));
        case 10:
            return ZonedTimestamp{1'700'000'000'000'000 + number * 1'000'000};
        case 11:
            return Decimal{std::to_string(draw(1000)) + ".25"};
        default:
            return value_of(any_kind());
        }
    }

    TableSchema schema() {
        TableSchema out;
        out.name = "table" + std::to_string(draw(5));
        const std::uint64_t columns = 1 + draw(6);
        for (std::uint64_t column = 0; column < columns; ++column) {
            out.columns.push_back({"column" + std::to_string(column),
                                   {any_kind(), Kind::null, -1, -1, "native"},
                                   draw(2) == 0});
        }
        out.key = {static_cast<std::uint32_t>(draw(columns))};
        if (columns > 2 && draw(3) == 0) {
            out.key.push_back((out.key.front() + 1) % static_cast<std::uint32_t>(columns));
        }
        return out;
    }

    std::vector<std::uint64_t> styles_of(const TableSchema &schema) {
        std::vector<std::uint64_t> out;
        for (std::size_t column = 0; column < schema.columns.size(); ++column) {
            out.push_back(draw(styles));
        }
        return out;
    }

    std::vector<std::uint32_t> some_columns(const TableSchema &schema, bool all) {
        std::vector<std::uint32_t> out;
        for (std::uint32_t column = 0; column < schema.columns.size(); ++column) {
            const bool is_key =
                std::find(schema.key.begin(), schema.key.end(), column) != schema.key.end();
            if (!is_key && (all || draw(2) == 0)) {
                out.push_back(column);
            }
        }
        return out;
    }

    Key key_of(const TableSchema &schema, const std::vector<std::uint64_t> &column_styles) {
        Key out;
        for (const std::uint32_t column : schema.key) {
            out.push_back(styled(column_styles[column], draw(1000)));
        }
        return out;
    }

    Image image(const std::vector<std::uint32_t> &columns,
                const std::vector<std::uint64_t> &column_styles,
                std::uint64_t row) {
        Image out;
        out.columns = columns;
        for (const std::uint32_t column : columns) {
            out.values.push_back(styled(column_styles[column], row));
        }
        return out;
    }

    TableChanges one_way_table(std::uint64_t rows_max) {
        TableChanges out;
        out.schema = schema();
        OneWayChanges changes;
        changes.truncated = draw(5) == 0;
        const std::vector<std::uint64_t> column_styles = styles_of(out.schema);
        for (std::uint64_t row = draw(rows_max + 1); row > 0; --row) {
            Change change;
            change.operation = static_cast<Operation>(draw(5));
            const bool whole =
                change.operation == Operation::insert || change.operation == Operation::upsert;
            if (whole || change.operation == Operation::update) {
                change.new_values = image(some_columns(out.schema, whole), column_styles, row);
            }
            if (draw(3) == 0) {
                change.old_values = image(some_columns(out.schema, false), column_styles, row);
            }
            changes.changes[key_of(out.schema, column_styles)] = std::move(change);
        }
        out.changes = std::move(changes);
        return out;
    }

    Stamp stamp() {
        Stamp out{(std::uint64_t{1'700'000'000'000} << 16U) + draw(1U << 20U), {}};
        out.node[0] = static_cast<std::uint8_t>(draw(3));
        return out;
    }

    std::optional<Stamp> replaced() { return draw(2) == 0 ? std::nullopt : std::optional(stamp()); }

    TableChanges sync_table(std::uint64_t rows_max) {
        TableChanges out;
        out.schema = schema();
        SyncChanges changes;
        const std::vector<std::uint64_t> column_styles = styles_of(out.schema);
        for (std::uint64_t row = draw(rows_max + 1); row > 0; --row) {
            SyncChange change;
            if (draw(2) == 0) {
                change.exists = Register<bool>{stamp(), draw(2) == 0, replaced()};
            }
            for (const std::uint32_t column : some_columns(out.schema, false)) {
                change.columns.emplace_back(
                    column,
                    Register<Value>{stamp(), styled(column_styles[column], row), replaced()});
            }
            changes.changes[key_of(out.schema, column_styles)] = std::move(change);
        }
        out.changes = std::move(changes);
        return out;
    }

    std::mt19937_64 random_;
};

} // namespace postrider::test
