// Changesets of every kind come back equal; what costs too much is refused while it is small.
#include <limits>

#include <gtest/gtest.h>

#include "common/wire/change_frame.hpp"
#include "common/wire/changeset_format.hpp"
#include "common/wire/column_vector.hpp"
#include "common/wire/integer_vector.hpp"

#include "tests/support/random_changeset.hpp"

namespace postrider::wire {
namespace {

constexpr std::uint64_t seeds = 300;

TEST(ChangesetFormat, GivesRandomChangesetsBackEqual) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const Changeset changeset = test::RandomChangeset(seed).next(seed % 10 == 0 ? 400 : 40);
        const Result<Changeset> decoded = decode_changeset(encode_changeset(changeset), {});
        ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
        ASSERT_EQ(*decoded, changeset);
    }
}

TEST(ChangesetFormat, GivesPackedChangesetsBackEqual) {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        const Changeset changeset = test::RandomChangeset(seed).next();
        const Result<Changeset> unpacked = unpack_changeset(pack_changeset(changeset));
        ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message;
        ASSERT_EQ(*unpacked, changeset);
    }
}

TEST(ChangesetFormat, GivesEveryKindBackBitByBit) {
    test::RandomChangeset random(7);
    const SizeEstimate size_of;
    for (int kind = 0; kind <= static_cast<int>(Kind::native); ++kind) {
        for (const std::size_t count : {std::size_t{1}, std::size_t{2}, std::size_t{50}}) {
            std::vector<Value> values;
            for (std::size_t index = 0; index < count; ++index) {
                values.push_back(random.value_of(static_cast<Kind>(kind)));
            }
            std::vector<const Value *> pointers;
            std::uint64_t cost = 0;
            for (const Value &value : values) {
                pointers.push_back(&value);
                cost += value.cell_bytes();
            }
            CborWriter out;
            encode_column(out, pointers, size_of);
            CborReader in(out.view());
            Allowance allowance(0, cost);
            EXPECT_EQ(decode_column(in, count, allowance), values) << "kind " << kind;
            EXPECT_TRUE(in.at_end()) << "kind " << kind;
            EXPECT_TRUE(allowance.is_used_up()) << "kind " << kind;
        }
    }
}

TEST(ChangesetFormat, GivesTheSameBytesForTheSameChangeset) {
    const Changeset changeset = test::RandomChangeset(5).next();
    EXPECT_EQ(encode_changeset(changeset), encode_changeset(changeset));
}

TableChanges small_table() {
    TableChanges out;
    out.schema.name = "visit";
    out.schema.columns = {{"id", {Kind::int64, Kind::null, -1, -1, "INTEGER"}, false},
                          {"note", {Kind::text, Kind::null, -1, -1, "TEXT"}, true}};
    out.schema.key = {0};
    OneWayChanges changes;
    for (std::int64_t id = 1; id <= 5; ++id) {
        changes.changes[{id}] = {Operation::upsert, {{1}, {Value::text("same")}}, {}};
    }
    out.changes = std::move(changes);
    return out;
}

Changeset small_changeset() {
    Changeset out;
    out.tables["visit"] = small_table();
    return out;
}

TEST(ChangesetFormat, LeavesOutSchemasThatTheReceiverKnows) {
    const Changeset changeset = small_changeset();
    const SchemaName name = schema_name(changeset.tables.at("visit").schema);
    const std::vector<Frame> frames = encode_changeset(changeset, {name});
    ASSERT_EQ(frames.size(), 1U);
    const KnownSchemas known{{name, changeset.tables.at("visit").schema}};
    EXPECT_EQ(*decode_changeset(frames, known), changeset);
}

TEST(ChangesetFormat, AnUnknownSchemaIsAGap) {
    const Changeset changeset = small_changeset();
    const std::vector<Frame> frames = encode_changeset(changeset);
    const Result<Changeset> out = decode_changeset(std::span(frames).last(1), {});
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::gap);
}

TEST(ChangesetFormat, LearnsTheSchemasOfABatch) {
    const Changeset changeset = small_changeset();
    const std::vector<Frame> frames = encode_changeset(changeset);
    KnownSchemas known;
    ASSERT_TRUE(learn_schemas(frames, known).has_value());
    EXPECT_EQ(*decode_changeset(std::span(frames).last(1), known), changeset);
}

TEST(ChangesetFormat, HoldsRowsToTheBudget) {
    const std::vector<Frame> frames = encode_changeset(small_changeset());
    EXPECT_TRUE(decode_changeset(frames, {}, {.rows_max = 5}).has_value());
    const Result<Changeset> out = decode_changeset(frames, {}, {.rows_max = 4});
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::too_large);
}

TEST(ChangesetFormat, HoldsCellBytesToTheBudget) {
    const std::vector<Frame> frames = encode_changeset(small_changeset());
    const std::uint64_t cost = 5 * (32 + 36);
    EXPECT_EQ(frames.back().cell_bytes, cost);
    EXPECT_TRUE(decode_changeset(frames, {}, {.cell_bytes_max = cost}).has_value());
    const Result<Changeset> out = decode_changeset(frames, {}, {.cell_bytes_max = cost - 1});
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::too_large);
}

