// Changesets as schema and change frames, and as packed queue elements.
#include "common/wire/changeset_format.hpp"

#include <limits>

#include "common/wire/change_frame.hpp"
#include "common/wire/compression.hpp"

namespace postrider::wire {

namespace {

constexpr std::uint8_t packed_format = 1;
constexpr int packed_level = 1;
constexpr std::uint64_t packed_bytes_max = 1024 * limits::mib;
constexpr std::size_t packed_frame_parts = 5;

Error malformed(const std::string &what) {
    return {Errc::malformed, what};
}

/// The schema of a change frame: from this batch, else from what is known.
class SchemaSource {
  public:
    explicit SchemaSource(const KnownSchemas &known) : known_(known) {}

    Result<void> learn(const Frame &frame) {
        Result<TableSchema> schema = decode_schema(frame.raw);
        if (!schema) {
            return schema.error();
        }
        if (schema->name != frame.table) {
            return malformed("schema frame names another table than its header");
        }
        fresh_[schema_name(*schema)] = std::move(*schema);
        return {};
    }

    [[nodiscard]] const TableSchema *find(const SchemaName &name) const {
        if (const auto found = fresh_.find(name); found != fresh_.end()) {
            return &found->second;
        }
        const auto found = known_.find(name);
        return found == known_.end() ? nullptr : &found->second;
    }

    [[nodiscard]] const KnownSchemas &fresh() const { return fresh_; }

  private:
    const KnownSchemas &known_;
    KnownSchemas fresh_;
};

Result<TableChanges> decode_frame(const Frame &frame, const SchemaSource &schemas) {
    Result<SchemaHash> hash = read_schema_hash(frame.raw);
    if (!hash) {
        return hash.error();
    }
    const TableSchema *schema = schemas.find({frame.table, *hash});
    if (schema == nullptr) {
        return Error{Errc::gap, "schema of table \"" + frame.table + "\" is not known here"};
    }
    Allowance allowance(frame.rows, frame.cell_bytes);
    Result<TableChanges> changes = decode_changes(frame.raw, *schema, allowance);
    if (changes && !allowance.is_used_up()) {
        return malformed("change frame costs less than its header says");
    }
    return changes;
}

Result<void> check_budget(std::span<const Frame> frames, const ChangesetBudget &budget) {
    Allowance allowance(budget.rows_max, budget.cell_bytes_max);
    for (const Frame &frame : frames) {
        if (!allowance.take_rows(frame.rows) || !allowance.take_cell_bytes(frame.cell_bytes)) {
            return Error{Errc::too_large, "changeset exceeds the limit of rows or cell bytes"};
        }
    }
    return {};
}

std::vector<Frame> read_packed_frames(CborReader &in) {
    std::vector<Frame> out;
    const std::size_t count = in.array(std::numeric_limits<std::size_t>::max());
    for (std::size_t index = 0; index < count && in.ok(); ++index) {
        if (in.array(packed_frame_parts) != packed_frame_parts) {
            in.fail();
        }
        Frame frame;
        frame.kind = static_cast<FrameKind>(in.choice(frame_kinds));
        frame.table = in.text(limits::name_bytes_max);
        frame.rows = in.unsigned_integer();
        frame.cell_bytes = in.unsigned_integer();
        const ByteView raw = in.bytes();
        frame.raw.assign(raw.begin(), raw.end());
        out.push_back(std::move(frame));
    }
    return out;
}

} // namespace

std::vector<Frame> encode_changeset(const Changeset &changeset,
                                    const std::set<SchemaName> &known_to_receiver,
                                    const PrivateColumns &private_columns) {
    const SizeEstimate size_of;
    std::vector<Frame> out;
    for (const auto &[name, table] : changeset.tables) {
        if (!known_to_receiver.contains(schema_name(table.schema))) {
            out.push_back(encode_schema(table.schema));
        }
        const auto hidden = private_columns.find(name);
        if (hidden == private_columns.end()) {
            out.push_back(encode_changes(table, size_of));
            continue;
        }
        TableChanges open = table;
        Frame values = take_private(open, hidden->second);
        out.push_back(encode_changes(open, size_of));
        out.push_back(std::move(values));
    }
    return out;
}

Result<Changeset> decode_changeset(std::span<const Frame> frames,
                                   const KnownSchemas &known,
                                   const ChangesetBudget &budget) {
    if (auto within = check_budget(frames, budget); !within) {
        return within.error();
    }
    SchemaSource schemas(known);
    Changeset out;
    std::set<std::string> has_private;
    for (const Frame &frame : frames) {
        if (frame.kind == FrameKind::schema) {
            if (auto learnt = schemas.learn(frame); !learnt) {
                return learnt.error();
            }
        }
        if (frame.kind == FrameKind::private_values) {
            const auto place = out.tables.find(frame.table);
            if (place == out.tables.end() || !has_private.insert(frame.table).second) {
                return malformed("private frame without a change frame of its own before it");
            }
            if (auto put = put_private(frame, place->second); !put) {
                return put.error();
            }
        }
        if (frame.kind != FrameKind::changes) {
            continue;
        }
        Result<TableChanges> changes = decode_frame(frame, schemas);
        if (!changes) {
            return changes.error();
        }
        const auto [place, is_new] = out.tables.try_emplace(frame.table, std::move(*changes));
        if (!is_new) {
            return malformed("two change frames of one table in one batch");
        }
    }
    return out;
}

Result<void> learn_schemas(std::span<const Frame> frames, KnownSchemas &known) {
    SchemaSource schemas(known);
    for (const Frame &frame : frames) {
        if (frame.kind == FrameKind::schema) {
            if (auto learnt = schemas.learn(frame); !learnt) {
                return learnt;
            }
        }
    }
    known.insert(schemas.fresh().begin(), schemas.fresh().end());
    return {};
}

Bytes pack_changeset(const Changeset &changeset) {
    const std::vector<Frame> frames = encode_changeset(changeset);
    CborWriter content;
    content.array(frames.size());
    for (const Frame &frame : frames) {
        content.array(packed_frame_parts);
        content.unsigned_integer(static_cast<std::uint64_t>(frame.kind));
        content.text(frame.table);
        content.unsigned_integer(frame.rows);
        content.unsigned_integer(frame.cell_bytes);
        content.bytes(frame.raw);
    }
    ByteWriter out;
    out.u8(packed_format);
    out.u64(content.size());
    out.raw(compress(content.view(), {.level = packed_level}));
    return std::move(out).take();
}

Result<Changeset> unpack_changeset(ByteView packed) {
    ByteReader reader(packed);
    const std::uint8_t format = reader.u8();
    const std::uint64_t raw_size = reader.u64();
    if (!reader.ok() || format != packed_format) {
        return Error{Errc::unsupported_version, "packed changeset has an unknown format"};
    }
    if (raw_size > packed_bytes_max) {
        return Error{Errc::too_large, "packed changeset exceeds its limit"};
    }
    Result<Bytes> raw = decompress(reader.raw(reader.remaining()), raw_size, {});
    if (!raw) {
        return raw.error();
    }
    CborReader in(*raw);
    const std::vector<Frame> frames = read_packed_frames(in);
    if (!in.at_end()) {
        in.fail();
        return in.error("packed changeset");
    }
    // Our own bytes: what they cost is bounded by what they say of themselves.
    constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
    return decode_changeset(frames, {}, {.rows_max = unlimited, .cell_bytes_max = unlimited});
}

} // namespace postrider::wire
