// The end of a simulated process.
#pragma once

namespace postrider::simulation {

/// Thrown by a simulated port when the process dies there. Not a std::exception: nothing of ours
/// may catch it on the way out.
struct Crash {
    const char *where;
};

} // namespace postrider::simulation
