// What is read prints to a text that reads back to the same model; what is wrong has a place.
#include "common/base/bytes.hpp"
#include "common/base/ensure.hpp"
#include "common/task/task_text.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size) {
    using namespace postrider;
    const auto parsed = task::parse(as_text(ByteView(bytes, size)));
    if (!parsed) {
        ensure(!parsed.error().hint.empty(), "every mistake has a way out");
        return 0;
    }
    const auto again = task::parse(task::print(*parsed));
    ensure(again.has_value() && *again == *parsed, "what is printed reads back to an equal model");
    if (const auto checked = task::check_whole(*parsed); !checked) {
        ensure(!checked.error().message.empty(), "every mistake has a message");
    }
    static_cast<void>(task::unavailable(*parsed));
    return 0;
}
