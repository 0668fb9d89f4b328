// PostgreSQL refuses most of what a column does not hold, and the row with it; here is looked after
// what it would change without a word, and after values of other kinds. Nothing is converted but
// what says the same in the other kind.
#include "common/dialect/postgresql_fit.hpp"

#include <bit>
#include <limits>

#include "common/base/utf8.hpp"
#include "common/dialect/decimal_text.hpp"
#include "common/dialect/postgresql_fitted.hpp"
#include "common/dialect/sqlite_storage.hpp"
#include "common/dialect/text_values.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

constexpr std::size_t identifier_bytes_max = 63; // of the type name

/// What no type of PostgreSQL's holds as a text; empty: nothing.
std::string_view text_fault(std::string_view text) {
    if (text.find('\0') != std::string_view::npos) {
        return "it contains the character U+0000";
    }
    return is_utf8(text) ? "" : "it is not UTF-8";
}

/// The character behind the first `count` ones; the size when there are no more.
std::size_t bytes_of_characters(std::string_view text, std::size_t count) {
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const bool begins_character = (static_cast<unsigned char>(text[at]) & 0xC0U) != 0x80U;
        if (begins_character && count-- == 0) {
            return at;
        }
    }
    return at;
}

/// The usual text of a value that has one.
std::optional<std::string> text_of(const Value &value) {
    if (const auto *boolean = value.as<bool>()) {
        return *boolean ? "true" : "false";
    }
    if (const auto *integer = value.as<std::int64_t>()) {
        return std::to_string(*integer);
    }
    if (const auto *number = value.as<Float64>()) {
        return number_text(std::bit_cast<double>(number->bits));
    }
    if (const auto *number = value.as<Float32>()) {
        return number_text(std::bit_cast<float>(number->bits));
    }
    if (value.kind() == Kind::bytes || value.kind() == Kind::array) {
        return std::nullopt;
    }
    const Result<Value> stored = to_sqlite_storage(value);
    const auto *text = stored ? stored->as<Text>() : nullptr;
    return text != nullptr ? std::optional{text->text} : std::nullopt;
}

Fitted fit_boolean(const Value &value) {
    const auto *integer = value.as<std::int64_t>();
    const auto *text = value.as<Text>();
    if (value.kind() == Kind::boolean) {
        return Fitted::exactly(value);
    }
    if (integer != nullptr && (*integer == 0 || *integer == 1)) {
        return Fitted::exactly(*integer == 1);
    }
    if (text != nullptr && (text->text == "true" || text->text == "1")) {
        return Fitted::exactly(true);
    }
    return text != nullptr && (text->text == "false" || text->text == "0")
               ? Fitted::exactly(false)
               : Fitted::never("this value is neither true nor false");
}

/// Longer texts pass, and the table refuses them; it would only cut spaces silently.
Fitted cut_text(const DeclaredType &type, std::string text) {
    const std::size_t end = bytes_of_characters(text, static_cast<std::size_t>(type.precision));
    if (end == text.size()) {
        return Fitted::exactly(Text{std::move(text)});
    }
    Value cut{Text{text.substr(0, end)}};
    if (text.find_first_not_of(' ', end) != std::string::npos) {
        return {Text{std::move(text)}, std::move(cut), {}};
    }
    return type.builtin->oid == oids::character
               ? Fitted::exactly(std::move(cut))
               : Fitted::nearly(std::move(cut), "this text would lose spaces at its end");
}

Fitted fit_text(const DeclaredType &type, const Value &value) {
    std::optional<std::string> text = text_of(value);
    if (!text) {
        return Fitted::never("this value is no text");
    }
    const std::string_view fault = text_fault(*text);
    if (!fault.empty()) {
        return Fitted::never(std::string{fault});
    }
    const std::uint32_t oid = type.builtin == nullptr ? 0 : type.builtin->oid;
    if (oid == oids::single_char && !single_char(*text)) {
        return Fitted::never("this text is longer than one byte");
    }
    if (oid == oids::name && text->size() > identifier_bytes_max) {
        return Fitted::nearly(Text{std::string{cut_utf8(*text, identifier_bytes_max)}},
                              "this text is longer than 63 bytes");
    }
    return type.precision >= 0 ? cut_text(type, *std::move(text))
                               : Fitted::exactly(Text{*std::move(text)});
}

Fitted fit_json(const Value &value) {
    const auto *json = value.as<Json>();
    const auto *text = value.as<Text>();
    if (json == nullptr && text == nullptr) {
        return Fitted::never("this value is no JSON");
    }
    const std::string_view fault = text_fault(json != nullptr ? json->text : text->text);
    return fault.empty() ? Fitted::exactly(value) : Fitted::never(std::string{fault});
}

Fitted fit_bits(const DeclaredType &type, const Value &value) {
    const auto *bits = value.as<Bits>();
    const auto limit = static_cast<std::uint64_t>(type.precision);
    if (type.precision < 0 || bits->count <= limit) {
        return Fitted::exactly(value);
    }
    Bits cut{limit, bits->bytes};
    cut.bytes.resize((limit + 7) / 8);
    if (limit % 8 != 0) {
        cut.bytes.back() &= static_cast<std::uint8_t>(0xff00U >> (limit % 8));
    }
    return {value, Value{std::move(cut)}, {}};
}

/// A value of the kind, or the text that stands for one in a database without such a kind.
std::optional<Value> of_kind(Kind kind, const Value &value) {
    const auto *text = value.as<Text>();
    if (value.kind() == kind) {
        return value;
    }
    return text != nullptr ? read_text_value(kind, text->text) : std::nullopt;
}

