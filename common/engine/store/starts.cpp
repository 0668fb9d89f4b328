// Reading and writing starts.
#include "common/engine/store/starts.hpp"

#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

using stream::StartToken;

std::optional<StartToken> maybe_token_at(const Row &row, std::size_t index) {
    return row.at(index).is_null() ? std::nullopt : std::optional{fixed_at<16>(row, index)};
}

Value stored_token(const std::optional<StartToken> &token) {
    return token ? stored(*token) : Value{};
}

Bytes pack_tokens(const std::vector<StartToken> &tokens) {
    ByteWriter writer;
    for (const StartToken &token : tokens) {
        writer.raw(token);
    }
    return std::move(writer).take();
}

std::vector<StartToken> unpack_tokens(const Bytes &bytes) {
    ensure(bytes.size() % StartToken{}.size() == 0, "stored tokens have 16 bytes each");
    ByteReader reader{bytes};
    std::vector<StartToken> tokens;
    while (reader.remaining() > 0) {
        tokens.push_back(reader.fixed<16>());
    }
    return tokens;
}

} // namespace

OwnStartRow load_own_start(Transaction &transaction) {
    const Row row = *first_row(transaction, "SELECT incarnation, report_counter, start_token,"
                                            " start_since, claimed, state_token FROM @node");
    OwnStartRow out;
    out.start = {unsigned_at(row, 0), unsigned_at(row, 1),
                 maybe_token_at(row, 2).value_or(StartToken{}), unsigned_at(row, 3)};
    out.claimed = integer_at(row, 4) != 0;
    out.state_token = maybe_token_at(row, 5);
    return out;
}

PeerStartRow load_peer_start(Transaction &transaction, std::int64_t peer_id) {
    const auto row = first_row(
        transaction,
        "SELECT incarnation, counter, token, claimed, proof, earlier, left_token, suspicion,"
        " suspected_at, two_copies, told_token, acknowledged_token, hello_at, hello_tries,"
        " answer_at, answered_at, asked_at FROM @peer_start WHERE peer_id = ?1",
        {peer_id});
    PeerStartRow out;
    if (!row) {
        return out;
    }
    stream::Lineage &lineage = out.lineage;
    lineage.incarnation = unsigned_at(*row, 0);
    lineage.counter = unsigned_at(*row, 1);
    lineage.token = maybe_token_at(*row, 2);
    lineage.claimed = integer_at(*row, 3) != 0;
    out.proof = maybe_token_at(*row, 4).value_or(wire::MarkProof{});
    lineage.earlier = unpack_tokens(blob_at(*row, 5));
    lineage.left = maybe_token_at(*row, 6);
    lineage.suspicion = static_cast<std::uint32_t>(integer_at(*row, 7));
    lineage.suspected_at = maybe_time_at(*row, 8);
    lineage.two_copies = integer_at(*row, 9) != 0;
    out.told = maybe_token_at(*row, 10);
    out.acknowledged = maybe_token_at(*row, 11);
    out.hello_at = maybe_time_at(*row, 12);
    out.hello_tries = static_cast<std::uint32_t>(integer_at(*row, 13));
    out.answer_at = maybe_time_at(*row, 14);
    out.answered_at = maybe_time_at(*row, 15);
    out.asked_at = maybe_time_at(*row, 16);
    return out;
}

void save_peer_start(Transaction &transaction, std::int64_t peer_id, const PeerStartRow &row) {
    const stream::Lineage &lineage = row.lineage;
    transaction.execute("DELETE FROM @peer_start WHERE peer_id = ?1", {peer_id});
    transaction.execute(
        "INSERT INTO @peer_start (peer_id, incarnation, counter, token, claimed, proof, earlier,"
        " left_token, suspicion, suspected_at, two_copies, told_token, acknowledged_token,"
        " hello_at, hello_tries, answer_at, answered_at, asked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
        " ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        {peer_id, stored(lineage.incarnation), stored(lineage.counter), stored_token(lineage.token),
         stored(lineage.claimed), stored(row.proof), pack_tokens(lineage.earlier),
         stored_token(lineage.left), std::int64_t{lineage.suspicion}, stored(lineage.suspected_at),
         stored(lineage.two_copies), stored_token(row.told), stored_token(row.acknowledged),
         stored(row.hello_at), std::int64_t{row.hello_tries}, stored(row.answer_at),
         stored(row.answered_at), stored(row.asked_at)});
}

} // namespace postrider::engine
