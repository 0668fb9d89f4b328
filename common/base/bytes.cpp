// Big-endian reading and writing.
#include "common/base/bytes.hpp"

namespace postrider {

ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t *>(text.data()), text.size()};
}

std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char *>(bytes.data()), bytes.size()};
}

void ByteWriter::u16(std::uint16_t value) {
    u8(static_cast<std::uint8_t>(value >> 8U));
    u8(static_cast<std::uint8_t>(value & 0xffU));
}

void ByteWriter::u32(std::uint32_t value) {
    u16(static_cast<std::uint16_t>(value >> 16U));
    u16(static_cast<std::uint16_t>(value & 0xffffU));
}

void ByteWriter::u64(std::uint64_t value) {
    u32(static_cast<std::uint32_t>(value >> 32U));
    u32(static_cast<std::uint32_t>(value & 0xffffffffU));
}

ByteView ByteReader::raw(std::size_t size) {
    if (size > rest_.size()) {
        ok_ = false;
        rest_ = {};
        return {};
    }
    const ByteView out = rest_.first(size);
    rest_ = rest_.subspan(size);
    return out;
}

std::uint64_t ByteReader::big_endian(std::size_t size) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : raw(size)) {
        value = (value << 8U) | byte;
    }
    return value;
}

std::uint8_t ByteReader::u8() {
    return static_cast<std::uint8_t>(big_endian(1));
}

std::uint16_t ByteReader::u16() {
    return static_cast<std::uint16_t>(big_endian(2));
}

std::uint32_t ByteReader::u32() {
    return static_cast<std::uint32_t>(big_endian(4));
}

std::uint64_t ByteReader::u64() {
    return big_endian(8);
}

} // namespace postrider
