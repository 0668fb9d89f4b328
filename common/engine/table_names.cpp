// The dialect knows what a schema is.
#include "common/engine/table_names.hpp"

#include <algorithm>
#include <vector>

namespace postrider::engine {

std::optional<task::Identifier> known_name(const dialect::Dialect &dialect,
                                           const task::ObjectName &name) {
    std::vector<std::string> parts;
    for (const task::Identifier &part : name.parts) {
        parts.push_back(part.text);
    }
    std::optional<std::string> known = dialect.known_name(parts);
    if (!known) {
        return std::nullopt;
    }
    const bool exact = std::all_of(name.parts.begin(), name.parts.end(),
                                   [](const task::Identifier &part) { return part.exact; });
    return task::Identifier{*std::move(known), exact, name.parts.front().at};
}

task::ObjectName object_name(const dialect::Dialect &dialect, const std::string &known_name) {
    task::ObjectName name;
    for (std::string &part : dialect.name_parts(known_name)) {
        name.parts.push_back({std::move(part), true});
    }
    return name;
}

} // namespace postrider::engine
