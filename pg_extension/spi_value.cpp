// The most common types are read and written as they lie in memory; the others by their binary
// form, or else as text.
#include "pg_extension/spi_value.hpp"

#include <bit>
#include <cstring>

#include "common/dialect/postgresql_binary.hpp"

#include "pg_extension/spi_error.hpp"

extern "C" {
#include <catalog/pg_type.h>
#include <mb/pg_wchar.h>
#include <utils/builtins.h>
#include <utils/lsyscache.h>
#include <utils/memutils.h>
}

namespace postrider::pg {

namespace {

using engine::DatabaseError;

[[noreturn]] void refuse(Error error) {
    throw DatabaseError{DatabaseError::Reason::constraint, std::move(error)};
}

/// The server takes lengths of 31 bits and, for values, a gigabyte at most.
int length_of(std::size_t size) {
    if (size > MaxAllocSize - VARHDRSZ) {
        refuse({Errc::too_large, "a value is greater than a gigabyte", {}, ""});
    }
    return static_cast<int>(size);
}

Datum varlena(ByteView bytes) {
    const int length = length_of(bytes.size());
    return call([&]() noexcept {
        auto *value = static_cast<struct varlena *>(palloc(static_cast<Size>(length) + VARHDRSZ));
        SET_VARSIZE(value, length + VARHDRSZ);
        if (length > 0) {
            std::memcpy(VARDATA(value), bytes.data(), static_cast<std::size_t>(length));
        }
        return PointerGetDatum(value);
    });
}

/// As the engine keeps texts the server need not: its encoding may be another one.
Datum text_datum(const std::string &text) {
    const int length = length_of(text.size());
    const char *converted =
        call([&]() noexcept { return pg_any_to_server(text.c_str(), length, PG_UTF8); });
    if (converted == text.c_str()) {
        return varlena(as_bytes(text));
    }
    return call([&]() noexcept { return PointerGetDatum(cstring_to_text(converted)); });
}

/// The bytes of a variable-length value, wherever they lie.
ByteView bytes_of(Datum datum) {
    const auto *value = call([&]() noexcept { return PG_DETOAST_DATUM_PACKED(datum); });
    return {reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(value)), VARSIZE_ANY_EXHDR(value)};
}

std::string utf8_of(const char *text, std::size_t size) {
    const char *converted =
        call([&]() noexcept { return pg_server_to_any(text, static_cast<int>(size), PG_UTF8); });
    return converted == text ? std::string(text, size) : std::string(converted);
}

/// What the input function of any type reads; null: it has no such form.
const std::string *text_of(const Value &value) {
    if (const auto *text = value.as<Text>()) {
        return &text->text;
    }
    if (const auto *native = value.as<Native>()) {
        return &native->text;
    }
    if (const auto *json = value.as<Json>()) {
        return &json->text;
    }
    if (const auto *decimal = value.as<Decimal>()) {
        return &decimal->digits;
    }
    return nullptr;
}

Datum read_text(const TypeForm &form, const std::string &text) {
    if (text.find('\0') != std::string::npos) {
        refuse({Errc::conflict, "a text holds the character U+0000",
                "PostgreSQL has no form for it.", "Change the value at its source."});
    }
    return call([&]() noexcept {
        char *converted = pg_any_to_server(text.c_str(), static_cast<int>(text.size()), PG_UTF8);
        return OidInputFunctionCall(form.input, converted, form.parameter, -1);
    });
}

Datum read_binary(const TypeForm &form, const Bytes &bytes) {
    const int length = length_of(bytes.size());
    return call([&]() noexcept {
        StringInfoData buffer;
        initStringInfo(&buffer);
        appendBinaryStringInfo(&buffer, reinterpret_cast<const char *>(bytes.data()), length);
        return OidReceiveFunctionCall(form.receive, &buffer, form.parameter, -1);
    });
}

std::optional<Datum> integer_datum(Oid type, std::int64_t value) {
    switch (type) {
    case INT8OID:
        return Int64GetDatum(value);
    case INT4OID:
        if (value >= PG_INT32_MIN && value <= PG_INT32_MAX) {
            return Int32GetDatum(static_cast<std::int32_t>(value));
        }
        refuse({Errc::conflict, "a number is out of the range of type integer", {}, ""});
    case INT2OID:
        if (value >= PG_INT16_MIN && value <= PG_INT16_MAX) {
            return Int16GetDatum(static_cast<std::int16_t>(value));
        }
        refuse({Errc::conflict, "a number is out of the range of type smallint", {}, ""});
    default:
        return std::nullopt;
    }
}

/// As it lies in memory, where that is a plain thing to write.
std::optional<Datum> plain_datum(Oid type, const Value &value) {
    if (const auto *integer = value.as<std::int64_t>()) {
        return integer_datum(type, *integer);
    }
    if (const auto *boolean = value.as<bool>(); boolean != nullptr && type == BOOLOID) {
        return BoolGetDatum(*boolean);
    }
    if (const auto *number = value.as<Float64>(); number != nullptr && type == FLOAT8OID) {
        return Float8GetDatum(std::bit_cast<double>(number->bits));
    }
    if (const auto *bytes = value.as<Bytes>(); bytes != nullptr && type == BYTEAOID) {
        return varlena(*bytes);
    }
    const auto *text = value.as<Text>();
    if (text != nullptr && type == TEXTOID && text->text.find('\0') == std::string::npos) {
        return text_datum(text->text);
    }
    return std::nullopt;
}

} // namespace

