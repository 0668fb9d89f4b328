// The words of the task language, and how near two words are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::task {

/// AS WHERE WITHOUT ON TO FROM WITH AND; `word` in any case.
bool is_reserved(std::string_view word);

std::string upper_ascii(std::string_view text);
std::string lower_ascii(std::string_view text);

/// The candidate nearest to `word` without regard to case, if it is near enough to be what was
/// meant: at most a third of its length in insertions, deletions, replacements and swaps.
std::optional<std::string> nearest(std::string_view word,
                                   const std::vector<std::string> &candidates);

} // namespace postrider::task
