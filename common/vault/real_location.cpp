// Follows symbolic links, of the part of a path that exists.
#include "common/vault/real_location.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string_view>

#include <sys/stat.h>

namespace postrider::vault {

namespace {

/// With single slashes, without "." and a slash at the end. Nothing: it may lead back up.
std::optional<std::string> plain_path(const std::string &path) {
    if (!path.starts_with('/') || path.find('\0') != std::string::npos) {
        return std::nullopt;
    }
    std::string plain;
    for (std::string_view rest{path}; !rest.empty();) {
        const std::string_view part = rest.substr(0, rest.find('/'));
        rest.remove_prefix(std::min(part.size() + 1, rest.size()));
        if (part == "..") {
            return std::nullopt;
        }
        if (!part.empty() && part != ".") {
            plain.append("/").append(part);
        }
    }
    return plain.empty() ? "/" : plain;
}

/// What `lstat` finds; with ENOENT as its error, nothing is there.
bool is_there(const std::string &path) {
    struct stat status {};

    return ::lstat(path.c_str(), &status) == 0;
}

} // namespace

std::string real_path(const std::string &path) {
    const std::unique_ptr<char, decltype(&std::free)> resolved{::realpath(path.c_str(), nullptr),
                                                               &std::free};
    return resolved ? std::string{resolved.get()} : std::string{};
}

std::string parent_of(const std::string &path) {
    const std::size_t slash = path.find_last_of('/');
    if (slash == std::string::npos) {
        return ".";
    }
    return slash == 0 ? "/" : path.substr(0, slash);
}

bool lies_in(const std::string &path, const std::string &directory) {
    return path == directory || directory == "/" || path.starts_with(directory + "/");
}

std::string real_location(const std::string &path) {
    const std::optional<std::string> plain = plain_path(path);
    if (!plain) {
        return {};
    }
    std::string existing = *plain;
    while (!is_there(existing)) {
        if (errno != ENOENT) {
            return {};
        }
        existing = parent_of(existing);
    }
    std::string real = real_path(existing); // none where it is a link to nothing
    if (real.empty() || existing.size() == plain->size()) {
        return real;
    }
    const std::size_t missing = existing == "/" ? 0 : existing.size();
    return (real == "/" ? std::string{} : real) + plain->substr(missing);
}

bool is_located_in(const std::string &path, const std::vector<std::string> &directories) {
    const std::string location = real_location(path);
    return !location.empty() &&
           std::any_of(directories.begin(), directories.end(), [&](const std::string &each) {
               const std::string directory = real_location(each);
               return !directory.empty() && lies_in(location, directory);
           });
}

} // namespace postrider::vault
