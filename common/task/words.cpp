// Reserved words and edit distance.
#include "common/task/words.hpp"

#include <algorithm>
#include <array>

namespace postrider::task {

namespace {

/// Longer words are not compared: nobody meant them.
constexpr std::size_t compared_bytes_max = 64;

/// Optimal string alignment: as Levenshtein, and two neighbours swapped count once.
std::size_t edit_distance(std::string_view left, std::string_view right) {
    std::vector<std::size_t> before;
    std::vector<std::size_t> above(right.size() + 1);
    std::vector<std::size_t> row(right.size() + 1);
    for (std::size_t j = 0; j <= right.size(); ++j) {
        above[j] = j;
    }
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= right.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0U : 1U);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before = above;
        above = row;
    }
    return above[right.size()];
}

} // namespace

std::string upper_ascii(std::string_view text) {
    std::string upper{text};
    for (char &letter : upper) {
        if (letter >= 'a' && letter <= 'z') {
            letter = static_cast<char>(letter - 'a' + 'A');
        }
    }
    return upper;
}

std::string lower_ascii(std::string_view text) {
    std::string lower{text};
    for (char &letter : lower) {
        if (letter >= 'A' && letter <= 'Z') {
            letter = static_cast<char>(letter - 'A' + 'a');
        }
    }
    return lower;
}

bool is_reserved(std::string_view word) {
    static constexpr std::array<std::string_view, 8> reserved = {"AS", "WHERE", "WITHOUT", "ON",
                                                                 "TO", "FROM",  "WITH",    "AND"};
    const std::string upper = upper_ascii(word);
    return std::find(reserved.begin(), reserved.end(), upper) != reserved.end();
}

std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string> &candidates) {
    if (word.empty() || word.size() > compared_bytes_max) {
        return std::nullopt;
    }
    const std::string lower = lower_ascii(word);
    std::optional<std::string> best;
    std::size_t best_distance = 0;
    for (const std::string &candidate : candidates) {
        if (candidate.size() > compared_bytes_max) {
            continue;
        }
        const std::size_t distance = edit_distance(lower, lower_ascii(candidate));
        const std::size_t allowed =
            std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
        if (distance <= allowed && distance < candidate.size() &&
            (!best || distance < best_distance)) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

} // namespace postrider::task
