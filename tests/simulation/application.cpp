// Random writes of an application.
#include "tests/simulation/application.hpp"

#include <array>
#include <cstring>

#include "common/base/ensure.hpp"
#include "common/base/text_encoding.hpp"

namespace postrider::simulation {

namespace {

/// A plain connection as any program opens it.
class PlainConnection {
  public:
    explicit PlainConnection(const MemoryDisk &disk) {
        opened_ =
            sqlite3_open_v2(database_path, &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                            disk.vfs_name().c_str()) == SQLITE_OK &&
            run("PRAGMA foreign_keys=ON; PRAGMA synchronous=FULL;");
    }

    PlainConnection(const PlainConnection &) = delete;
    PlainConnection &operator=(const PlainConnection &) = delete;

    ~PlainConnection() { sqlite3_close(handle_); }

    bool run(const std::string &sql) {
        return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    }

    /// The last statement failed for a reason of its own, not of the disk's.
    [[nodiscard]] bool met_constraint() const {
        return (sqlite3_errcode(handle_) & 0xff) == SQLITE_CONSTRAINT;
    }

    [[nodiscard]] std::string error() const { return sqlite3_errmsg(handle_); }

    [[nodiscard]] bool is_open() const { return opened_; }

    /// Rows as exact texts.
    std::vector<std::vector<std::string>> rows(const std::string &sql) {
        std::vector<std::vector<std::string>> out;
        sqlite3_stmt *statement = nullptr;
        ensure(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK,
               "the simulation's own queries are right");
        while (sqlite3_step(statement) == SQLITE_ROW) {
            std::vector<std::string> row;
            row.reserve(static_cast<std::size_t>(sqlite3_column_count(statement)));
            for (int column = 0; column < sqlite3_column_count(statement); ++column) {
                row.push_back(exact(statement, column));
            }
            out.push_back(std::move(row));
        }
        sqlite3_finalize(statement);
        return out;
    }

