// The loop around the engine's cycle.
#include "sqlite_extension/node_file.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

#include "common/engine/rounds.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/schema.hpp"
#include "common/engine/try_again.hpp"
#include "common/vault/private_file.hpp"

namespace postrider::sqlite {

namespace {

/// A stop that is asked for is answered within this time.
constexpr Duration nap_max = std::chrono::milliseconds{200};
/// SQLite tells nobody that another process has committed. A round that finds nothing costs little.
constexpr Duration look_for_commits_every = std::chrono::seconds{1};
/// After a round that failed as a whole: a locked file, another worker that came between.
constexpr Duration try_again_after = std::chrono::seconds{10};

const int network_program_anchor = 0; // lies in this library or program

std::string environment(const char *name) {
    const char *value = std::getenv(name); // NOLINT(concurrency-mt-unsafe): never set by us
    return value == nullptr ? "" : value;
}

void wait_for_transport(const engine::Transport &transport, Duration at_most) {
    (void)wait_for(transport.waking(), at_most);
}

} // namespace

Timestamp system_now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

bool wait_for(const std::optional<engine::Waking> &waking, Duration at_most) {
    pollfd watched{};
    watched.fd = waking ? waking->descriptor : -1; // poll(2) passes over those below zero
    watched.events = static_cast<short>(POLLIN | (waking && waking->wants_to_write ? POLLOUT : 0));
    const Duration wait = std::max(at_most, Duration{1});
    return ::poll(&watched, 1, static_cast<int>(wait.count())) > 0;
}

std::string state_directory() {
    for (const char *name : {"POSTRIDER_STATE_DIRECTORY", "STATE_DIRECTORY"}) {
        if (const std::string directory = environment(name); !directory.empty()) {
            return directory.substr(0, directory.find(':')); // systemd may name several
        }
    }
    const std::string state_home = environment("XDG_STATE_HOME");
    return (state_home.empty() ? vault::home_directory() + "/.local/state" : state_home) +
           "/postrider";
}

std::string network_program() {
    Dl_info found{};
    const char *file = ::dladdr(&network_program_anchor, &found) != 0 ? found.dli_fname : nullptr;
    std::error_code failed;
    std::filesystem::path here =
        file != nullptr ? std::filesystem::canonical(file, failed) : std::filesystem::path{};
    if (here.empty()) { // a program that was found in PATH
        here = std::filesystem::read_symlink("/proc/self/exe", failed);
    }
    const std::filesystem::path beside = here.parent_path() / "postrider-network";
    const std::filesystem::path installed =
        here.parent_path().parent_path() / "lib/postrider/postrider-network";
    return std::filesystem::exists(installed, failed) && !std::filesystem::exists(beside, failed)
               ? installed
               : beside;
}

vault::FileVault file_vault(const std::string &database_path) {
    return vault::FileVault{
        {.directory = state_directory(), .database_path = database_path, .data_directories = {}}};
}

Error not_a_node() {
    return {Errc::refused, "this database is not a node yet", "",
            "Declare it: SELECT * FROM postrider_declare('NODE my_name;');"};
}

stream::Timing maildir_timing() {
    stream::Timing timing;
    timing.retransmission_min = std::chrono::minutes{1};
    timing.acknowledgement_delay = Duration{0};
    timing.gap_delay = std::chrono::seconds{10};
    return timing;
}

NodeFile::NodeFile(std::unique_ptr<SqliteDatabase> database, const std::string &path)
    : database_(std::move(database)),
      vault_(file_vault(path)),
      transports_({.network_program = network_program(),
                   .version = POSTRIDER_VERSION,
                   .secrets = {.directory = state_directory(), .may_run_commands = true}}),
      timing_(maildir_timing()),
      engine_({*database_, vault_, transports_.all()},
              {.timing = timing_, .holder = "process " + std::to_string(getpid())}) {}

Result<std::unique_ptr<NodeFile>> NodeFile::open(const std::string &path) {
    auto database = open_database({.path = path});
    if (!database) {
        return database.error();
    }
    const Result<bool> ready =
        engine::has_state_tables(*(*database)->begin(engine::Mode::read), (*database)->dialect());
    if (!ready) {
        return ready.error();
    }
    if (!*ready) {
        return not_a_node();
    }
    return std::unique_ptr<NodeFile>{new NodeFile(*std::move(database), path)};
}

Result<engine::CycleResult> NodeFile::run_once() {
    const Result<void> asked = write([](const engine::Session &session) -> Result<void> {
        engine::try_again_now(session);
        return {};
    });
    if (!asked) {
        return asked.error();
    }
    return engine::run_rounds({.cycle = [this] { return engine_.cycle(system_now()); },
                               .transport = transports_.all(),
                               .now = system_now,
                               .wait = wait_for_transport});
}

Result<engine::CycleResult> NodeFile::run_once_for(const std::string &peer) {
    const Result<engine::Peer> known =
        engine::require_peer(*database_->begin(engine::Mode::read), peer);
    if (!known) {
        return known.error();
    }
    engine_.serve_only(known->peer_id);
    return run_once();
}

Result<engine::CycleResult> NodeFile::run_until(Timestamp until,
                                                const std::function<bool()> &stop,
                                                const std::function<void(const Error &)> &tell) {
    engine::CycleResult sum;
    bool has_begun = false;
    while (!stop()) {
        const Result<engine::CycleResult> cycle = engine_.cycle(system_now());
        if (!cycle && !has_begun) {
            return cycle.error();
        }
        has_begun = true;
        if (cycle) {
            engine::add_round(sum, *cycle);
        }
        if (const auto problem = cycle ? cycle->problem : std::optional{cycle.error()}) {
            tell(*problem);
        }
        if (system_now() >= until) {
            break;
        }
        if (cycle && cycle->did_anything()) {
            continue;
        }
        const Timestamp next =
            cycle ? cycle->next_at.value_or(until) : system_now() + try_again_after;
        const Timestamp wake = std::min({next, until, system_now() + look_for_commits_every});
        // What the transport has to say is of no use to a node that could not even begin.
        while (system_now() < wake && !stop() &&
               !wait_for(cycle ? transports_.all().waking() : std::nullopt,
                         std::min(nap_max, wake - system_now()))) {
        }
    }
    return sum;
}

Result<void> NodeFile::write(const Work &work) {
    return within(engine::Mode::write, work);
}

Result<void> NodeFile::read(const Work &work) {
    return within(engine::Mode::read, work);
}

Result<void> NodeFile::within(engine::Mode mode, const Work &work) {
    const auto transaction = database_->begin(mode);
    const Result<engine::Identity> identity = engine::load_identity(*transaction, vault_);
    if (!identity) {
        return identity.error();
    }
    Result<void> done =
        work({*transaction, database_->dialect(), *identity, timing_, system_now()});
    if (done) {
        transaction->commit();
    }
    return done;
}

} // namespace postrider::sqlite
