// What the encoder wrote, and whatever else a stranger may write in its place.
#include <bit>
#include <limits>
#include <optional>

#include "common/wire/column_vector.hpp"
#include "common/wire/integer_vector.hpp"
#include "common/wire/string_vector.hpp"
#include "common/wire/text_forms.hpp"

namespace postrider::wire {

namespace {

using Integers = std::vector<std::uint64_t>;

/// Where vectors may stand: a mixed column holds no mixed one, a dictionary no dictionary.
enum class Place : std::uint8_t { column, of_one_kind, in_dictionary };

class ColumnReader {
  public:
    ColumnReader(CborReader &in, Allowance &allowance) : in_(in), allowance_(allowance) {}

    std::vector<Value> read(std::size_t count, Place place);

  private:
    std::vector<Value> read_constant(std::size_t count);
    std::vector<Value> read_mixed(std::size_t count);
    std::vector<Value> read_dictionary(std::size_t count);
    std::vector<Value> read_integers(std::size_t count);
    std::vector<Value> read_strings(std::size_t count);
    std::vector<Value> read_numbers(std::size_t count);
    std::vector<Value> read_uuid_texts(std::size_t count);
    std::vector<Value> read_time_texts(std::size_t count);
    std::vector<Value> read_values(std::size_t count);

    Kind read_kind() { return static_cast<Kind>(in_.choice(value_kinds)); }

    bool charge(std::uint64_t cell_bytes) {
        if (in_.ok() && !allowance_.take_cell_bytes(cell_bytes)) {
            in_.fail_with(Errc::too_large);
        }
        return in_.ok();
    }

    /// `count` is at most a million and a value's size a few hundred million: no overflow.
    bool charge_each(std::size_t count, std::uint64_t cell_bytes) {
        return charge(count * cell_bytes);
    }

    /// Texts are charged one by one as they are printed; each is short.
    bool push_text(std::vector<Value> &out, std::string text) {
        if (!charge(text.size())) {
            return false;
        }
        out.push_back(Value::text(std::move(text)));
        return true;
    }

