// Runs worlds, one per seed, in several processes (the randomness of libsodium is process-wide).
// The last line says seeds, faults injected by kind, and failures; a failing seed prints how to
// replay it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/simulation/faults.hpp"
#include "tests/simulation/world.hpp"

namespace postrider::simulation {
namespace {

constexpr const char *usage =
    R"(simulation [--seeds N] [--start S] [--fault NAME] [--processes P] [--verbose]
simulation --crash-everywhere [--point K] [the same options]

Without --crash-everywhere: a long life of a few nodes over a hostile network for each seed, with
crashes, lost writes, full disks, clock jumps, restored and moved files and altered tables.

With it: a short life of two nodes for each seed (pairing, declaring, a few changes, their report),
which is told once for each place at which a process can die, and the process that comes to it dies
there by a power cut: before each write, sync, truncation and deletion on a disk, and each call of
the vault and the transport. --point K tells only that one.

--fault NAME plants a fault, to see that it is caught; the first failure ends the run.
)";

struct Options {
    std::uint64_t seeds = 100;
    std::uint64_t start = 0;
    std::uint64_t processes = 2;
    std::string fault;
    bool verbose = false;
    bool crash_everywhere = false;
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

struct Tally {
    std::uint64_t seeds = 0;
    std::uint64_t crashes = 0; // at places of their own
    std::uint64_t failures = 0;
    HarmCounts harm;
};

std::string
replay_command(const Options &options, std::uint64_t seed, std::optional<std::uint64_t> point) {
    std::string command = "simulation --seeds 1 --start ";
    command += std::to_string(seed);
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

Verdict
tell_short_life(const Options &options, std::uint64_t seed, std::optional<std::uint64_t> point) {
    seed_randombytes(seed);
    World world(seed, options.verbose && point == options.point);
    return world.run_short(point);
}

/// The share of one process: every `processes`-th place of every seed.
Tally crash_everywhere(const Options &options, std::uint64_t share) {
    Tally tally;
    for (std::uint64_t index = 0; index < options.seeds; ++index) {
        const std::uint64_t seed = options.start + index;
        const Verdict calm = tell_short_life(options, seed, std::nullopt);
        if (share == 0) {
            ++tally.seeds;
            add(options, seed, std::nullopt, calm, tally);
        }
        std::uint64_t point = options.point.value_or(0) + share;
        const std::uint64_t end = options.point ? *options.point + 1 : calm.crash_points;
        for (; point < end && !is_enough(options, tally); point += options.processes) {
            add(options, seed, point, tell_short_life(options, seed, point), tally);
            ++tally.crashes;
        }
    }
    return tally;
}

/// The share of one process: every `processes`-th seed.
Tally run_share(const Options &options, std::uint64_t share) {
    Tally tally;
    for (std::uint64_t index = share; index < options.seeds && !is_enough(options, tally);
         index += options.processes) {
        const std::uint64_t seed = options.start + index;
        seed_randombytes(seed);
        World world(seed, options.verbose);
        ++tally.seeds;
        add(options, seed, std::nullopt, world.run(), tally);
    }
    return tally;
}

/// "seeds 5\nfailures 0\nloss 12\n…" through the pipe of a share.
void write_tally(int descriptor, const Tally &tally) {
    std::string text = std::to_string(tally.seeds) + " seeds\n" + std::to_string(tally.crashes) +
                       " crashes\n" + std::to_string(tally.failures) + " failures\n";
    for (const auto &[kind, count] : tally.harm) {
        text += std::to_string(count) + " " + kind + "\n";
    }
    std::size_t written = 0;
    while (written < text.size()) {
        const ssize_t now = write(descriptor, text.data() + written, text.size() - written);
        if (now <= 0) {
            return;
        }
        written += static_cast<std::size_t>(now);
    }
}

void add_tally(int descriptor, Tally &sum) {
    std::string text;
    std::array<char, 4096> buffer{};
    ssize_t got = read(descriptor, buffer.data(), buffer.size());
    while (got > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(got));
        got = read(descriptor, buffer.data(), buffer.size());
    }
    for (std::size_t from = 0; from < text.size();) {
        const std::size_t end = text.find('\n', from);
        const std::string line = text.substr(from, end - from);
        const std::uint64_t count = std::strtoull(line.c_str(), nullptr, 10);
        const std::string kind = line.substr(line.find(' ') + 1);
        if (kind == "seeds") {
            sum.seeds += count;
        } else if (kind == "crashes") {
            sum.crashes += count;
        } else if (kind == "failures") {
            sum.failures += count;
        } else {
            sum.harm[kind] += count;
        }
        from = end + 1;
    }
}

Tally run_all(const Options &options) {
    Tally sum;
    std::vector<std::pair<pid_t, int>> shares;
    for (std::uint64_t share = 0; share < options.processes; ++share) {
        std::array<int, 2> ends{};
        const pid_t child = pipe2(ends.data(), O_CLOEXEC) == 0 ? fork() : -1;
        if (child == 0) {
            close(ends[0]);
            write_tally(ends[1], options.crash_everywhere ? crash_everywhere(options, share)
                                                          : run_share(options, share));
            (void)std::fflush(stdout);
            _exit(0);
        }
        if (child < 0) {
            std::perror("simulation: could not start a process");
            ++sum.failures;
            break;
        }
        close(ends[1]);
        shares.emplace_back(child, ends[0]);
    }
    for (const auto &[child, descriptor] : shares) {
        add_tally(descriptor, sum);
        close(descriptor);
        int status = 0;
        waitpid(child, &status, 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            (void)std::printf("a process of the simulation died (status %d)\n", status);
            ++sum.failures;
        }
    }
    return sum;
}

int run(const Options &options) {
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
    return tally.failures == 0 && tally.seeds > 0 ? 0 : 1;
}

} // namespace
} // namespace postrider::simulation

int main(int argc, char **argv) {
    using namespace postrider::simulation;
    return run(read_options({argv + 1, argv + argc}));
}
