// Finding and reading the file of a zone.
#include "common/vault/zone_files.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"

namespace postrider::vault {

namespace {

constexpr const char *zone_directory = "/usr/share/zoneinfo/";

/// Such as lead to no other place: no dots, and no slash in front.
bool is_plain(const std::string &name) {
    return !name.empty() && name.front() != '/' &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '/' || c == '_' || c == '+' || c == '-';
           });
}

} // namespace

Error unknown_time_zone(const std::string &name) {
    return {Errc::refused,
            "there is no time zone \"" + printable(name) + "\" on this machine",
            {},
            "Write its name as in /usr/share/zoneinfo, such as 'Europe/Berlin'; if that folder is"
            " not there, install the package tzdata."};
}

Result<TimeZone> system_time_zone(const std::string &name) {
    if (name == "UTC") {
        return TimeZone{};
    }
    std::error_code ignored;
    const std::string path = zone_directory + name;
    if (!is_plain(name) || !std::filesystem::is_regular_file(path, ignored) ||
        std::filesystem::file_size(path, ignored) > limits::time_zone_file_bytes_max) {
        return unknown_time_zone(name);
    }
    std::ifstream file(path, std::ios::binary);
    const Bytes content{std::istreambuf_iterator<char>(file), {}};
    Result<TimeZone> zone = TimeZone::from_file(content);
    if (!zone) {
        return Error{Errc::refused, zone.error().message, "The file is \"" + path + "\".",
                     "Install the package tzdata anew, or choose another zone."};
    }
    return zone;
}

} // namespace postrider::vault