  private:
    static std::string exact(sqlite3_stmt *statement, int column) {
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

    sqlite3 *handle_ = nullptr;
    bool opened_ = false;
};

std::string number_below(Random &random, std::uint64_t count) {
    return std::to_string(random.below(count));
}

/// SQL for a value of any storage class, its extremes among them.
std::string any_value(Random &random) {
    static constexpr std::array<const char *, 22> values{
        "NULL",
        "0",
        "1",
        "-1",
        "9223372036854775807",
        "-9223372036854775808",
        "0.1 + 0.2",
        "-0.0",
        "1e308 * 10",
        "-1e308 * 10",
        "4.9e-324",
        "1.7976931348623157e308",
        "''",
        "'plain'",
        "'it''s'",
        "'Grüße, 世界'",
        "CAST(x'610062' AS TEXT)",
        "CAST(x'ff80fe' AS TEXT)",
        "x''",
        "x'00'",
        "zeroblob(300)",
        "'01234567-89ab-4cde-8f01-23456789abcd'",
    };
    switch (random.below(4)) {
    case 0:
        return number_below(random, 1000);
    case 1:
        return "hex(randomblob(" + number_below(random, 30) + "))";
    default:
        return values.at(random.below(values.size()));
    }
}

std::string maybe_code(Random &random) {
    return random.chance(30) ? "NULL" : "'code" + number_below(random, 12) + "'";
}

} // namespace

std::vector<std::string> Application::tables() const {
    return {owner_ + "_item", owner_ + "_part", owner_ + "_note"};
}

void Application::create(const MemoryDisk &disk) const {
    run_plain(disk, "CREATE TABLE IF NOT EXISTS " + owner_ +
                        "_item(id INTEGER PRIMARY KEY, v, code TEXT UNIQUE,"
                        " version INTEGER NOT NULL);"
                        "CREATE TABLE IF NOT EXISTS " +
                        owner_ + "_part(id INTEGER PRIMARY KEY, item INTEGER REFERENCES " + owner_ +
                        "_item(id) ON DELETE CASCADE, v, version INTEGER NOT NULL);"
                        "CREATE TABLE IF NOT EXISTS " +
                        owner_ +
                        "_note(k TEXT NOT NULL, n INTEGER NOT NULL, v, version INTEGER NOT NULL,"
                        " PRIMARY KEY(k, n)) WITHOUT ROWID;");
}

std::string Application::statement(Random &random) {
    const std::string version = std::to_string(++last_version_);
    const std::string id = number_below(random, 25);
    const std::string item = owner_ + "_item";
    const std::string part = owner_ + "_part";
    const std::string note = owner_ + "_note";
    const std::string key = "'k" + number_below(random, 5) + "', " + number_below(random, 4);
    switch (random.below(13)) {
    case 0:
        return "INSERT INTO " + item + " VALUES(" + id + ", " + any_value(random) + ", " +
               maybe_code(random) + ", " + version + ")";
    case 1:
        return "INSERT OR REPLACE INTO " + item + " VALUES(" + id + ", " + any_value(random) +
               ", " + maybe_code(random) + ", " + version + ")";
    case 2:
        return "UPDATE " + item + " SET v = " + any_value(random) + ", version = " + version +
               " WHERE id = " + id;
    case 3:
        return "UPDATE " + item + " SET code = " + maybe_code(random) + ", version = " + version +
               " WHERE id = " + id;
    case 4:
        return "DELETE FROM " + item + " WHERE id = " + id;
    case 5:
        return "UPDATE OR IGNORE " + item + " SET id = " + number_below(random, 25) +
               ", version = " + version + " WHERE id = " + id;
    case 6:
        return "INSERT OR IGNORE INTO " + part + " SELECT " + number_below(random, 60) +
               ", max(id), " + any_value(random) + ", " + version + " FROM " + item;
    case 7:
        return "UPDATE " + part + " SET v = " + any_value(random) + ", version = " + version +
               " WHERE id % 7 = " + number_below(random, 7);
    case 8:
        return "DELETE FROM " + part + " WHERE id = " + number_below(random, 60);
    case 9:
        return "INSERT INTO " + note + " VALUES(" + key + ", " + any_value(random) + ", " +
               version + ") ON CONFLICT(k, n) DO UPDATE SET v = excluded.v, version = " + version;
    case 10:
        return "DELETE FROM " + note + " WHERE (k, n) = (" + key + ")";
    case 11:
        return "UPDATE " + item + " SET code = 'swap' || id, version = " + version +
               " WHERE id % 5 = " + number_below(random, 5);
    default:
        return "UPDATE " + item + " SET v = v, version = " + version + " WHERE id = " + id;
    }
}

bool Application::write(const MemoryDisk &disk, Random &random) {
    PlainConnection connection(disk);
    if (!connection.is_open() || !connection.run("BEGIN IMMEDIATE")) {
        return false;
    }
    for (std::uint64_t count = 1 + random.below(5); count > 0; --count) {
        if (!connection.run(statement(random)) && !connection.met_constraint()) {
            connection.run("ROLLBACK");
            return false;
        }
    }
    if (random.chance(10)) {
        return connection.run("ROLLBACK");
    }
    return connection.run("COMMIT");
}

std::map<std::string, std::vector<std::string>> Application::content(const MemoryDisk &disk) const {
    PlainConnection connection(disk);
    std::map<std::string, std::vector<std::string>> out;
    for (const std::string &table : tables()) {
        for (const std::vector<std::string> &row :
             connection.rows("SELECT * FROM " + table + " ORDER BY 1, 2")) {
            std::string line;
            for (const std::string &cell : row) {
                line += cell + " | ";
            }
            out[table].push_back(std::move(line));
        }
    }
    return out;
}

Application::Versions Application::versions(const MemoryDisk &disk) const {
    PlainConnection connection(disk);
    Versions out;
    for (const std::string &table : tables()) {
        const bool is_note = table == owner_ + "_note";
        for (const std::vector<std::string> &row : connection.rows(
                 (is_note ? "SELECT version, k, n FROM " : "SELECT version, id FROM ") + table)) {
            std::string key = table;
            for (std::size_t index = 1; index < row.size(); ++index) {
                key += " " + row[index];
            }
            out[key] = std::stoll(row.front());
        }
    }
    return out;
}

std::string complaints(const MemoryDisk &disk) {
    const std::string integrity = ask(disk, "PRAGMA integrity_check");
    if (integrity != "text " + to_hex(as_bytes("ok"))) {
        return "integrity_check: " + integrity;
    }
    const std::string orphan = ask(disk, "PRAGMA foreign_key_check");
    return orphan.empty() ? "" : "foreign_key_check: " + orphan;
}

std::string ask(const MemoryDisk &disk, const std::string &sql) {
    PlainConnection connection(disk);
    const auto rows = connection.rows(sql);
    return rows.empty() ? "" : rows.front().front();
}

std::string ask_text(const MemoryDisk &disk, const std::string &sql) {
    const std::string exact = ask(disk, sql);
    if (!exact.starts_with("text ")) {
        return "";
    }
    const Result<Bytes> text = from_hex(exact.substr(5));
    return std::string{as_text(*text)};
}

void run_plain(const MemoryDisk &disk, const std::string &sql) {
    PlainConnection connection(disk);
    if (!connection.is_open() || !connection.run(sql)) {
        throw BrokenInvariant("the simulation could not run \"" + sql +
                              "\": " + connection.error());
    }
}

} // namespace postrider::simulation
