// simulation --seeds N --start S [--fault NAME] [--processes P] [--verbose]
//
// Runs N worlds in P processes (the randomness of libsodium is process-wide). The last line says
// seeds, faults injected by kind, and failures; a failing seed prints how to replay it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/simulation/faults.hpp"
#include "tests/simulation/world.hpp"

namespace postrider::simulation {
namespace {

struct Options {
    std::uint64_t seeds = 100;
    std::uint64_t start = 0;
    std::uint64_t processes = 2;
    std::string fault;
    bool verbose = false;
};

/// Exits with a message on anything that is not understood.
Options read_options(const std::vector<std::string> &arguments) {
    Options options;
    const auto refuse = [](const std::string &what) {
        (void)std::fprintf(stderr,
                           "simulation: %s\nusage: simulation --seeds N --start S [--fault NAME]"
                           " [--processes P] [--verbose]\n",
                           what.c_str());
        std::exit(2); // NOLINT(concurrency-mt-unsafe)
    };
    for (std::size_t index = 0; index < arguments.size(); ++index) {
        const std::string &name = arguments[index];
        if (name == "--verbose") {
            options.verbose = true;
            continue;
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
    std::uint64_t failures = 0;
    HarmCounts harm;
};

std::string replay_command(const Options &options, std::uint64_t seed) {
    std::string command = "simulation --seeds 1 --start ";
    command += std::to_string(seed);
    if (!options.fault.empty()) {
        command += " --fault ";
        command += options.fault;
    }
    return command + " --verbose";
}

/// One process's share: every `processes`-th seed. With a planted fault the first failure is
/// enough.
Tally run_share(const Options &options, std::uint64_t share) {
    Tally tally;
    for (std::uint64_t index = share; index < options.seeds; index += options.processes) {
        const std::uint64_t seed = options.start + index;
        seed_randombytes(seed);
        World world(seed, options.verbose);
        const Verdict verdict = world.run();
        ++tally.seeds;
        for (const auto &[kind, count] : verdict.harm) {
            tally.harm[kind] += count;
        }
        if (!verdict.failure.empty()) {
            ++tally.failures;
            (void)std::printf("seed %llu: %s\n  replay: %s\n",
                              static_cast<unsigned long long>(seed), verdict.failure.c_str(),
                              replay_command(options, seed).c_str());
            (void)std::fflush(stdout);
            if (!options.fault.empty()) {
                break;
            }
        }
    }
    return tally;
}

/// "seeds 5\nfailures 0\nloss 12\n…" through the pipe of a share.
void write_tally(int descriptor, const Tally &tally) {
    std::string text =
        std::to_string(tally.seeds) + " seeds\n" + std::to_string(tally.failures) + " failures\n";
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
            write_tally(ends[1], run_share(options, share));
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
    (void)std::printf("simulation: %llu seeds; injected: %s; %llu failures\n",
                      static_cast<unsigned long long>(tally.seeds), injected.c_str(),
                      static_cast<unsigned long long>(tally.failures));
    return tally.failures == 0 && tally.seeds > 0 ? 0 : 1;
}

} // namespace
} // namespace postrider::simulation

int main(int argc, char **argv) {
    using namespace postrider::simulation;
    return run(read_options({argv + 1, argv + argc}));
}
