// POSIX calls, each error with what it was about and what to do.
#include "common/transport/maildir_files.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/utf8.hpp"
#include "common/vault/descriptor.hpp"

namespace postrider::transport {

namespace {

using vault::Descriptor;

constexpr std::array<const char *, 3> folders = {"tmp", "new", "cur"};
constexpr std::array<const char *, 2> message_folders = {"new", "cur"};
constexpr const char *bad_folder = ".postrider-bad";
constexpr std::string_view flag_separators = ":;"; // ';' where a file system forbids ':'

// The umask of the process decides who may read: a shared maildir needs the group, and what lies in
// it is encrypted.
constexpr mode_t file_mode = 0666;
constexpr mode_t directory_mode = 0777;

std::string hint_for(int reason, const std::string &directory) {
    switch (reason) {
    case ENOENT:
    case ENOTDIR:
        return "Mount the medium, or make a maildir there: a directory that holds the directories "
               "tmp, new and cur.";
    case EACCES:
    case EPERM:
        return "Give the user that runs this program the right to read and write in \"" +
               printable(directory) + "\" and in its tmp, new and cur.";
    case ENOSPC:
    case EDQUOT:
        return "Free some space; it is tried again by itself.";
    case EROFS:
        return "The medium is mounted read-only.";
    case ELOOP:
        return "A symbolic link stands where a directory is expected.";
    default:
        return {};
    }
}

/// All of these may pass by themselves, so the code is always `unavailable`.
Error file_error(const char *action, const std::string &path, const std::string &directory) {
    const int reason = errno;
    return {Errc::unavailable,
            std::string("could not ") + action + " \"" + printable(path, 500) +
                "\": " + std::system_category().message(reason),
            {},
            hint_for(reason, directory)};
}

Descriptor open_directory(int parent, const char *name) {
    return Descriptor(::openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// The maildir itself may be reached through symbolic links; its own folders may not.
Descriptor open_maildir(const std::string &directory) {
    return Descriptor(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/// Some file systems cannot sync a directory (EINVAL); those write it at once.
bool sync_directory(int directory) {
    return ::fsync(directory) == 0 || errno == EINVAL;
}

bool write_durably(int folder, const std::string &name, std::string_view content) {
    const Descriptor file(::openat(
        folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file_mode));
    return file && vault::write_all(file.get(), as_bytes(content)) && ::fsync(file.get()) == 0;
}

bool make_directory(int parent, const char *name) {
    return ::mkdirat(parent, name, directory_mode) == 0 || errno == EEXIST;
}

Result<void> visit_folder(const Descriptor &maildir,
                          const std::string &directory,
                          const char *name,
                          const std::function<void(const MessageFile &)> &visit) {
    Descriptor folder = open_directory(maildir.get(), name);
    if (!folder) {
        return file_error("read maildir folder", directory + "/" + name, directory);
    }

    struct Closer {
        void operator()(DIR *stream) const { ::closedir(stream); }
    };

    const std::unique_ptr<DIR, Closer> stream(::fdopendir(folder.get()));
    if (!stream) {
        return file_error("read maildir folder", directory + "/" + name, directory);
    }
    folder.release(); // closedir closes it
    while (true) {
        errno = 0;
        // Each stream is used by one thread only, which is all that readdir asks for.
        const dirent *entry = ::readdir(stream.get()); // NOLINT(concurrency-mt-unsafe)
        if (entry == nullptr) {
            break;
        }
        if (entry->d_name[0] != '.') {
            visit({name, entry->d_name});
        }
    }
    if (errno != 0) {
        return file_error("read maildir folder", directory + "/" + name, directory);
    }
    return {};
}

/// Runs `act(folder descriptor, name)` on the message, in the place that the path names or in the
/// one to which another program has moved it. `act` gives false with ENOENT when it is not there.
template <class Act>
Result<void> with_message(const std::string &path, const char *action, Act act) {
    const std::string directory = directory_of(path);
    const std::string_view below = std::string_view(path).substr(directory.size() + 1);
    const MessageFile told{std::string(below.substr(0, below.find('/'))),
                           std::string(below.substr(below.find('/') + 1))};
    const Descriptor maildir = open_maildir(directory);
    const auto try_at = [&](const MessageFile &file) {
        const Descriptor folder = open_directory(maildir.get(), file.folder.c_str());
        return folder && act(maildir.get(), folder.get(), file.name);
    };
    if (!maildir) {
        return file_error(action, path, directory);
    }
    if (try_at(told)) {
        return {};
    }
    if (errno != ENOENT) {
        return file_error(action, path, directory);
    }
    std::optional<MessageFile> moved;
    const std::string unique_name = told.unique_name();
    const auto look = [&](const MessageFile &file) {
        if (file.unique_name() == unique_name) {
            moved = file;
        }
    };
    if (Result<void> listed = for_each_message(directory, look); !listed) {
        return listed;
    }
    if (!moved || try_at(*moved) || errno == ENOENT) {
        return {};
    }
    return file_error(action, path, directory);
}

} // namespace

std::string MessageFile::unique_name() const {
    return name.substr(0, name.find_first_of(flag_separators));
}

Result<void> create_maildir(const std::string &directory) {
    if (::mkdir(directory.c_str(), directory_mode) != 0 && errno != EEXIST) {
        return file_error("make directory", directory, directory);
    }
    const Descriptor maildir = open_maildir(directory);
    if (!maildir) {
        return file_error("open maildir", directory, directory);
    }
    for (const char *folder : folders) {
        if (!make_directory(maildir.get(), folder)) {
            return file_error("make directory", directory + "/" + folder, directory);
        }
    }
    if (!sync_directory(maildir.get())) {
        return file_error("write maildir", directory, directory);
    }
    return {};
}

Result<void>
deliver_file(const std::string &directory, const std::string &name, std::string_view content) {
    constexpr const char *action = "deliver into maildir";
    const Descriptor maildir = open_maildir(directory);
    if (!maildir) {
        return file_error(action, directory, directory);
    }
    const Descriptor from = open_directory(maildir.get(), "tmp");
    if (!from) {
        return file_error(action, directory + "/tmp", directory);
    }
    const Descriptor into = open_directory(maildir.get(), "new");
    if (!into) {
        return file_error(action, directory + "/new", directory);
    }
    const bool is_written = write_durably(from.get(), name, content);
    if (!is_written || ::renameat(from.get(), name.c_str(), into.get(), name.c_str()) != 0) {
        Error error = file_error(action, directory, directory);
        ::unlinkat(from.get(), name.c_str(), 0);
        return error;
    }
    if (!sync_directory(into.get())) {
        return file_error(action, directory, directory);
    }
    return {};
}

Result<void> for_each_message(const std::string &directory,
                              const std::function<void(const MessageFile &)> &visit) {
    const Descriptor maildir = open_maildir(directory);
    if (!maildir) {
        return file_error("read maildir", directory, directory);
    }
    for (const char *folder : message_folders) {
        if (Result<void> visited = visit_folder(maildir, directory, folder, visit); !visited) {
            return visited;
        }
    }
    return {};
}

Result<std::optional<Bytes>>
read_message(const std::string &directory, const MessageFile &file, std::size_t bytes_max) {
    const std::string path = path_of(directory, file);
    const Descriptor maildir = open_maildir(directory);
    const Descriptor folder = open_directory(maildir.get(), file.folder.c_str());
    // Not blocking: opening a pipe would wait for its writer.
    const Descriptor message(
        ::openat(folder.get(), file.name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!message && errno == ENOENT) {
        return std::optional<Bytes>{};
    }
    // A symbolic link gives ELOOP, a socket ENXIO.
    const bool is_special = !message && (errno == ELOOP || errno == ENXIO);

    struct stat status {};

    if (!is_special && (!message || ::fstat(message.get(), &status) != 0)) {
        return file_error("read message", path, directory);
    }
    if (is_special || !S_ISREG(status.st_mode)) {
        return Error{Errc::refused, "message \"" + printable(path, 500) + "\" is not a file"};
    }
    if (static_cast<std::uint64_t>(status.st_size) > bytes_max) {
        return Error{Errc::too_large, "message \"" + printable(path, 500) + "\" of " +
                                          std::to_string(status.st_size) +
                                          " bytes is larger than a mail may be"};
    }
    // It may be cut meanwhile: then there is less.
    std::optional<Bytes> content =
        vault::read_up_to(message.get(), static_cast<std::size_t>(status.st_size));
    if (!content) {
        return file_error("read message", path, directory);
    }
    return content;
}

void remove_leftovers(const std::string &directory,
                      const std::function<bool(std::string_view name)> &is_ours,
                      Timestamp before) {
    const Descriptor maildir = open_maildir(directory);
    const Descriptor folder = open_directory(maildir.get(), "tmp");
    std::vector<std::string> names;
    const auto collect = [&](const MessageFile &file) {
        if (is_ours(file.name)) {
            names.push_back(file.name);
        }
    };
    if (!folder || !visit_folder(maildir, directory, "tmp", collect)) {
        return;
    }
    for (const std::string &name : names) {
        struct stat status {};

        if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(status.st_mode) &&
            std::chrono::seconds{status.st_mtime} < before.time_since_epoch()) {
            ::unlinkat(folder.get(), name.c_str(), 0);
        }
    }
}

std::string path_of(const std::string &directory, const MessageFile &file) {
    return directory + "/" + file.folder + "/" + file.name;
}

std::string directory_of(const std::string &path) {
    const std::size_t name_slash = path.rfind('/');
    ensure(name_slash != std::string::npos && name_slash > 0, "receipts are made by path_of");
    const std::size_t folder_slash = path.rfind('/', name_slash - 1);
    ensure(folder_slash != std::string::npos, "receipts are made by path_of");
    return path.substr(0, folder_slash);
}

Result<void> remove_message(const std::string &path) {
    return with_message(path, "remove message", [](int, int folder, const std::string &name) {
        return ::unlinkat(folder, name.c_str(), 0) == 0;
    });
}

Result<void> set_message_aside(const std::string &path) {
    const auto act = [](int maildir, int folder, const std::string &name) {
        if (!make_directory(maildir, bad_folder)) {
            return false;
        }
        const Descriptor bad = open_directory(maildir, bad_folder);
        if (!bad) {
            return false;
        }
        for (const char *inner : folders) {
            if (!make_directory(bad.get(), inner)) {
                return false;
            }
        }
        // Maildir++ marks its folders by this empty file.
        const Descriptor marker(::openat(bad.get(), "maildirfolder",
                                         O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, file_mode));
        const Descriptor into = open_directory(bad.get(), "new");
        return into && ::renameat(folder, name.c_str(), into.get(), name.c_str()) == 0;
    };
    return with_message(path, "set aside message", act);
}

} // namespace postrider::transport
