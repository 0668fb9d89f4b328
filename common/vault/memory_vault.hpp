// The vault in memory, for tests and the simulation: it can be copied, lost and rolled back as a
// disk can.
#pragma once

#include <map>

#include "common/engine/vault.hpp"

namespace postrider::vault {

/// Everything the vault's "disk" holds.
struct MemoryVaultContent {
    std::map<NodeId, engine::Secret> secrets;
    std::map<NodeId, engine::StateFile> states;
};

class MemoryVault final : public engine::Vault {
  public:
    Result<engine::Secret> load_secret(const NodeId &node) override;
    Result<void> store_secret(const engine::Secret &secret) override;
    Result<std::optional<engine::StateFile>> load_state(const NodeId &node) override;
    Result<void> store_state(const engine::StateFile &state) override;

    [[nodiscard]] std::string user() const override { return user_; }

    [[nodiscard]] engine::StateFile here() const override;

    /// Knows UTC and Europe/Berlin, in the rules of today.
    [[nodiscard]] Result<TimeZone> time_zone(const std::string &name) const override;

    void run_as(std::string user) { user_ = std::move(user); }

    /// Where the database pretends to be.
    void move_to(std::string canonical_path, std::uint64_t device, std::uint64_t inode);

    /// As a server's, when its standby is promoted.
    void go_over_to(std::uint64_t timeline) { here_.timeline = timeline; }

    [[nodiscard]] MemoryVaultContent snapshot() const { return content_; }

    void restore(MemoryVaultContent content) { content_ = std::move(content); }

  private:
    MemoryVaultContent content_;
    engine::StateFile here_;
    std::string user_ = "tester";
};

} // namespace postrider::vault
