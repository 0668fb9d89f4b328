// What PostgreSQL's triggers have captured, from bytes that are written here by hand.
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/wire/capture_log.hpp"

namespace postrider::wire {
namespace {

using Rows = std::vector<Bytes>;

/// Bytes of a row, put together as the triggers do it.
class Row {
  public:
    explicit Row(std::uint8_t first) : bytes_{first} {}

    Row &byte(std::uint8_t byte) {
        bytes_.push_back(byte);
        return *this;
    }

    Row &integer(std::uint64_t number) {
        for (; number >= 0x80; number >>= 7U) {
            byte(static_cast<std::uint8_t>(number | 0x80U));
        }
        return byte(static_cast<std::uint8_t>(number));
    }

    Row &integers(std::initializer_list<std::uint64_t> numbers) {
        for (const std::uint64_t number : numbers) {
            integer(number);
        }
        return *this;
    }

    Row &value(const std::string &text) {
        integer(text.size());
        bytes_.insert(bytes_.end(), text.begin(), text.end());
        return *this;
    }

    /// Capture 7: columns 1 (int8, the key), 2 (text), 4 (the text form).
    Row &layout() { return integers({1, 7, 3, 1, 20, 2, 25, 4, 0, 1, 0, 0}); }

    /// The same with column 4 kept.
    Row &layout_kept() { return integers({1, 7, 3, 1, 20, 2, 25, 4, 0, 1, 0, 1, 2}); }

    [[nodiscard]] Bytes bytes() const { return bytes_; }

