// Capture by a log: the triggers note whole changes, transaction by transaction, and collecting
// takes what is visible (docs/correctness.md, A1 and A2). Texts alone, as in dialect.hpp.
#pragma once

#include <cstdint>
#include <string>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"
#include "common/model/value.hpp"

namespace postrider::dialect {

class LogCapture {
  public:
    LogCapture() = default;
    LogCapture(const LogCapture &) = delete;
    LogCapture &operator=(const LogCapture &) = delete;
    virtual ~LogCapture() = default;

    /// A row when anything waits.
    [[nodiscard]] virtual std::string find_any() const = 0;
    /// Removes what is visible and gives its content (wire/capture_log.hpp), in the order in which
    /// it is to be read.
    [[nodiscard]] virtual std::string take() const = 0;
    /// ?1 = table: number, name of its columns; by their numbers the log tells them.
    [[nodiscard]] virtual std::string columns() const = 0;
    /// A value as the log has it. `type` is the number that the log gives its type. Errors:
    /// malformed.
    [[nodiscard]] virtual Result<Value> read_value(std::uint32_t type, ByteView bytes) const = 0;
};

} // namespace postrider::dialect
