// Schema frames:
//
//   [name, [+ [column name, kind, element kind, precision, scale, native name, nullable]], [+ key]]
#include "common/wire/frame.hpp"

#include <algorithm>

#include <sodium.h>

#include "common/base/limits.hpp"
#include "common/wire/cbor.hpp"

namespace postrider::wire {

namespace {

constexpr std::size_t schema_parts = 3;
constexpr std::size_t column_parts = 7;

void write_column(CborWriter &out, const Column &column) {
    out.array(column_parts);
    out.text(column.name);
    out.unsigned_integer(static_cast<std::uint64_t>(column.type.kind));
    out.unsigned_integer(static_cast<std::uint64_t>(column.type.element));
    out.integer(column.type.precision);
    out.integer(column.type.scale);
    out.text(column.type.native_name);
    out.boolean(column.nullable);
}

std::int32_t read_size(CborReader &in) {
    const std::int64_t value = in.integer();
    if (value < INT32_MIN || value > INT32_MAX) {
        in.fail();
        return 0;
    }
    return static_cast<std::int32_t>(value);
}

Column read_column(CborReader &in) {
    Column out;
    if (in.array(column_parts) != column_parts) {
        in.fail();
    }
    out.name = in.text(limits::name_bytes_max);
    out.type.kind = static_cast<Kind>(in.choice(value_kinds));
    out.type.element = static_cast<Kind>(in.choice(value_kinds));
    out.type.precision = read_size(in);
    out.type.scale = read_size(in);
    out.type.native_name = in.text(limits::name_bytes_max);
    out.nullable = in.boolean();
    return out;
}

bool has_repeats(std::vector<std::uint32_t> numbers) {
    std::sort(numbers.begin(), numbers.end());
    return std::adjacent_find(numbers.begin(), numbers.end()) != numbers.end();
}

bool is_sound(const TableSchema &schema) {
    const auto is_column = [&](std::uint32_t index) { return index < schema.columns.size(); };
    std::set<std::string_view> names;
    for (const Column &column : schema.columns) {
        names.insert(column.name);
    }
    return !schema.name.empty() && !schema.key.empty() &&
           std::all_of(schema.key.begin(), schema.key.end(), is_column) &&
           !has_repeats(schema.key) && names.size() == schema.columns.size() && !names.contains("");
}

} // namespace

Frame encode_schema(const TableSchema &schema) {
    CborWriter out;
    out.array(schema_parts);
    out.text(schema.name);
    out.array(schema.columns.size());
    for (const Column &column : schema.columns) {
        write_column(out, column);
    }
    out.array(schema.key.size());
    for (const std::uint32_t index : schema.key) {
        out.unsigned_integer(index);
    }
    return {FrameKind::schema, schema.name, std::move(out).take(), 0, 0};
}

Result<TableSchema> decode_schema(ByteView raw) {
    CborReader in(raw);
    TableSchema out;
    if (in.array(schema_parts) != schema_parts) {
        in.fail();
    }
    out.name = in.text(limits::name_bytes_max);
    const std::size_t columns = in.array(limits::table_columns_max);
    for (std::size_t index = 0; index < columns && in.ok(); ++index) {
        out.columns.push_back(read_column(in));
    }
    const std::size_t key_columns = in.array(limits::table_columns_max);
    for (std::size_t index = 0; index < key_columns && in.ok(); ++index) {
        out.key.push_back(static_cast<std::uint32_t>(in.choice(limits::table_columns_max)));
    }
    if (!in.at_end() || !is_sound(out)) {
        in.fail();
        return in.error("schema frame");
    }
    return out;
}

SchemaName schema_name(const TableSchema &schema) {
    SchemaName out;
    out.table = schema.name;
    const Bytes raw = encode_schema(schema).raw;
    FixedBytes<32> hash{};
    crypto_generichash_blake2b(hash.data(), hash.size(), raw.data(), raw.size(), nullptr, 0);
    std::copy_n(hash.begin(), out.hash.size(), out.hash.begin());
    return out;
}

Bytes canonical_bytes(std::span<const Frame> frames) {
    Bytes out;
    for (const Frame &frame : frames) {
        out.insert(out.end(), frame.raw.begin(), frame.raw.end());
    }
    return out;
}

} // namespace postrider::wire
