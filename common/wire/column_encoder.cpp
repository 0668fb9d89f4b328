// Every form that fits the values is tried, the smallest is kept.
#include <algorithm>
#include <bit>
#include <map>
#include <optional>

#include "common/wire/column_vector.hpp"
#include "common/wire/integer_vector.hpp"
#include "common/wire/string_vector.hpp"
#include "common/wire/text_forms.hpp"

namespace postrider::wire {

namespace {

using Values = std::span<const Value *const>;
using Integers = std::vector<std::uint64_t>;

CborWriter begin(ColumnForm form) {
    CborWriter out;
    out.unsigned_integer(static_cast<std::uint64_t>(form));
    return out;
}

CborWriter begin(ColumnForm form, Kind kind) {
    CborWriter out = begin(form);
    out.unsigned_integer(static_cast<std::uint64_t>(kind));
    return out;
}

std::uint64_t bits_of(std::int64_t value) {
    return static_cast<std::uint64_t>(value);
}

std::uint64_t half_of(const Uuid &uuid, std::size_t offset) {
    ByteReader reader(ByteView(uuid.bytes).subspan(offset, 8));
    return reader.u64();
}

/// Appends the value's parts, one to each vector.
struct IntegerParts {
    std::vector<Integers> &parts;

    void operator()(bool value) const { parts[0].push_back(value ? 1 : 0); }

    void operator()(std::int64_t value) const { parts[0].push_back(bits_of(value)); }

    void operator()(const Float64 &value) const { parts[0].push_back(value.bits); }

    void operator()(const Float32 &value) const { parts[0].push_back(value.bits); }

    void operator()(const Date &value) const { parts[0].push_back(bits_of(value.days)); }

    void operator()(const Time &value) const { parts[0].push_back(bits_of(value.microseconds)); }

    void operator()(const LocalTimestamp &value) const {
        parts[0].push_back(bits_of(value.microseconds));
    }

    void operator()(const ZonedTimestamp &value) const {
        parts[0].push_back(bits_of(value.microseconds));
    }

    void operator()(const TimeWithZone &value) const {
        parts[0].push_back(bits_of(value.microseconds));
        parts[1].push_back(bits_of(value.offset_seconds));
    }

    void operator()(const Interval &value) const {
        parts[0].push_back(bits_of(value.months));
        parts[1].push_back(bits_of(value.days));
        parts[2].push_back(bits_of(value.microseconds));
    }

    void operator()(const Uuid &value) const {
        parts[0].push_back(half_of(value, 0));
        parts[1].push_back(half_of(value, 8));
    }

