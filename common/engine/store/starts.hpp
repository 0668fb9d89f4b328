// The rows that tell starts apart: what `node` holds of ours, and `peer_start`.
#pragma once

#include <optional>
#include <string>

#include "common/engine/database.hpp"
#include "common/stream/lineage.hpp"
#include "common/wire/report.hpp"

namespace postrider::engine {

/// Of the row of `node`. What is not set yet is zero: no mark was ever made.
struct OwnStartRow {
    stream::OwnStart start;
    bool claimed = false;
    std::optional<stream::StartToken> state_token; // of the state file at the last start
};

OwnStartRow load_own_start(Transaction &transaction);

/// The row of `peer_start`; one that is not there yet is empty.
struct PeerStartRow {
    stream::Lineage lineage;
    wire::MarkProof proof{}; // of the youngest mark of `lineage`
    std::optional<stream::StartToken> told;
    std::optional<stream::StartToken> acknowledged;
    std::optional<Timestamp> hello_at;
    std::uint32_t hello_tries = 0;
    std::optional<Timestamp> answer_at;
    std::optional<Timestamp> answered_at;
    std::optional<Timestamp> asked_at; // where we stand, in its last report
};

PeerStartRow load_peer_start(Transaction &transaction, std::int64_t peer_id);
void save_peer_start(Transaction &transaction, std::int64_t peer_id, const PeerStartRow &row);

} // namespace postrider::engine