std::string_view kind_noun(Kind kind) {
    switch (kind) {
    case Kind::bytes:
        return "byte string";
    case Kind::date:
        return "date";
    case Kind::time:
        return "time without a zone";
    case Kind::time_with_zone:
        return "time with a zone";
    case Kind::timestamp:
        return "timestamp without a zone";
    case Kind::timestamp_with_zone:
        return "timestamp with a zone";
    case Kind::interval:
        return "interval";
    case Kind::uuid:
        return "uuid";
    case Kind::bits:
        return "bit string";
    default:
        return "array of the column's type";
    }
}

Fitted fit_scalar(Kind kind, const DeclaredType &type, const Value &value);

Fitted fit_array(Kind element, DeclaredType type, const Value &value) {
    const auto *array = value.as<Array>();
    if (array == nullptr) {
        return Fitted::never("this value is no array");
    }
    for (const ArrayDimension &dimension : array->dimensions) {
        const std::int64_t end = std::int64_t{dimension.lower_bound} + dimension.length;
        if (dimension.length == 0 || end > std::numeric_limits<std::int32_t>::max()) {
            return Fitted::never("the array has bounds that no array has here");
        }
    }
    type.is_array = false;
    Array exact{array->dimensions, {}};
    Array nearest = exact;
    Fitted result;
    for (const Value &each : array->elements) {
        if (each.is_null()) {
            exact.elements.emplace_back();
            nearest.elements.emplace_back();
            continue;
        }
        if (each.kind() != element) {
            return Fitted::never("the array has elements of another kind");
        }
        Fitted fitted = fit_scalar(element, type, each);
        if (!fitted.exact && !fitted.nearest) {
            return fitted;
        }
        if (!fitted.exact && result.loss.empty()) {
            result.loss = std::move(fitted.loss);
        }
        nearest.elements.push_back(fitted.nearest ? *fitted.nearest : *fitted.exact);
        exact.elements.push_back(fitted.exact ? *std::move(fitted.exact) : Value{});
    }
    if (result.loss.empty()) {
        result.exact = std::move(exact);
    }
    result.nearest = std::move(nearest);
    return result;
}

/// Whether the column holds the value as it is. True for most values, and quickly; false says
/// nothing.
bool holds(const std::string &type, const Value &value) {
    if (const auto *integer = value.as<std::int64_t>()) {
        return type == "bigint" ||
               (type == "integer" && *integer == static_cast<std::int32_t>(*integer));
    }
    if (const auto *text = value.as<Text>()) {
        return type == "text" && text_fault(text->text).empty();
    }
    switch (value.kind()) {
    case Kind::boolean:
        return type == "boolean";
    case Kind::bytes:
        return type == "bytea";
    case Kind::uuid:
        return type == "uuid";
    case Kind::timestamp_with_zone:
        return type == "timestamp with time zone";
    case Kind::timestamp:
        return type == "timestamp without time zone";
    default:
        return false;
    }
}

Fitted fit_scalar(Kind kind, const DeclaredType &type, const Value &value) {
    switch (kind) {
    case Kind::boolean:
        return fit_boolean(value);
    case Kind::int64:
        return fit_integer(type, value);
    case Kind::decimal:
        return fit_decimal(type, value);
    case Kind::float64:
        return fit_float64(value);
    case Kind::float32:
        return fit_float32(value);
    case Kind::text:
    case Kind::native:
        return fit_text(type, value);
    case Kind::json:
        return fit_json(value);
    default:
        break;
    }
    const auto same = of_kind(kind, value);
    if (!same) {
        return Fitted::never("this value is no " + std::string{kind_noun(kind)});
    }
    return kind == Kind::bits ? fit_bits(type, *same) : fit_time(type, *same);
}

} // namespace

Result<Value> to_storage(const Value &value) {
    const auto *text = value.as<Text>();
    const auto *json = value.as<Json>();
    const auto *native = value.as<Native>();
    const std::string_view fault = text != nullptr     ? text_fault(text->text)
                                   : json != nullptr   ? text_fault(json->text)
                                   : native != nullptr ? text_fault(native->text)
                                                       : "";
    if (fault.empty()) {
        return value;
    }
    return Error{Errc::conflict, "cannot store a text in PostgreSQL: " + std::string{fault},
                 "PostgreSQL's texts are UTF-8 without the character U+0000.",
                 "Leave the column out of the task or change the value at its source."};
}

Result<Value> fit(const TableDescription &table,
                  const ColumnDescription &column,
                  const Value &value,
                  Exactness exactness) {
    if (value.is_null() || holds(column.type.native_name, value)) {
        return value;
    }
    const DeclaredType type = read_declared(column.type.native_name).value_or(DeclaredType{});
    Fitted fitted = column.type.kind == Kind::array ? fit_array(column.type.element, type, value)
                                                    : fit_scalar(column.type.kind, type, value);
    if (exactness == Exactness::nearest && fitted.nearest) {
        return *std::move(fitted.nearest);
    }
    if (fitted.exact) {
        return *std::move(fitted.exact);
    }
    return Error{Errc::conflict,
                 "column \"" + column.name + "\" of table \"" + table.name +
                     "\" cannot hold a value exactly: " + fitted.loss,
                 {},
                 fitted.nearest
                     ? "Give the column here a type that holds it, or say LOSSY behind the column"
                       " in the task."
                     : "Give the column here a type that holds it, or leave it out of the task."};
}

} // namespace postrider::dialect::postgresql_text
