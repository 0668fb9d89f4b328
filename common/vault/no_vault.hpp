// The vault of a node whose secrets have no place yet: whatever is asked of it fails with the
// reason, so that there is something to say to those who look.
#pragma once

#include <unistd.h>

#include "common/engine/vault.hpp"
#include "common/vault/private_file.hpp"

namespace postrider::vault {

class NoVault final : public engine::Vault {
  public:
    explicit NoVault(Error reason) : reason_(std::move(reason)) {}

    Result<engine::Secret> load_secret(const NodeId & /*node*/) override { return reason_; }

    Result<void> store_secret(const engine::Secret & /*secret*/) override { return reason_; }

    Result<std::optional<engine::StateFile>> load_state(const NodeId & /*node*/) override {
        return reason_;
    }

    Result<void> store_state(const engine::StateFile & /*state*/) override { return reason_; }

    [[nodiscard]] std::string user() const override { return user_name(::geteuid()); }

    [[nodiscard]] engine::StateFile here() const override { return {}; }

    [[nodiscard]] Result<TimeZone> time_zone(const std::string & /*name*/) const override {
        return reason_;
    }

  private:
    Error reason_;
};

} // namespace postrider::vault
