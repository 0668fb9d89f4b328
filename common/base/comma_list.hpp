// "a, b, c": names in a sentence, in SQL or in the task language.
#pragma once

#include <span>
#include <string>

namespace postrider {

inline std::string comma_list(std::span<const std::string> pieces) {
    std::string out;
    for (const std::string &piece : pieces) {
        out += (out.empty() ? "" : ", ") + piece;
    }
    return out;
}

} // namespace postrider
