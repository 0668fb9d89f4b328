// Capture in PostgreSQL: triggers that call postrider.capture, which notes whole changes in
// postrider.capture_log.
#pragma once

#include <string>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::postgresql_text {

Result<void> check_capturable(const TableDescription &table);
CaptureSchema
capture_schema(const TableDescription &table, CaptureId capture, const CaptureOptions &options);
std::string list_capture();
std::string count_captured();
const LogCapture &log_capture();

} // namespace postrider::dialect::postgresql_text
