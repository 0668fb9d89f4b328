// Processes that come and go.
#include "tests/simulation/node.hpp"

#include "common/engine/declare.hpp"
#include "common/engine/start.hpp"

#include "tests/simulation/application.hpp"
#include "tests/simulation/crash.hpp"
#include "tests/simulation/faults.hpp"

namespace postrider::simulation {

// ---- MortalVault --------------------------------------------------------------------------------

void MortalVault::count_call(const char *where) {
    if (!disk_.survives_call()) {
        throw Crash{where};
    }
    if (!calls_left_) {
        return;
    }
    if (*calls_left_ == 0) {
        throw Crash{where};
    }
    --*calls_left_;
}

Result<engine::Secret> MortalVault::load_secret(const NodeId &node) {
    count_call("load secret");
    return inner_.load_secret(node);
}

Result<void> MortalVault::store_secret(const engine::Secret &secret) {
    count_call("store secret");
    return inner_.store_secret(secret);
}

Result<std::optional<engine::StateFile>> MortalVault::load_state(const NodeId &node) {
    count_call("load state");
    Result<std::optional<engine::StateFile>> state = inner_.load_state(node);
    if (planted_fault() == Fault::reuse_number_after_restore && state && *state) {
        (*state)->incarnation = 0;
        (*state)->report_counter = 0;
        (*state)->start_token = {};
        (*state)->positions.clear();
    }
    if (planted_fault() == Fault::overlook_copy && state && *state) {
        (*state)->canonical_path = here().canonical_path;
    }
    return state;
}

Result<void> MortalVault::store_state(const engine::StateFile &state) {
    count_call("store state");
    return inner_.store_state(state);
}

// ---- Node ---------------------------------------------------------------------------------------

Node::Node(std::string name, const Surroundings &surroundings, Settings settings)
    : clock(surroundings.time),
      disk("disk-" + name, surroundings.random, clock),
      name_(std::move(name)),
      settings_(std::move(settings.engine)),
      network_(surroundings.network) {
    move_to(disk.database_path(), 1);
    run_plain(disk,
              settings.write_ahead_log ? "PRAGMA journal_mode=WAL" : "PRAGMA journal_mode=DELETE");
    disk.count_in(surroundings.points);
}

bool Node::start() {
    Result<std::unique_ptr<sqlite::SqliteDatabase>> database =
        sqlite::open_database({.path = disk.database_path(),
                               .vfs = disk.vfs_name(),
                               .create = true,
                               .busy_timeout_ms = 0});
    if (!database) {
        trouble_ = database.error().message;
        return false;
    }
    database_ = std::make_unique<WatchedDatabase>(*std::move(database), witness);
    if (planted_fault() == Fault::acknowledge_before_commit) {
        // With a write-ahead log a commit then returns before it is durable.
        sqlite3_exec(database_->handle(), "PRAGMA synchronous=NORMAL", nullptr, nullptr, nullptr);
    }
    mortal_vault_ = std::make_unique<MortalVault>(vault, disk);
    transport_ = std::make_unique<NetworkTransport>(network_, name_, disk, witness);
    engine_ = std::make_unique<engine::Engine>(
        engine::Ports{*database_, *mortal_vault_, *transport_}, settings_);
    return true;
}

void Node::stop() {
    engine_.reset();
    transport_.reset();
    mortal_vault_.reset();
    disk.close_program();
    database_.reset();
}

void Node::die(Death death) {
    disk.die(death); // first, so that nothing that is closed now reaches the disk
    stop();
}

std::optional<engine::CycleResult> Node::cycle() {
    if (!runs()) {
        return std::nullopt;
    }
    try {
        Result<engine::CycleResult> result = engine_->cycle(clock.now());
        if (disk.is_dead()) {
            return std::nullopt;
        }
        if (!result) {
            trouble_ = result.error().message;
            return engine::CycleResult{};
        }
        trouble_ = result->problem ? result->problem->message : "";
        return *std::move(result);
    } catch (const Crash &) {
        return std::nullopt;
    }
}

Result<void> Node::in_transaction(const Work &work) {
    try {
        const auto transaction = database_->begin(engine::Mode::write);
        Result<void> done = work(*transaction);
        if (done) {
            transaction->commit();
        }
        return done;
    } catch (const engine::DatabaseError &error) {
        return error.error();
    } catch (const Crash &crash) {
        return Error{Errc::unavailable, std::string{"the process died at "} + crash.where};
    }
}

Result<void> Node::call(const std::function<Result<void>(const engine::Session &)> &work) {
    return in_transaction([&](engine::Transaction &transaction) -> Result<void> {
        const Result<engine::Identity> identity =
            engine::load_identity(transaction, *mortal_vault_);
        if (!identity) {
            return identity.error();
        }
        return work({transaction, database_->dialect(), *identity, settings_.timing, clock.now()});
    });
}

Result<void> Node::declare(const std::string &text) {
    return in_transaction([&](engine::Transaction &transaction) -> Result<void> {
        const Result<engine::ActionRows> rows = engine::declare(
            {transaction, database_->dialect(), *mortal_vault_, clock.now()}, {text});
        return rows ? Result<void>{} : Result<void>{rows.error()};
    });
}

Result<void> Node::claim_identity() {
    return call([&](const engine::Session &session) {
        engine::Identity identity = session.identity;
        return engine::claim_identity(session, *mortal_vault_, identity);
    });
}

void Node::move_to(const std::string &path, std::uint64_t inode) {
    disk.move_database(path);
    vault.move_to("/" + name_ + path, 1, inode);
}

void Node::restore(const Copy &copy, bool with_vault) {
    disk.restore(copy.image);
    if (with_vault) {
        vault.restore(copy.vault);
    }
    witness.forget_positions();
}

} // namespace postrider::simulation
