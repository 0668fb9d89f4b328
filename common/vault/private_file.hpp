// Files that only their owner may read: read with every check, written atomically and durably.
// Never a symbolic link, never beside the data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace postrider::vault {

struct PrivateFile {
    std::string directory;
    std::string name;
    std::string what; // for messages: "secret file", "state file"
    std::size_t bytes_max = 0;
    /// Whether the directory must be closed to others too. Not where people put the file.
    bool in_own_directory = true;
    /// What to do where it is too large, or another user's.
    std::string hint_for_size = "Restore it from a copy.";
    std::string hint_for_owner = "Run as that user: one node has one user.";
};

/// `std::nullopt`: there is none. `refused` when it is not regular, a link, too large, another
/// user's, or open to others; the hint says what to do.
Result<std::optional<Bytes>> read_private(const PrivateFile &file);

/// Makes the directory (0700) where it is missing; a temporary file (0600), fsync, rename, fsync of
/// the directory.
Result<void> write_private(const PrivateFile &file, ByteView content);

/// The text of a file that only its owner may read, by its full path. Arguments of statements are
/// logged here and there; a file is not.
Result<std::string> recovery_code_in(const std::string &path);

/// `refused` when the real path of `directory`, or of its nearest parent that exists, is one of
/// `forbidden` or lies below one. Empty and missing ones are skipped. `setting` holds the
/// directory's name.
Result<void> check_outside(const std::string &directory,
                           const std::vector<std::string> &forbidden,
                           const std::string &setting);

/// The directory of a file, as a real path; empty when it does not exist.
std::string real_directory_of(const std::string &file_path);

/// The name of an operating system user, or its number.
std::string user_name(unsigned user);

/// The home directory of the effective user; empty when there is none.
std::string home_directory();

} // namespace postrider::vault
