// What a dialect's capture consists of: a key table, triggers, and the queries that read it back.
// A key row says "this key was touched in this epoch"; the row itself is read again at collect
// (docs/correctness.md, A3).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "common/dialect/state_table.hpp"
#include "common/dialect/table_description.hpp"

namespace postrider::dialect {

using CaptureId = std::int64_t;
using Names = std::span<const std::string>;

struct CaptureOptions {
    /// Also note which columns an UPDATE changed.
    bool mask = false;
    /// Columns outside the key whose first old values are kept, for filters; in the table's order.
    std::vector<std::string> kept = {};
};

/// What a key table knows of a row before the first change that it notes. The numbers are stored.
enum class Before : std::uint8_t {
    absent = 0,  // there was none
    known = 1,   // the kept columns had these values
    unknown = 2, // there may have been one
};

struct TriggerText {
    std::string name;
    std::string sql;           // exactly as the catalogue keeps it
    std::string drop_sql = {}; // of one that is there
};

struct CaptureSchema {
    std::string key_table;     // its name, with prefix; empty where changes are noted in a log
    std::string key_table_sql; // CREATE TABLE, exactly as the catalogue keeps it
    std::vector<TriggerText> triggers;
};

/// `sql` has the parameter ?1 = greatest epoch to read and gives, ordered by key and epoch:
/// one boolean "the row is there", the key values, `mask_words` integers, with kept columns
/// `Before` and their values, the asked columns (null where the row is absent). A key touched in
/// several epochs stands in as many adjacent rows, with equal row values; the caller joins their
/// masks by bitwise or, and what was before is what the first of them says.
struct CollectQuery {
    std::string sql;
    std::size_t key_begin = 1;
    std::size_t key_count = 0;
    std::size_t mask_begin = 0;
    std::size_t mask_words = 0;
    std::size_t before = 0; // of Before; the kept values follow
    std::size_t kept_count = 0;
    std::size_t row_begin = 0;
};

/// Columns per word of a mask; a word of -1 means all of them.
inline constexpr std::size_t mask_columns_per_word = 62;

/// How many integers hold the mask of a table's columns outside the key; 0 without mask.
std::size_t mask_words(const TableDescription &table, const CaptureOptions &options);

/// The indexes into `table.columns` that the joined words of a mask name, rising.
std::vector<std::uint32_t> masked_columns(const TableDescription &table,
                                          const std::vector<std::int64_t> &words);

/// Table "epoch": one row (one = 1, epoch). Belongs in the list of state tables; the triggers read
/// it. Created empty: insert (1, 1) before the first capture.
StateTable epoch_table();

} // namespace postrider::dialect
