// System calls that the network process never makes, and that would be the first ones of whoever
// took it over.
#pragma once

namespace postrider::network {

/// From now on they fail with EPERM, in this thread, in those that it starts, and in children; so
/// do calls by any other convention than the machine's own. Needs no_new_privs. False where the
/// kernel cannot (seccomp(2), SECCOMP_SET_MODE_FILTER).
bool deny_calls();

} // namespace postrider::network
