// Comparing the database with the state file, and beginning a new incarnation.
#include "common/engine/start.hpp"

#include <algorithm>
#include <set>

#include "common/base/text_encoding.hpp"
#include "common/engine/marks.hpp"
#include "common/engine/report.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/engine/store/starts.hpp"
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

/// Streams of peers that were revoked or dropped since are no sign of an older database. Of one
/// that has left or is leaving our control stream is all that is kept for certain.
void forget_strangers(Transaction &transaction, Positions &positions) {
    std::set<std::string> peers;
    std::set<std::string> control;
    for (const Row &row : all_rows(transaction, "SELECT node_id, state IN ('left', 'leaving')"
                                                " FROM @peer WHERE node_id IS NOT NULL")) {
        const NodeId node = fixed_at<16>(row, 0);
        if (integer_at(row, 1) == 0) {
            peers.insert(to_hex(node));
        } else {
            control.insert(stream_name(node, control_stream, "out"));
        }
    }
    std::erase_if(positions, [&](const auto &position) {
        return !peers.contains(position.first.substr(0, position.first.find('/'))) &&
               !control.contains(position.first.substr(0, position.first.rfind('/') + 1));
    });
}

bool has_history(const Positions &positions) {
    return std::any_of(positions.begin(), positions.end(),
                       [](const auto &entry) { return entry.second > 0; });
}

enum class Streams {
    in_doubt, // each asks its receiver where to go on, and sends its tables again
    kept,     // each goes on until its receiver says that it stands elsewhere
};

/// Greater than every incarnation that this database knows of itself.
std::uint64_t greatest_incarnation(const Session &session, const Identity &identity) {
    std::uint64_t greatest = identity.incarnation;
    for (const StreamKey &key : outgoing_streams(session.transaction)) {
        greatest = std::max(greatest, load_outgoing(session.transaction, key)->machine.incarnation);
    }
    return greatest;
}

void begin_incarnation(const Session &session,
                       Identity &identity,
                       std::uint64_t before,
                       Streams streams) {
    identity.incarnation =
        next_incarnation(std::max(before, greatest_incarnation(session, identity)));
    session.transaction.execute(
        "UPDATE @node SET incarnation = ?1, doubt = '', doubt_incarnation = 0, suspicion = ''",
        {stored(identity.incarnation)});
    const Session anew{session.transaction, session.dialect, identity, session.timing, session.now};
    for (const Peer &peer : load_peers(session.transaction)) {
        if (!peer.node || peer.state == PeerState::left) {
            continue;
        }
        if (streams == Streams::in_doubt) {
            doubt_streams(anew, peer);
        } else {
            ask_position(anew, peer);
        }
    }
}

void log_taken_back(const Session &session, const std::string &why) {
    log_event(session.transaction, session.now,
              {"new_incarnation", std::nullopt,
               why + ": this node goes on under a new incarnation, asks its peers where they stand,"
                     " and sends its tables again"});
}

void begin_taken_back(const Session &session,
                      Identity &identity,
                      std::uint64_t before,
                      const std::string &why) {
    session.transaction.execute("UPDATE @node SET claimed = 0");
    begin_incarnation(session, identity, before, Streams::in_doubt);
    log_taken_back(session, why);
}

/// The greatest incarnation of ours that the state file knows, of the node or of a stream.
std::uint64_t greatest_of(const StateFile &once) {
    std::uint64_t greatest = once.incarnation;
    for (const auto &[name, number] : once.positions) {
        const Result<Bytes> incarnation = from_hex(name.substr(name.rfind('/') + 1));
        const bool is_ours = name.find("/out/") != std::string::npos;
        if (is_ours && incarnation && incarnation->size() == sizeof greatest) {
            greatest = std::max(greatest, ByteReader{*incarnation}.u64());
        }
    }
    return greatest;
}

/// Whether the state file was written by this database: by its last start, or, where that sent
/// nothing, by an earlier one. Any other start is of another past.
bool is_written_from_here(const StateFile &once, const OwnStartRow &own) {
    return once.start_token == stream::StartToken{} || once.start_token == own.start.token ||
           once.start_token == own.state_token;
}

void draw_start_token(const Session &session, const Value &state_token) {
    session.transaction.execute("UPDATE @node SET start_token = ?1, start_since = report_counter,"
                                " state_token = ?2",
                                {stored(crypto::random_bytes<16>()), state_token});
}

/// Before any number is given, so that a state file that is missing later is one that was lost. No
/// token: nothing was written from here yet that a copy could lack.
Result<void> store_first(Vault &vault, const Identity &identity) {
    StateFile state = vault.here();
    state.node = identity.node;
    state.incarnation = identity.incarnation;
    return vault.store_state(state);
}

/// The file was renamed, or put back under its name: from now on this is its place. Nothing else of
/// the state file may run ahead of the database.
Result<void> note_place(StateFile state, const StateFile &here, Vault &vault) {
    if (state.canonical_path == here.canonical_path && state.device == here.device &&
        state.inode == here.inode) {
        return {};
    }
    state.canonical_path = here.canonical_path;
    state.device = here.device;
    state.inode = here.inode;
    return vault.store_state(state);
}

