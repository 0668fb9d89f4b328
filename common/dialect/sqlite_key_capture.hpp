// The key tables of SQLite's capture.
#pragma once

#include "common/dialect/key_capture.hpp"

namespace postrider::dialect::sqlite_text {

const KeyCapture &key_capture();

} // namespace postrider::dialect::sqlite_text
