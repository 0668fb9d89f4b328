// Sealing a part: fresh ephemeral key, shuffled wraps, signed head, stamps.
#include <algorithm>
#include <numeric>

#include "common/wire/envelope_layout.hpp"

namespace postrider::wire {

namespace {

using namespace layout;

Result<void>
check_part(std::span<const Recipient> recipients, const HeadFields &head, ByteView body_slice) {
    if (recipients.empty() || recipients.size() > limits::envelope_recipients_max) {
        return Error{Errc::too_large,
                     "envelope cannot have " + std::to_string(recipients.size()) + " recipients"};
    }
    if (body_slice.empty() || body_slice.size() > limits::part_body_bytes_max) {
        return Error{Errc::too_large,
                     "part cannot hold " + std::to_string(body_slice.size()) + " bytes of body"};
    }
    if (head.split && (head.split->body_total > limits::body_bytes_max ||
                       head.split->offset > head.split->body_total ||
                       body_slice.size() > head.split->body_total - head.split->offset)) {
        return Error{Errc::too_large, "part lies outside its body"};
    }
    return {};
}

Bytes fixed_part(std::size_t recipients,
                 const HeadFields &head,
                 const crypto::PublicKey &ephemeral,
                 ByteView body_slice) {
    ByteWriter writer;
    writer.raw(magic);
    writer.u8(suite);
    writer.u8(static_cast<std::uint8_t>(recipients));
    writer.u16(static_cast<std::uint16_t>(head.split ? split_head_box_bytes : head_box_bytes));
    writer.u32(static_cast<std::uint32_t>(body_slice.size()));
    writer.raw(ephemeral);
    writer.raw(body_hash(body_slice));
    return std::move(writer).take();
}

// kind 1 | flags 1 | signing key generation 2 | stream 4 | incarnation 8 | number 8;
// split: body_total 8 | offset 8 | body_hash 32
Bytes head_fields(const HeadFields &head) {
    ByteWriter writer;
    writer.u8(static_cast<std::uint8_t>(head.kind));
    writer.u8(head.split ? flag_split : 0);
    writer.u16(head.signing_generation);
    writer.u32(head.stream);
    writer.u64(head.incarnation);
    writer.u64(head.number);
    if (head.split) {
        writer.u64(head.split->body_total);
        writer.u64(head.split->offset);
        writer.raw(head.split->body_hash);
    }
    return std::move(writer).take();
}

// The order tells nobody who is who, nor which peer was paired first.
std::vector<std::size_t> shuffled(std::size_t count) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t last = count; last > 1; --last) {
        std::swap(order[last - 1], order[randombytes_uniform(static_cast<std::uint32_t>(last))]);
    }
    return order;
}

Result<Bytes> wrap(const crypto::ExchangeKey &ephemeral,
                   const Recipient &recipient,
                   const ContentKey &content_key,
                   ByteView fixed) {
    const Result<crypto::Key> shared = crypto::shared_secret(ephemeral.secret, recipient.key);
    if (!shared) {
        return shared.error();
    }
    const BoxKey key =
        wrap_key({*shared, recipient.psk, ephemeral.public_key, recipient.key, recipient.node});
    return seal_box(key, content_key.view(), fixed);
}

} // namespace

Result<Bytes> seal_part(const Sender &sender,
                        std::span<const Recipient> recipients,
                        const ContentKey &content_key,
                        const HeadFields &head,
                        ByteView body_slice) {
    if (auto checked = check_part(recipients, head, body_slice); !checked) {
        return checked.error();
    }
    const crypto::ExchangeKey ephemeral = crypto::ExchangeKey::generate();
    const Bytes fixed = fixed_part(recipients.size(), head, ephemeral.public_key, body_slice);
    const std::vector<std::size_t> order = shuffled(recipients.size());
    ByteWriter wraps;
    for (const std::size_t index : order) {
        const Result<Bytes> wrapped = wrap(ephemeral, recipients[index], content_key, fixed);
        if (!wrapped) {
            return wrapped.error();
        }
        wraps.raw(*wrapped);
    }
    ByteWriter head_plain;
    head_plain.raw(head_fields(head));
    const Bytes covered = signed_bytes(content_key, fixed, wraps.view(), head_plain.view());
    head_plain.raw(crypto::sign(sender.signing_key, signature_digest(sender.node, covered)));
    const Bytes head_box =
        seal_box(head_key(content_key, ephemeral.public_key), head_plain.view(), fixed);

    const crypto::Hash cover = cover_hash(fixed, wraps.view(), head_box);
    ByteWriter out;
    out.reserve(fixed.size() + recipients.size() * slot_bytes + head_box.size() +
                body_slice.size());
    out.raw(fixed);
    for (std::size_t slot = 0; slot < order.size(); ++slot) {
        out.raw(stamp(recipients[order[slot]].stamp_key.view(), cover));
        out.raw(wraps.view().subspan(slot * wrap_bytes, wrap_bytes));
    }
    out.raw(head_box);
    out.raw(body_slice);
    return std::move(out).take();
}

} // namespace postrider::wire
