// The small forms of IMAP: quoted strings, sets of UIDs, numbers, dates, and the names of folders.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"

namespace postrider::transport::imap {

/// The number of a mail in its folder; never 0. It means a mail only together with the folder's
/// UIDVALIDITY.
using Uid = std::uint32_t;

/// `first` to `last`, both included.
struct UidRange {
    Uid first = 0;
    Uid last = 0;

    bool operator==(const UidRange &) const = default;
};

/// ASCII letters alone are compared without case: everything IMAP names is ASCII.
bool equal_without_case(std::string_view left, std::string_view right);
bool begins_without_case(std::string_view text, std::string_view prefix);

/// `number` of RFC 3501: digits, 32 bits.
std::optional<std::uint32_t> parse_number(std::string_view text);
/// `number64` of RFC 9051: digits, 63 bits.
std::optional<std::uint64_t> parse_number64(std::string_view text);

/// "7" or "3:9", in either order (RFC 3501: 4:2 means 2:4). No 0 and no "*".
std::optional<UidRange> parse_range(std::string_view text);

/// `quoted` of RFC 3501. CR, LF and NUL cannot be quoted, nor what is longer than a folder's name
/// may be.
Result<std::string> to_quoted(std::string_view text);

/// Sorted UIDs as sequence sets, each once: "1:3,7". As many sets as it takes to keep each within
/// `set_bytes_max`.
std::vector<std::string> uid_sets(std::span<const Uid> uids, std::size_t set_bytes_max);

/// UTF-8 to the modified UTF-7 in which folders are named (RFC 3501 5.1.3). What is not UTF-8 is
/// malformed.
Result<std::string> to_folder_name(std::string_view utf8);
/// And back; nothing where the name is not in that form, as with servers that send plain UTF-8.
std::optional<std::string> from_folder_name(std::string_view name);

/// `date-time` of INTERNALDATE: "17-Jul-1996 02:44:25 -0700", or with a blank before a day of one
/// digit.
std::optional<Timestamp> parse_internal_date(std::string_view text);

} // namespace postrider::transport::imap
