// The views that people read: status, mailboxes, history and the others.
#pragma once

#include <string>
#include <vector>

#include "common/dialect/dialect.hpp"

namespace postrider::engine {

struct View {
    std::string name;
    std::string select_sql; // with @names, like all SQL of the engine
};

/// Each ends with a column `action`: what to do next, or empty.
std::vector<View> views(const dialect::Dialect &dialect);

} // namespace postrider::engine
