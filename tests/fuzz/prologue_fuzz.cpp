// The parser that reads strangers' bytes: prologue, stamp search, part hash, wrap.
#include "common/wire/envelope.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    using namespace postrider;
    const ByteView input{data, size};
    const auto prologue = wire::parse_prologue(input);
    if (!prologue) {
        return 0;
    }
    ensure(prologue->recipients >= 1 && prologue->recipients <= limits::envelope_recipients_max,
           "recipients are within their limit");
    ensure(prologue->prologue_bytes <= size && prologue->prologue_bytes <= wire::prologue_bytes_max,
           "a parsed prologue lies within its input");
    const wire::StampCover cover = wire::stamp_cover(*prologue);
    const crypto::Key zero;
    static_cast<void>(wire::find_stamp(*prologue, cover, zero.view()));
    static_cast<void>(wire::part_body(*prologue, input));
    const wire::Opening opening{{}, zero, {{false, 0, {{}, zero}}}};
    static_cast<void>(wire::unwrap_part(*prologue, prologue->recipients - 1, opening));
    return 0;
}
