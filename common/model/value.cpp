// Values: names of kinds, cost, and the order of arrays.
#include "common/model/value.hpp"

#include <algorithm>
#include <bit>

namespace postrider {

namespace {

struct PayloadBytes {
    std::size_t operator()(const Decimal &value) const { return value.digits.size(); }

    std::size_t operator()(const Text &value) const { return value.text.size(); }

    std::size_t operator()(const Bytes &value) const { return value.size(); }

    std::size_t operator()(const Json &value) const { return value.text.size(); }

    std::size_t operator()(const Native &value) const { return value.text.size(); }

    std::size_t operator()(const Bits &value) const { return value.bytes.size(); }

    std::size_t operator()(const Array &value) const {
        std::size_t sum = value.dimensions.size() * sizeof(ArrayDimension);
        for (const Value &element : value.elements) {
            sum += element.cell_bytes();
        }
        return sum;
    }

    template <class T>
    std::size_t operator()(const T & /*fixed*/) const {
        return 0;
    }
};

} // namespace

std::string_view name_of(Kind kind) {
    switch (kind) {
    case Kind::null:
        return "null";
    case Kind::boolean:
        return "boolean";
    case Kind::int64:
        return "int64";
    case Kind::decimal:
        return "decimal";
    case Kind::float64:
        return "float64";
    case Kind::float32:
        return "float32";
    case Kind::text:
        return "text";
    case Kind::bytes:
        return "bytes";
    case Kind::date:
        return "date";
    case Kind::time:
        return "time";
    case Kind::time_with_zone:
        return "time_with_zone";
    case Kind::timestamp:
        return "timestamp";
    case Kind::timestamp_with_zone:
        return "timestamp_with_zone";
    case Kind::interval:
        return "interval";
    case Kind::uuid:
        return "uuid";
    case Kind::json:
        return "json";
    case Kind::bits:
        return "bits";
    case Kind::array:
        return "array";
    case Kind::native:
        return "native";
    }
    return "unknown";
}

bool Array::operator==(const Array &other) const {
    return dimensions == other.dimensions && elements == other.elements;
}

std::strong_ordering Array::operator<=>(const Array &other) const {
    const auto by_dimensions = std::lexicographical_compare_three_way(
        dimensions.begin(), dimensions.end(), other.dimensions.begin(), other.dimensions.end());
    if (by_dimensions != std::strong_ordering::equal) {
        return by_dimensions;
    }
    return std::lexicographical_compare_three_way(elements.begin(), elements.end(),
                                                  other.elements.begin(), other.elements.end());
}

Value Value::float64(double number) {
    return Value{Float64{std::bit_cast<std::uint64_t>(number)}};
}

std::size_t Value::cell_bytes() const {
    return value_bytes_fixed + std::visit(PayloadBytes{}, content_);
}

} // namespace postrider
