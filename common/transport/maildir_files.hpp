// The file operations of a maildir (https://cr.yp.to/proto/maildir.html): deliver, list, read,
// remove, set aside. Symbolic links below the maildir's own path are never followed. What vanishes
// between two calls is no error: other programs read here too.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"

namespace postrider::transport {

/// Makes `directory` with its tmp, new and cur where they are missing. Only on a user's word: a
/// transport never does it, because the place may be a mount point whose medium is away.
Result<void> create_maildir(const std::string &directory);

/// Writes `content` to tmp, makes it durable and renames it into new, also durably. `name` must be
/// unique. `unavailable` with a hint when the maildir is missing, full or not writable.
Result<void>
deliver_file(const std::string &directory, const std::string &name, std::string_view content);

struct MessageFile {
    std::string folder; // "new" or "cur"
    std::string name;   // with the flags that follow ":" in cur
    /// The name without flags: it stays when another program moves the message from new to cur.
    [[nodiscard]] std::string unique_name() const;
};

/// Calls `visit` for each file of new and cur, in no order. `unavailable` with a hint when the
/// directory cannot be read.
Result<void> for_each_message(const std::string &directory,
                              const std::function<void(const MessageFile &)> &visit);

/// Null when the message has vanished. `refused` when it is not a regular file, `too_large` above
/// `bytes_max` (nothing is read then), `unavailable` when it cannot be read.
Result<std::optional<Bytes>>
read_message(const std::string &directory, const MessageFile &file, std::size_t bytes_max);

std::string path_of(const std::string &directory, const MessageFile &file);

/// Deletes the message at `path`, wherever another program has moved it within its maildir.
/// Succeeds when it is not there any more.
Result<void> remove_message(const std::string &path);

/// Moves it into the folder .postrider-bad of its maildir, where mail programs show it.
Result<void> set_message_aside(const std::string &path);

/// Deletes the files of tmp whose names `is_ours` and which nobody has written to since `before`:
/// writers that crashed left them. What cannot be deleted stays; it is tried again.
void remove_leftovers(const std::string &directory,
                      const std::function<bool(std::string_view name)> &is_ours,
                      Timestamp before);

/// The maildir of a message's path.
std::string directory_of(const std::string &path);

} // namespace postrider::transport
