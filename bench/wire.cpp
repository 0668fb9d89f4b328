// The bytes of the whole mail that carries rows: changeset, body, envelope for one recipient, MIME.
//
//   bench_wire cold|warm insert|update… < rows
//
// The rows are those of wire_baseline.py --rows, batch after batch with an empty line between them,
// and an operation for each. The mail of the last batch is measured; those before it are
// acknowledged and kept as history. cold: the first batch of a stream, with schema frames, start
// token and key announcement. warm: a later one, whose schemas the receiver knows, and a report of
// whose was seen. Both acknowledge a stream of the other side.
#include <cstdio>
#include <cstring>
#include <iostream>
#include <stdexcept>

#include "bench/wire_rows.hpp"
#include <sodium.h>

#include "common/mail/message.hpp"
#include "common/wire/batch.hpp"
#include "common/wire/changeset_format.hpp"
#include "common/wire/envelope_body.hpp"

namespace {

using namespace postrider;

constexpr Timestamp now = from_milliseconds(1'700'000'000'000);
constexpr std::uint64_t incarnation = 0x0000'0001'8f3a'55c1;
constexpr std::uint64_t number = 378;
/// The counter of reports when the node started, and now.
constexpr std::uint64_t reports_at_start = 4980;
constexpr std::uint64_t reports = 5000;

wire::Hash random_hash() {
    return crypto::random_bytes<32>();
}

wire::BatchHeader header_of(bool warm, std::size_t past) {
    wire::BatchHeader out;
    out.prev_chain = random_hash();
    out.content_hash = random_hash();
    out.low = logical_time_of(now);
    out.created = now;
    out.origins[{crypto::random_bytes<16>(), incarnation}] = 412;
    out.suites = {1};
    out.notes_seen = 7;
    out.report = wire::Report{};
    out.report->incarnation = incarnation;
    out.report->counter = reports;
    out.report->streams.push_back({1, incarnation, number - 1, random_hash(), {}, {}, false});
    out.report->suites = {1};
    out.report->notes_seen = 7;
    out.report->start.token = crypto::random_bytes<16>();
    out.report->start.since = reports_at_start;
    out.history = wire::History{number - past, number - 1, {}};
    if (warm) {
        out.report->seen =
            wire::Seen{incarnation, reports - 1, crypto::random_bytes<16>(), false, {}};
    }
    if (!warm) {
        out.key = wire::KeyAnnouncement{3, random_hash()};
    }
    return out;
}

std::set<wire::SchemaName> known_schemas(const Changeset &changeset, bool warm) {
    std::set<wire::SchemaName> out;
    if (warm) {
        for (const auto &[name, table] : changeset.tables) {
            out.insert(wire::schema_name(table.schema));
        }
    }
    return out;
}

/// What the last of the batches is compressed with.
wire::Prefixes prefixes_of(std::span<const Changeset> past) {
    std::map<std::string, std::vector<Bytes>> kept;
    for (const Changeset &changeset : past) {
        for (const wire::Frame &frame :
             wire::encode_changeset(changeset, known_schemas(changeset, true))) {
            const ByteView end = wire::kept_of(frame.raw);
            kept[frame.table].emplace_back(end.begin(), end.end());
        }
    }
    wire::Prefixes out;
    for (const auto &[table, frames] : kept) {
        out[table] = wire::prefix_of_kept(frames);
    }
    return out;
}

std::size_t mail_bytes(const std::vector<Changeset> &batches, bool warm) {
    const Changeset &changeset = batches.back();
    const std::vector<wire::Frame> frames =
        wire::encode_changeset(changeset, known_schemas(changeset, warm));
    const std::span<const Changeset> past = std::span{batches}.first(batches.size() - 1);
    const Bytes plaintext =
        wire::encode_body(header_of(warm, past.size()), frames, {.history = prefixes_of(past)})
            .value();
    const wire::ContentKey content_key = crypto::Key::random();
    const NodeId node = crypto::random_bytes<16>();
    const wire::HeadFields head{wire::EnvelopeKind::batch, 1, 1, incarnation, number, std::nullopt};
    const Bytes body =
        wire::seal_body(content_key, {node, head.stream, incarnation, head.number}, plaintext)
            .value();
    const crypto::SigningKey signing_key = crypto::SigningKey::generate();
    const std::vector<wire::Recipient> recipients = {
        {crypto::random_bytes<16>(), crypto::ExchangeKey::generate().public_key,
         crypto::Key::random(), crypto::Key::random()}};
    const Bytes part =
        wire::seal_part({node, signing_key}, recipients, content_key, head, body).value();
    mail::Message message;
    message.from = "sync@clinic-07.example";
    message.to = "sync@hq.example";
    message.date = now;
    message.token = crypto::random_bytes<48>();
    return mail::write_message(message, part).value().size();
}

} // namespace

int main(int argument_count, char **arguments) {
    if (argument_count < 3 || sodium_init() < 0) {
        std::fprintf(stderr, "usage: bench_wire cold|warm insert|update... < rows\n");
        return 2;
    }
    const bool warm = std::strcmp(arguments[1], "warm") == 0;
    try {
        std::vector<Changeset> batches;
        for (int index = 2; index < argument_count; ++index) {
            const bool update = std::strcmp(arguments[index], "update") == 0;
            batches.push_back(
                bench::read_rows(std::cin, update ? Operation::update : Operation::insert));
        }
        std::printf("%zu\n", mail_bytes(batches, warm));
    } catch (const std::exception &error) {
        std::fprintf(stderr, "bench_wire: %s\n", error.what());
        return 1;
    }
    return 0;
}
