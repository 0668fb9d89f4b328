// The worker thread of postrider_start(): the loop of postrider_run() with a connection of its own,
// in the host's process. One for a file; it ends with postrider_stop() or with the process.
#pragma once

#include <string>

#include "common/base/result.hpp"

namespace postrider::sqlite {

enum class WorkerState {
    started, // it was not there before
    running, // it was there already
    stopped, // by this call
    none,    // there was nothing to stop
};

/// Starts the worker of the node in this file. `refused` when the file is no node; what fails later
/// is written to the events of the node and tried again.
Result<WorkerState> start_worker(const std::string &path);

/// Stops it and waits until its round is over, at most a fraction of a second plus that round.
WorkerState stop_worker(const std::string &path);

/// Stops all of them, for the end of the process.
void stop_all_workers() noexcept;

} // namespace postrider::sqlite