/// Even a standby that had everything when it was promoted: the primary that it followed may go on,
/// and give the same numbers to other changes.
bool is_other_timeline(const StateFile &once, const StateFile &here) {
    return once.timeline != 0 && here.timeline != 0 && once.timeline != here.timeline;
}

/// Empty where nothing speaks against the database.
std::string doubt_of(const StateFile &once,
                     const OwnStartRow &own,
                     const Identity &identity,
                     const Positions &now) {
    if (once.incarnation > identity.incarnation || once.report_counter > own.start.counter ||
        std::any_of(once.positions.begin(), once.positions.end(),
                    [&](const auto &position) { return is_behind(now, position); })) {
        return "the database is older than what this node has sent";
    }
    return is_written_from_here(once, own)
               ? ""
               : "the database is not the one that was last at work for this node";
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
            begin_taken_back(session, identity, identity.incarnation,
                             "the state file of this node is gone");
        }
        draw_start_token(session, {});
        return store_first(vault, identity);
    }
    StateFile once = **state;
    forget_strangers(session.transaction, once.positions);
    if (is_other_place(once, vault.here())) {
        return Error{
            Errc::refused,
            "this database is a copy: the node was last at \"" + once.canonical_path + "\"",
            "Two copies of one node would overwrite each other's work.",
            "Go on with the other one; if that is gone for good: SELECT " +
                session.dialect.command("claim_identity") + "(); if both are to work: SELECT " +
                session.dialect.command("new_identity") + "('another_name');"};
    }
    std::string doubt = doubt_of(once, load_own_start(session.transaction), identity, now);
    if (doubt.empty() && is_other_timeline(once, vault.here())) {
        doubt = "the server was promoted, or recovered to an earlier time";
    }
    if (!doubt.empty()) {
        begin_taken_back(session, identity, greatest_of(once), doubt);
    }
    draw_start_token(session, stored(once.start_token));
    return note_place(once, vault.here(), vault);
}

std::optional<Timestamp> doubt_due(const Session &session) {
    const Row row =
        *first_row(session.transaction, "SELECT doubt, suspicion, suspected_at FROM @node");
    if (!text_at(row, 0).empty()) {
        return session.now;
    }
    if (text_at(row, 1).empty()) {
        return std::nullopt;
    }
    // A peer may say what it likes: so much it can make us ask the others, and no more.
    const auto last = maybe_time_at(row, 2);
    return last && *last <= session.now ? *last + session.timing.repeat_max : session.now;
}

void settle_doubt(const Session &session, Identity &identity) {
    const Row row =
        *first_row(session.transaction, "SELECT doubt, doubt_incarnation, suspicion FROM @node");
    if (const std::string doubt = text_at(row, 0); !doubt.empty()) {
        begin_incarnation(session, identity, unsigned_at(row, 1), Streams::in_doubt);
        log_taken_back(session, doubt);
        return;
    }
    session.transaction.execute("UPDATE @node SET claimed = 0, suspected_at = ?1",
                                {stored(session.now)});
    begin_incarnation(session, identity, identity.incarnation, Streams::kept);
    log_event(session.transaction, session.now,
              {"new_incarnation", std::nullopt,
               text_at(row, 2) + "; so this node goes on under a new incarnation and asks all its"
                                 " peers where they stand"});
}

Result<void> check_not_stopped(const Session &session) {
    const std::string stopped =
        text_at(*first_row(session.transaction, "SELECT stopped FROM @node"), 0);
    if (stopped.empty()) {
        return {};
    }
    return Error{
        Errc::refused, stopped, "Two copies of one node would overwrite each other's work.",
        "To make this copy a node of its own: SELECT " + session.dialect.command("new_identity") +
            "('another_name'); to let it go on instead of the other: SELECT " +
            session.dialect.command("claim_identity") + "();"};
}

StateFile state_to_store(const Session &session, const Vault &vault) {
    const OwnStartRow own = load_own_start(session.transaction);
    StateFile state = vault.here();
    state.node = session.identity.node;
    state.incarnation = session.identity.incarnation;
    state.report_counter = own.start.counter;
    state.start_token = own.start.token;
    state.positions = positions_of(session.transaction);
    return state;
}

Result<void> claim_identity(const Session &session, Vault &vault, Identity &identity) {
    const Result<std::optional<StateFile>> state = vault.load_state(identity.node);
    if (!state) {
        return state.error();
    }
    const std::uint64_t once = *state ? greatest_of(**state) : 0;
    const std::uint64_t seen =
        unsigned_at(*first_row(session.transaction, "SELECT doubt_incarnation FROM @node"), 0);
    session.transaction.execute("UPDATE @node SET claimed = 1, stopped = ''");
    begin_incarnation(session, identity, std::max(once, seen), Streams::in_doubt);
    draw_start_token(session, {});
    log_taken_back(session, "the identity was claimed for this place");
    const Session anew{session.transaction, session.dialect, identity, session.timing, session.now};
    return vault.store_state(state_to_store(anew, vault));
}

} // namespace postrider::engine
