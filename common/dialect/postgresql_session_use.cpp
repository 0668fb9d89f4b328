// Rules over what was seen, in the order in which they explain best.
#include "common/dialect/postgresql_session_use.hpp"

#include "common/dialect/sql_text.hpp"

namespace postrider::dialect::postgresql_text {

namespace {

/// "now" and its like as a word of its own.
bool names_moment(std::string_view literal) {
    const std::string text = lower_ascii(literal);
    const auto is_letter = [](char letter) { return letter >= 'a' && letter <= 'z'; };
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
        std::size_t end = begin;
        while (end < text.size() && is_letter(text[end])) {
            ++end;
        }
        const std::string_view word = std::string_view{text}.substr(begin, end - begin);
        if (word == "now" || word == "today" || word == "tomorrow" || word == "yesterday") {
            return true;
        }
        begin = end;
    }
    return false;
}

} // namespace

void note_literal(SessionUse &use, std::string_view literal) {
    // An escape may hide a word.
    const bool has_escape = literal.find('\\') != std::string_view::npos;
    use.literal = true;
    use.moment = use.moment || has_escape || names_moment(literal);
}

void note_column(SessionUse &use, Kind kind) {
    switch (kind) {
    case Kind::timestamp_with_zone:
    case Kind::time_with_zone:
        use.zone_column = true;
        break;
    case Kind::date:
    case Kind::time:
    case Kind::timestamp:
    case Kind::interval:
        use.time_column = true;
        break;
    case Kind::text:
    case Kind::json:
        use.text_column = true;
        break;
    case Kind::array:
    case Kind::native:
        use.other_column = true;
        break;
    default:
        break;
    }
}

std::optional<Leaning> find_leaning(const SessionUse &use, bool has_attributes) {
    const bool has_plain_times = use.time_literal || use.time_cast || use.time_column;
    if (use.moment && (has_plain_times || use.zone_column || use.other_column)) {
        return Leaning{"a text that says \"now\", \"today\", \"tomorrow\" or \"yesterday\" gives"
                       " another time at another time",
                       ""};
    }
    // A day is not always as long.
    const bool adds = use.sum && (use.literal || has_attributes);
    if (use.zone_column && (has_plain_times || use.text_cast || adds)) {
        return Leaning{"a value with a time zone would be converted by the session's",
                       "Compare such columns with one another and with times alone."};
    }
    if (use.text_cast && (has_plain_times || use.other_column)) {
        return Leaning{"a time, or a value that may hold one, would be written in the session's"
                       " style",
                       "Leave them apart from what makes texts of values."};
    }
    const bool has_texts =
        use.text_column || use.other_column || has_attributes || (use.literal && use.call);
    if (use.time_cast && has_texts) {
        return Leaning{"a text would be read as a time in the session's style",
                       "Write times as literals, such as DATE '2026-11-24'."};
    }
    return std::nullopt;
}

} // namespace postrider::dialect::postgresql_text
