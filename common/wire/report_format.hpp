// The parts of a report as items, shared with the batch header that carries one.
#pragma once

#include "common/wire/cbor.hpp"
#include "common/wire/report.hpp"

namespace postrider::wire {

/// An array of exactly `size` items, or the reader fails.
void expect_array(CborReader &in, std::size_t size);

void write_suites(CborWriter &out, const std::vector<std::uint8_t> &suites);
std::vector<std::uint8_t> read_suites(CborReader &in);

void write_key(CborWriter &out, const KeyAnnouncement &key);
KeyAnnouncement read_key(CborReader &in);

void write_report(CborWriter &out, const Report &report);
Report read_report(CborReader &in);

} // namespace postrider::wire
