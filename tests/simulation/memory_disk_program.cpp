// The program that uses a database on the disk: its connection, and what it reads.
#include <cstring>
#include <utility>

#include "common/base/ensure.hpp"
#include "common/base/text_encoding.hpp"

#include "tests/simulation/memory_disk.hpp"

namespace postrider::simulation {

namespace {

/// A value to the bit.
std::string exact(sqlite3_stmt *statement, int column) {
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        return std::to_string(sqlite3_column_int64(statement, column));
    case SQLITE_FLOAT: {
        const double number = sqlite3_column_double(statement, column);
        std::uint64_t bits = 0;
        std::memcpy(&bits, &number, sizeof bits);
        return "real " + std::to_string(bits);
    }
    case SQLITE_NULL:
        return "null";
    default:
        break;
    }
    const bool is_text = sqlite3_column_type(statement, column) == SQLITE_TEXT;
    const void *bytes = sqlite3_column_blob(statement, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, column));
    return (is_text ? "text " : "blob ") +
           to_hex(ByteView{static_cast<const std::uint8_t *>(bytes), size});
}

MemoryDisk::Rows rows_of(sqlite3_stmt *statement) {
    MemoryDisk::Rows out;
    while (sqlite3_step(statement) == SQLITE_ROW) {
        std::vector<std::string> row;
        row.reserve(static_cast<std::size_t>(sqlite3_column_count(statement)));
        for (int column = 0; column < sqlite3_column_count(statement); ++column) {
            row.push_back(exact(statement, column));
        }
        out.push_back(std::move(row));
    }
    sqlite3_reset(statement);
    return out;
}

} // namespace

sqlite3 *MemoryDisk::program() const {
    if (program_ != nullptr) {
        return program_;
    }
    const bool opened = sqlite3_open_v2(database_path_.c_str(), &program_,
                                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                        vfs_name_.c_str()) == SQLITE_OK &&
                        sqlite3_exec(program_, "PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL;",
                                     nullptr, nullptr, nullptr) == SQLITE_OK;
    if (!opened) {
        sqlite3_close(std::exchange(program_, nullptr));
    }
    return program_;
}

const MemoryDisk::Rows &MemoryDisk::answer(const std::string &sql) const {
    Question &question = questions_[sql];
    if (question.asked_at == changes_) {
        return question.rows;
    }
    if (question.statement == nullptr) {
        sqlite3 *connection = program();
        ensure(connection != nullptr, "the simulation can look at a database");
        ensure(sqlite3_prepare_v2(connection, sql.c_str(), -1, &question.statement, nullptr) ==
                   SQLITE_OK,
               "the simulation's own questions are right");
    }
    question.rows = rows_of(question.statement);
    question.asked_at = changes_;
    return question.rows;
}

void MemoryDisk::close_program() {
    for (const auto &[sql, question] : questions_) {
        sqlite3_finalize(question.statement);
    }
    questions_.clear();
    sqlite3_close(std::exchange(program_, nullptr));
}

} // namespace postrider::simulation