TEST(ChangesetFormat, RefusesAFrameThatCostsSomethingElseThanItsHeaderSays) {
    for (const int difference : {-1, 1}) {
        std::vector<Frame> frames = encode_changeset(small_changeset());
        frames.back().cell_bytes += static_cast<std::uint64_t>(difference);
        EXPECT_FALSE(decode_changeset(frames, {}).has_value());
        frames = encode_changeset(small_changeset());
        frames.back().rows += static_cast<std::uint64_t>(difference);
        EXPECT_FALSE(decode_changeset(frames, {}).has_value());
    }
}

TEST(ChangesetFormat, RefusesTwoChangeFramesOfOneTable) {
    std::vector<Frame> frames = encode_changeset(small_changeset());
    frames.push_back(frames.back());
    EXPECT_FALSE(decode_changeset(frames, {}).has_value());
}

TEST(ChangesetFormat, RefusesAHeaderThatNamesAnotherTable) {
    std::vector<Frame> frames = encode_changeset(small_changeset());
    frames.back().table = "other";
    EXPECT_FALSE(decode_changeset(frames, {}).has_value());
}

/// A change frame of `rows` rows whose key column is what `write` writes.
template <class Write>
Result<Changeset> decode_bomb(std::uint64_t rows, Write write) {
    const TableSchema schema = small_table().schema;
    const SchemaName name = schema_name(schema);
    CborWriter out;
    out.bytes(name.hash);
    out.unsigned_integer(0);
    out.boolean(false);
    out.unsigned_integer(1);
    out.unsigned_integer(static_cast<std::uint64_t>(Operation::remove));
    out.unsigned_integer(rows);
    out.array(0);
    out.array(0);
    write(out);
    const std::vector<Frame> frames = {
        encode_schema(schema),
        {FrameKind::changes, "visit", std::move(out).take(), rows, limits::batch_cell_bytes_max}};
    return decode_changeset(frames, {});
}

TEST(ChangesetFormat, RefusesAConstantColumnThatWouldFillTheMemory) {
    const Result<Changeset> out = decode_bomb(limits::batch_rows_max, [](CborWriter &writer) {
        writer.unsigned_integer(static_cast<std::uint64_t>(ColumnForm::constant));
        encode_value(writer, Value::text(std::string(300, 'x')));
    });
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::too_large);
}

TEST(ChangesetFormat, RefusesADictionaryThatWouldFillTheMemory) {
    const Result<Changeset> out = decode_bomb(limits::batch_rows_max, [](CborWriter &writer) {
        writer.unsigned_integer(static_cast<std::uint64_t>(ColumnForm::dictionary));
        writer.unsigned_integer(1);
        writer.unsigned_integer(static_cast<std::uint64_t>(ColumnForm::constant));
        encode_value(writer, Value::text(std::string(300, 'x')));
        writer.unsigned_integer(0); // indexes: constant
        writer.integer(0);
    });
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::too_large);
}

TEST(ChangesetFormat, RefusesSharedPrefixesThatWouldFillTheMemory) {
    const Result<Changeset> out = decode_bomb(100'000, [](CborWriter &writer) {
        writer.unsigned_integer(static_cast<std::uint64_t>(ColumnForm::strings));
        writer.unsigned_integer(static_cast<std::uint64_t>(Kind::text));
        writer.unsigned_integer(1); // front
        std::vector<std::uint64_t> shared(100'000);
        std::vector<std::uint64_t> rests(100'000, 1);
        for (std::size_t row = 0; row < shared.size(); ++row) {
            shared[row] = row;
        }
        const SizeEstimate size_of;
        encode_integers(writer, shared, size_of);
        encode_integers(writer, rests, size_of);
        writer.bytes(Bytes(100'000));
    });
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::too_large);
}

TEST(ChangesetFormat, RefusesWordsThatWouldFillTheMemory) {
    const Result<Changeset> out = decode_bomb(1000, [](CborWriter &writer) {
        writer.unsigned_integer(static_cast<std::uint64_t>(ColumnForm::strings));
        writer.unsigned_integer(static_cast<std::uint64_t>(Kind::text));
        writer.unsigned_integer(2); // words
        writer.unsigned_integer(0); // each string has 1000 words
        writer.integer(1000);
        writer.unsigned_integer(1); // one word of 300 bytes
        writer.unsigned_integer(0);
        writer.integer(300);
        writer.bytes(Bytes(300));
        writer.unsigned_integer(0); // indexes: constant
        writer.integer(0);
    });
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::too_large);
}

TEST(ChangesetFormat, RefusesAKeyThatComesTwice) {
    const TableSchema schema = small_table().schema;
    const auto decode_keys = [&](std::int64_t step) {
        CborWriter out;
        out.bytes(schema_name(schema).hash);
        out.unsigned_integer(0);
        out.boolean(false);
        out.unsigned_integer(1);
        out.unsigned_integer(static_cast<std::uint64_t>(Operation::remove));
        out.unsigned_integer(2);
        out.array(0);
        out.array(0);
        out.unsigned_integer(static_cast<std::uint64_t>(ColumnForm::integers));
        out.unsigned_integer(static_cast<std::uint64_t>(Kind::int64));
        out.unsigned_integer(3); // 7, then 7 + step
        out.integer(7);
        out.integer(step);
        const std::vector<Frame> frames = {
            encode_schema(schema),
            {FrameKind::changes, "visit", std::move(out).take(), 2, 2 * value_bytes_fixed}};
        return decode_changeset(frames, {}).has_value();
    };
    EXPECT_TRUE(decode_keys(1));
    EXPECT_FALSE(decode_keys(0));
}

TEST(ChangesetFormat, RefusesMoreRowsThanABatchMayHave) {
    const Result<Changeset> out = decode_bomb(limits::batch_rows_max + 1, [](CborWriter &writer) {
        writer.unsigned_integer(static_cast<std::uint64_t>(ColumnForm::integers));
        writer.unsigned_integer(static_cast<std::uint64_t>(Kind::int64));
        writer.unsigned_integer(3); // differences: constant
        writer.integer(0);
        writer.integer(1);
    });
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::too_large);
}

