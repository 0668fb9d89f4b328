// Constraints that are deferrable. The server looks at them by triggers that do not fire for the
// engine; the adapter does it instead for rows whose places it is told.
#pragma once

#include <string>
#include <string_view>

#include "common/dialect/dialect.hpp"

namespace postrider::dialect::postgresql_text {

bool has_deferred(const TableDescription &table);

/// What a statement with `gives_places` gives of each row of the table of that alias.
std::string places_of(std::string_view alias);

BlockStatement check_deferred(const TableDescription &table);

} // namespace postrider::dialect::postgresql_text
