// The rule of a zone as a text: standard name and offset, summer name and offset, two changes.
#include "common/base/time_zone.hpp"

namespace postrider {

namespace {

using std::chrono::seconds;

Error malformed_rule() {
    return {Errc::malformed, "the rule of the time zone cannot be read"};
}

/// Reads from the front of the text; `failed` once something was not there.
class RuleReader {
  public:
    explicit RuleReader(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool failed() const { return failed_; }

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

    bool accept(char sign) {
        if (rest_.empty() || rest_.front() != sign) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    void expect(char sign) { failed_ = !accept(sign) || failed_; }

    /// "CET" or "<+0330>".
    void name() {
        const bool quoted = accept('<');
        std::size_t length = 0;
        while (length < rest_.size() && is_of_name(rest_[length], quoted)) {
            ++length;
        }
        failed_ = failed_ || length < 3;
        rest_.remove_prefix(length);
        if (quoted) {
            expect('>');
        }
    }

    int number(int least, int most) {
        int value = 0;
        std::size_t digits = 0;
        while (digits < rest_.size() && digits < 3 && is_digit(rest_[digits])) {
            value = value * 10 + (rest_[digits] - '0');
            ++digits;
        }
        rest_.remove_prefix(digits);
        failed_ = failed_ || digits == 0 || value < least || value > most;
        return value;
    }

    unsigned small(int least, int most) { return static_cast<unsigned>(number(least, most)); }

    /// [+-]hh[:mm[:ss]], at most a week.
    seconds time() {
        const bool negative = accept('-');
        if (!negative) {
            accept('+');
        }
        seconds value = std::chrono::hours{number(0, 167)};
        if (accept(':')) {
            value += std::chrono::minutes{number(0, 59)};
        }
        if (accept(':')) {
            value += seconds{number(0, 59)};
        }
        return negative ? -value : value;
    }

    ZoneRule::Change change() {
        ZoneRule::Change change;
        if (accept('M')) {
            change.month = small(1, 12);
            expect('.');
            change.week = small(1, 5);
            expect('.');
            change.weekday = small(0, 6);
        } else if (accept('J')) {
            change.kind = ZoneRule::Day::julian;
            change.day = number(1, 365);
        } else {
            change.kind = ZoneRule::Day::of_year;
            change.day = number(0, 365);
        }
        if (accept('/')) {
            change.time = time();
        }
        return change;
    }

  private:
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }

    static bool is_of_name(char c, bool quoted) {
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        return letter || (quoted && (is_digit(c) || c == '+' || c == '-'));
    }

    std::string_view rest_;
    bool failed_ = false;
};

} // namespace

Result<ZoneRule> parse_zone_rule(std::string_view text) {
    RuleReader reader{text};
    ZoneRule rule;
    reader.name();
    rule.offset = -reader.time(); // what is written counts to the west
    if (!reader.failed() && !reader.at_end()) {
        ZoneRule::Summer summer{rule.offset + std::chrono::hours{1}, {}, {}};
        reader.name();
        if (!reader.accept(',')) {
            summer.offset = -reader.time();
            reader.expect(',');
        }
        summer.begin = reader.change();
        reader.expect(',');
        summer.end = reader.change();
        rule.summer = summer;
    }
    return reader.failed() || !reader.at_end() ? Result<ZoneRule>{malformed_rule()}
                                               : Result<ZoneRule>{rule};
}

} // namespace postrider
