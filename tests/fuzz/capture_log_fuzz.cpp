// The reader of what PostgreSQL's triggers have captured: two bytes tell the size of each row.
#include <algorithm>

#include "common/base/limits.hpp"
#include "common/wire/capture_log.hpp"

namespace {

void check(const postrider::wire::CaptureRecord &record) {
    using namespace postrider;
    if (record.values.empty()) {
        return;
    }
    ensure(record.layout != nullptr && !record.layout->key.empty(), "values have a layout and key");
    ensure(record.values.size() == record.layout->columns.size(), "each column has a value");
    for (const std::uint32_t index : record.layout->key) {
        ensure(record.values.at(index).given && !record.values.at(index).null, "keys are told");
    }
    if (record.operation != wire::CaptureOperation::insert) {
        ensure(record.kept_values.size() == record.layout->kept.size(), "so are kept columns");
    }
    std::size_t bytes = 0;
    for (const wire::CapturedValue &value : record.values) {
        bytes += value.bytes.size();
    }
    ensure(bytes <= limits::capture_record_bytes_max, "a record is within its limit");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    ByteReader input({data, size});
    wire::CaptureLogReader reader;
    while (input.remaining() > 0) {
        const std::size_t wanted = input.u16();
        if (!reader.feed(input.raw(std::min(wanted, input.remaining())))) {
            return 0;
        }
        for (;;) {
            const auto record = reader.next();
            if (!record) {
                return 0;
            }
            if (*record == nullptr) {
                break;
            }
            check(**record);
        }
    }
    static_cast<void>(reader.finish());
    return 0;
}
