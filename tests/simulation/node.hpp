// A node of the simulated world: its disk and its vault, which outlive its processes, and the
// process that happens to run, which is the engine as in any host.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/engine/cycle.hpp"
#include "common/vault/memory_vault.hpp"

#include "tests/simulation/memory_disk.hpp"
#include "tests/simulation/network.hpp"
#include "tests/simulation/watched_database.hpp"

namespace postrider::simulation {

/// The vault as a process sees it: the process can die at any call.
class MortalVault final : public engine::Vault {
  public:
    MortalVault(engine::Vault &inner, MemoryDisk &disk) : inner_(inner), disk_(disk) {}

    Result<engine::Secret> load_secret(const NodeId &node) override;
    Result<void> store_secret(const engine::Secret &secret) override;
    Result<std::optional<engine::StateFile>> load_state(const NodeId &node) override;
    Result<void> store_state(const engine::StateFile &state) override;

    [[nodiscard]] std::string user() const override { return inner_.user(); }

    [[nodiscard]] engine::StateFile here() const override { return inner_.here(); }

    [[nodiscard]] Result<TimeZone> time_zone(const std::string &name) const override {
        return inner_.time_zone(name);
    }

    void die_in(std::uint64_t calls) { calls_left_ = calls; }

  private:
    void count_call(const char *where);

    engine::Vault &inner_;
    MemoryDisk &disk_;
    std::optional<std::uint64_t> calls_left_;
};

class Node {
  public:
    struct Surroundings {
        const WorldTime &time;
        Network &network;
        Random &random;
        CrashPoints &points;
    };

    struct Settings {
        bool write_ahead_log = true;
        engine::EngineSettings engine;
    };

    Node(std::string name, const Surroundings &surroundings, Settings settings);

    [[nodiscard]] const std::string &name() const { return name_; }

    /// Begins a process, where none runs. False: the disk would not let it.
    bool start();
    /// Ends the process in order.
    void stop();
    /// Ends it as kill -9 or a power cut do.
    void die(Death death);

    [[nodiscard]] bool runs() const { return engine_ != nullptr; }

    /// One round of the engine. Empty when the process died of it, or never ran.
    std::optional<engine::CycleResult> cycle();

    /// Runs `work` as a user's call would, in a transaction that is committed when it succeeds. The
    /// node must run; when it fails, the process may have died of it.
    Result<void> call(const std::function<Result<void>(const engine::Session &)> &work);
    Result<void> declare(const std::string &text);
    /// The file is elsewhere, and its owner says that it is the only one.
    Result<void> claim_identity();

    /// The process dies at the n-th call of the port, if it comes to it.
    void die_in_transport(std::uint64_t calls) { transport_->die_in(calls); }

    void die_in_vault(std::uint64_t calls) { mortal_vault_->die_in(calls); }

    struct Copy {
        DiskImage image;
        vault::MemoryVaultContent vault;
    };

    [[nodiscard]] Copy copy() const { return {disk.image(), vault.snapshot()}; }

    /// The database as it once was, and the vault too if `with_vault`. Nothing may run.
    void restore(const Copy &copy, bool with_vault);

    /// As `mv` and `cp` do. Nothing may run.
    void move_to(const std::string &path, std::uint64_t inode);

    /// Why the last cycle could not work at all, or what failed in it.
    [[nodiscard]] const std::string &trouble() const { return trouble_; }

    void forget_trouble() { trouble_.clear(); }

    NodeClock clock;
    MemoryDisk disk;
    vault::MemoryVault vault;
    Witness witness;

  private:
    using Work = std::function<Result<void>(engine::Transaction &)>;

    Result<void> in_transaction(const Work &work);

    std::string name_;
    engine::EngineSettings settings_;
    Network &network_;
    std::string trouble_;
    // The process.
    std::unique_ptr<WatchedDatabase> database_;
    std::unique_ptr<MortalVault> mortal_vault_;
    std::unique_ptr<NetworkTransport> transport_;
    std::unique_ptr<engine::Engine> engine_;
};

} // namespace postrider::simulation
