// Prefixes and their name.
#include "common/wire/history.hpp"

#include "common/base/limits.hpp"
#include "common/crypto/hash.hpp"

namespace postrider::wire {

ByteView kept_of(ByteView raw) {
    const std::size_t size = std::min(raw.size(), limits::history_table_bytes_max);
    return raw.last(size);
}

Bytes prefix_of_kept(std::span<const Bytes> kept) {
    Bytes out;
    for (const Bytes &frame : kept) {
        out.insert(out.end(), frame.begin(), frame.end());
    }
    const ByteView end = kept_of(out);
    return {end.begin(), end.end()};
}

HistoryName history_name(std::span<const std::string> tables, const Prefixes &prefixes) {
    ByteWriter input;
    for (const std::string &table : tables) {
        const auto found = prefixes.find(table);
        const ByteView prefix = found == prefixes.end() ? ByteView{} : ByteView{found->second};
        input.u64(prefix.size());
        input.raw(prefix);
    }
    return crypto::hash<8>(crypto::label::past, {}, {input.view()});
}

} // namespace postrider::wire
