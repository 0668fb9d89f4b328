// Values out of the texts that sqlite_storage.hpp stores them as. Strict: one text for one value.
#pragma once

#include <optional>
#include <string_view>

#include "common/model/value.hpp"

namespace postrider::dialect {

/// Nothing when the text is not the very one that a value of the kind is stored as. For dates,
/// times, timestamps, intervals, uuids and bit strings; a decimal is any text of digits that has
/// no zero too many before them, or NaN, Infinity and -Infinity.
std::optional<Value> read_text_value(Kind kind, std::string_view text);

} // namespace postrider::dialect
