// As the server's own logical replication copies tables: BeginCopyFrom with a function that gives
// the bytes. https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
#include "pg_extension/spi_copy.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "common/dialect/postgresql_binary.hpp"

extern "C" {
#include <access/table.h>
#include <commands/copy.h>
#include <parser/parse_relation.h>
#include <parser/parser.h>

#include "pg_extension/apply_role.h"
}

namespace postrider::pg {

namespace {

/// What the server has not read yet. It asks by a function that is told nothing else.
struct Source {
    const std::uint8_t *next;
    std::size_t left;
};

Source source;

int give(void *buffer, int /*least*/, int most) {
    const std::size_t size = std::min(source.left, static_cast<std::size_t>(most));
    std::memcpy(buffer, source.next, size);
    source.next += size;
    source.left -= size;
    return static_cast<int>(size);
}

constexpr std::array<std::uint8_t, 19> header{'P',  'G', 'C', 'O', 'P', 'Y', '\n', 0xff, '\r', '\n',
                                              '\0', 0,   0,   0,   0,   0,   0,    0,    0};

void put_number(Bytes &out, std::uint32_t number, unsigned bytes) {
    for (unsigned place = bytes; place > 0; --place) {
        out.push_back(static_cast<std::uint8_t>(number >> (8 * (place - 1))));
    }
}

} // namespace

CopyStatement::CopyStatement(std::string_view sql, const Statement &one_row)
    : sql_(sql), columns_(one_row.parameters()) {
    has_binary_forms_ = std::all_of(columns_.begin(), columns_.end(), [](const TypeForm &form) {
        return form.receive != InvalidOid;
    });
}

bool CopyStatement::is_hopeful() {
    return has_binary_forms_ && (runs_to_pass_ == 0 || --runs_to_pass_ == 0);
}

bool CopyStatement::encode(std::span<const engine::Row> rows,
                           std::span<const std::size_t> indexes) {
    bytes_.assign(header.begin(), header.end());
    for (const std::size_t index : indexes) {
        put_number(bytes_, static_cast<std::uint32_t>(columns_.size()), 2);
        for (std::size_t column = 0; column < columns_.size(); ++column) {
            const Value &value = rows[index].at(column);
            if (value.is_null()) {
                put_number(bytes_, ~std::uint32_t{0}, 4);
                continue;
            }
            field_.clear();
            if (!dialect::postgresql_binary::encode_binary(columns_[column].base, value, field_)) {
                return false;
            }
            put_number(bytes_, static_cast<std::uint32_t>(field_.size()), 4);
            bytes_.insert(bytes_.end(), field_.begin(), field_.end());
        }
    }
    put_number(bytes_, 0xffff, 2);
    return true;
}

std::uint64_t CopyStatement::run() const {
    source = {bytes_.data(), bytes_.size()};
    return call([&]() noexcept {
        List *statements = raw_parser(sql_.c_str(), RAW_PARSE_DEFAULT);
        auto *statement = castNode(CopyStmt, linitial_node(RawStmt, statements)->stmt);
        Relation relation = table_openrv(statement->relation, RowExclusiveLock);
        postrider_check_copy(RelationGetRelid(relation)); // what COPY calls does not
        ParseState *state = make_parsestate(nullptr);
        addRangeTableEntryForRelation(state, relation, RowExclusiveLock, nullptr, false, false);
        CopyFromState copy = postrider_begin_copy_from(state, relation, give, statement->attlist,
                                                       statement->options);
        const std::uint64_t rows = CopyFrom(copy);
        EndCopyFrom(copy);
        table_close(relation, NoLock);
        return rows;
    });
}

} // namespace postrider::pg