TEST(ChangesetFormat, TakesAsManyRowsAsABatchMayHave) {
    const std::uint64_t rows = limits::batch_rows_max;
    TableSchema schema = small_table().schema;
    const SchemaName name = schema_name(schema);
    CborWriter out;
    out.bytes(name.hash);
    for (const std::uint64_t item : {0U}) {
        out.unsigned_integer(item);
    }
    out.boolean(false);
    out.unsigned_integer(1);
    out.unsigned_integer(static_cast<std::uint64_t>(Operation::remove));
    out.unsigned_integer(rows);
    out.array(0);
    out.array(0);
    out.unsigned_integer(static_cast<std::uint64_t>(ColumnForm::integers));
    out.unsigned_integer(static_cast<std::uint64_t>(Kind::int64));
    out.unsigned_integer(3);
    out.integer(0);
    out.integer(1);
    const std::vector<Frame> frames = {
        encode_schema(schema),
        {FrameKind::changes, "visit", std::move(out).take(), rows, rows * 32}};
    const Result<Changeset> decoded = decode_changeset(frames, {});
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->row_count(), rows);
}

TEST(ChangesetFormat, RefusesNestedArrays) {
    const Result<Changeset> out = decode_bomb(1, [](CborWriter &writer) {
        writer.unsigned_integer(static_cast<std::uint64_t>(ColumnForm::constant));
        for (int depth = 0; depth < 3; ++depth) {
            writer.array(3);
            writer.unsigned_integer(static_cast<std::uint64_t>(Kind::array));
            writer.array(1);
            writer.array(2);
            writer.integer(1);
            writer.unsigned_integer(1);
            writer.array(1);
        }
        writer.null();
    });
    EXPECT_FALSE(out.has_value());
}

TEST(ChangesetFormat, HoldsTheDigitsOfDecimalsToTheirLimit) {
    for (const std::size_t extra : {std::size_t{0}, std::size_t{1}}) {
        CborWriter out;
        encode_value(out, Decimal{std::string(limits::decimal_digits_max + extra, '1')});
        CborReader in(out.view());
        Allowance allowance(0, limits::batch_cell_bytes_max);
        decode_value(in, allowance);
        EXPECT_EQ(in.ok(), extra == 0);
    }
}

TEST(Schema, HoldsColumnsToTheirLimit) {
    TableSchema schema;
    schema.name = "wide";
    schema.key = {0};
    for (std::size_t column = 0; column < limits::table_columns_max; ++column) {
        schema.columns.push_back({"c" + std::to_string(column), {}, true});
    }
    EXPECT_EQ(*decode_schema(encode_schema(schema).raw), schema);
    schema.columns.push_back({"one more", {}, true});
    const Result<TableSchema> out = decode_schema(encode_schema(schema).raw);
    ASSERT_FALSE(out.has_value());
    EXPECT_EQ(out.error().code, Errc::too_large);
}

TEST(Schema, HoldsNamesToTheirLimit) {
    TableSchema schema = small_table().schema;
    schema.columns.back().name = std::string(limits::name_bytes_max, 'n');
    EXPECT_TRUE(decode_schema(encode_schema(schema).raw).has_value());
    schema.columns.back().name += 'n';
    EXPECT_FALSE(decode_schema(encode_schema(schema).raw).has_value());
}

TEST(Schema, RefusesATableWithoutAKeyOrWithAKeyTwice) {
    TableSchema schema = small_table().schema;
    schema.key = {};
    EXPECT_FALSE(decode_schema(encode_schema(schema).raw).has_value());
    schema.key = {0, 0};
    EXPECT_FALSE(decode_schema(encode_schema(schema).raw).has_value());
    schema.key = {2};
    EXPECT_FALSE(decode_schema(encode_schema(schema).raw).has_value());
}

TEST(Schema, RefusesTwoColumnsOfOneName) {
    TableSchema schema = small_table().schema;
    schema.columns.back().name = schema.columns.front().name;
    EXPECT_FALSE(decode_schema(encode_schema(schema).raw).has_value());
}

} // namespace
} // namespace postrider::wire
