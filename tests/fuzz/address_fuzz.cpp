// What passes the checkers can stand in a header line: printable ASCII, and one '@' in an address.
#include <algorithm>

#include "common/base/bytes.hpp"
#include "common/base/ensure.hpp"
#include "common/mail/address.hpp"

namespace {

bool is_printable_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char character) { return character >= ' ' && character <= '~'; });
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
    using namespace postrider;
    const std::string_view text = as_text(ByteView(bytes, size));
    if (mail::check_address(text)) {
        ensure(is_printable_ascii(text), "an address is printable");
        ensure(std::count(text.begin(), text.end(), '@') == 1, "an address has one @");
        ensure(text.find_first_of(" <>(),;:\"\\[]") == std::string_view::npos,
               "an address has no character that means something in a header");
        ensure(!mail::domain_of(text).empty(), "an address has a domain");
    }
    if (mail::check_subject_prefix(text)) {
        ensure(is_printable_ascii(text), "a prefix is printable");
    }
    return 0;
}