    template <class T>
    void operator()(const T & /*other*/) const {
        ensure(false, "only kinds with integer parts are taken apart");
    }
};

CborWriter write_integers(Values values, Kind kind, const SizeEstimate &size_of) {
    std::vector<Integers> parts(integer_parts_of(kind));
    for (const Value *value : values) {
        std::visit(IntegerParts{parts}, value->content());
    }
    CborWriter out = begin(ColumnForm::integers, kind);
    for (const Integers &part : parts) {
        encode_integers(out, part, size_of);
    }
    return out;
}

std::string_view string_of(const Value &value) {
    switch (value.kind()) {
    case Kind::decimal:
        return value.as<Decimal>()->digits;
    case Kind::text:
        return value.as<Text>()->text;
    case Kind::bytes:
        return as_text(*value.as<Bytes>());
    case Kind::json:
        return value.as<Json>()->text;
    case Kind::native:
        return value.as<Native>()->text;
    default:
        return {};
    }
}

CborWriter
write_strings(std::span<const std::string_view> strings, Kind kind, const SizeEstimate &size_of) {
    CborWriter out = begin(ColumnForm::strings, kind);
    encode_strings(out, strings, size_of);
    return out;
}

CborWriter write_numbers(const Integers &scales,
                         const Integers &unscaled,
                         Kind kind,
                         const SizeEstimate &size_of) {
    CborWriter out = begin(ColumnForm::numbers, kind);
    encode_integers(out, scales, size_of);
    encode_integers(out, unscaled, size_of);
    return out;
}

/// Nothing unless every text is a number in its one spelling.
CborWriter write_number_texts(std::span<const std::string_view> strings,
                              Kind kind,
                              const SizeEstimate &size_of) {
    Integers scales;
    Integers unscaled;
    for (const std::string_view string : strings) {
        const std::optional<ScaledNumber> number = read_number(string);
        if (!number) {
            return {};
        }
        scales.push_back(number->scale);
        unscaled.push_back(bits_of(number->unscaled));
    }
    return write_numbers(scales, unscaled, kind, size_of);
}

/// Nothing unless some number of decimal places gives every value back, bit by bit.
CborWriter write_scaled_floats(Values values, const SizeEstimate &size_of) {
    Integers unscaled;
    std::uint64_t scale = 0;
    while (unscaled.size() < values.size()) {
        const auto &number = *values[unscaled.size()]->as<Float64>();
        const auto scaled = scale_float(std::bit_cast<double>(number.bits), scale);
        if (scaled) {
            unscaled.push_back(bits_of(*scaled));
        } else if (scale == float_scale_max) {
            return {};
        } else {
            unscaled.clear();
            ++scale;
        }
    }
    return write_numbers(Integers(values.size(), scale), unscaled, Kind::float64, size_of);
}

CborWriter write_uuid_texts(std::span<const std::string_view> strings,
                            const SizeEstimate &size_of) {
    Integers high;
    Integers low;
    for (const std::string_view string : strings) {
        const std::optional<UuidHalves> uuid = read_uuid(string);
        if (!uuid) {
            return {};
        }
        high.push_back(uuid->high);
        low.push_back(uuid->low);
    }
    CborWriter out = begin(ColumnForm::uuid_texts);
    encode_integers(out, high, size_of);
    encode_integers(out, low, size_of);
    return out;
}

CborWriter write_time_texts(std::span<const std::string_view> strings,
                            const SizeEstimate &size_of) {
    Integers units;
    std::optional<TimeLayout> layout;
    for (const std::string_view string : strings) {
        const std::optional<WrittenTime> time = read_time(string);
        if (!time || (layout && *layout != time->layout)) {
            return {};
        }
        layout = time->layout;
        units.push_back(bits_of(time->units));
    }
    CborWriter out = begin(ColumnForm::time_texts);
    out.unsigned_integer(layout.value_or(0));
    encode_integers(out, units, size_of);
    return out;
}

CborWriter write_values(Values values) {
    CborWriter out = begin(ColumnForm::values);
    for (const Value *value : values) {
        encode_value(out, *value);
    }
    return out;
}

void offer_strings(Smallest &smallest, Values values, Kind kind, const SizeEstimate &size_of) {
    std::vector<std::string_view> strings;
    strings.reserve(values.size());
    for (const Value *value : values) {
        strings.push_back(string_of(*value));
    }
    smallest.offer(write_strings(strings, kind, size_of));
    if (kind == Kind::text || kind == Kind::decimal) {
        smallest.offer(write_number_texts(strings, kind, size_of));
    }
    if (kind == Kind::text) {
        smallest.offer(write_uuid_texts(strings, size_of));
        smallest.offer(write_time_texts(strings, size_of));
    }
}

/// All values are of `kind`, which is not null.
CborWriter write_uniform(Values values, Kind kind, const SizeEstimate &size_of) {
    Smallest smallest(size_of);
    if (integer_parts_of(kind) > 0) {
        smallest.offer(write_integers(values, kind, size_of));
        if (kind == Kind::float64) {
            smallest.offer(write_scaled_floats(values, size_of));
        }
    } else if (kind == Kind::array || kind == Kind::bits) {
        smallest.offer(write_values(values));
    } else {
        offer_strings(smallest, values, kind, size_of);
    }
    return std::move(smallest).take();
}

CborWriter write_constant(const Value &value) {
    CborWriter out = begin(ColumnForm::constant);
    encode_value(out, value);
    return out;
}

/// Nothing unless values come twice on average, and do so from the start.
CborWriter write_dictionary(Values values, Kind kind, const SizeEstimate &size_of) {
    constexpr std::size_t first_values = 1000;
    const auto is_less = [](const Value *left, const Value *right) { return *left < *right; };
    std::map<const Value *, std::uint64_t, decltype(is_less)> places(is_less);
    for (std::size_t row = 0; row < values.size(); ++row) {
        places.try_emplace(values[row], 0);
        const std::size_t seen = row < first_values ? first_values : values.size();
        if (places.size() > std::min(seen, values.size()) / 2) {
            return {};
        }
    }
    std::vector<const Value *> distinct;
    for (auto &[value, place] : places) {
        place = distinct.size();
        distinct.push_back(value);
    }
    Integers indexes;
    indexes.reserve(values.size());
    for (const Value *value : values) {
        indexes.push_back(places.find(value)->second);
    }
    CborWriter out = begin(ColumnForm::dictionary);
    out.unsigned_integer(distinct.size());
    out.raw(write_uniform(distinct, kind, size_of).view());
    encode_integers(out, indexes, size_of);
    return out;
}

CborWriter write_one_kind(Values values, Kind kind, const SizeEstimate &size_of) {
    const Value &first = *values.front();
    const auto is_first = [&](const Value *value) { return *value == first; };
    if (std::all_of(values.begin(), values.end(), is_first)) {
        return write_constant(first);
    }
    Smallest smallest(size_of);
    smallest.offer(write_uniform(values, kind, size_of));
    smallest.offer(write_dictionary(values, kind, size_of));
    return std::move(smallest).take();
}

CborWriter write_mixed(Values values,
                       const std::map<Kind, std::vector<const Value *>> &by_kind,
                       const SizeEstimate &size_of) {
    CborWriter out = begin(ColumnForm::mixed);
    out.array(by_kind.size());
    std::map<Kind, std::uint64_t> places;
    for (const auto &[kind, members] : by_kind) {
        places.emplace(kind, places.size());
        out.unsigned_integer(static_cast<std::uint64_t>(kind));
    }
    Integers indexes;
    for (const Value *value : values) {
        indexes.push_back(places.at(value->kind()));
    }
    encode_integers(out, indexes, size_of);
    for (const auto &[kind, members] : by_kind) {
        if (kind != Kind::null) {
            out.raw(write_one_kind(members, kind, size_of).view());
        }
    }
    return out;
}

} // namespace

std::size_t integer_parts_of(Kind kind) {
    switch (kind) {
    case Kind::boolean:
    case Kind::int64:
    case Kind::float64:
    case Kind::float32:
    case Kind::date:
    case Kind::time:
    case Kind::timestamp:
    case Kind::timestamp_with_zone:
        return 1;
    case Kind::time_with_zone:
    case Kind::uuid:
        return 2;
    case Kind::interval:
        return 3;
    default:
        return 0;
    }
}

void encode_column(CborWriter &out, Values values, const SizeEstimate &size_of) {
    ensure(!values.empty(), "a block has rows");
    std::map<Kind, std::vector<const Value *>> by_kind;
    for (const Value *value : values) {
        by_kind[value->kind()].push_back(value);
    }
    const Kind kind = by_kind.begin()->first;
    if (by_kind.size() > 1) {
        out.raw(write_mixed(values, by_kind, size_of).view());
    } else if (kind == Kind::null) {
        out.raw(write_constant(*values.front()).view());
    } else {
        out.raw(write_one_kind(values, kind, size_of).view());
    }
}

} // namespace postrider::wire
