// Strict CBOR: libcbor reads and writes single items, this file holds them to one spelling.
#include "common/wire/cbor.hpp"

#include <cbor.h>

#include "common/base/utf8.hpp"

namespace postrider::wire {

namespace {

constexpr std::size_t head_bytes_max = 9;

/// The size of the shortest head that can carry `value` (RFC 8949 section 4.2.1).
std::size_t shortest_head(std::uint64_t value) {
    if (value < 24) {
        return 1;
    }
    if (value <= 0xffU) {
        return 2;
    }
    if (value <= 0xffffU) {
        return 3;
    }
    return value <= 0xffffffffU ? 5 : head_bytes_max;
}

template <class Encode, class Argument>
void append(Bytes &out, Encode encode, Argument argument) {
    FixedBytes<head_bytes_max> head{};
    const std::size_t size = encode(argument, head.data(), head.size());
    ensure(size > 0, "a head fits into nine bytes");
    out.insert(out.end(), head.begin(), head.begin() + static_cast<std::ptrdiff_t>(size));
}

} // namespace

struct CborReader::Item {
    enum class Kind : std::uint8_t {
        refused,
        positive,
        negative,
        bytes,
        text,
        array,
        map,
        truth,
        null
    };

    Kind kind = Kind::refused;
    std::uint64_t number = 0; // the value, or the size of what follows
    ByteView view;

    static Item &of(void *context) { return *static_cast<Item *>(context); }

    template <Kind item_kind, class Number>
    static void on_number(void *context, Number number) {
        of(context).kind = item_kind;
        of(context).number = number;
    }

    template <Kind item_kind>
    static void on_string(void *context, cbor_data start, std::size_t size) {
        of(context).kind = item_kind;
        of(context).number = size;
        of(context).view = {start, size};
    }

    static void on_truth(void *context, bool value) {
        of(context).kind = Kind::truth;
        of(context).number = value ? 1 : 0;
    }

    static void on_null(void *context) { of(context).kind = Kind::null; }

