// The golden vectors of frames and bodies decode to what is written beside them. They are made
// once, by running this test with POSTRIDER_WRITE_VECTORS set.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "common/crypto/hash.hpp"
#include "common/wire/batch.hpp"
#include "common/wire/changeset_format.hpp"

#include "tests/support/batch_text.hpp"
#include "tests/support/changeset_text.hpp"
#include "tests/support/random_changeset.hpp"
#include "tests/support/sample_batch.hpp"

namespace postrider::wire {
namespace {

const std::string folder = std::string(POSTRIDER_SOURCE_DIR) + "/tests/vectors/";

bool writes() {
    return std::getenv("POSTRIDER_WRITE_VECTORS") != nullptr;
}

std::string read_file(const std::string &path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string &path, const std::string &content) {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

std::vector<Frame> frames_of(const std::string &lines) {
    std::vector<Frame> out;
    std::istringstream in(lines);
    int kind = 0;
    std::string hex;
    for (Frame frame; in >> kind >> frame.table >> frame.rows >> frame.cell_bytes >> hex;) {
        frame.kind = static_cast<FrameKind>(kind);
        frame.table = frame.table == "-" ? "" : frame.table;
        frame.raw = *from_hex(hex);
        out.push_back(frame);
    }
    return out;
}

/// Names of the changeset vectors and what they are made of.
std::map<std::string, Changeset> changesets() {
    std::map<std::string, Changeset> out;
    for (const std::uint64_t seed : {21U, 22U, 23U, 24U, 25U, 26U}) {
        out["random" + std::to_string(seed)] = test::RandomChangeset(seed).next(60);
    }
    TableChanges visits;
    visits.schema = test::sample_schema();
    OneWayChanges changes;
    changes.truncated = true;
    changes.changes[{std::int64_t{1}}] = {Operation::insert, {{1}, {Value::text("cough")}}, {}};
    changes.changes[{std::int64_t{2}}] = {Operation::update, {{1}, {Value{}}}, {{1}, {false}}};
    changes.changes[{std::int64_t{3}}] = {Operation::remove, {}, {}};
    visits.changes = changes;
    out["small"].tables["visit"] = visits;
    out["private"].tables["visit"] = visits;
    return out;
}

PrivateColumns private_of(const std::string &vector) {
    return vector == "private" ? PrivateColumns{{"visit", {"reason"}}} : PrivateColumns{};
}

TEST(ChangesetVectors, DecodeToWhatIsWrittenBesideThem) {
    if (writes()) {
        for (const auto &[name, changeset] : changesets()) {
            write_file(folder + "changeset/" + name + ".frames",
                       test::lines_of(encode_changeset(changeset, {}, private_of(name))));
            write_file(folder + "changeset/" + name + ".txt", test::text_of(changeset));
        }
    }
    std::size_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(folder + "changeset")) {
        if (entry.path().extension() != ".frames") {
            continue;
        }
        SCOPED_TRACE(entry.path().string());
        ++count;
        const Result<Changeset> decoded =
            decode_changeset(frames_of(read_file(entry.path().string())), {});
        ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
        std::filesystem::path text = entry.path();
        EXPECT_EQ(test::text_of(*decoded), read_file(text.replace_extension(".txt").string()));
    }
    EXPECT_GE(count, 8U);
}

TEST(BodyVectors, DecodeToTheSampleBatch) {
    for (const Compression method : {Compression::none, Compression::zstd, Compression::zlib}) {
        const std::string name =
            folder + "body/sample" + std::to_string(static_cast<int>(method)) + ".hex";
        BatchHeader header = test::sample_header();
        header.compression = method;
        header.history.reset();
        std::vector<Frame> frames = encode_changeset(changesets().at("small"));
        for (const ControlMessage &message : test::sample_messages()) {
            frames.push_back(encode_control(message));
        }
        if (writes()) {
            write_file(name, to_hex(*encode_body(header, frames)) + "\n");
            write_file(folder + "body/sample.txt", test::text_of(Batch{header, frames}));
        }
        std::string hex = read_file(name);
        ASSERT_FALSE(hex.empty());
        hex.pop_back();
        const Result<Batch> batch = decode_body(*from_hex(hex));
        ASSERT_TRUE(batch.has_value()) << batch.error().message;
        EXPECT_EQ(batch->header, header);
        EXPECT_EQ(batch->frames, frames);
        EXPECT_EQ(test::text_of(*batch), read_file(folder + "body/sample.txt"));
    }
}

/// Ten rows of a table whose texts come again and again, in `first` of the table's rows on.
TableChanges rows_of(const std::string &table, std::int64_t first) {
    TableChanges out;
    out.schema = test::sample_schema();
    out.schema.name = table;
    OneWayChanges changes;
    for (std::int64_t row = 0; row < 10; ++row) {
        const std::string reason =
            to_hex(crypto::hash256("reason", {as_bytes(std::to_string((first + row) % 13))}));
        changes.changes[{first + row}] = {Operation::upsert, {{1}, {Value::text(reason)}}, {}};
    }
    out.changes = changes;
    return out;
}

/// Two batches that the receiver has applied, and the next. The second table is not in all of them.
std::vector<std::vector<Frame>> a_stream() {
    std::vector<Changeset> changesets(3);
    changesets[0].tables["visit"] = rows_of("visit", 0);
    changesets[0].tables["ward"] = rows_of("ward", 40);
    changesets[1].tables["visit"] = rows_of("visit", 10);
    changesets[2].tables["visit"] = rows_of("visit", 5);
    changesets[2].tables["ward"] = rows_of("ward", 44);
    std::set<SchemaName> known;
    std::vector<std::vector<Frame>> out;
    for (const Changeset &changeset : changesets) {
        out.push_back(encode_changeset(changeset, known));
        for (const auto &[name, table] : changeset.tables) {
            known.insert(schema_name(table.schema));
        }
    }
    return out;
}

Bytes prefix_in(const std::vector<std::vector<Frame>> &batches, const std::string &table) {
    std::vector<Bytes> kept;
    for (const std::vector<Frame> &frames : batches) {
        for (const Frame &frame : frames) {
            if (frame.kind == FrameKind::changes && frame.table == table) {
                const ByteView end = kept_of(frame.raw);
                kept.emplace_back(end.begin(), end.end());
            }
        }
    }
    return prefix_of_kept(kept);
}

TEST(BodyVectors, OneThatIsCompressedWithHistoryDecodes) {
    const std::string place = folder + "history/";
    if (writes()) {
        const std::vector<std::vector<Frame>> stream = a_stream();
        BatchHeader header = test::sample_header();
        header.history = History{1, 2, {}};
        Prefixes prefixes;
        for (const Frame &frame : stream[2]) {
            prefixes[frame.table] = prefix_in({stream[0], stream[1]}, frame.table);
        }
        const Bytes body = *encode_body(header, stream[2], {.history = prefixes});
        write_file(place + "1.frames", test::lines_of(stream[0]));
        write_file(place + "2.frames", test::lines_of(stream[1]));
        write_file(place + "3.hex", to_hex(body) + "\n");
        header.history = decode_body_header(body)->history;
        write_file(place + "3.txt", test::text_of(Batch{header, stream[2]}));
    }
    std::vector<std::vector<Frame>> past;
    for (const char *name : {"1.frames", "2.frames"}) {
        past.push_back(frames_of(read_file(place + name)));
    }
    std::string hex = read_file(place + "3.hex");
    ASSERT_FALSE(hex.empty());
    hex.pop_back();
    std::set<std::string> asked;
    const Result<Batch> batch =
        decode_body(*from_hex(hex), {}, [&](const History &history, const std::string &table) {
            EXPECT_EQ(history.floor, 1U);
            EXPECT_EQ(history.last, 2U);
            asked.insert(table);
            return prefix_in(past, table);
        });
    ASSERT_TRUE(batch.has_value()) << batch.error().message;
    EXPECT_EQ(test::text_of(*batch), read_file(place + "3.txt"));
    EXPECT_EQ(asked, (std::set<std::string>{"visit", "ward"}));
    EXPECT_EQ(decode_body(*from_hex(hex)).error().code, Errc::gap);
}

} // namespace
} // namespace postrider::wire
