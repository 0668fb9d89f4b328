// Capture by a log: the triggers note whole changes, transaction by transaction, and collecting
// takes what is visible (docs/correctness.md, A1 and A2). Texts alone, as in dialect.hpp.
#pragma once

#include <string>

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
};

} // namespace postrider::dialect
