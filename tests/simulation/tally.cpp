// A tally goes as text through a pipe: "seeds 5\nfailures 0\nloss 12\n…".
#include "tests/simulation/tally.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace postrider::simulation {

namespace {

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

} // namespace

Children::~Children() {
    wait_for_all();
}

bool Children::begin() {
    if (running_.size() == count_max_) {
        wait_for_first();
    }
    (void)std::fflush(stdout); // else the copy would say it again
    std::array<int, 2> ends{};
    const pid_t child = pipe2(ends.data(), O_CLOEXEC) == 0 ? fork() : -1;
    if (child == 0) {
        running_.clear();
        report_to_ = ends[1];
        return true;
    }
    if (child < 0) {
        std::perror("simulation: could not start a process");
        ++tally_.failures;
        return false;
    }
    close(ends[1]);
    running_.emplace_back(child, ends[0]);
    return false;
}

void Children::report(const Tally &own) const {
    write_tally(report_to_, own);
    (void)std::fflush(stdout);
    _exit(0);
}

void Children::wait_for_first() {
    const auto [child, descriptor] = running_.front();
    running_.pop_front();
    add_tally(descriptor, tally_);
    close(descriptor);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        (void)std::printf("a process of the simulation died (status %d)\n", status);
        ++tally_.failures;
    }
}

void Children::wait_for_all() {
    while (!running_.empty()) {
        wait_for_first();
    }
}

} // namespace postrider::simulation
