// Recovery bundles and codes.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/crypto/recovery.hpp"
#include "common/crypto/rest.hpp"

namespace postrider::crypto {
namespace {

TEST(RecoveryCode, IsReadAsItIsWrittenAndAsPeopleTypeIt) {
    const RecoveryCode code = RecoveryCode::random();
    std::string text = to_text(code);
    EXPECT_EQ(text.size(), 39U);
    EXPECT_EQ(*parse_recovery_code(text), code);
    EXPECT_EQ(*parse_recovery_code("  " + text + "\n"), code);
    std::string typed;
    for (const char c : text) {
        typed += c == '-' ? ' ' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    EXPECT_EQ(*parse_recovery_code(typed), code);
}

TEST(RecoveryCode, RefusesWhatIsNoneWithoutRepeatingIt) {
    for (const char *text : {"", "1234", "12345678123456781234567812345678ff",
                             "1234567812345678123456781234567", "secret-words-that-are-no-code"}) {
        const Result<RecoveryCode> code = parse_recovery_code(text);
        ASSERT_FALSE(code.has_value()) << text;
        EXPECT_EQ(code.error().code, Errc::malformed);
        EXPECT_EQ(code.error().message, "this is not a recovery code");
    }
}

TEST(RecoveryBundle, OpensWithItsCodeAndNoOther) {
    const RecoveryCode code = RecoveryCode::random();
    const Bytes content(84, 0x5a);
    const Bytes bundle = *seal_bundle(code, content);
    EXPECT_EQ(*open_bundle(code, bundle), content);
    EXPECT_EQ(open_bundle(RecoveryCode::random(), bundle).error().code, Errc::bad_signature);
    EXPECT_NE(*seal_bundle(code, content), bundle) << "another salt each time";
}

TEST(RecoveryBundle, IsRefusedWhenItIsDamaged) {
    const RecoveryCode code = RecoveryCode::random();
    const Bytes bundle = *seal_bundle(code, Bytes(84, 1));
    // The magic, the salt, and what is sealed, each in one place: every try costs a derivation.
    for (const std::size_t at : {std::size_t{0}, std::size_t{10}, std::size_t{60}}) {
        Bytes damaged = bundle;
        damaged[at] ^= 0x10U;
        EXPECT_FALSE(open_bundle(code, damaged).has_value()) << at;
    }
    for (std::size_t size = 0; size < 65; ++size) {
        EXPECT_FALSE(open_bundle(code, ByteView{bundle}.first(size)).has_value());
    }
    EXPECT_FALSE(open_bundle(code, ByteView{bundle}.first(bundle.size() - 1)).has_value());
    EXPECT_EQ(open_bundle(code, Bytes(limits::secret_file_bytes_max + 1)).error().code,
              Errc::malformed);
}

TEST(MarkProof, DependsOnEverythingThatTheMarkSaysAndOnTheMasterKey) {
    const Key master = Key::random();
    const SaidMark mark{{1}, 2, 3, {4}, false};
    const FixedBytes<16> proof = mark_proof(master, mark);
    EXPECT_EQ(mark_proof(master, mark), proof);
    EXPECT_NE(mark_proof(Key::random(), mark), proof);
    for (const SaidMark &other : {SaidMark{{9}, 2, 3, {4}, false}, SaidMark{{1}, 9, 3, {4}, false},
                                  SaidMark{{1}, 2, 9, {4}, false}, SaidMark{{1}, 2, 3, {9}, false},
                                  SaidMark{{1}, 2, 3, {4}, true}}) {
        EXPECT_NE(mark_proof(master, other), proof);
    }
}

} // namespace
} // namespace postrider::crypto
