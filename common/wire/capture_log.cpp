// Reads what the triggers of the PostgreSQL extension have captured.
#include "common/wire/capture_log.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "common/base/limits.hpp"

namespace postrider::wire {

namespace {

constexpr std::uint8_t row_goes_on = 1; // its first byte; else 0
constexpr std::uint64_t record_layout = 1;

Error damaged(std::string reason) {
    return Error{Errc::malformed, "capture log is damaged: " + std::move(reason)};
}

/// Reads straight down. A read beyond the end gives zeros and says that the record is incomplete;
/// no fault that is found after that counts.
class RecordCursor {
  public:
    explicit RecordCursor(ByteView bytes) : bytes_(bytes) {}

    std::uint64_t integer(std::uint64_t max) {
        std::uint64_t number = 0;
        for (unsigned shift = 0;; shift += 7) {
            const ByteView byte = raw(1);
            if (byte.empty()) {
                return 0;
            }
            const std::uint64_t low = byte[0] & 0x7FU;
            if (shift > 63 || (shift == 63 && low > 1)) {
                refuse("an integer is greater than 64 bits");
                return 0;
            }
            number |= low << shift;
            if ((byte[0] & 0x80U) == 0) {
                check(byte[0] != 0 || shift == 0, "an integer has more bytes than it needs");
                break;
            }
        }
        check(number <= max, "an integer is greater than it may be");
        return number <= max ? number : 0;
    }

    ByteView raw(std::size_t size) {
        if (incomplete_ || size > bytes_.size() - used_) {
            incomplete_ = true;
            return {};
        }
        used_ += size;
        return bytes_.subspan(used_ - size, size);
    }

    ByteView value() {
        const std::uint64_t size = integer(std::numeric_limits<std::uint64_t>::max());
        if (size > limits::capture_record_bytes_max) {
            too_large_ = true;
            incomplete_ = true;
            return {};
        }
        return raw(size);
    }

    std::vector<bool> bitmap(std::size_t count) {
        std::vector<bool> bits(count);
        const ByteView bytes = raw((count + 7) / 8);
        for (std::size_t index = 0; index < bytes.size() * 8; ++index) {
            const bool bit = ((bytes[index / 8] >> (index % 8)) & 1U) != 0;
            if (index < count) {
                bits[index] = bit;
            } else {
                check(!bit, "a bitmap has bits beyond its columns");
            }
        }
        return bits;
    }

    void check(bool condition, const char *fault) {
        if (!condition) {
            refuse(fault);
        }
    }

    void refuse(const char *fault) {
        if (!incomplete_ && fault_ == nullptr) {
            fault_ = fault;
        }
    }

    [[nodiscard]] bool ok() const { return !incomplete_ && fault_ == nullptr; }

    /// Whether the record is complete.
    [[nodiscard]] Result<bool> verdict() const {
        if (fault_ != nullptr) {
            return damaged(fault_);
        }
        if (too_large_) {
            return Error{Errc::too_large, "capture log has a value that is too large"};
        }
        return !incomplete_;
    }

    [[nodiscard]] std::size_t used() const { return used_; }