  private:
    Bytes bytes_;
};

std::string text_of(const std::vector<CapturedValue> &values) {
    std::string text;
    for (const CapturedValue &value : values) {
        text += text.empty() ? "" : ",";
        if (value.given) {
            text += value.null ? "null" : std::string(as_text(value.bytes));
        }
    }
    return text;
}

std::string text_of(const CaptureRecord &record) {
    static constexpr const char *names[] = {"",       "",         "insert", "update",
                                            "remove", "truncate", "lost"};
    return names[static_cast<std::size_t>(record.operation)] + std::string(" ") +
           std::to_string(record.capture) + " (" + text_of(record.values) + ")" +
           (record.kept_values.empty() ? "" : " was (" + text_of(record.kept_values) + ")") + "\n";
}

Result<std::string> read(const Rows &rows) {
    CaptureLogReader reader;
    std::string text;
    for (const Bytes &row : rows) {
        if (auto fed = reader.feed(row); !fed) {
            return fed.error();
        }
        for (;;) {
            auto record = reader.next();
            if (!record) {
                return record.error();
            }
            if (*record == nullptr) {
                break;
            }
            text += text_of(**record);
        }
    }
    if (auto finished = reader.finish(); !finished) {
        return finished.error();
    }
    return text;
}

std::string read_well(const Rows &rows) {
    auto text = read(rows);
    return text ? *text : "error: " + text.error().message;
}

std::optional<Errc> code_of(const Rows &rows) {
    const auto text = read(rows);
    return text ? std::nullopt : std::optional(text.error().code);
}

Bytes every_record() {
    return Row(0)
        .layout_kept()
        .integers({2, 7})
        .byte(0b010)
        .value("k1")
        .value("x")
        .integers({3, 7})
        .byte(0b111)
        .byte(0b100)
        .value("k1")
        .value("b")
        .byte(0)
        .value("x")
        .integers({4, 7})
        .value("k1")
        .byte(1)
        .integers({5, 7})
        .integers({6, 7})
        .bytes();
}

const char *const every_text = "insert 7 (k1,null,x)\n"
                               "update 7 (k1,b,null) was (x)\n"
                               "remove 7 (k1,,) was (null)\n"
                               "truncate 7 ()\n"
                               "lost 7 ()\n";

TEST(CaptureLog, ReadsEveryKindOfRecord) {
    EXPECT_EQ(read_well({every_record()}), every_text);
}

TEST(CaptureLog, GivesTheLayoutOfARecord) {
    const Bytes row = every_record();
    CaptureLogReader reader;
    ASSERT_TRUE(reader.feed(row));
    const auto record = reader.next();
    ASSERT_TRUE(record && *record != nullptr);
    const CaptureLayout expected{{{1, 20}, {2, 25}, {4, 0}}, {0}, {2}};
    EXPECT_EQ(*(*record)->layout, expected);
}

TEST(CaptureLog, ReadsAnUpdateThatGivesOnlyWhatChanged) {
    const Bytes row = Row(0).layout().integers({3, 7}).byte(0b101).byte(0b100).value("k1").bytes();
    EXPECT_EQ(read_well({row}), "update 7 (k1,,null)\n");
}

TEST(CaptureLog, TakesTheLayoutThatWasToldLast) {
    const Bytes row = Row(0)
                          .layout()
                          .integers({1, 7, 1, 3, 23, 1, 0, 0})
                          .integers({2, 7})
                          .byte(0)
                          .value("k")
                          .bytes();
    EXPECT_EQ(read_well({row}), "insert 7 (k)\n");
}

TEST(CaptureLog, ReadsAnEmptyChunk) {
    EXPECT_EQ(read_well({Bytes{0}, Bytes{0}}), "");
}

TEST(CaptureLog, ForgetsLayoutsWithEachChunk) {
    const Bytes remove = Row(0).integers({4, 7}).value("k1").bytes();
    EXPECT_EQ(code_of({Row(0).layout().bytes(), remove}), Errc::malformed);
    const Bytes lost = Row(0).integers({6, 7}).bytes();
    EXPECT_EQ(read_well({Row(0).layout().bytes(), lost}), "lost 7 ()\n");
}

TEST(CaptureLog, GoesOnWithARecordFromRowToRowWhereverItIsCut) {
    const Bytes whole = every_record();
    const auto part = [&whole](std::uint8_t first, std::size_t begin, std::size_t end) {
        Bytes row = {first};
        row.insert(row.end(), whole.begin() + static_cast<std::ptrdiff_t>(begin),
                   whole.begin() + static_cast<std::ptrdiff_t>(end));
        return row;
    };
    const auto ends_record = [&](std::size_t end) { return read({part(0, 1, end)}).has_value(); };
    for (std::size_t first = 1; first < whole.size(); ++first) {
        for (std::size_t second = first + 1; second < whole.size(); ++second) {
            const Rows rows = {part(0, 1, first), part(1, first, second),
                               part(1, second, whole.size())};
            if (ends_record(first) || ends_record(second)) {
                EXPECT_EQ(code_of(rows), Errc::malformed) << first << ' ' << second;
            } else {
                EXPECT_EQ(read_well(rows), every_text) << first << ' ' << second;
            }
        }
    }
}

TEST(CaptureLog, ReadsAValueOfManyRows) {
    const std::string large(3 * limits::mib, 'v');
    const Bytes whole =
        Row(0).layout().integers({2, 7}).byte(0b100).value("k").value(large).bytes();
    Rows rows;
    for (std::size_t begin = 1; begin < whole.size(); begin += 8000) {
        const std::size_t end = std::min(begin + 8000, whole.size());
        Bytes row = {static_cast<std::uint8_t>(begin == 1 ? 0 : 1)};
        row.insert(row.end(), whole.begin() + static_cast<std::ptrdiff_t>(begin),
                   whole.begin() + static_cast<std::ptrdiff_t>(end));
        rows.push_back(std::move(row));
    }
    EXPECT_EQ(read_well(rows), "insert 7 (k," + large + ",null)\n");
}

TEST(CaptureLog, RefusesEveryTruncation) {
    const Bytes whole = every_record();
    const std::string text = every_text;
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto cut =
            read({Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))});
        // Between two records, what is there is a row of its own.
        EXPECT_TRUE(cut ? text.starts_with(*cut) && *cut != text
                        : cut.error().code == Errc::malformed)
            << size;
    }
}

TEST(CaptureLog, ReadsOrRefusesEveryFlippedBit) {
    const Bytes whole = every_record();
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
        Bytes flipped = whole;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
        const auto code = code_of({flipped});
        EXPECT_TRUE(!code || *code == Errc::malformed || *code == Errc::too_large) << bit;
    }
}

