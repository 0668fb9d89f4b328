// Our own broken invariants. Not for bad input: that is an Error.
#pragma once

#include <stdexcept>
#include <string>

namespace postrider {

/// An invariant of Postrider itself does not hold. Tests let it escape; a server turns it into
/// ERROR XX000.
class BrokenInvariant : public std::logic_error {
  public:
    using std::logic_error::logic_error;
};

/// `why` says why the condition must hold. Never aborts: an abort inside PostgreSQL restarts
/// everybody.
inline void ensure(bool condition, const char *why) {
    if (!condition) {
        throw BrokenInvariant(why);
    }
}

} // namespace postrider