    CborReader &in_;
    Allowance &allowance_;
};

template <class Number>
bool fits(std::uint64_t value) {
    return as_signed(value) >= std::numeric_limits<Number>::min() &&
           as_signed(value) <= std::numeric_limits<Number>::max();
}

Value uuid_from(std::uint64_t high, std::uint64_t low) {
    ByteWriter writer;
    writer.u64(high);
    writer.u64(low);
    Uuid uuid{};
    ByteReader reader(writer.view());
    uuid.bytes = reader.fixed<16>();
    return uuid;
}

/// Nothing for integers that the kind cannot hold. `parts` has integer_parts_of(kind) vectors.
std::optional<Value> value_from(Kind kind, const std::vector<Integers> &parts, std::size_t row) {
    const std::uint64_t first = parts[0][row];
    switch (kind) {
    case Kind::boolean:
        return first <= 1 ? std::optional<Value>(first == 1) : std::nullopt;
    case Kind::int64:
        return as_signed(first);
    case Kind::float64:
        return Float64{first};
    case Kind::float32:
        return first <= std::numeric_limits<std::uint32_t>::max()
                   ? std::optional<Value>(Float32{static_cast<std::uint32_t>(first)})
                   : std::nullopt;
    case Kind::date:
        return fits<std::int32_t>(first)
                   ? std::optional<Value>(Date{static_cast<std::int32_t>(first)})
                   : std::nullopt;
    case Kind::time:
        return Time{as_signed(first)};
    case Kind::timestamp:
        return LocalTimestamp{as_signed(first)};
    case Kind::timestamp_with_zone:
        return ZonedTimestamp{as_signed(first)};
    case Kind::time_with_zone:
        return fits<std::int32_t>(parts[1][row])
                   ? std::optional<Value>(
                         TimeWithZone{as_signed(first), static_cast<std::int32_t>(parts[1][row])})
                   : std::nullopt;
    case Kind::interval:
        return fits<std::int32_t>(first) && fits<std::int32_t>(parts[1][row])
                   ? std::optional<Value>(Interval{static_cast<std::int32_t>(first),
                                                   static_cast<std::int32_t>(parts[1][row]),
                                                   as_signed(parts[2][row])})
                   : std::nullopt;
    case Kind::uuid:
        return uuid_from(first, parts[1][row]);
    default:
        return std::nullopt;
    }
}

Value string_value(Kind kind, std::string string) {
    switch (kind) {
    case Kind::decimal:
        return Decimal{std::move(string)};
    case Kind::text:
        return Text{std::move(string)};
    case Kind::json:
        return Json{std::move(string)};
    case Kind::native:
        return Native{std::move(string)};
    default:
        return Bytes(string.begin(), string.end());
    }
}

bool is_string_kind(Kind kind) {
    return kind == Kind::decimal || kind == Kind::text || kind == Kind::bytes ||
           kind == Kind::json || kind == Kind::native;
}

std::vector<Value> ColumnReader::read(std::size_t count, Place place) {
    const auto form = static_cast<ColumnForm>(in_.choice(column_forms));
    if (!in_.ok() || count == 0 || (form == ColumnForm::mixed && place != Place::column) ||
        (form == ColumnForm::dictionary && place == Place::in_dictionary)) {
        in_.fail();
        return {};
    }
    switch (form) {
    case ColumnForm::constant:
        return read_constant(count);
    case ColumnForm::mixed:
        return read_mixed(count);
    case ColumnForm::dictionary:
        return read_dictionary(count);
    case ColumnForm::integers:
        return read_integers(count);
    case ColumnForm::strings:
        return read_strings(count);
    case ColumnForm::numbers:
        return read_numbers(count);
    case ColumnForm::uuid_texts:
        return read_uuid_texts(count);
    case ColumnForm::time_texts:
        return read_time_texts(count);
    case ColumnForm::values:
        return read_values(count);
    }
    return {};
}

std::vector<Value> ColumnReader::read_constant(std::size_t count) {
    const Value value = decode_value(in_, allowance_);
    std::vector<Value> out;
    if (in_.ok() && charge_each(count - 1, value.cell_bytes())) {
        out.resize(count, value);
    }
    return out;
}

std::vector<Value> ColumnReader::read_mixed(std::size_t count) {
    const std::size_t kind_count = in_.array(value_kinds);
    std::vector<Kind> present;
    for (std::size_t index = 0; index < kind_count && in_.ok(); ++index) {
        const Kind kind = read_kind();
        if (!present.empty() && kind <= present.back()) {
            in_.fail();
        }
        present.push_back(kind);
    }
    const Integers indexes =
        decode_integers_up_to(in_, count, kind_count == 0 ? 0 : kind_count - 1);
    if (!in_.ok() || kind_count < 2) {
        in_.fail();
        return {};
    }
    std::vector<std::size_t> row_counts(kind_count);
    for (const std::uint64_t index : indexes) {
        ++row_counts[index];
    }
    std::vector<std::vector<Value>> members(kind_count);
    for (std::size_t index = 0; index < kind_count && in_.ok(); ++index) {
        if (present[index] == Kind::null) {
            if (charge_each(row_counts[index], value_bytes_fixed)) {
                members[index].resize(row_counts[index]);
            }
            continue;
        }
        members[index] = read(row_counts[index], Place::of_one_kind);
        if (in_.ok() && members[index].front().kind() != present[index]) {
            in_.fail();
        }
    }
    std::vector<Value> out;
    if (!in_.ok()) {
        return out;
    }
    std::vector<std::size_t> next(kind_count);
    out.reserve(count);
    for (const std::uint64_t index : indexes) {
        out.push_back(std::move(members[index][next[index]++]));
    }
    return out;
}

std::vector<Value> ColumnReader::read_dictionary(std::size_t count) {
    const std::uint64_t distinct = in_.unsigned_integer();
    if (distinct == 0 || distinct > count) {
        in_.fail();
        return {};
    }
    const std::vector<Value> dictionary = read(distinct, Place::in_dictionary);
    const Integers indexes = decode_integers_up_to(in_, count, distinct - 1);
    if (!in_.ok()) {
        return {};
    }
    std::uint64_t rows_cost = 0;
    std::uint64_t dictionary_cost = 0;
    std::vector<std::uint64_t> costs;
    for (const Value &value : dictionary) {
        costs.push_back(value.cell_bytes());
        dictionary_cost += costs.back();
    }
    for (const std::uint64_t index : indexes) {
        rows_cost += costs[index];
    }
    allowance_.give_back_cell_bytes(dictionary_cost);
    std::vector<Value> out;
    if (charge(rows_cost)) {
        out.reserve(count);
        for (const std::uint64_t index : indexes) {
            out.push_back(dictionary[index]);
        }
    }
    return out;
}

std::vector<Value> ColumnReader::read_integers(std::size_t count) {
    const Kind kind = read_kind();
    const std::size_t part_count = integer_parts_of(kind);
    if (part_count == 0 || !charge_each(count, value_bytes_fixed)) {
        in_.fail();
        return {};
    }
    std::vector<Integers> parts;
    for (std::size_t part = 0; part < part_count; ++part) {
        parts.push_back(decode_integers(in_, count));
    }
    std::vector<Value> out;
    for (std::size_t row = 0; row < count && in_.ok(); ++row) {
        std::optional<Value> value = value_from(kind, parts, row);
        if (!value) {
            in_.fail();
            return {};
        }
        out.push_back(std::move(*value));
    }
    return out;
}

std::vector<Value> ColumnReader::read_strings(std::size_t count) {
    const Kind kind = read_kind();
    if (!is_string_kind(kind) || !charge_each(count, value_bytes_fixed)) {
        in_.fail();
        return {};
    }
    std::vector<Value> out;
    for (std::string &string : decode_strings(in_, count, allowance_)) {
        if (kind == Kind::decimal && string.size() > limits::decimal_digits_max) {
            in_.fail_with(Errc::too_large);
            return {};
        }
        out.push_back(string_value(kind, std::move(string)));
    }
    return out;
}

std::vector<Value> ColumnReader::read_numbers(std::size_t count) {
    const Kind kind = read_kind();
    const bool is_float = kind == Kind::float64;
    if ((!is_float && kind != Kind::text && kind != Kind::decimal) ||
        !charge_each(count, value_bytes_fixed)) {
        in_.fail();
        return {};
    }
    const Integers scales =
        decode_integers_up_to(in_, count, is_float ? float_scale_max : number_scale_max);
    const Integers unscaled = decode_integers(in_, count);
    std::vector<Value> out;
    for (std::size_t row = 0; row < count && in_.ok(); ++row) {
        const std::int64_t number = as_signed(unscaled[row]);
        if (is_float) {
            if (number < -float_unscaled_max || number > float_unscaled_max) {
                in_.fail();
                return {};
            }
            out.push_back(Value::float64(unscale_float(number, scales[row])));
            continue;
        }
        std::string text = print_number({number, scales[row]});
        if (!charge(text.size())) {
            return {};
        }
        out.push_back(string_value(kind, std::move(text)));
    }
    return out;
}

std::vector<Value> ColumnReader::read_uuid_texts(std::size_t count) {
    if (!charge_each(count, value_bytes_fixed)) {
        return {};
    }
    const Integers high = decode_integers(in_, count);
    const Integers low = decode_integers(in_, count);
    std::vector<Value> out;
    for (std::size_t row = 0; row < count && in_.ok(); ++row) {
        push_text(out, print_uuid({high[row], low[row]}));
    }
    return out;
}

std::vector<Value> ColumnReader::read_time_texts(std::size_t count) {
    if (!charge_each(count, value_bytes_fixed)) {
        return {};
    }
    const TimeLayout layout = in_.choice(time_layouts);
    const Integers units = decode_integers(in_, count);
    std::vector<Value> out;
    for (std::size_t row = 0; row < count && in_.ok(); ++row) {
        std::optional<std::string> text = print_time({layout, as_signed(units[row])});
        if (!text) {
            in_.fail();
            return {};
        }
        push_text(out, std::move(*text));
    }
    return out;
}

std::vector<Value> ColumnReader::read_values(std::size_t count) {
    std::vector<Value> out;
    for (std::size_t row = 0; row < count && in_.ok(); ++row) {
        out.push_back(decode_value(in_, allowance_));
        if (out.back().kind() != out.front().kind() || out.back().is_null()) {
            in_.fail();
        }
    }
    return out;
}

} // namespace

std::vector<Value> decode_column(CborReader &in, std::size_t count, Allowance &allowance) {
    std::vector<Value> out = ColumnReader(in, allowance).read(count, Place::column);
    if (!in.ok()) {
        out.clear();
    }
    return out;
}

} // namespace postrider::wire
