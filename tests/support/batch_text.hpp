// Batches as lines of text (docs/protocol.md, "Vectors of frames and bodies").
#pragma once

#include <sstream>
#include <string>

#include "common/base/text_encoding.hpp"
#include "common/wire/batch.hpp"

namespace postrider::test {

/// A line for each frame: kind, table, rows, cell bytes, the raw frame.
inline std::string lines_of(std::span<const wire::Frame> frames) {
    std::ostringstream out;
    for (const wire::Frame &frame : frames) {
        out << static_cast<int>(frame.kind) << ' ' << (frame.table.empty() ? "-" : frame.table)
            << ' ' << frame.rows << ' ' << frame.cell_bytes << ' ' << to_hex(frame.raw) << '\n';
    }
    return out.str();
}

/// The header without its compression, then the frames.
inline std::string text_of(const wire::Batch &batch) {
    const wire::BatchHeader &header = batch.header;
    std::ostringstream out;
    out << "prev_chain " << to_hex(header.prev_chain) << "\ncontent_hash "
        << to_hex(header.content_hash) << "\nlow " << header.low << "\ncreated "
        << to_milliseconds(header.created) << '\n';
    for (const std::uint8_t suite : header.suites) {
        out << "suite " << static_cast<int>(suite) << '\n';
    }
    out << (header.continues ? "continues\n" : "");
    for (const auto &[origin, collect_number] : header.origins) {
        out << "origin " << to_hex(origin.node) << ' ' << origin.incarnation << ' '
            << collect_number << '\n';
    }
    for (const auto &[stream, dependency] : header.dependencies) {
        out << "dependency " << stream << ' ' << dependency.incarnation << ' '
            << dependency.batch_number << ' ' << dependency.queue_position << '\n';
    }
    if (header.history) {
        out << "history " << header.history->floor << ' ' << header.history->last << ' '
            << to_hex(header.history->name) << '\n';
    }
    if (header.notes_seen != 0) {
        out << "notes_seen " << header.notes_seen << '\n';
    }
    if (header.report) {
        out << "report " << to_hex(wire::encode_report(*header.report)) << '\n';
    }
    if (header.key) {
        out << "key " << header.key->generation << ' ' << to_hex(header.key->receiving_key) << '\n';
    }
    if (header.rebase) {
        out << "rebase " << header.rebase->incarnation << ' ' << header.rebase->number << ' '
            << to_hex(header.rebase->chain) << '\n';
    }
    out << lines_of(batch.frames);
    return out.str();
}

} // namespace postrider::test
