// What a condition uses that the server may convert by the session: by its clock, its time zone or
// the styles in which it reads and writes times. It would then be met by other rows at another time
// or elsewhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/model/value.hpp"

namespace postrider::dialect::postgresql_text {

struct SessionUse {
    bool literal = false;
    bool moment = false;       // a literal that may name one, such as 'now'
    bool call = false;         // of a function
    bool sum = false;          // of what may be an interval
    bool time_literal = false; // DATE '2026-11-24'
    bool time_cast = false;
    bool text_cast = false;   // or what makes a text of any value
    bool zone_column = false; // with a time zone
    bool time_column = false; // without one
    bool text_column = false;
    bool other_column = false; // or array, of a type that may hold times
};

void note_literal(SessionUse &use, std::string_view literal);
void note_column(SessionUse &use, Kind kind);

struct Leaning {
    std::string why;
    std::string hint; // empty: on the clock
};

/// Nothing when all of it is the same in every session. It may find too much, since it does not
/// know what is used with what.
std::optional<Leaning> find_leaning(const SessionUse &use, bool has_attributes);

} // namespace postrider::dialect::postgresql_text