TEST(CaptureLog, RefusesRowsThatDoNotFollowEachOther) {
    const Bytes half = Row(0).layout().integers({4, 7}).bytes();
    EXPECT_EQ(code_of({half, Bytes{0}}), Errc::malformed);
    EXPECT_EQ(code_of({Row(0).layout().bytes(), Row(1).layout().bytes()}), Errc::malformed);
    EXPECT_EQ(code_of({Bytes{}}), Errc::malformed);
    EXPECT_EQ(code_of({Bytes{2}}), Errc::malformed);
    CaptureLogReader reader;
    const Bytes row = every_record();
    ASSERT_TRUE(reader.feed(row));
    EXPECT_EQ(reader.feed(row).error().code, Errc::malformed);
}

TEST(CaptureLog, RefusesWhatNoTriggerWrites) {
    const auto code = [](const Row &row) { return code_of({row.bytes()}); };
    const auto begin = [] { return Row(0).layout(); };
    EXPECT_EQ(code(begin().integers({0, 7})), Errc::malformed);               // kinds
    EXPECT_EQ(code(begin().integers({7, 7})), Errc::malformed);               //
    EXPECT_EQ(code(Row(0).integers({2, 7}).byte(0)), Errc::malformed);        // no layout
    EXPECT_EQ(code(begin().integers({2, 7}).byte(0b001).value("").value("")), // a null key
              Errc::malformed);
    EXPECT_EQ(code(begin().integers({3, 7}).byte(0b010).byte(0).value("")), // no key
              Errc::malformed);
    EXPECT_EQ(code(begin().integers({3, 7}).byte(0b001).byte(0b010).value("")), // null, not given
              Errc::malformed);
    EXPECT_EQ(code(begin().integers({2, 7}).byte(0b1000).value("").value("").value("")),
              Errc::malformed); // a column too many
    EXPECT_EQ(code(Row(0).layout_kept().integers({3, 7}).byte(1).byte(0).value("").byte(1)),
              Errc::malformed); // kept values, and not every column
    EXPECT_EQ(code(Row(0).integers({6}).byte(0x87).byte(0)), Errc::malformed); // 7 in two bytes
    EXPECT_EQ(code(Row(0).integers({6, std::uint64_t{1} << 63U})), Errc::malformed);
}

TEST(CaptureLog, RefusesLayoutsThatCannotBe) {
    const auto code = [](std::initializer_list<std::uint64_t> numbers) {
        return code_of({Row(0).integers(numbers).bytes()});
    };
    EXPECT_EQ(code({1, 7, 1, 1, 20, 1, 0, 0}), std::nullopt);
    EXPECT_EQ(code({1, 7, 0, 0, 0}), std::nullopt);
    EXPECT_EQ(code({1, 7, 1, 0, 20, 1, 0, 0}), Errc::malformed);              // attnum 0
    EXPECT_EQ(code({1, 7, 2, 2, 20, 1, 20, 1, 0, 0}), Errc::malformed);       // they fall
    EXPECT_EQ(code({1, 7, 1, 65536, 20, 1, 0, 0}), Errc::malformed);          //
    EXPECT_EQ(code({1, 7, 1, 1, 1ULL << 32U, 1, 0, 0}), Errc::malformed);     //
    EXPECT_EQ(code({1, 7, 1, 1, 20, 1, 1, 0}), Errc::malformed);              // no such column
    EXPECT_EQ(code({1, 7, 2, 1, 20, 2, 20, 2, 0, 0, 0}), Errc::malformed);    // twice in the key
    EXPECT_EQ(code({1, 7, 1, 1, 20, 2, 0, 0, 0}), Errc::malformed);           // too many
    EXPECT_EQ(code({1, 7, 2, 1, 20, 2, 20, 1, 0, 2, 1, 0}), Errc::malformed); // kept fall
    EXPECT_EQ(code({1, 7, 2, 1, 20, 2, 20, 2, 1, 0, 2, 0, 1}), std::nullopt); //
    EXPECT_EQ(code({1, 7, limits::table_columns_max + 1, 1, 20}), Errc::malformed);
}