    static cbor_callbacks callbacks() {
        cbor_callbacks out = cbor_empty_callbacks; // what is not set here leaves the item refused
        out.uint8 = on_number<Kind::positive, std::uint8_t>;
        out.uint16 = on_number<Kind::positive, std::uint16_t>;
        out.uint32 = on_number<Kind::positive, std::uint32_t>;
        out.uint64 = on_number<Kind::positive, std::uint64_t>;
        out.negint8 = on_number<Kind::negative, std::uint8_t>;
        out.negint16 = on_number<Kind::negative, std::uint16_t>;
        out.negint32 = on_number<Kind::negative, std::uint32_t>;
        out.negint64 = on_number<Kind::negative, std::uint64_t>;
        out.byte_string = on_string<Kind::bytes>;
        out.string = on_string<Kind::text>;
        out.array_start = on_number<Kind::array, std::size_t>;
        out.map_start = on_number<Kind::map, std::size_t>;
        out.boolean = on_truth;
        out.null = on_null;
        return out;
    }
};

void CborWriter::unsigned_integer(std::uint64_t value) {
    append(bytes_, cbor_encode_uint, value);
}

void CborWriter::integer(std::int64_t value) {
    if (value >= 0) {
        append(bytes_, cbor_encode_uint, static_cast<std::uint64_t>(value));
    } else {
        append(bytes_, cbor_encode_negint, static_cast<std::uint64_t>(-1 - value));
    }
}

void CborWriter::boolean(bool value) {
    append(bytes_, cbor_encode_bool, value);
}

void CborWriter::null() {
    bytes_.push_back(0xf6);
}

void CborWriter::bytes(ByteView value) {
    append(bytes_, cbor_encode_bytestring_start, value.size());
    raw(value);
}

void CborWriter::text(std::string_view value) {
    append(bytes_, cbor_encode_string_start, value.size());
    raw(as_bytes(value));
}

void CborWriter::array(std::size_t size) {
    append(bytes_, cbor_encode_array_start, size);
}

void CborWriter::map(std::size_t size) {
    append(bytes_, cbor_encode_map_start, size);
}

CborReader::Item CborReader::next() {
    static const cbor_callbacks callbacks = Item::callbacks();
    Item item;
    if (!ok_) {
        return item;
    }
    const cbor_decoder_result result =
        cbor_stream_decode(rest_.data(), rest_.size(), &callbacks, &item);
    if (result.status != CBOR_DECODER_FINISHED || item.kind == Item::Kind::refused) {
        fail();
        return {};
    }
    const bool is_simple = item.kind == Item::Kind::truth || item.kind == Item::Kind::null;
    const std::size_t head = result.read - item.view.size();
    if (head != (is_simple ? 1 : shortest_head(item.number))) {
        fail();
        return {};
    }
    rest_ = rest_.subspan(result.read);
    return item;
}

std::uint64_t CborReader::unsigned_integer() {
    const Item item = next();
    if (item.kind != Item::Kind::positive) {
        fail();
        return 0;
    }
    return item.number;
}

std::uint64_t CborReader::unsigned_integer(std::uint64_t max) {
    const std::uint64_t value = unsigned_integer();
    if (value > max) {
        fail_with(Errc::too_large);
        return 0;
    }
    return value;
}

std::uint64_t CborReader::choice(std::uint64_t count) {
    const std::uint64_t value = unsigned_integer();
    if (value >= count) {
        fail();
        return 0;
    }
    return value;
}

std::uint32_t CborReader::uint32() {
    return static_cast<std::uint32_t>(choice(std::uint64_t{1} << 32U));
}

std::int64_t CborReader::integer() {
    const Item item = next();
    const bool is_integer = item.kind == Item::Kind::positive || item.kind == Item::Kind::negative;
    if (!is_integer || item.number > static_cast<std::uint64_t>(INT64_MAX)) {
        fail();
        return 0;
    }
    const auto magnitude = static_cast<std::int64_t>(item.number);
    return item.kind == Item::Kind::positive ? magnitude : -1 - magnitude;
}

bool CborReader::boolean() {
    const Item item = next();
    if (item.kind != Item::Kind::truth) {
        fail();
        return false;
    }
    return item.number != 0;
}

ByteView CborReader::bytes() {
    const Item item = next();
    if (item.kind != Item::Kind::bytes) {
        fail();
        return {};
    }
    return item.view;
}

ByteView CborReader::bytes(std::size_t size_max) {
    const ByteView view = bytes();
    if (view.size() > size_max) {
        fail_with(Errc::too_large);
        return {};
    }
    return view;
}

std::string_view CborReader::text(std::size_t size_max) {
    const Item item = next();
    if (item.kind != Item::Kind::text || !is_utf8(as_text(item.view))) {
        fail();
        return {};
    }
    if (item.view.size() > size_max) {
        fail_with(Errc::too_large);
        return {};
    }
    return as_text(item.view);
}

std::size_t CborReader::array(std::size_t size_max) {
    const Item item = next();
    if (item.kind != Item::Kind::array || item.number > rest_.size()) {
        fail();
        return 0;
    }
    if (item.number > size_max) {
        fail_with(Errc::too_large);
        return 0;
    }
    return item.number;
}

std::size_t CborReader::map(std::size_t size_max) {
    const Item item = next();
    if (item.kind != Item::Kind::map || item.number > rest_.size() / 2) {
        fail();
        return 0;
    }
    if (item.number > size_max) {
        fail_with(Errc::too_large);
        return 0;
    }
    return item.number;
}

bool CborReader::skip_null() {
    constexpr std::uint8_t null_byte = 0xf6;
    if (!ok_ || rest_.empty() || rest_.front() != null_byte) {
        return false;
    }
    rest_ = rest_.subspan(1);
    return true;
}

void CborReader::fail_with(Errc code) {
    if (ok_) {
        ok_ = false;
        code_ = code;
        rest_ = {};
    }
}

Error CborReader::error(std::string_view what) const {
    if (code_ == Errc::too_large) {
        return {code_, std::string(what) + " exceeds a limit of the protocol"};
    }
    return {code_, "malformed " + std::string(what)};
}

} // namespace postrider::wire
