// A paired peer that signs whatever it is told to: what it sends passes every check but those of
// what it says.
#pragma once

#include "common/crypto/chain.hpp"
#include "common/engine/transmit.hpp"
#include "common/wire/batch.hpp"
#include "common/wire/changeset_format.hpp"
#include "common/wire/envelope_body.hpp"

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

class Forger {
  public:
    Forger(TestNode &from, const std::string &to) : from_(from) {
        from.write([&](const engine::Session &session) {
            const auto peer = engine::find_peer(session.transaction, to);
            recipient_ = engine::recipient_of(session.identity, *peer).value();
            contact_ = recipient_;
            contact_.key = *peer->contact_public;
        });
    }

    [[nodiscard]] wire::HeadFields
    head(wire::EnvelopeKind kind, std::uint32_t stream, std::uint64_t number) const {
        wire::HeadFields fields;
        fields.kind = kind;
        fields.signing_generation = from_.identity.signing_generation;
        fields.stream = stream;
        fields.incarnation = from_.identity.incarnation;
        fields.number = number;
        return fields;
    }

    [[nodiscard]] wire::BodyContext context(const wire::HeadFields &fields) const {
        return {from_.identity.node, fields.stream, fields.incarnation, fields.number};
    }

    [[nodiscard]] Bytes body(const wire::HeadFields &fields, ByteView plaintext) const {
        return wire::seal_body(content_key_, context(fields), plaintext).value();
    }

    /// A part with these bytes as its slice of a body.
    [[nodiscard]] Bytes part(const wire::HeadFields &fields, ByteView slice) const {
        return seal(recipient_, fields, slice);
    }

    [[nodiscard]] Bytes part_to_contact_key(const wire::HeadFields &fields, ByteView slice) const {
        return seal(contact_, fields, slice);
    }

    /// An unsplit envelope.
    [[nodiscard]] Bytes envelope(const wire::HeadFields &fields, ByteView plaintext) const {
        return part(fields, body(fields, plaintext));
    }

    /// A header that vouches for these frames as the first of a stream.
    static wire::BatchHeader header_for(const std::vector<wire::Frame> &frames) {
        wire::BatchHeader header;
        header.content_hash = crypto::content_hash(wire::canonical_bytes(frames));
        header.suites = {1};
        return header;
    }

    [[nodiscard]] Bytes batch(const wire::HeadFields &fields,
                              const wire::BatchHeader &header,
                              const std::vector<wire::Frame> &frames) const {
        return envelope(fields, wire::encode_body(header, frames).value());
    }

    /// The first batch of a stream, as an honest peer makes it.
    [[nodiscard]] Bytes first_batch(std::uint32_t stream,
                                    const std::vector<wire::Frame> &frames) const {
        return batch(head(wire::EnvelopeKind::batch, stream, 1), header_for(frames), frames);
    }

    /// Inserts a row into the sender's table of this name (integer key, then a text).
    std::vector<wire::Frame>
    row(const std::string &table, std::int64_t id, const std::string &name) const {
        Changeset changeset;
        from_.write([&](const engine::Session &session) {
            TableChanges changes;
            changes.schema = engine::describe_table(session.transaction, session.dialect, table)
                                 .value()
                                 .schema();
            Change change;
            change.operation = Operation::insert;
            for (std::uint32_t column = 1; column < changes.schema.columns.size(); ++column) {
                change.new_values.columns.push_back(column);
                change.new_values.values.push_back(column == 1 ? Value::text(name) : Value{});
            }
            std::get<OneWayChanges>(changes.changes).changes.emplace(Key{id}, std::move(change));
            changeset.tables.emplace(table, std::move(changes));
        });
        return wire::encode_changeset(changeset);
    }

    void use_new_content_key() { content_key_ = wire::ContentKey::random(); }

  private:
    [[nodiscard]] Bytes
    seal(const wire::Recipient &to, const wire::HeadFields &fields, ByteView slice) const {
        return wire::seal_part(from_.identity.sender(), {&to, 1}, content_key_, fields, slice)
            .value();
    }

    TestNode &from_;
    wire::Recipient recipient_;
    wire::Recipient contact_;
    wire::ContentKey content_key_ = wire::ContentKey::random();
};

} // namespace postrider::test
