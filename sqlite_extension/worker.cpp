// The threads and how they end. The library stays loaded once it was loaded (entry.cpp), so that a
// thread never runs in unmapped code.
#include "sqlite_extension/worker.hpp"

#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "common/engine/rounds.hpp"
#include "common/engine/store/log.hpp"

#include "sqlite_extension/node_file.hpp"

namespace postrider::sqlite {

namespace {

/// After a round that could not even begin (a locked file, a missing secret).
constexpr Duration look_again_after = std::chrono::seconds{10};

struct Worker {
    std::atomic<bool> stop = false;
    std::atomic<bool> has_ended = false;
    std::thread thread;
};

struct Workers {
    std::mutex mutex;
    std::map<std::string, std::unique_ptr<Worker>> by_path;
};

/// Never destroyed: a thread may still look at it while the process ends.
Workers &workers() {
    static auto *const all = new Workers; // NOLINT(cppcoreguidelines-owning-memory)
    return *all;
}

/// Trouble is told once, in the node's own events, until it changes.
void tell(NodeFile &node, const Error &error, std::string &last) {
    const std::string text = engine::one_text(error);
    if (text == last) {
        return;
    }
    last = text;
    const Result<void> told = node.write([&](const engine::Session &session) -> Result<void> {
        engine::log_event(session.transaction, session.now,
                          {"worker", std::nullopt, error.message, error.hint});
        return {};
    });
    static_cast<void>(told); // a database that takes no event has said so to the writer already
}

/// Runs until it is told to stop; gives up a node that fails as a whole for a while, then begins
/// again.
void run_once_or_nap(NodeFile &node, Worker &worker, std::string &last) {
    const auto stop = [&worker] { return worker.stop.load(); };
    try {
        const Result<engine::CycleResult> result = node.run_until(
            Timestamp::max(), stop, [&](const Error &error) { tell(node, error, last); });
        if (!result) {
            tell(node, result.error(), last);
        }
    } catch (const engine::DatabaseError &) { // NOLINT(bugprone-empty-catch): tried again below
    } catch (const std::logic_error &fault) {
        tell(node,
             {Errc::internal,
              std::string{"a fault of the engine: "} + fault.what(),
              {},
              "Nothing is lost; it is tried again. Please report it with this sentence."},
             last);
    }
    const Timestamp again = system_now() + look_again_after;
    while (!stop() && system_now() < again) {
        std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
}

void work(NodeFile &node, Worker &worker) noexcept {
    try {
        std::string last;
        while (!worker.stop.load()) {
            run_once_or_nap(node, worker, last);
        }
    } catch (...) { // NOLINT(bugprone-empty-catch): out of memory, or a fault of ours
    }
    worker.has_ended = true;
}

extern "C" {
static void stop_at_exit() noexcept {
    stop_all_workers();
}
}

} // namespace

Result<WorkerState> start_worker(const std::string &path) {
    const std::lock_guard<std::mutex> guard{workers().mutex};
    auto &by_path = workers().by_path;
    if (const auto known = by_path.find(path); known != by_path.end()) {
        if (!known->second->has_ended) {
            return WorkerState::running;
        }
        known->second->thread.join();
        by_path.erase(known);
    }
    auto node = NodeFile::open(path);
    if (!node) {
        return node.error();
    }
    static const int registered = std::atexit(stop_at_exit);
    if (registered != 0) {
        return Error{Errc::unavailable, "could not start a worker: the process is ending"};
    }
    auto worker = std::make_unique<Worker>();
    Worker &mine = *worker;
    mine.thread = std::thread{[owned = *std::move(node), &mine] { work(*owned, mine); }};
    by_path.emplace(path, std::move(worker));
    return WorkerState::started;
}

WorkerState stop_worker(const std::string &path) {
    const std::lock_guard<std::mutex> guard{workers().mutex};
    auto &by_path = workers().by_path;
    const auto found = by_path.find(path);
    if (found == by_path.end()) {
        return WorkerState::none;
    }
    found->second->stop = true;
    found->second->thread.join();
    by_path.erase(found);
    return WorkerState::stopped;
}

void stop_all_workers() noexcept {
    try {
        const std::lock_guard<std::mutex> guard{workers().mutex};
        for (auto &[path, worker] : workers().by_path) {
            worker->stop = true;
        }
        for (auto &[path, worker] : workers().by_path) {
            worker->thread.join();
        }
        workers().by_path.clear();
    } catch (...) { // NOLINT(bugprone-empty-catch): the process ends anyway
    }
}

} // namespace postrider::sqlite
