// Names, checks and messages of the two files; the file handling is private_file.hpp's.
#include "common/vault/file_vault.hpp"

#include <cstdlib>
#include <memory>

#include <sys/stat.h>
#include <unistd.h>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/vault/private_file.hpp"
#include "common/vault/vault_format.hpp"
#include "common/vault/zone_files.hpp"

namespace postrider::vault {

namespace {

PrivateFile secret_file(const FileVaultPlaces &places, const NodeId &node) {
    return {places.directory, to_hex(node) + ".secret", "secret file",
            limits::secret_file_bytes_max};
}

PrivateFile state_file(const FileVaultPlaces &places, const NodeId &node) {
    return {places.directory, to_hex(node) + ".state", "state file", limits::state_file_bytes_max};
}

/// The format knows neither the path nor what helps.
Error unreadable(const FileVaultPlaces &places,
                 const PrivateFile &file,
                 const Error &error,
                 std::string hint) {
    return Error{error.code,
                 file.what + " \"" + places.directory + "/" + file.name + "\"" +
                     error.message.substr(file.what.size()),
                 error.detail,
                 error.code == Errc::unsupported_version ? "Use the version that wrote it, or a "
                                                           "newer one."
                                                         : std::move(hint)};
}

std::string setting_of(const FileVaultPlaces &places) {
    return places.server ? "postrider.secret_directory" : "POSTRIDER_STATE_DIRECTORY";
}

Result<void> check_place(const FileVaultPlaces &places) {
    if (places.directory.empty() || places.directory.front() != '/') {
        return Error{Errc::refused,
                     places.directory.empty()
                         ? "secret directory is not set"
                         : "secret directory \"" + places.directory + "\" is not a full path",
                     {},
                     "Name a directory outside the data by its full path in " + setting_of(places) +
                         "."};
    }
    std::vector<std::string> forbidden = places.data_directories;
    if (!places.database_path.empty()) {
        const std::string beside = real_directory_of(places.database_path);
        // A home directory is not the folder of one database: everything the user has lies below.
        const std::string home = home_directory();
        const bool holds_a_home =
            !home.empty() && (home == beside || home.starts_with(beside + "/") || beside == "/");
        if (holds_a_home) {
            if (real_directory_of(places.directory + "/any") == beside) {
                forbidden.push_back(beside);
            }
        } else {
            forbidden.push_back(beside);
        }
    }
    return check_outside(places.directory, forbidden, setting_of(places));
}

Error missing(const FileVaultPlaces &places, const NodeId &node) {
    return Error{Errc::refused,
                 "secret file \"" + places.directory + "/" + to_hex(node) + ".secret\" is missing",
                 "Without it the node can neither send nor open what it receives; changes are "
                 "still captured.",
                 places.server
                     ? "Put the file back from a copy or with import_identity. If it lies in "
                       "another directory, name that in postrider.secret_directory."
                     : "Put the file back from a copy or with import_identity. If it lies "
                       "in another directory, name that in POSTRIDER_STATE_DIRECTORY; "
                       "another user has another one."};
}

} // namespace

Result<engine::Secret> FileVault::load_secret(const NodeId &node) {
    if (auto checked = check_place(places_); !checked) {
        return checked.error();
    }
    Result<std::optional<Bytes>> content = read_private(secret_file(places_, node));
    if (!content) {
        return content.error();
    }
    if (!*content) {
        return missing(places_, node);
    }
    Bytes &bytes = **content;
    Result<engine::Secret> secret = parse_secret(bytes);
    sodium_memzero(bytes.data(), bytes.size());
    if (!secret) {
        return unreadable(places_, secret_file(places_, node), secret.error(),
                          "Put the file back from a copy.");
    }
    if (secret->node != node) {
        return Error{Errc::refused,
                     "secret file is of another node",
                     {},
                     "Each node has a file of its own, named by its id."};
    }
    return secret;
}

Result<void> FileVault::store_secret(const engine::Secret &secret) {
    if (auto checked = check_place(places_); !checked) {
        return checked;
    }
    Bytes content = encode_secret(secret);
    Result<void> written = write_private(secret_file(places_, secret.node), content);
    sodium_memzero(content.data(), content.size());
    return written;
}

Result<std::optional<engine::StateFile>> FileVault::load_state(const NodeId &node) {
    const Result<std::optional<Bytes>> content = read_private(state_file(places_, node));
    if (!content) {
        return content.error();
    }
    if (!*content) {
        return std::optional<engine::StateFile>{};
    }
    Result<engine::StateFile> state = parse_state(**content);
    if (!state) {
        return unreadable(places_, state_file(places_, node), state.error(),
                          "Remove it: the node then asks its peers where they stand, and sends its "
                          "tables again.");
    }
    return std::optional{std::move(*state)};
}

Result<void> FileVault::store_state(const engine::StateFile &state) {
    if (auto checked = check_place(places_); !checked) {
        return checked;
    }
    const Result<Bytes> content = encode_state(state);
    if (!content) {
        return content.error();
    }
    return write_private(state_file(places_, state.node), *content);
}

std::string FileVault::user() const {
    return user_name(::geteuid());
}

engine::StateFile FileVault::here() const {
    engine::StateFile out;
    if (places_.server) {
        out.canonical_path = "server " + std::to_string(places_.server->system) + ", database " +
                             std::to_string(places_.server->number);
        out.device = places_.server->system;
        out.inode = places_.server->number;
        out.timeline = places_.server->timeline;
        return out;
    }

    struct stat status {};

    if (places_.database_path.empty() || ::stat(places_.database_path.c_str(), &status) != 0) {
        return out;
    }
    const std::unique_ptr<char, decltype(&std::free)> resolved{
        ::realpath(places_.database_path.c_str(), nullptr), &std::free};
    out.canonical_path = resolved ? resolved.get() : places_.database_path;
    out.device = status.st_dev;
    out.inode = status.st_ino;
    return out;
}

Result<TimeZone> FileVault::time_zone(const std::string &name) const {
    return system_time_zone(name);
}

} // namespace postrider::vault
