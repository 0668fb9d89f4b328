// SPI's results and portals.
#include "pg_extension/spi_cursor.hpp"

#include <optional>

#include "pg_extension/spi_error.hpp"

extern "C" {
#include <access/xact.h>
#include <utils/memutils.h>
#include <utils/portal.h>
}

namespace postrider::pg {

namespace {

using engine::Parameters;
using engine::Row;

/// Rows that a cursor has fetched and not given yet.
constexpr long rows_at_once = 100;

/// The rows of a query, some of them at a time. Where its transaction or savepoint was aborted, the
/// server has closed the portal already.
class SpiCursor final : public engine::Cursor {
  public:
    SpiCursor(StatementCache &cache, std::string_view sql, Parameters parameters) : cache_(cache) {
        Statement &statement = cache.prepare(sql);
        const StatementMemory memory;
        Statement::Arguments given = statement.arguments(parameters);
        Portal portal = call([&]() noexcept {
            return SPI_cursor_open(nullptr, statement.plan(), given.datums.data(),
                                   given.nulls.data(), false);
        });
        name_ = portal->name;
    }

    SpiCursor(const SpiCursor &) = delete;
    SpiCursor &operator=(const SpiCursor &) = delete;

    ~SpiCursor() override {
        if (fetched_ != nullptr && IsTransactionState()) {
            SPI_freetuptable(fetched_);
        }
        Portal portal = SPI_cursor_find(name_.c_str());
        if (portal != nullptr && portal->status != PORTAL_FAILED && IsTransactionState()) {
            SPI_cursor_close(portal);
        }
    }

    const Row *next() override {
        return as_database_error("run a statement", [&]() -> const Row * {
            if (at_ == count_ && !fetch()) {
                return nullptr;
            }
            const StatementMemory memory;
            reader_->read(fetched_->vals[at_++], row_);
            return &row_;
        });
    }

  private:
    bool fetch() {
        if (is_done_) {
            return false;
        }
        call([&]() noexcept {
            SPI_freetuptable(fetched_);
            fetched_ = nullptr;
            Portal portal = SPI_cursor_find(name_.c_str());
            if (portal == nullptr) {
                ereport(ERROR, errcode(ERRCODE_INVALID_CURSOR_STATE),
                        errmsg("a cursor was closed while it was read"));
            }
            SPI_cursor_fetch(portal, true, rows_at_once);
            fetched_ = SPI_tuptable;
        });
        reader_.emplace(cache_, fetched_->tupdesc);
        at_ = 0;
        count_ = SPI_processed;
        is_done_ = count_ < static_cast<std::uint64_t>(rows_at_once);
        return count_ > 0;
    }

    StatementCache &cache_;
    std::string name_;
    SPITupleTable *fetched_ = nullptr;
    std::optional<RowReader> reader_; // of what was fetched
    std::uint64_t at_ = 0;
    std::uint64_t count_ = 0;
    bool is_done_ = false;
    Row row_;
};

} // namespace

void check_spi(int code) {
    if (code < 0) {
        ereport(ERROR, errcode(ERRCODE_INTERNAL_ERROR),
                errmsg("a statement was not run: %s", SPI_result_code_string(code)));
    }
}

StatementMemory::StatementMemory()
    : own_(call([]() noexcept {
          return AllocSetContextCreate(CurrentMemoryContext, "postrider values",
                                       ALLOCSET_DEFAULT_SIZES);
      })),
      outer_(MemoryContextSwitchTo(own_)) {}

StatementMemory::~StatementMemory() {
    MemoryContextSwitchTo(outer_);
    MemoryContextDelete(own_);
}

RowReader::RowReader(StatementCache &cache, TupleDesc description) : description_(description) {
    for (int index = 0; index < description->natts; ++index) {
        forms_.push_back(cache.form(TupleDescAttr(description, index)->atttypid));
    }
}

void RowReader::read(HeapTuple tuple, Row &row) const {
    row.resize(forms_.size());
    for (std::size_t index = 0; index < forms_.size(); ++index) {
        bool is_null = false;
        const Datum datum = call([&]() noexcept {
            return SPI_getbinval(tuple, description_, static_cast<int>(index) + 1, &is_null);
        });
        row[index] = is_null ? Value{} : from_server(forms_[index], datum);
    }
}

std::unique_ptr<engine::Cursor>
open_cursor(StatementCache &cache, std::string_view sql, Parameters parameters) {
    return std::make_unique<SpiCursor>(cache, sql, parameters);
}

} // namespace postrider::pg
