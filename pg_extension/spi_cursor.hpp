// Rows out of the server: of a result, or of a cursor.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "pg_extension/spi_statement.hpp"

namespace postrider::pg {

/// Raises an ERROR of the server for a code that tells of one.
void check_spi(int code);

/// A memory context that is emptied when a statement has run.
class StatementMemory {
  public:
    StatementMemory();
    StatementMemory(const StatementMemory &) = delete;
    StatementMemory &operator=(const StatementMemory &) = delete;
    ~StatementMemory();

  private:
    MemoryContext own_;
    MemoryContext outer_;
};

/// Reads the rows of an SPI result into values.
class RowReader {
  public:
    RowReader(StatementCache &cache, TupleDesc description);
    void read(HeapTuple tuple, engine::Row &row) const;

  private:
    TupleDesc description_;
    std::vector<TypeForm> forms_;
};

/// The rows of a query, some of them at a time. Throws PgError.
std::unique_ptr<engine::Cursor>
open_cursor(StatementCache &cache, std::string_view sql, engine::Parameters parameters);

} // namespace postrider::pg
