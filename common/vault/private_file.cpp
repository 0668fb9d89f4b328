// POSIX file handling behind the vault.
#include "common/vault/private_file.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <system_error>

#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/crypto/secret_bytes.hpp"
#include "common/vault/descriptor.hpp"
#include "common/vault/real_location.hpp"

namespace postrider::vault {

namespace {

constexpr mode_t others_bits = S_IRWXG | S_IRWXO;
constexpr mode_t others_write_bits = S_IWGRP | S_IWOTH;

std::string path_of(const PrivateFile &file) {
    return file.directory + "/" + file.name;
}

std::string quoted(const std::string &path) {
    return "\"" + path + "\"";
}

std::string reason(int error_number) {
    return std::generic_category().message(error_number);
}

Error refused(std::string message, std::string hint) {
    return Error{Errc::refused, std::move(message), {}, std::move(hint)};
}

Error could_not(const std::string &verb, const std::string &what, int error_number) {
    return Error{Errc::unavailable, "could not " + verb + " " + what + ": " + reason(error_number)};
}

Error belongs_to(const std::string &what, const std::string &path, unsigned owner) {
    return refused(what + " " + quoted(path) + " belongs to user \"" + user_name(owner) + "\"",
                   "Run as that user: one node has one user.");
}

Error open_error(const PrivateFile &file, int error_number) {
    const std::string path = path_of(file);
    if (error_number == ELOOP) {
        return refused(file.what + " " + quoted(path) + " is a symbolic link",
                       "Put the file itself in its place.");
    }

    struct stat status {};

    if (error_number == EACCES && ::lstat(path.c_str(), &status) == 0 &&
        status.st_uid != ::geteuid()) {
        return belongs_to(file.what, path, status.st_uid);
    }
    if (error_number == EACCES || error_number == EPERM) {
        return refused(file.what + " " + quoted(path) + " cannot be read: " + reason(error_number),
                       "Give it to the user of this process: chmod 600 '" + path + "'");
    }
    return could_not("open", file.what + " " + quoted(path), error_number);
}

Result<void> check_status(const PrivateFile &file, const struct stat &status) {
    const std::string path = path_of(file);
    if (!S_ISREG(status.st_mode)) {
        return refused(file.what + " " + quoted(path) + " is not a regular file",
                       "Put the file itself in its place.");
    }
    if (status.st_uid != ::geteuid()) {
        return belongs_to(file.what, path, status.st_uid);
    }
    if ((status.st_mode & others_bits) != 0) {
        return refused(file.what + " " + quoted(path) + " is open to other users",
                       "Close it: chmod 600 '" + path + "'");
    }
    if (status.st_size < 0 || static_cast<std::uint64_t>(status.st_size) > file.bytes_max) {
        return refused(file.what + " " + quoted(path) + " is larger than it can be",
                       "Restore it from a copy.");
    }
    return {};
}

// Whoever may write to the directory may put another file there.
Result<void> check_directory(const std::string &directory) {
    struct stat status {};

    if (::stat(directory.c_str(), &status) != 0) {
        return could_not("look at", "secret directory " + quoted(directory), errno);
    }
    if (status.st_uid != ::geteuid() && status.st_uid != 0) {
        return belongs_to("secret directory", directory, status.st_uid);
    }
    if ((status.st_mode & others_write_bits) != 0) {
        return refused("secret directory " + quoted(directory) + " can be written by other users",
                       "Close it: chmod 700 '" + directory + "'");
    }
    return {};
}

Result<Bytes> read_all(int descriptor, const PrivateFile &file) {
    // One byte more, to see a file that grows meanwhile.
    std::optional<Bytes> content = read_up_to(descriptor, file.bytes_max + 1);
    if (!content) {
        return could_not("read", file.what + " " + quoted(path_of(file)), errno);
    }
    if (content->size() > file.bytes_max) {
        return refused(file.what + " " + quoted(path_of(file)) + " is larger than it can be",
                       "Restore it from a copy.");
    }
    return *std::move(content);
}

Result<void> write_durably(int descriptor, ByteView content, const std::string &path) {
    if (!write_all(descriptor, content) || ::fsync(descriptor) != 0) {
        return could_not("write", quoted(path), errno);
    }
    return {};
}

Result<void> sync_directory(const std::string &directory) {
    const Descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!opened || ::fsync(opened.get()) != 0) {
        return could_not("write", "directory " + quoted(directory), errno);
    }
    return {};
}

/// What an operator types where the directory cannot be made or used by us.
Error directory_error(const std::string &verb, const std::string &directory, int error_number) {
    Error error = could_not(verb, "secret directory " + quoted(directory), error_number);
    error.hint =
        "As root: install -d -o " + user_name(::geteuid()) + " -m 0700 '" + directory + "'";
    return error;
}

Result<void> make_directories(const std::string &directory) {
    for (std::size_t end = directory.find('/', 1);; end = directory.find('/', end + 1)) {
        const std::string prefix = directory.substr(0, end);
        if (::mkdir(prefix.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
            return directory_error("make", directory, errno);
        }
        if (end == std::string::npos) {
            return {};
        }
    }
}

} // namespace

Result<std::optional<Bytes>> read_private(const PrivateFile &file) {
    const std::string path = path_of(file);
    // O_NONBLOCK: a pipe in the file's place must not make us wait for a writer.
    const Descriptor opened{::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)};
    if (!opened) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return std::optional<Bytes>{};
        }
        return open_error(file, errno);
    }

    struct stat status {};

    if (::fstat(opened.get(), &status) != 0) {
        return could_not("look at", file.what + " " + quoted(path), errno);
    }
    if (auto checked = check_status(file, status); !checked) {
        return checked.error();
    }
    if (file.in_own_directory) {
        if (auto checked = check_directory(file.directory); !checked) {
            return checked.error();
        }
    }
    Result<Bytes> content = read_all(opened.get(), file);
    if (!content) {
        return content.error();
    }
    return std::optional<Bytes>{std::move(*content)};
}