TypeForm form_of(Oid type) {
    return call([&]() noexcept {
        TypeForm form;
        bool is_variable = false;
        form.type = type;
        form.base = getBaseType(type);
        getTypeInputInfo(type, &form.input, &form.parameter);
        getTypeOutputInfo(type, &form.output, &is_variable);
        if (dialect::postgresql_binary::has_binary_form(form.base)) {
            getTypeBinaryInputInfo(type, &form.receive, &form.parameter);
            getTypeBinaryOutputInfo(type, &form.send, &is_variable);
        }
        return form;
    });
}

ServerValue to_server(const TypeForm &form, const Value &value) {
    if (value.is_null()) {
        return {Datum{0}, true};
    }
    return as_database_error("give a value to the database", [&]() -> ServerValue {
        if (const auto plain = plain_datum(form.type, value)) {
            return {*plain, false};
        }
        Bytes bytes;
        if (form.receive != InvalidOid &&
            dialect::postgresql_binary::encode_binary(form.base, value, bytes)) {
            return {read_binary(form, bytes), false};
        }
        if (const std::string *text = text_of(value)) {
            return {read_text(form, *text), false};
        }
        if (const auto *integer = value.as<std::int64_t>()) {
            return {read_text(form, std::to_string(*integer)), false};
        }
        refuse({Errc::conflict,
                "a value of kind " + std::string{name_of(value.kind())} +
                    " has no form in the column's type",
                {},
                "Give the column a type that holds it, or leave it out of the task."});
    });
}

Value from_server(const TypeForm &form, Datum datum) {
    switch (form.base) {
    case INT8OID:
        return DatumGetInt64(datum);
    case INT4OID:
        return std::int64_t{DatumGetInt32(datum)};
    case INT2OID:
        return std::int64_t{DatumGetInt16(datum)};
    case BOOLOID:
        return DatumGetBool(datum);
    case FLOAT8OID:
        return Float64{std::bit_cast<std::uint64_t>(DatumGetFloat8(datum))};
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID: {
        const ByteView bytes = bytes_of(datum);
        return Text{utf8_of(reinterpret_cast<const char *>(bytes.data()), bytes.size())};
    }
    case BYTEAOID: {
        const ByteView bytes = bytes_of(datum);
        return Bytes(bytes.begin(), bytes.end());
    }
    default:
        break;
    }
    if (form.send != InvalidOid) {
        const auto *sent = call([&]() noexcept { return OidSendFunctionCall(form.send, datum); });
        const ByteView bytes{reinterpret_cast<const std::uint8_t *>(VARDATA_ANY(sent)),
                             VARSIZE_ANY_EXHDR(sent)};
        return unwrap(dialect::postgresql_binary::decode_binary(form.base, bytes));
    }
    const char *text = call([&]() noexcept { return OidOutputFunctionCall(form.output, datum); });
    return Native{utf8_of(text, std::strlen(text))};
}

} // namespace postrider::pg
