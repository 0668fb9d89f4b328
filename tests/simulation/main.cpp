// Runs worlds, one per seed, in several processes (the randomness of libsodium is process-wide).
// The last line says seeds, faults injected by kind, and failures; a failing seed prints how to
// replay it.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "common/base/ensure.hpp"

#include "tests/simulation/faults.hpp"
#include "tests/simulation/fleet.hpp"
#include "tests/simulation/tally.hpp"
#include "tests/simulation/world.hpp"

namespace postrider::simulation {
namespace {

constexpr const char *usage =
    R"(simulation [--seeds N] [--start S] [--fault NAME] [--processes P] [--verbose]
simulation --crash-everywhere [--point K] [the same options]
simulation --fleet [the same options]

Without more: a long life of a few nodes over a hostile network for each seed, with
crashes, lost writes, full disks, clock jumps, restored and moved files and altered tables.

With it: a short life of two nodes for each seed (pairing, declaring, a few changes, their report),
which is told on once for each place at which a process can die, and the process that comes to it
dies there by a power cut: before each write, sync, truncation and deletion on a disk, and each call
of the vault and the transport. --point K tells only that one.

With --fleet: more than a year of a head office and forty shops that live by its text, which
changes, while shops open, close and fall silent, and one gets a new machine. Mails get lost;
machines do not die.

--fault NAME plants a fault, to see that it is caught; the first failure ends the run.
)";

struct Options {
    std::uint64_t seeds = 100;
    std::uint64_t start = 0;
    std::uint64_t processes = 2;
    std::string fault;
    bool verbose = false;
    bool crash_everywhere = false;
    bool fleet = false;
    std::optional<std::uint64_t> point;
};

/// Exits with a message on anything that is not understood.
Options read_options(const std::vector<std::string> &arguments) {
    Options options;
    const auto refuse = [](const std::string &what) {
        (void)std::fprintf(stderr, "simulation: %s\n\n%s", what.c_str(), usage);
        std::exit(2); // NOLINT(concurrency-mt-unsafe)
    };
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const std::string &name = arguments[index];
        if (name == "--verbose") {
            options.verbose = true;
            continue;
        }
        if (name == "--crash-everywhere") {
            options.crash_everywhere = true;
            continue;
        }
        if (name == "--fleet") {
            options.fleet = true;
            continue;
        }
        if (name == "--help") {
            (void)std::fputs(usage, stdout);
            std::exit(0); // NOLINT(concurrency-mt-unsafe)
        }
        if (index + 1 == arguments.size()) {
            refuse("unknown option or missing value: " + name);
        }
        const std::string &value = arguments[++index];
        const std::uint64_t number = std::strtoull(value.c_str(), nullptr, 10);
        if (name == "--seeds") {
            options.seeds = number;
        } else if (name == "--start") {
            options.start = number;
        } else if (name == "--point") {
            options.point = number;
        } else if (name == "--processes") {
            options.processes = std::max<std::uint64_t>(number, 1);
        } else if (name == "--fault" && fault_named(value)) {
            options.fault = value;
        } else {
            refuse("unknown option or fault: " + std::string{name}.append(" ").append(value));
        }
    }
    return options;
}

std::string
replay_command(const Options &options, std::uint64_t seed, std::optional<std::uint64_t> point) {
    std::string command = "simulation";
    command += options.fleet ? " --fleet" : "";
    command += " --seeds 1 --start " + std::to_string(seed);
    if (point) {
        command += " --crash-everywhere --point " + std::to_string(*point);
    }
    if (!options.fault.empty()) {
        command += " --fault ";
        command += options.fault;
    }
    return command + " --verbose";
}

void add(const Options &options,
         std::uint64_t seed,
         std::optional<std::uint64_t> point,
         const Verdict &verdict,
         Tally &tally) {
    for (const auto &[kind, count] : verdict.harm) {
        tally.harm[kind] += count;
    }
    if (!verdict.failure.empty()) {
        ++tally.failures;
        (void)std::printf("seed %llu: %s\n  replay: %s\n", static_cast<unsigned long long>(seed),
                          verdict.failure.c_str(), replay_command(options, seed, point).c_str());
        (void)std::fflush(stdout);
    }
}

/// With a planted fault the first failure is enough.
bool is_enough(const Options &options, const Tally &tally) {
    return tally.failures > 0 && !options.fault.empty();
}

/// The life goes on here without a death; at each place a copy of this process dies there and tells
/// how it goes on after that. Where one place is asked for, it is here.
void crash_everywhere(const Options &options, Tally &tally) {
    Children children{options.processes, tally};
    for (std::uint64_t index = 0; index < options.seeds; ++index) {
        const std::uint64_t seed = options.start + index;
        std::optional<std::uint64_t> died_at;
        const auto strike = [&](std::uint64_t place) {
            if (options.point ? place == *options.point : children.begin()) {
                died_at = place;
            }
            return died_at.has_value();
        };
        seed_randombytes(seed);
        World world(seed, options.verbose);
        const Verdict verdict = world.run_short(strike);
        Tally own;
        (died_at ? own.crashes : own.seeds) = 1;
        add(options, seed, died_at, verdict, own);
        if (died_at && !options.point) {
            children.report(own);
        }
        tally.add(own);
    }
}

/// The share of one process: every `processes`-th seed.
Tally run_share(const Options &options, std::uint64_t share) {
    Tally tally;
    for (std::uint64_t index = share; index < options.seeds && !is_enough(options, tally);
         index += options.processes) {
        const std::uint64_t seed = options.start + index;
        seed_randombytes(seed);
        ++tally.seeds;
        add(options, seed, std::nullopt,
            options.fleet ? Fleet(seed, options.verbose).run() : World(seed, options.verbose).run(),
            tally);
    }
    return tally;
}

Tally run_all(const Options &options) {
    Tally tally;
    if (options.crash_everywhere) {
        crash_everywhere(options, tally);
        return tally;
    }
    Children children{options.processes, tally};
    for (std::uint64_t share = 0; share < options.processes; ++share) {
        if (children.begin()) {
            children.report(run_share(options, share));
        }
    }
    children.wait_for_all();
    return tally;
}

/// Nobody asks how much memory SQLite uses, and what it needs for a moment comes from places that
/// each connection has of its own: a good part of a life is spent on memory otherwise.
void make_memory_cheap() {
    constexpr int place_bytes = 1200;
    constexpr int places = 100;
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, place_bytes, places);
}

int run(const Options &options) {
    // There is one thread, and a lock that is held where a process is copied would never be opened
    // by the copy: it is owned by the thread that took it.
    ensure(sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) == SQLITE_OK, "SQLite was not used before");
    make_memory_cheap();
    install_seeded_randombytes();
    plant(options.fault.empty() ? Fault::none : *fault_named(options.fault));
    const Tally tally = run_all(options);
    std::string injected;
    for (const auto &[kind, count] : tally.harm) {
        injected += (injected.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
    }
    const std::string places =
        options.crash_everywhere ? ", crashes at " + std::to_string(tally.crashes) + " places" : "";
    (void)std::printf("simulation: %llu seeds%s; injected: %s; %llu failures\n",
                      static_cast<unsigned long long>(tally.seeds), places.c_str(),
                      injected.c_str(), static_cast<unsigned long long>(tally.failures));
    return tally.failures == 0 && tally.seeds + tally.crashes > 0 ? 0 : 1;
}

} // namespace
} // namespace postrider::simulation

int main(int argc, char **argv) {
    using namespace postrider::simulation;
    return run(read_options({argv + 1, argv + argc}));
}
