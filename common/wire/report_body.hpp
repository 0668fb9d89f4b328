// The body of an envelope of kind 4: u32 length of the report, the report, zeros up to the padded
// size.
#pragma once

#include "common/wire/report.hpp"

namespace postrider::wire {

Bytes encode_report_body(const Report &report);
/// Errors: malformed, too_large.
Result<Report> decode_report_body(ByteView plaintext);

} // namespace postrider::wire