TEST(CaptureLog, TakesAsManyColumnsAsTheLimit) {
    Row row(0);
    row.integers({1, 7, limits::table_columns_max});
    for (std::uint64_t attnum = 1; attnum <= limits::table_columns_max; ++attnum) {
        row.integers({attnum, 20});
    }
    row.integers({1, 0, 0});
    EXPECT_EQ(read_well({row.bytes()}), "");
}

TEST(CaptureLog, RefusesRowsAndValuesAboveTheirLimits) {
    Bytes row = Row(0).layout().integers({4, 7}).value(std::string(40'000, 'x')).bytes();
    EXPECT_EQ(code_of({row}), Errc::too_large);
    row = Row(0).layout().integers({4, 7}).integer(limits::capture_record_bytes_max + 1).bytes();
    EXPECT_EQ(code_of({row}), Errc::too_large);
    row = Row(0).layout().integers({4, 7}).integer(limits::capture_record_bytes_max).bytes();
    EXPECT_EQ(code_of({row}), Errc::malformed); // only unfinished
}

TEST(CaptureLog, TakesARowOfTheGreatestSize) {
    Row row(0);
    row.layout().integers({4, 7});
    const std::size_t size = limits::capture_row_bytes_max - row.bytes().size() - 3;
    row.value(std::string(size, 'x'));
    ASSERT_EQ(row.bytes().size(), limits::capture_row_bytes_max);
    EXPECT_EQ(read_well({row.bytes()}), "remove 7 (" + std::string(size, 'x') + ",,)\n");
    EXPECT_EQ(code_of({row.byte(6).bytes()}), Errc::too_large);
}

Bytes from_hexadecimal(std::string_view digits) {
    const auto number = [](char digit) {
        return static_cast<unsigned>(digit <= '9' ? digit - '0' : digit - 'a' + 10);
    };
    Bytes bytes;
    for (std::size_t place = 0; place + 1 < digits.size(); place += 2) {
        bytes.push_back(
            static_cast<std::uint8_t>(number(digits[place]) * 16 + number(digits[place + 1])));
    }
    return bytes;
}

// A table (id bigint PRIMARY KEY, name text, price numeric, at timestamptz) with price kept.
TEST(CaptureLog, ReadsWhatPostgresql15HasWritten) {
    const Rows rows = {
        from_hexadecimal("000107040114021903a40d04a009010001020207000800000000000000010161"
                         "0c000200000000000100011388080003047f9380b88b02070808000000000000"
                         "000201620c000200000000000100021388"),
        from_hexadecimal("000107040114021903a40d04a0090100010203070f0008000000000000000101"
                         "630c000200000000000100011388080003047f9380b88b000c00020000000000"
                         "0100011388"),
        from_hexadecimal("000107040114021903a40d04a009010001020407080000000000000002000c00"
                         "0200000000000100021388020708080000000000000003"
                         "01620c000200000000000100021388"),
        from_hexadecimal("000107040114021903a40d04a0090100010204070800000000000000"
                         "01000c00020000000000010001138804070800000000000000"
                         "03000c000200000000000100021388"),
        from_hexadecimal("000107040114021903a40d04a0090100000507"),
    };
    std::vector<CaptureOperation> operations;
    CaptureLogReader reader;
    for (const Bytes &row : rows) {
        ASSERT_TRUE(reader.feed(row));
        for (auto record = reader.next(); *record != nullptr; record = reader.next()) {
            operations.push_back((*record)->operation);
            EXPECT_EQ((*record)->capture, 7);
            const std::vector<CapturedColumn> columns = {{1, 20}, {2, 25}, {3, 1700}, {4, 1184}};
            EXPECT_EQ((*record)->layout->columns, columns);
        }
    }
    EXPECT_TRUE(reader.finish());
    using enum CaptureOperation;
    const std::vector<CaptureOperation> expected = {insert, insert, update, remove,
                                                    insert, remove, remove, truncate};
    EXPECT_EQ(operations, expected);
}

} // namespace
} // namespace postrider::wire
