// Generations of receiving keys: the row of `node`, the list of those announced, and the ratchet.
#include "common/engine/rotation.hpp"

#include <algorithm>

#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

constexpr Duration generation_lifetime = std::chrono::hours{24 * 7};
constexpr Duration grace = std::chrono::hours{24 * 30};

/// A database restored from an older copy does not know the last generations it announced; peers
/// seal to them nevertheless.
constexpr std::uint32_t generations_ahead = 4;

struct Current {
    std::uint32_t generation = 0;
    Timestamp since;
};

Current current_generation(const Session &session) {
    const Row row =
        *first_row(session.transaction, "SELECT receiving_generation, receiving_since FROM @node");
    return {static_cast<std::uint32_t>(integer_at(row, 0)), time_at(row, 1)};
}

/// The youngest generation that any peer has sealed to, or that the ratchet has reached.
std::uint32_t known_elsewhere(const Session &session) {
    const Row row =
        *first_row(session.transaction, "SELECT coalesce(max(seals_to_generation), 0) FROM @peer");
    return std::max(static_cast<std::uint32_t>(integer_at(row, 0)), session.identity.ratchet.index);
}

void begin_generation(const Session &session, std::uint32_t generation) {
    session.transaction.execute("UPDATE @node SET receiving_generation = ?1, receiving_since = ?2",
                                {std::int64_t{generation}, stored(session.now)});
    session.transaction.execute(
        "INSERT INTO @receiving_key (generation, announced_at) VALUES (?1, ?2)"
        " ON CONFLICT (generation) DO UPDATE SET announced_at = excluded.announced_at",
        {std::int64_t{generation}, stored(session.now)});
}

} // namespace

wire::Opening opening_of(const Session &session, const Peer &peer, const PeerKeys &keys) {
    ensure(peer.node.has_value(), "a peer with keys has a node id");
    wire::Opening opening;
    opening.receiver = session.identity.node;
    opening.psk = keys.psk;
    crypto::Ratchet at = session.identity.ratchet;
    const std::uint32_t current = std::max(current_generation(session).generation, at.index);
    for (std::uint32_t generation = at.index; generation <= current + generations_ahead;
         ++generation) {
        const Result<crypto::Ratchet> next = crypto::advance(at, generation);
        ensure(next.has_value(), "one step forward is always possible");
        at = *next;
        opening.keys.push_back({false, generation, *crypto::receiving_key(at, generation)});
    }
    std::reverse(opening.keys.begin(), opening.keys.end());
    // The likeliest first: the current one and what came before it, then what this database forgot.
    std::rotate(opening.keys.begin(), opening.keys.begin() + generations_ahead, opening.keys.end());
    opening.keys.push_back({true, 0, session.identity.contact_key});
    return opening;
}

crypto::ExchangeKey own_receiving_key(const Session &session, std::uint32_t generation) {
    const Result<crypto::ExchangeKey> key =
        crypto::receiving_key(session.identity.ratchet, generation);
    ensure(key.has_value(), "the current generation is never destroyed");
    return *key;
}

std::uint32_t current_receiving_generation(const Session &session) {
    return std::max(current_generation(session).generation, session.identity.ratchet.index);
}

void rotate_if_due(const Session &session) {
    const Current current = current_generation(session);
    if (const std::uint32_t known = known_elsewhere(session); current.generation < known) {
        begin_generation(session, known);
    } else if (session.now - current.since >= generation_lifetime) {
        begin_generation(session, current.generation + 1);
    }
}

std::uint32_t oldest_needed_generation(const Session &session) {
    const Row row = *first_row(session.transaction,
                               "SELECT coalesce(max(generation), 0) FROM @receiving_key"
                               " WHERE announced_at <= ?1",
                               {stored(session.now - grace)});
    const auto oldest = static_cast<std::uint32_t>(integer_at(row, 0));
    session.transaction.execute("DELETE FROM @receiving_key WHERE generation < ?1",
                                {std::int64_t{oldest}});
    return std::max(oldest, session.identity.ratchet.index);
}

} // namespace postrider::engine
