// Arrays, all numbers big-endian and of 4 bytes (array_send and array_recv):
//
//   count of dimensions | 1 if there are nulls | OID of the element type
//   for each dimension:   length | lower bound
//   for each element:     count of bytes, -1 for null | the bytes
#include "common/dialect/postgresql_binary.hpp"

#include <limits>

#include "common/base/limits.hpp"
#include "common/dialect/postgresql_scalar.hpp"

namespace postrider::dialect::postgresql_binary {

namespace {

using postgresql_text::array_element_of;
using postgresql_text::builtin_of;

constexpr std::size_t word_bytes = 4;
constexpr std::uint32_t null_size = 0xffffffff;

Error malformed_array(const BuiltinType &element) {
    return {Errc::malformed, "malformed binary array of " + std::string{element.name}};
}

const BuiltinType *scalar_of(std::uint32_t oid) {
    const BuiltinType *type = builtin_of(oid);
    return type != nullptr && type->kind != Kind::native ? type : nullptr;
}

Error no_binary_form(std::uint32_t oid) {
    return {Errc::internal,
            "a type without a known binary form was given in it: OID " + std::to_string(oid)};
}

/// As the server: the index behind the last one is a number of 32 bits too.
bool has_sound_bounds(const ArrayDimension &dimension) {
    return dimension.length > 0 && std::int64_t{dimension.lower_bound} + dimension.length <=
                                       std::numeric_limits<std::int32_t>::max();
}

/// How many elements the dimensions hold; nothing when they are not sound.
Result<std::size_t> element_count(const BuiltinType &element, const Array &array) {
    if (array.dimensions.size() > limits::array_dimensions_max) {
        return malformed_array(element);
    }
    std::uint64_t count = array.dimensions.empty() ? 0 : 1;
    for (const ArrayDimension &dimension : array.dimensions) {
        if (!has_sound_bounds(dimension)) {
            return malformed_array(element);
        }
        count *= dimension.length;
        if (count > limits::batch_rows_max) {
            return Error{Errc::too_large, "an array has more elements than can travel"};
        }
    }
    return static_cast<std::size_t>(count);
}

Result<Value> decode_element(const BuiltinType &element, ByteReader &in) {
    const std::uint32_t size = in.u32();
    if (in.ok() && size == null_size) {
        return Value{};
    }
    const ByteView bytes = in.raw(size);
    return in.ok() ? decode_scalar(element, bytes) : malformed_array(element);
}

Result<Value> decode_array(const BuiltinType &element, ByteView bytes) {
    ByteReader in{bytes};
    const std::uint32_t dimensions = in.u32();
    const std::uint32_t flags = in.u32();
    const std::uint32_t oid = in.u32();
    if (!in.ok() || dimensions > limits::array_dimensions_max || flags > 1 || oid != element.oid) {
        return malformed_array(element);
    }
    Array array;
    for (std::uint32_t index = 0; index < dimensions; ++index) {
        const std::uint32_t length = in.u32();
        array.dimensions.push_back({static_cast<std::int32_t>(in.u32()), length});
    }
    const Result<std::size_t> count = element_count(element, array);
    if (!in.ok() || !count) {
        return in.ok() ? count.error() : malformed_array(element);
    }
    // Each element has its size at least, so that what is reserved is in proportion to the input.
    if (*count > in.remaining() / word_bytes) {
        return malformed_array(element);
    }
    array.elements.reserve(*count);
    for (std::size_t index = 0; index < *count; ++index) {
        Result<Value> value = decode_element(element, in);
        if (!value) {
            return value;
        }
        array.elements.push_back(*std::move(value));
    }
    if (!in.at_end()) {
        return malformed_array(element);
    }
    return Value{std::move(array)};
}

Result<void> encode_element(const BuiltinType &element, const Value &value, Bytes &out) {
    if (value.is_null()) {
        put_integer(out, null_size, word_bytes);
        return {};
    }
    Bytes bytes;
    if (auto encoded = encode_scalar(element, value, bytes); !encoded) {
        return encoded;
    }
    put_integer(out, bytes.size(), word_bytes);
    out.insert(out.end(), bytes.begin(), bytes.end());
    return {};
}

Result<void> encode_array(const BuiltinType &element, const Array &array, Bytes &out) {
    const Result<std::size_t> count = element_count(element, array);
    if (!count) {
        return count.error();
    }
    if (*count != array.elements.size()) {
        return malformed_array(element);
    }
    bool has_nulls = false;
    for (const Value &value : array.elements) {
        has_nulls = has_nulls || value.is_null();
    }
    put_integer(out, array.dimensions.size(), word_bytes);
    put_integer(out, has_nulls ? 1 : 0, word_bytes);
    put_integer(out, element.oid, word_bytes);
    for (const ArrayDimension &dimension : array.dimensions) {
        put_integer(out, dimension.length, word_bytes);
        put_integer(out, static_cast<std::uint64_t>(std::int64_t{dimension.lower_bound}),
                    word_bytes);
    }
    for (const Value &value : array.elements) {
        if (auto encoded = encode_element(element, value, out); !encoded) {
            return encoded;
        }
    }
    return {};
}

} // namespace

bool has_binary_form(std::uint32_t type_oid) {
    return scalar_of(type_oid) != nullptr || array_element_of(type_oid) != nullptr;
}

Result<Value> decode_binary(std::uint32_t type_oid, ByteView bytes) {
    if (const BuiltinType *type = scalar_of(type_oid)) {
        return decode_scalar(*type, bytes);
    }
    const BuiltinType *element = array_element_of(type_oid);
    return element != nullptr ? decode_array(*element, bytes) : no_binary_form(type_oid);
}

Result<void> encode_binary(std::uint32_t type_oid, const Value &value, Bytes &out) {
    if (const BuiltinType *type = scalar_of(type_oid)) {
        return encode_scalar(*type, value, out);
    }
    const BuiltinType *element = array_element_of(type_oid);
    const auto *array = value.as<Array>();
    if (element == nullptr) {
        return no_binary_form(type_oid);
    }
    if (array == nullptr) {
        return Error{Errc::malformed, "a value of kind " + std::string{name_of(value.kind())} +
                                          " is no array of " + std::string{element->name}};
    }
    const std::size_t size = out.size();
    Result<void> encoded = encode_array(*element, *array, out);
    if (!encoded) {
        out.resize(size);
    }
    return encoded;
}

} // namespace postrider::dialect::postgresql_binary
