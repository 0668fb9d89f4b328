// The columns of a table whose old values its capture keeps: those that the filters and expressions
// of the tasks that send it look at.
#pragma once

#include <string>
#include <vector>

#include "common/engine/session.hpp"

namespace postrider::engine {

/// As `capture.kept` has them: "" or a list in the words of the task language.
std::string print_kept(const std::vector<std::string> &names);
std::vector<std::string> read_kept(const std::string &text);

/// The columns outside the key that one of the conditions or expressions names, in the table's
/// order.
std::vector<std::string> columns_to_keep(const dialect::Dialect &dialect,
                                         const dialect::TableDescription &table,
                                         const std::vector<std::string> &texts);

/// Success, or which of the kept columns the table lacks.
Result<void> check_kept(const dialect::TableDescription &table,
                        const std::vector<std::string> &kept);

} // namespace postrider::engine
