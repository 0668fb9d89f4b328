// Frame of reference and differences, packed as bits or as planes of bytes:
//
//   form 0  constant   base
//   form 1  bits       width 1..64, unit, base, byte string of count * width bits
//   form 2  planes     width 1..8, unit, base, byte string of count * width bytes
//   form 3..5          first, then as form 0..2 for the count - 1 differences
//
// A packed field f stands for base + f * unit. Bits run from the highest of the first byte on and
// the last byte is filled with zeros; planes hold the highest byte of every field, then the next.
#include "common/wire/integer_vector.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace postrider::wire {

namespace {

enum class Packing : std::uint8_t { constant = 0, bits = 1, planes = 2 };
constexpr std::uint64_t forms_without_differences = 3;
constexpr std::uint64_t forms = 6;
constexpr std::size_t few_values = 64;
constexpr unsigned whole_from_bits = 56;

/// base + f * unit for every integer, with the smallest fields.
struct Framed {
    std::uint64_t base = 0;
    std::uint64_t unit = 1;
    std::vector<std::uint64_t> fields;
    unsigned bits = 0; // of the widest field
};

Framed frame_of(std::span<const std::uint64_t> values) {
    Framed out;
    if (values.empty()) {
        return out;
    }
    out.base = values.front();
    for (const std::uint64_t value : values) {
        if (as_signed(value) < as_signed(out.base)) {
            out.base = value;
        }
    }
    std::uint64_t unit = 0;
    for (std::size_t index = 0; index < values.size() && unit != 1; ++index) {
        unit = std::gcd(unit, values[index] - out.base);
    }
    out.unit = std::max<std::uint64_t>(unit, 1);
    out.fields.reserve(values.size());
    std::uint64_t widest = 0;
    for (const std::uint64_t value : values) {
        out.fields.push_back((value - out.base) / out.unit);
        widest |= out.fields.back();
    }
    out.bits = static_cast<unsigned>(std::bit_width(widest));
    return out;
}

/// The values as they are: of a few wide ones, the base would cost more than it saves.
Framed unframed(std::span<const std::uint64_t> values) {
    Framed out;
    out.fields.assign(values.begin(), values.end());
    std::uint64_t widest = 0;
    for (const std::uint64_t value : values) {
        widest |= value;
    }
    out.bits = static_cast<unsigned>(std::bit_width(widest));
    return out;
}

Bytes pack_bits(const Framed &frame) {
    Bytes out;
    out.reserve((frame.fields.size() * frame.bits + 7) / 8);
    unsigned free_bits = 0; // of the last byte
    for (const std::uint64_t field : frame.fields) {
        for (unsigned left = frame.bits; left > 0;) {
            if (free_bits == 0) {
                out.push_back(0);
                free_bits = 8;
            }
            const unsigned take = std::min(free_bits, left);
            const std::uint64_t piece = (field >> (left - take)) & ((1U << take) - 1U);
            out.back() |= static_cast<std::uint8_t>(piece << (free_bits - take));
            free_bits -= take;
            left -= take;
        }
    }
    return out;
}

Bytes pack_planes(const Framed &frame) {
    Bytes out;
    const unsigned width = (frame.bits + 7) / 8;
    out.reserve(frame.fields.size() * width);
    for (unsigned plane = width; plane > 0; --plane) {
        for (const std::uint64_t field : frame.fields) {
            out.push_back(static_cast<std::uint8_t>(field >> ((plane - 1) * 8)));
        }
    }
    return out;
}

CborWriter write_frame(const Framed &frame, Packing packing, const std::uint64_t *first) {
    CborWriter out;
    const std::uint64_t differences = first != nullptr ? forms_without_differences : 0;
    out.unsigned_integer(differences + static_cast<std::uint64_t>(packing));
    if (first != nullptr) {
        out.integer(as_signed(*first));
    }
    if (packing != Packing::constant) {
        out.unsigned_integer(packing == Packing::bits ? frame.bits : (frame.bits + 7) / 8);
        out.unsigned_integer(frame.unit);
    }
    out.integer(as_signed(frame.base));
    if (packing != Packing::constant) {
        out.bytes(packing == Packing::bits ? pack_bits(frame) : pack_planes(frame));
    }
    return out;
}

void offer_frame(Smallest &smallest, const Framed &frame, const std::uint64_t *first) {
    if (frame.bits == 0) {
        smallest.offer(write_frame(frame, Packing::constant, first));
        return;
    }
    smallest.offer(write_frame(frame, Packing::planes, first));
    if (frame.bits % 8 != 0) {
        smallest.offer(write_frame(frame, Packing::bits, first));
    }
}

/// The values as they are. Wide ones that planes make no smaller stay whole, byte after byte: where
/// single ones of them occur in the history of their frame, they cost next to nothing.
void offer_unframed(Smallest &smallest,
                    std::span<const std::uint64_t> values,
                    const SizeEstimate &size_of) {
    const Framed plain = unframed(values);
    if (plain.bits > whole_from_bits) {
        Framed whole = plain;
        whole.bits = 64;
        CborWriter written = write_frame(whole, Packing::bits, nullptr);
        const CborWriter planes = write_frame(plain, Packing::planes, nullptr);
        if (size_of(written.view()) <= size_of(planes.view()) + 1) {
            smallest.offer(std::move(written));
            return;
        }
    }
    offer_frame(smallest, plain, nullptr);
}

std::vector<std::uint64_t> unpack_bits(ByteView packed, std::size_t count, unsigned width) {
    std::vector<std::uint64_t> out(count);
    std::size_t position = 0;
    for (std::uint64_t &field : out) {
        for (unsigned taken = 0; taken < width;) {
            const auto offset = static_cast<unsigned>(position % 8);
            const unsigned take = std::min(8U - offset, width - taken);
            const auto rest = static_cast<unsigned>(packed[position / 8]) >> (8U - offset - take);
            field = (field << take) | (rest & ((1U << take) - 1U));
            position += take;
            taken += take;
        }
    }
    return out;
}

std::vector<std::uint64_t> unpack_planes(ByteView packed, std::size_t count, unsigned width) {
    std::vector<std::uint64_t> out(count);
    for (unsigned plane = 0; plane < width; ++plane) {
        const ByteView bytes = packed.subspan(plane * count, count);
        for (std::size_t index = 0; index < count; ++index) {
            out[index] = (out[index] << 8U) | bytes[index];
        }
    }
    return out;
}

bool trailing_bits_are_zero(ByteView packed, std::size_t bits) {
    return bits % 8 == 0 || (packed.back() & (0xffU >> (bits % 8))) == 0;
}

std::vector<std::uint64_t> read_frame(CborReader &in, Packing packing, std::size_t count) {
    constexpr unsigned bits_max = 64;
    constexpr unsigned planes_max = 8;
    if (packing == Packing::constant) {
        const auto base = static_cast<std::uint64_t>(in.integer());
        return in.ok() ? std::vector<std::uint64_t>(count, base) : std::vector<std::uint64_t>{};
    }
    const bool is_bits = packing == Packing::bits;
    const auto width = static_cast<unsigned>(in.choice((is_bits ? bits_max : planes_max) + 1));
    const std::uint64_t unit = in.unsigned_integer();
    const auto base = static_cast<std::uint64_t>(in.integer());
    const ByteView packed = in.bytes();
    const std::size_t size = is_bits ? (count * width + 7) / 8 : count * width;
    if (width == 0 || unit == 0 || packed.size() != size ||
        (is_bits && count > 0 && !trailing_bits_are_zero(packed, count * width))) {
        in.fail();
        return {};
    }
    std::vector<std::uint64_t> out =
        is_bits ? unpack_bits(packed, count, width) : unpack_planes(packed, count, width);
    for (std::uint64_t &value : out) {
        value = base + value * unit;
    }
    return out;
}

} // namespace

