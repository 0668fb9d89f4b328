// Where a path leads, whatever is written in it.
#pragma once

#include <string>
#include <vector>

namespace postrider::vault {

/// Without symbolic links; empty when nothing is there, or it cannot be seen.
std::string real_path(const std::string &path);

std::string parent_of(const std::string &path);

/// Whether the first is the second or lies below it. Both are real paths.
bool lies_in(const std::string &path, const std::string &directory);

/// The real path of what is there or would be made there: of what is missing, that of its nearest
/// parent goes on as written. Empty where nobody can tell: the path does not begin with "/", has a
/// ".." in it, or meets a link to nothing, a file in the place of a directory, or a directory that
/// cannot be looked into.
std::string real_location(const std::string &path);

/// Whether that is in one of the directories, or is one of them; by their real locations.
bool is_located_in(const std::string &path, const std::vector<std::string> &directories);

} // namespace postrider::vault
