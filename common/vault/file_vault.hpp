// The vault in files: `<node id>.secret` and `<node id>.state` in a directory outside the data
// (docs/security.md, "Secrets at rest").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/engine/vault.hpp"

namespace postrider::vault {

struct ServerDatabase {
    std::uint64_t system = 0; // identifier of the server's data directory
    std::uint64_t number = 0; // of the database in it
    std::uint64_t timeline = 0;
};

struct FileVaultPlaces {
    /// Where the files lie; made with mode 0700 when first written. The caller decides it, for
    /// SQLite `${XDG_STATE_HOME:-~/.local/state}/postrider`.
    std::string directory;
    /// The database file; empty for a server. Its directory is forbidden.
    std::string database_path;
    /// No secret may lie in or below these: data directory, tablespaces.
    std::vector<std::string> data_directories;
    /// Of a server: what tells its database from every other one and from a copy of it.
    std::optional<ServerDatabase> server = {};
};

/// Refuses (`refused`, with what to do) a file that is missing, unreadable, open to others, not
/// regular, a symbolic link, another user's, damaged, or beside the data. Writes are atomic and
/// durable.
class FileVault final : public engine::Vault {
  public:
    explicit FileVault(FileVaultPlaces places) : places_(std::move(places)) {}

    Result<engine::Secret> load_secret(const NodeId &node) override;
    Result<void> store_secret(const engine::Secret &secret) override;
    Result<std::optional<engine::StateFile>> load_state(const NodeId &node) override;
    Result<void> store_state(const engine::StateFile &state) override;
    [[nodiscard]] std::string user() const override;
    [[nodiscard]] engine::StateFile here() const override;
    [[nodiscard]] Result<TimeZone> time_zone(const std::string &name) const override;

  private:
    FileVaultPlaces places_;
};

} // namespace postrider::vault
