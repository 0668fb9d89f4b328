// Comparing the database with the state file, and beginning a new incarnation.
#include "common/engine/start.hpp"

#include <algorithm>
#include <set>

#include "common/base/text_encoding.hpp"
#include "common/engine/report.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/streams.hpp"

namespace postrider::engine {

namespace {

using Positions = std::map<std::string, std::uint64_t>;

/// "<peer>/<stream>/<out or in>/<incarnation>" → number. Keys without the incarnation name a
/// stream.
std::string stream_name(const NodeId &peer, std::int64_t stream, const char *direction) {
    return to_hex(peer) + "/" + std::to_string(stream) + "/" + direction + "/";
}

std::string incarnation_text(std::uint64_t incarnation) {
    ByteWriter writer;
    writer.u64(incarnation);
    return to_hex(writer.view()); // of fixed size, so that texts compare as the numbers do
}

Positions positions_of(Transaction &transaction) {
    Positions positions;
    for (const Row &row :
         all_rows(transaction, "SELECT p.node_id, s.stream, s.incarnation, s.last_number"
                               " FROM @stream_out s JOIN @peer p ON p.peer_id = s.peer_id"
                               " WHERE p.node_id IS NOT NULL")) {
        positions[stream_name(fixed_at<16>(row, 0), integer_at(row, 1), "out") +
                  incarnation_text(unsigned_at(row, 2))] = unsigned_at(row, 3);
    }
    for (const Row &row :
         all_rows(transaction, "SELECT p.node_id, s.stream, s.applied_incarnation, s.applied_number"
                               " FROM @stream_in s JOIN @peer p ON p.peer_id = s.peer_id"
                               " WHERE p.node_id IS NOT NULL")) {
        positions[stream_name(fixed_at<16>(row, 0), integer_at(row, 1), "in") +
                  incarnation_text(unsigned_at(row, 2))] = unsigned_at(row, 3);
    }
    return positions;
}

/// Whether `now` lies before what was `once` reached: a lower number in the same incarnation, or an
/// older incarnation.
bool is_behind(const Positions &now, const std::pair<std::string, std::uint64_t> &once) {
    const std::string stream = once.first.substr(0, once.first.rfind('/') + 1);
    const auto found = now.lower_bound(stream);
    if (found == now.end() || !found->first.starts_with(stream)) {
        return true;
    }
    return found->first < once.first || (found->first == once.first && found->second < once.second);
}

/// Streams of peers that were revoked or dropped since are no sign of an older database.
void forget_strangers(Transaction &transaction, Positions &positions) {
    std::set<std::string> peers;
    for (const Row &row :
         all_rows(transaction, "SELECT node_id FROM @peer WHERE node_id IS NOT NULL")) {
        peers.insert(to_hex(fixed_at<16>(row, 0)));
    }
    std::erase_if(positions, [&](const auto &position) {
        return !peers.contains(position.first.substr(0, position.first.find('/')));
    });
}

bool has_history(const Positions &positions) {
    return std::any_of(positions.begin(), positions.end(),
                       [](const auto &entry) { return entry.second > 0; });
}

void begin_incarnation(const Session &session,
                       Identity &identity,
                       std::uint64_t before,
                       const std::string &why) {
    identity.incarnation = next_incarnation(before);
    session.transaction.execute("UPDATE @node SET incarnation = ?1, report_counter = 0",
                                {stored(identity.incarnation)});
    for (const Peer &peer : load_peers(session.transaction)) {
        if (peer.node) {
            doubt_streams(session, peer);
        }
    }
    log_event(session.transaction, session.now,
              {"new_incarnation", std::nullopt,
               why + ": this node goes on under a new incarnation, asks its peers where they stand,"
                     " and sends its tables again"});
}

} // namespace

bool is_other_place(const StateFile &state, const StateFile &here) {
    const bool same_file = state.device == here.device && state.inode == here.inode;
    return state.canonical_path != here.canonical_path && !same_file;
}

Result<void> check_place(const Session &session, Vault &vault, Identity &identity) {
    const Result<std::optional<StateFile>> state = vault.load_state(identity.node);
    if (!state) {
        return state.error();
    }
    const Positions now = positions_of(session.transaction);
    if (!*state) {
        if (has_history(now)) {
            begin_incarnation(session, identity, identity.incarnation,
                              "the state file of this node is gone");
        }
        return {};
    }
    StateFile once = **state;
    forget_strangers(session.transaction, once.positions);
    if (is_other_place(once, vault.here())) {
        return Error{Errc::refused,
                     "this database is a copy: the node was last at \"" + once.canonical_path +
                         "\"",
                     "Two copies of one node would overwrite each other's work.",
                     "Go on with the other one; if that is gone for good: SELECT "
                     "postrider_claim_identity();"};
    }
    const bool behind = once.incarnation > identity.incarnation ||
                        std::any_of(once.positions.begin(), once.positions.end(),
                                    [&](const auto &position) { return is_behind(now, position); });
    if (behind) {
        begin_incarnation(session, identity, std::max(once.incarnation, identity.incarnation),
                          "the database is older than what this node has sent");
    }
    return {};
}

StateFile state_to_store(const Session &session, const Vault &vault) {
    StateFile state = vault.here();
    state.node = session.identity.node;
    state.incarnation = session.identity.incarnation;
    state.positions = positions_of(session.transaction);
    return state;
}

Result<void> claim_identity(const Session &session, Vault &vault, Identity &identity) {
    const Result<std::optional<StateFile>> state = vault.load_state(identity.node);
    if (!state) {
        return state.error();
    }
    const std::uint64_t once = *state ? (*state)->incarnation : 0;
    begin_incarnation(session, identity, std::max(once, identity.incarnation),
                      "the identity was claimed for this place");
    return vault.store_state(state_to_store(session, vault));
}

} // namespace postrider::engine