void encode_integers(CborWriter &out,
                     std::span<const std::uint64_t> values,
                     const SizeEstimate &size_of) {
    Smallest smallest(size_of);
    const Framed frame = frame_of(values);
    offer_frame(smallest, frame, nullptr);
    if (values.size() <= few_values) {
        offer_unframed(smallest, values, size_of);
    }
    if (frame.bits > 0 && values.size() > 2) {
        std::vector<std::uint64_t> differences;
        differences.reserve(values.size() - 1);
        for (std::size_t index = 1; index < values.size(); ++index) {
            differences.push_back(values[index] - values[index - 1]);
        }
        offer_frame(smallest, frame_of(differences), values.data());
    }
    out.raw(smallest.view());
}

std::vector<std::uint64_t> decode_integers(CborReader &in, std::size_t count) {
    const std::uint64_t form = in.choice(forms);
    const auto packing = static_cast<Packing>(form % forms_without_differences);
    if (form < forms_without_differences) {
        return read_frame(in, packing, count);
    }
    if (count == 0) {
        in.fail();
        return {};
    }
    const auto first = static_cast<std::uint64_t>(in.integer());
    std::vector<std::uint64_t> out = read_frame(in, packing, count - 1);
    if (!in.ok()) {
        return {};
    }
    out.insert(out.begin(), first);
    std::partial_sum(out.begin(), out.end(), out.begin());
    return out;
}

std::vector<std::uint64_t>
decode_integers_up_to(CborReader &in, std::size_t count, std::uint64_t max) {
    std::vector<std::uint64_t> out = decode_integers(in, count);
    for (const std::uint64_t value : out) {
        if (value > max) {
            in.fail();
            return {};
        }
    }
    return out;
}

} // namespace postrider::wire
