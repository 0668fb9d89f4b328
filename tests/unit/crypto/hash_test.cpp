// The labelled hash, against vectors for every label.
#include <gtest/gtest.h>

#include "common/crypto/chain.hpp"
#include "common/crypto/hash.hpp"
#include "common/crypto/ratchet.hpp"

#include "tests/support/vector_file.hpp"

namespace postrider::crypto {
namespace {

struct LabelCase {
    std::string_view label;
    std::size_t out_bytes;
    std::size_t key_bytes;
    std::size_t input_bytes;
};

// Lengths as they are in use.
constexpr LabelCase cases[] = {
    {label::part, 32, 0, 41},           {label::wrap, 56, 32, 112},    {label::head, 56, 32, 32},
    {label::sign, 64, 0, 200},          {label::commit, 32, 32, 0},    {label::stamp, 16, 32, 32},
    {label::cover, 32, 0, 232},         {label::body, 32, 32, 0},      {label::context, 32, 0, 36},
    {label::batch, 32, 0, 300},         {label::chain, 32, 0, 100},    {label::nonce, 32, 0, 32},
    {label::line, 32, 0, 230},          {label::check, 4, 0, 250},     {label::invite, 32, 16, 40},
    {label::pairing_stamp, 32, 32, 0},  {label::answer, 32, 32, 64},   {label::agreed, 32, 32, 128},
    {label::transcript, 64, 0, 480},    {label::psk, 32, 32, 128},     {label::words, 32, 0, 128},
    {label::step, 32, 32, 0},           {label::receiving, 32, 32, 0}, {label::rest, 32, 32, 0},
    {label::configuration, 16, 32, 90}, {label::seen, 16, 32, 49},     {label::past, 8, 0, 80},
};

Bytes counting(std::size_t size, std::uint8_t first) {
    Bytes out(size);
    for (std::size_t index = 0; index < size; ++index) {
        out[index] = static_cast<std::uint8_t>(first + index);
    }
    return out;
}

test::VectorFile made_now() {
    test::VectorFile file;
    for (const LabelCase &one : cases) {
        test::VectorSection section{std::string{one.label}, {}};
        const Bytes key = counting(one.key_bytes, 0x40);
        const Bytes input = counting(one.input_bytes, 0);
        Bytes out(one.out_bytes);
        hash_into(out, one.label, key, {input});
        section.add("label", as_bytes(one.label));
        section.add("key", key);
        section.add("input", input);
        section.add("output", out);
        file.push_back(section);
    }
    return file;
}

TEST(Hash, GivesTheVectorOfEveryLabel) {
    if (test::writes_vectors()) {
        test::write_vectors("labels.txt",
                            "# H(n, label, key, input) for every label; n is the output's size.\n",
                            made_now());
    }
    EXPECT_EQ(test::read_vectors("labels.txt"), made_now());
}

TEST(Hash, IsTheSameForInputInOnePieceOrInMany) {
    const Bytes whole = counting(200, 7);
    const ByteView view{whole};
    EXPECT_EQ(hash256("label", {view}),
              hash256("label", {view.first(1), {}, view.subspan(1, 150), view.subspan(151)}));
}

TEST(Hash, DiffersByLabelKeyAndSize) {
    const Bytes key = counting(32, 1);
    EXPECT_NE(hash256("a", {}), hash256("b", {}));
    EXPECT_NE(hash<32>("a", key, {}), hash<32>("a", {}, {}));
    const auto longer = hash<64>("a", {}, {});
    Hash cut{};
    std::copy_n(longer.begin(), cut.size(), cut.begin());
    EXPECT_NE(cut, hash256("a", {}));
}

TEST(Hash, TakesLabelsOfSixteenBytesAndNotOfSeventeen) {
    EXPECT_NO_THROW(hash256("sixteen bytes ok", {}));
    EXPECT_THROW(hash256("seventeen bytes  ", {}), BrokenInvariant);
}

TEST(Hash, HasNoLabelTwice) {
    for (const LabelCase &one : cases) {
        int found = 0;
        for (const LabelCase &other : cases) {
            found += one.label == other.label ? 1 : 0;
        }
        EXPECT_EQ(found, 1) << one.label;
    }
}

TEST(Chain, DependsOnEverythingThatGivesABatchItsPlace) {
    const Hash content = content_hash(counting(10, 0));
    const BatchPosition position{random_bytes<16>(), 3, 9, 4};
    const Hash chain = next_chain(Hash{}, position, content);
    EXPECT_EQ(chain, next_chain(Hash{}, position, content));
    EXPECT_NE(chain, next_chain(chain, position, content));
    EXPECT_NE(chain, next_chain(Hash{}, {random_bytes<16>(), 3, 9, 4}, content));
    EXPECT_NE(chain, next_chain(Hash{}, {position.sender, 4, 9, 4}, content));
    EXPECT_NE(chain, next_chain(Hash{}, {position.sender, 3, 10, 4}, content));
    EXPECT_NE(chain, next_chain(Hash{}, {position.sender, 3, 9, 5}, content));
    EXPECT_NE(chain, next_chain(Hash{}, position, content_hash({})));
}

} // namespace
} // namespace postrider::crypto
