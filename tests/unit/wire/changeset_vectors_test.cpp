// The golden vectors of frames and bodies decode to what is written beside them. They are made
// once, by running this test with POSTRIDER_WRITE_VECTORS set.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

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
    return out;
}

TEST(ChangesetVectors, DecodeToWhatIsWrittenBesideThem) {
    if (writes()) {
        for (const auto &[name, changeset] : changesets()) {
            write_file(folder + "changeset/" + name + ".frames",
                       test::lines_of(encode_changeset(changeset)));
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
    EXPECT_GE(count, 7U);
}

TEST(BodyVectors, DecodeToTheSampleBatch) {
    for (const Compression method : {Compression::none, Compression::zstd, Compression::zlib}) {
        const std::string name =
            folder + "body/sample" + std::to_string(static_cast<int>(method)) + ".hex";
        BatchHeader header = test::sample_header();
        header.compression = method;
        header.history.clear();
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

} // namespace
} // namespace postrider::wire