  private:
    ByteView bytes_;
    std::size_t used_ = 0;
    bool incomplete_ = false;
    bool too_large_ = false;
    const char *fault_ = nullptr;
};

std::vector<std::uint32_t> read_indexes(RecordCursor &cursor, std::size_t columns) {
    const std::size_t count = cursor.integer(columns);
    std::vector<std::uint32_t> indexes;
    std::vector<bool> seen(columns);
    for (std::size_t place = 0; place < count && cursor.ok(); ++place) {
        const std::uint64_t index = cursor.integer(columns - 1);
        cursor.check(!seen[index], "a layout names a column twice");
        seen[index] = true;
        indexes.push_back(static_cast<std::uint32_t>(index));
    }
    return indexes;
}

CaptureLayout read_layout(RecordCursor &cursor) {
    CaptureLayout layout;
    const std::size_t count = cursor.integer(limits::table_columns_max);
    for (std::size_t index = 0; index < count && cursor.ok(); ++index) {
        CapturedColumn column;
        column.attnum =
            static_cast<std::uint16_t>(cursor.integer(std::numeric_limits<std::uint16_t>::max()));
        column.type =
            static_cast<std::uint32_t>(cursor.integer(std::numeric_limits<std::uint32_t>::max()));
        const std::uint16_t before = layout.columns.empty() ? 0 : layout.columns.back().attnum;
        cursor.check(column.attnum > before, "the columns of a layout do not rise");
        layout.columns.push_back(column);
    }
    layout.key = read_indexes(cursor, layout.columns.size());
    layout.kept = read_indexes(cursor, layout.columns.size());
    cursor.check(std::is_sorted(layout.kept.begin(), layout.kept.end()),
                 "the kept columns of a layout do not rise");
    return layout;
}

/// The values of the columns that are given; of all where `given` is empty.
std::vector<CapturedValue>
read_values(RecordCursor &cursor, std::size_t count, const std::vector<bool> &given) {
    const std::vector<bool> nulls = cursor.bitmap(count);
    std::vector<CapturedValue> values(count);
    for (std::size_t index = 0; index < count && cursor.ok(); ++index) {
        CapturedValue &value = values[index];
        value.given = given.empty() || given[index];
        value.null = nulls[index];
        cursor.check(value.given || !value.null, "a column is null that is not given");
        if (value.given && !value.null) {
            value.bytes = cursor.value();
        }
    }
    return values;
}

void check_key(RecordCursor &cursor, const CaptureRecord &record) {
    for (const std::uint32_t index : record.layout->key) {
        const CapturedValue &value = record.values[index];
        cursor.check(value.given && !value.null, "a record does not tell its key");
    }
}

void read_update(RecordCursor &cursor, CaptureRecord &record) {
    const CaptureLayout &layout = *record.layout;
    const std::vector<bool> given = cursor.bitmap(layout.columns.size());
    record.values = read_values(cursor, given.size(), given);
    if (!layout.kept.empty()) {
        cursor.check(std::find(given.begin(), given.end(), false) == given.end(),
                     "a record with kept values does not give every column");
        record.kept_values = read_values(cursor, layout.kept.size(), {});
    }
    check_key(cursor, record);
}

void read_remove(RecordCursor &cursor, CaptureRecord &record) {
    const CaptureLayout &layout = *record.layout;
    record.values.resize(layout.columns.size());
    for (const std::uint32_t index : layout.key) {
        record.values[index] = {true, false, cursor.value()};
    }
    if (!layout.kept.empty()) {
        record.kept_values = read_values(cursor, layout.kept.size(), {});
    }
}

void read_operation(RecordCursor &cursor, CaptureRecord &record) {
    if (record.operation == CaptureOperation::truncate ||
        record.operation == CaptureOperation::lost) {
        return;
    }
    if (record.layout == nullptr || record.layout->key.empty()) {
        cursor.refuse("a record of a row has no layout with a key");
        return;
    }
    if (record.operation == CaptureOperation::insert) {
        record.values = read_values(cursor, record.layout->columns.size(), {});
        check_key(cursor, record);
    } else if (record.operation == CaptureOperation::update) {
        read_update(cursor, record);
    } else {
        read_remove(cursor, record);
    }
}

} // namespace

Result<void> CaptureLogReader::feed(ByteView content) {
    if (content.size() > limits::capture_row_bytes_max) {
        return Error{Errc::too_large, "row of the capture log is too large"};
    }
    if (!rest_.empty()) {
        return damaged("a row is fed before the one before was read");
    }
    if (content.empty() || content[0] > row_goes_on) {
        return damaged("a row says neither that it begins nor that it goes on");
    }
    goes_on_ = content[0] == row_goes_on;
    if (goes_on_ == unfinished_.empty()) {
        return damaged(goes_on_ ? "a row goes on with a record that has ended"
                                : "a row begins where a record goes on");
    }
    if (!goes_on_) {
        layouts_.clear();
        rest_ = content.subspan(1);
        return {};
    }
    if (unfinished_.size() + content.size() - 1 > limits::capture_record_bytes_max) {
        return Error{Errc::too_large, "capture log has a record that is too large"};
    }
    unfinished_.insert(unfinished_.end(), content.begin() + 1, content.end());
    rest_ = unfinished_;
    return {};
}

Result<const CaptureRecord *> CaptureLogReader::next() {
    while (!rest_.empty()) {
        const Result<Read> read = read_one();
        if (!read) {
            return read.error();
        }
        if (*read == Read::record) {
            return &record_;
        }
        if (*read == Read::incomplete) {
            keep_unfinished();
            return nullptr;
        }
    }
    if (goes_on_) {
        unfinished_ = {};
    }
    return nullptr;
}

Result<void> CaptureLogReader::finish() const {
    if (!rest_.empty() || !unfinished_.empty()) {
        return damaged("the last record is unfinished");
    }
    return {};
}

Result<CaptureLogReader::Read> CaptureLogReader::read_one() {
    RecordCursor cursor(rest_);
    const std::uint64_t kind = cursor.integer(static_cast<std::uint64_t>(CaptureOperation::lost));
    const auto capture = static_cast<std::int64_t>(
        cursor.integer(static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())));
    CaptureLayout layout;
    record_ = {};
    if (kind == record_layout) {
        layout = read_layout(cursor);
    } else {
        cursor.check(kind > record_layout, "a record is of no known kind");
        const auto known = layouts_.find(capture);
        record_.capture = capture;
        record_.layout = known == layouts_.end() ? nullptr : &known->second;
        if (cursor.ok()) {
            record_.operation = static_cast<CaptureOperation>(kind);
            read_operation(cursor, record_);
        }
    }
    const Result<bool> complete = cursor.verdict();
    if (!complete) {
        return complete.error();
    }
    if (!*complete) {
        return Read::incomplete;
    }
    rest_ = rest_.subspan(cursor.used());
    if (kind == record_layout) {
        layouts_[capture] = std::move(layout);
        return Read::layout;
    }
    return Read::record;
}

/// The beginning of a record waits for the next row.
void CaptureLogReader::keep_unfinished() {
    if (goes_on_) {
        const auto read = static_cast<std::ptrdiff_t>(unfinished_.size() - rest_.size());
        unfinished_.erase(unfinished_.begin(), unfinished_.begin() + read);
    } else {
        unfinished_.assign(rest_.begin(), rest_.end());
    }
    rest_ = {};
}

} // namespace postrider::wire
