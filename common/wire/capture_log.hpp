// Reads what the triggers of the PostgreSQL extension have captured (pg_extension/capture.h). It
// gives the bytes of values; what they mean by their types is another's work.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "common/base/bytes.hpp"

namespace postrider::wire {

// A row's content:
//
//   byte 0   0: a record begins here, and no layout of earlier rows holds
//            1: goes on with the record that the row before has left unfinished
//   records  one behind the other
//
// Integers are unsigned LEB128 of the fewest bytes, value = integer length ‖ bytes, bitmap of n =
// ⌈n/8⌉ bytes, bit i is bit i mod 8 of byte i/8, the lowest first, the rest zeros. n are the
// columns of the capture's last LAYOUT, k its key columns, o its kept ones.
//
//   1 LAYOUT    capture ‖ n ‖ n × (attnum ‖ type) ‖ k ‖ k × column ‖ o ‖ o × column
//               attnums and the columns of o rise; `column` is an index into the n; type is an oid,
//               0 where values are in the text form
//   2 INSERT    capture ‖ bitmap of n: null ‖ the values that are not null
//   3 UPDATE    capture ‖ bitmap of n: given ‖ bitmap of n: null ‖ the values that are given and
//               not null ‖ OLD; the key is given, and with o > 0 every column
//   4 DELETE    capture ‖ the k values of the key, in its order ‖ OLD
//   5 TRUNCATE  capture
//   6 LOST      capture; what happened is not known, and the table has to be read whole
//
//   OLD         with o > 0: bitmap of o: null ‖ the values that are not null, as they were

struct CapturedColumn {
    std::uint16_t attnum = 0;
    std::uint32_t type = 0; // an oid; 0: the text form
    bool operator==(const CapturedColumn &) const = default;
};

struct CaptureLayout {
    std::vector<CapturedColumn> columns;
    std::vector<std::uint32_t> key;  // indexes into columns; empty: rows cannot be told apart
    std::vector<std::uint32_t> kept; // indexes into columns, rising
    bool operator==(const CaptureLayout &) const = default;
};

/// The numbers are those of the records.
enum class CaptureOperation : std::uint8_t {
    insert = 2,
    update = 3,
    remove = 4,
    truncate = 5,
    lost = 6,
};

struct CapturedValue {
    bool given = false;
    bool null = false;
    ByteView bytes;
};

struct CaptureRecord {
    std::int64_t capture = 0;
    CaptureOperation operation = CaptureOperation::lost;
    const CaptureLayout *layout = nullptr;  // never null where there are values
    std::vector<CapturedValue> values;      // one for each column; none of truncate and lost
    std::vector<CapturedValue> kept_values; // as they were before, one for each kept column; none
                                            // of insert, truncate and lost
};

/// Fed with rows in the order in which they are to be read: those of a transaction together.
class CaptureLogReader {
  public:
    /// The content has to stay where it is until `next` has given null. Errors: malformed,
    /// too_large.
    Result<void> feed(ByteView content);

    /// Null: the row is read, feed the next one. What it points to is good until the next call.
    /// Errors: malformed, too_large.
    Result<const CaptureRecord *> next();

    /// After the last row: malformed when a record is unfinished.
    [[nodiscard]] Result<void> finish() const;

  private:
    enum class Read { incomplete, layout, record };

    Result<Read> read_one();
    void keep_unfinished();

    std::map<std::int64_t, CaptureLayout> layouts_; // of the captures, as this chunk tells them
    Bytes unfinished_;                              // what rows before have told of a record
    bool goes_on_ = false;                          // rest_ is the end of unfinished_
    ByteView rest_;
    CaptureRecord record_;
};

} // namespace postrider::wire