Result<void> write_private(const PrivateFile &file, ByteView content) {
    if (auto made = make_directories(file.directory); !made) {
        return made;
    }
    if (auto checked = check_directory(file.directory); !checked) {
        return checked;
    }
    // Two processes of one node may write at once.
    const Descriptor directory{::open(file.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!directory || ::flock(directory.get(), LOCK_EX) != 0) {
        return directory_error("lock", file.directory, errno);
    }
    const std::string temporary = path_of(file) + ".new";
    // What a crash left behind; O_EXCL then makes sure that the file is ours.
    ::unlink(temporary.c_str());
    {
        const Descriptor opened{::open(temporary.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                       S_IRUSR | S_IWUSR)};
        if (!opened) {
            return could_not("make", quoted(temporary), errno);
        }
        if (auto written = write_durably(opened.get(), content, temporary); !written) {
            ::unlink(temporary.c_str());
            return written;
        }
    }
    if (::rename(temporary.c_str(), path_of(file).c_str()) != 0) {
        const int error_number = errno;
        ::unlink(temporary.c_str());
        return could_not("replace", file.what + " " + quoted(path_of(file)), error_number);
    }
    return sync_directory(file.directory);
}

Result<std::string> recovery_code_in(const std::string &path) {
    const std::size_t slash = path.find_last_of('/');
    const bool is_whole = !path.empty() && path.front() == '/' && slash + 1 < path.size();
    if (!is_whole) {
        return refused(quoted(printable(path)) + " is not the full path of a file",
                       "Begin it with '/'.");
    }
    Result<std::optional<Bytes>> content = read_private({.directory = path.substr(0, slash),
                                                         .name = path.substr(slash + 1),
                                                         .what = "file with the recovery code",
                                                         .bytes_max = limits::secret_file_bytes_max,
                                                         .in_own_directory = false});
    if (!content) {
        return content.error();
    }
    if (!*content) {
        return refused("there is no file " + quoted(printable(path)),
                       "Write the recovery code into it, readable by you alone.");
    }
    std::string text{as_text(**content)};
    sodium_memzero((*content)->data(), (*content)->size());
    return text;
}

Result<void> check_outside(const std::string &directory,
                           const std::vector<std::string> &forbidden,
                           const std::string &setting) {
    std::string existing = directory;
    std::string real = real_path(existing);
    while (real.empty() && existing != "/" && existing != ".") {
        existing = parent_of(existing);
        real = real_path(existing);
    }
    // What does not exist yet is made by us as plain directories, so it stays below its parent.
    real += directory.substr(existing == "." ? 0 : existing.size());
    for (const std::string &place : forbidden) {
        const std::string real_place = place.empty() ? std::string{} : real_path(place);
        if (!real_place.empty() && lies_in(real, real_place)) {
            return Error{Errc::refused,
                         "secret directory " + quoted(directory) + " lies beside the data in " +
                             quoted(real_place),
                         "A copy or backup of the data would contain the keys.",
                         "Name a directory outside of " + quoted(real_place) + " in " + setting +
                             "."};
        }
    }
    return {};
}

std::string real_directory_of(const std::string &file_path) {
    return real_path(parent_of(file_path));
}

std::string user_name(unsigned user) {
    std::array<char, 4096> buffer{};

    struct passwd entry {};
    struct passwd *found = nullptr;
    if (::getpwuid_r(user, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
        return found->pw_name;
    }
    return std::to_string(user);
}

std::string home_directory() {
    std::array<char, 4096> buffer{};

    struct passwd entry {};
    struct passwd *found = nullptr;
    if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
        found != nullptr) {
        return real_path(found->pw_dir);
    }
    return {};
}

} // namespace postrider::vault
