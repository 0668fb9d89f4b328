// The values of one column over the rows of a block (docs/protocol.md, "Column vectors"):
//
//   form 0  constant    one value, for every row
//   form 1  mixed       array of the kinds that occur, rising; per row the index of its kind there
//                       (integer vector); for every kind but null a column vector of its rows
//   form 2  dictionary  number m of distinct values, column vector of m, indexes (integer vector)
//   form 3  integers    kind, an integer vector for every part of the kind
//   form 4  strings     kind, string vector
//   form 5  numbers     kind, scales (integer vector), unscaled numbers (integer vector)
//   form 6  uuid texts  high halves, low halves (integer vectors)
//   form 7  time texts  layout, units (integer vector)
//   form 8  values      one value after the other
#pragma once

#include <span>
#include <vector>

#include "common/wire/size_estimate.hpp"
#include "common/wire/value_format.hpp"

namespace postrider::wire {

/// The numbers are those of the wire; never renumber.
enum class ColumnForm : std::uint8_t {
    constant = 0,
    mixed = 1,
    dictionary = 2,
    integers = 3,
    strings = 4,
    numbers = 5,
    uuid_texts = 6,
    time_texts = 7,
    values = 8,
};
inline constexpr std::uint64_t column_forms = 9;

/// How many integers a value of this kind is made of; 0: it is not made of integers.
std::size_t integer_parts_of(Kind kind);

/// Appends at least one value in the form that compresses best.
void encode_column(CborWriter &out,
                   std::span<const Value *const> values,
                   const SizeEstimate &size_of);

/// `count` values, at least one; charges their cell_bytes before they are made. Empty when the
/// reader fails.
std::vector<Value> decode_column(CborReader &in, std::size_t count, Allowance &allowance);

} // namespace postrider::wire
