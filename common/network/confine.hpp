// What the network process gives up before it reads its first byte: it parses what strangers send.
#pragma once

#include <string>

namespace postrider::network {

/// No new privileges, no core, no tracing; limits on memory, files and descriptors; everything
/// above `last_descriptor` closed; files only to be read, and only those of the system and
/// `ca_file`, where the kernel has Landlock; no calls that it never makes. Gives what the kernel
/// does not have, for people; empty: nothing.
std::string confine(int last_descriptor, const std::string &ca_file);

} // namespace postrider::network
