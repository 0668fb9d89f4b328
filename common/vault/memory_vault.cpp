// Two ordered maps standing for two files.
#include "common/vault/memory_vault.hpp"

#include "common/vault/zone_files.hpp"

namespace postrider::vault {

Result<engine::Secret> MemoryVault::load_secret(const NodeId &node) {
    const auto found = content_.secrets.find(node);
    if (found == content_.secrets.end()) {
        return Error{Errc::refused, "secret of this node is missing"};
    }
    return found->second;
}

Result<void> MemoryVault::store_secret(const engine::Secret &secret) {
    content_.secrets[secret.node] = secret;
    return {};
}

Result<std::optional<engine::StateFile>> MemoryVault::load_state(const NodeId &node) {
    const auto found = content_.states.find(node);
    if (found == content_.states.end()) {
        return std::optional<engine::StateFile>{};
    }
    return std::optional{found->second};
}

Result<void> MemoryVault::store_state(const engine::StateFile &state) {
    content_.states[state.node] = state;
    return {};
}

engine::StateFile MemoryVault::here() const {
    return here_;
}

void MemoryVault::move_to(std::string canonical_path, std::uint64_t device, std::uint64_t inode) {
    here_.canonical_path = std::move(canonical_path);
    here_.device = device;
    here_.inode = inode;
}

Result<TimeZone> MemoryVault::time_zone(const std::string &name) const {
    if (name == "UTC") {
        return TimeZone{};
    }
    if (name != "Europe/Berlin") {
        return unknown_time_zone(name);
    }
    const Result<ZoneRule> rule = parse_zone_rule("CET-1CEST,M3.5.0,M10.5.0/3");
    return rule ? Result<TimeZone>{TimeZone{*rule}} : Result<TimeZone>{rule.error()};
}

} // namespace postrider::vault
