// Packed changesets: what decodes encodes again to the same changeset. The input is the frames of a
// packed changeset without compression: per frame kind, 4 bytes of rows, 4 of cell bytes, 4 of
// length, the raw frame.
#include "common/wire/changeset_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    ByteReader reader(ByteView{data, size});
    std::vector<wire::Frame> frames;
    while (reader.remaining() > 0) {
        wire::Frame frame;
        const std::uint8_t kind = reader.u8();
        frame.kind = kind == 0   ? wire::FrameKind::schema
                     : kind == 3 ? wire::FrameKind::private_values
                                 : wire::FrameKind::changes;
        frame.rows = reader.u32();
        frame.cell_bytes = reader.u32();
        const ByteView raw = reader.raw(reader.u32());
        frame.raw.assign(raw.begin(), raw.end());
        frame.table = "visit";
        frames.push_back(std::move(frame));
    }
    constexpr wire::ChangesetBudget budget{10'000, 1'000'000};
    if (const auto decoded = wire::decode_changeset(frames, {}, budget)) {
        const auto again = wire::decode_changeset(wire::encode_changeset(*decoded), {});
        ensure(again.has_value() && *again == *decoded, "what decodes can be encoded");
    }
    return 0;
}
