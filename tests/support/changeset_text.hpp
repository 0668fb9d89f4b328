// Changesets as lines of text (docs/protocol.md, "Vectors of frames and bodies"): what another
// decoder of the format compares its own reading with.
#pragma once

#include <array>
#include <sstream>
#include <string>

#include "common/base/text_encoding.hpp"
#include "common/model/changeset.hpp"
#include "common/wire/frame.hpp"

namespace postrider::test {

inline std::string text_of(const Value &value);

struct ContentText {
    std::string operator()(const Null & /*null*/) const { return {}; }

    std::string operator()(bool value) const { return value ? "1" : "0"; }

    std::string operator()(std::int64_t value) const { return std::to_string(value); }

    std::string operator()(const Decimal &value) const { return to_hex(as_bytes(value.digits)); }

    std::string operator()(const Float64 &value) const { return std::to_string(value.bits); }

    std::string operator()(const Float32 &value) const { return std::to_string(value.bits); }

    std::string operator()(const Text &value) const { return to_hex(as_bytes(value.text)); }

    std::string operator()(const Bytes &value) const { return to_hex(value); }

    std::string operator()(const Date &value) const { return std::to_string(value.days); }

    std::string operator()(const Time &value) const { return std::to_string(value.microseconds); }

    std::string operator()(const TimeWithZone &value) const {
        return std::to_string(value.microseconds) + "/" + std::to_string(value.offset_seconds);
    }

    std::string operator()(const LocalTimestamp &value) const {
        return std::to_string(value.microseconds);
    }

    std::string operator()(const ZonedTimestamp &value) const {
        return std::to_string(value.microseconds);
    }

    std::string operator()(const Interval &value) const {
        return std::to_string(value.months) + "/" + std::to_string(value.days) + "/" +
               std::to_string(value.microseconds);
    }

    std::string operator()(const Uuid &value) const { return to_hex(value.bytes); }

    std::string operator()(const Json &value) const { return to_hex(as_bytes(value.text)); }

    std::string operator()(const Bits &value) const {
        return std::to_string(value.count) + "/" + to_hex(value.bytes);
    }

    std::string operator()(const Array &value) const {
        std::string out = "[";
        for (const ArrayDimension &dimension : value.dimensions) {
            out += out.size() > 1 ? "," : "";
            out += std::to_string(dimension.lower_bound) + "+" + std::to_string(dimension.length);
        }
        out += "]{";
        const char *separator = "";
        for (const Value &element : value.elements) {
            out += separator + text_of(element);
            separator = ",";
        }
        return out + "}";
    }

    std::string operator()(const Native &value) const { return to_hex(as_bytes(value.text)); }
};

inline std::string text_of(const Value &value) {
    const std::string kind = std::to_string(static_cast<int>(value.kind()));
    return value.is_null() ? kind : kind + ":" + std::visit(ContentText{}, value.content());
}

inline std::string text_of(const Stamp &stamp) {
    return std::to_string(stamp.time) + "." + to_hex(stamp.node);
}

template <class T>
std::string stamps_of(const Register<T> &written) {
    std::string out = "@" + text_of(written.stamp);
    return written.replaced ? out + "<" + text_of(*written.replaced) : out;
}

inline void print(std::ostream &out, const Image &image) {
    for (std::size_t index = 0; index < image.columns.size(); ++index) {
        out << ' ' << image.columns[index] << '=' << text_of(image.values[index]);
    }
}

inline void print(std::ostream &out, const Key &key) {
    for (const Value &value : key) {
        out << ' ' << text_of(value);
    }
}

inline void print(std::ostream &out, const OneWayChanges &changes) {
    for (const auto &[key, change] : changes.changes) {
        out << std::array{"insert", "upsert", "update", "remove", "leave"}.at(
            static_cast<std::size_t>(change.operation));
        print(out, key);
        out << " new";
        print(out, change.new_values);
        out << " old";
        print(out, change.old_values);
        out << '\n';
    }
}

inline void print(std::ostream &out, const SyncChanges &changes) {
    for (const auto &[key, change] : changes.changes) {
        out << "sync";
        print(out, key);
        if (change.exists) {
            out << " exists=" << (change.exists->value ? "there" : "gone")
                << stamps_of(*change.exists);
        }
        for (const auto &[column, written] : change.columns) {
            out << ' ' << column << '=' << text_of(written.value) << stamps_of(written);
        }
        out << '\n';
    }
}

inline void print(std::ostream &out, const TableSchema &schema) {
    for (const Column &column : schema.columns) {
        out << "column " << to_hex(as_bytes(column.name)) << ' '
            << static_cast<int>(column.type.kind) << ' ' << static_cast<int>(column.type.element)
            << ' ' << column.type.precision << ' ' << column.type.scale << ' '
            << (column.type.native_name.empty() ? "-" : to_hex(as_bytes(column.type.native_name)))
            << (column.nullable ? " null\n" : " not-null\n");
    }
    out << "key";
    for (const std::uint32_t index : schema.key) {
        out << ' ' << index;
    }
    out << '\n';
}

inline std::string text_of(const Changeset &changeset) {
    std::ostringstream out;
    for (const auto &[name, table] : changeset.tables) {
        const auto *one_way = std::get_if<OneWayChanges>(&table.changes);
        out << "table " << to_hex(as_bytes(name)) << ' '
            << to_hex(wire::schema_name(table.schema).hash)
            << (one_way != nullptr ? " one-way" : " sync")
            << (one_way != nullptr && one_way->truncated ? " truncated\n" : "\n");
        print(out, table.schema);
        std::visit([&](const auto &changes) { print(out, changes); }, table.changes);
    }
    return out.str();
}

} // namespace postrider::test
