// Random writes of an application.
#include "tests/simulation/application.hpp"

#include <array>

#include "common/base/ensure.hpp"
#include "common/base/text_encoding.hpp"

namespace postrider::simulation {

namespace {

/// The connection of the program that uses the database, for one thing that it does.
class PlainConnection {
  public:
    explicit PlainConnection(const MemoryDisk &disk) : handle_(disk.program()) {}

    PlainConnection(const PlainConnection &) = delete;
    PlainConnection &operator=(const PlainConnection &) = delete;

    ~PlainConnection() { undo(); }

    /// What was begun and not committed.
    void undo() {
        if (is_open() && sqlite3_get_autocommit(handle_) == 0) {
            run("ROLLBACK");
        }
    }

    bool run(const std::string &sql) {
        return sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    }

    /// The last statement failed for a reason of its own, not of the disk's.
    [[nodiscard]] bool met_constraint() const {
        return (sqlite3_errcode(handle_) & 0xff) == SQLITE_CONSTRAINT;
    }

    /// Or for the mistake of whoever wrote it.
    [[nodiscard]] bool met_mistake() const { return sqlite3_errcode(handle_) == SQLITE_ERROR; }

    [[nodiscard]] std::string error() const { return sqlite3_errmsg(handle_); }

    [[nodiscard]] bool is_open() const { return handle_ != nullptr; }

  private:
    sqlite3 *handle_;
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

/// Of rows that are only at a receiver.
const std::string obstacle_ids = "10000";

std::string maybe_code(Random &random) {
    return random.chance(30) ? "NULL" : "'code" + number_below(random, 12) + "'";
}

/// Through how many alterations the tables have been.
std::size_t level_of(const MemoryDisk &disk, const std::string &owner) {
    return std::stoul(ask(disk, "SELECT n FROM " + owner + "_level"));
}

/// Statements of one version of the application.
struct Writer {
    const Shapes &shapes;
    std::string version;
    Random &random;

    /// `columns` and their values, any others of the table's, and the version.
    [[nodiscard]] std::string insert(const std::string &verb,
                                     const Shape &shape,
                                     const std::vector<std::string> &columns,
                                     const std::string &fixed) const {
        std::string names;
        for (const std::string &column : columns) {
            names += column + ", ";
        }
        std::string values = fixed;
        for (const std::string &column : shape.values()) {
            names += column + ", ";
            values += ", " + any_value(random);
        }
        return verb + " INTO " + shape.name + "(" + names + shape.name_of(Role::version) +
               ") VALUES(" + values + ", " + version + ")";
    }

    [[nodiscard]] std::string update(const Shape &shape,
                                     const std::string &assignment,
                                     const std::string &where,
                                     const std::string &otherwise = "") const {
        return "UPDATE " + otherwise + shape.name + " SET " + assignment +
               ", version = " + version + " WHERE " + where;
    }

    [[nodiscard]] std::string any_assignment(const Shape &shape) const {
        const std::vector<std::string> values = shape.values();
        const std::string value = any_value(random);
        return values.at(random.below(values.size())) + " = " + value;
    }

    [[nodiscard]] std::string upsert_note(const std::string &key) const {
        const Shape &note = shape_of(shapes, TableName::note);
        std::string assignments;
        for (const std::string &column : note.values()) {
            assignments += column + " = excluded." + column + ", ";
        }
        return insert("INSERT", note, {"k", "n"}, key) + " ON CONFLICT(k, n) DO UPDATE SET " +
               assignments + "version = " + version;
    }
};

} // namespace

std::vector<std::string> Application::tables() const {
    return {owner_ + "_item", owner_ + "_part", owner_ + "_note"};
}

void Application::create(MemoryDisk &disk) const {
    std::string script;
    for (const Shape &shape : shapes_.front()) {
        script += shape.create("IF NOT EXISTS " + shape.name) + ";";
    }
    const std::string level = owner_ + "_level";
    run_plain(disk, "BEGIN;" + script + "CREATE TABLE IF NOT EXISTS " + level +
                        "(one INTEGER PRIMARY KEY, n INTEGER NOT NULL);INSERT OR IGNORE INTO " +
                        level + " VALUES(1, 0);COMMIT;");
}

const std::string &Application::plan_migration(Random &random) {
    Migration migration = next_migration(shapes_.back(), shapes_.size(), random);
    scripts_.push_back(std::move(migration.script));
    shapes_.push_back(std::move(migration.after));
    return scripts_.back();
}

bool Application::migrate(const MemoryDisk &disk) const {
    PlainConnection connection(disk);
    if (!connection.is_open()) {
        return false;
    }
    const std::size_t level = level_of(disk, owner_);
    if (level == scripts_.size() || !connection.run("PRAGMA foreign_keys=OFF")) {
        return false;
    }
    const bool done = connection.run("BEGIN IMMEDIATE") && connection.run(scripts_.at(level)) &&
                      connection.run("UPDATE " + owner_ + "_level SET n = n + 1") &&
                      connection.run("COMMIT");
    ensure(done || !connection.met_mistake(), "the alterations are right");
    connection.undo(); // the pragma does nothing within a transaction
    connection.run("PRAGMA foreign_keys=ON");
    return done;
}

std::string Application::statement(const Shapes &shapes, Random &random) {
    const Writer writer{shapes, std::to_string(++last_version_), random};
    const Shape &item = shape_of(shapes, TableName::item);
    const Shape &part = shape_of(shapes, TableName::part);
    const Shape &note = shape_of(shapes, TableName::note);
    const std::string id = number_below(random, 25);
    const std::string code = item.name_of(Role::code);
    const std::string note_number = number_below(random, 4);
    const std::string note_key = "'k" + number_below(random, 5) + "', " + note_number;
    switch (random.below(13)) {
    case 0:
        return writer.insert("INSERT", item, {"id", code}, id + ", " + maybe_code(random));
    case 1:
        return writer.insert("INSERT OR REPLACE", item, {"id", code},
                             id + ", " + maybe_code(random));
    case 2:
        return writer.update(item, writer.any_assignment(item), "id = " + id);
    case 3:
        return writer.update(item, code + " = " + maybe_code(random), "id = " + id);
    case 4:
        return "DELETE FROM " + item.name + " WHERE id = " + id;
    case 5:
        return writer.update(item, "id = " + number_below(random, 25), "id = " + id, "OR IGNORE ");
    case 6:
        return writer.insert("INSERT OR IGNORE", part, {"id", "item"},
                             number_below(random, 60) + ", (SELECT min(id) FROM " + item.name +
                                 " WHERE id >= " + id + ")");
    case 7: {
        const std::string where = "id % 7 = " + number_below(random, 7);
        return writer.update(part, writer.any_assignment(part), where);
    }
    case 8:
        return "DELETE FROM " + part.name + " WHERE id = " + number_below(random, 60);
    case 9:
        return writer.upsert_note(note_key);
    case 10:
        return "DELETE FROM " + note.name + " WHERE (k, n) = (" + note_key + ")";
    case 11:
        return writer.update(item, code + " = 'swap' || id", "id % 5 = " + number_below(random, 5));
    default: {
        const std::string value = item.values().front();
        return writer.update(item, value + " = " + value, "id = " + id);
    }
    }
}

bool Application::write(const MemoryDisk &disk, Random &random) {
    PlainConnection connection(disk);
    if (!connection.is_open() || !connection.run("BEGIN IMMEDIATE")) {
        return false;
    }
    const Shapes &shapes = shapes_.at(level_of(disk, owner_));
    for (std::uint64_t count = 1 + random.below(5); count > 0; --count) {
        if (!connection.run(statement(shapes, random)) && !connection.met_constraint()) {
            connection.run("ROLLBACK");
            return false;
        }
    }
    if (random.chance(10)) {
        return connection.run("ROLLBACK");
    }
    return connection.run("COMMIT");
}

bool Application::obstruct(const MemoryDisk &disk, Random &random) const {
    PlainConnection connection(disk);
    if (!connection.is_open() || !connection.run("BEGIN IMMEDIATE")) {
        return false;
    }
    const Shape &item = shape_of(shapes_.at(level_of(disk, owner_)), TableName::item);
    const std::string number = number_below(random, 12);
    return connection.run("INSERT OR IGNORE INTO " + item.name + "(id, " +
                          item.name_of(Role::code) + ", " + item.name_of(Role::version) +
                          ") VALUES(" + obstacle_ids + " + " + number + ", 'code" + number +
                          "', 0)") &&
           connection.run("COMMIT");
}

bool Application::clear(const MemoryDisk &disk) const {
    PlainConnection connection(disk);
    return connection.is_open() &&
           connection.run("DELETE FROM " + owner_ + "_item WHERE id >= " + obstacle_ids);
}

/// The rows of a part go with those that they refer to.
void Application::send_a_part(bool with_lists) {
    sent_ = {Sent{.where = "id % 3 <> 0", .columns = "*", .clauses = ""},
             Sent{.where = "version % 2 = 0 AND (item % 3 <> 0 OR item IS NULL)",
                  .columns = "*",
                  .clauses = ""},
             Sent{.where = "version % 2 = 0", .columns = "*", .clauses = ""}};
    std::array<std::string, 3> lists;
    if (with_lists) {
        sent_[0].columns = "id, code, version";
        sent_[2].columns = "version, n, k";
        lists = {" (* EXCEPT v)", "", " (version, n, k)"};
    }
    for (std::size_t table = 0; table < sent_.size(); ++table) {
        sent_[table].clauses = lists[table] + " WHERE (" + sent_[table].where + ")";
    }
}

std::string Application::unlisted(const MemoryDisk &disk) const {
    const Sent *part = sent_.data();
    for (const std::string &table : tables()) {
        const Sent &sent = *part++;
        if (sent.columns != "*" &&
            ask(disk, "SELECT count(*) FROM " + table + " WHERE v IS NOT NULL") != "0") {
            return "column v of table " + table;
        }
    }
    return {};
}

Application Application::passed_on() const {
    Application out = *this;
    out.sent_[0].where = "id % 2 <> 0";
    out.sent_[1].where = "version % 3 <> 0 AND (item % 2 <> 0 OR item IS NULL)";
    out.sent_[2].where = "version % 3 <> 0";
    for (Sent &sent : out.sent_) {
        sent.clauses = " WHERE (" + sent.where + ")";
    }
    return out;
}

std::map<std::string, std::vector<std::string>> Application::content(const MemoryDisk &disk,
                                                                     Rows rows) const {
    std::map<std::string, std::vector<std::string>> out;
    const Sent *part = sent_.data();
    for (const std::string &table : tables()) {
        const Sent &sent = *part++;
        std::vector<std::string> &lines = out[table];
        for (const std::vector<std::string> &row :
             disk.answer("SELECT " + sent.columns + " FROM " + table + " WHERE " +
                         (rows == Rows::sent ? sent.where : "1") + " ORDER BY " +
                         (table == owner_ + "_note" ? "k, n" : "id"))) {
            std::string line;
            for (const std::string &cell : row) {
                line += cell + " | ";
            }
            lines.push_back(std::move(line));
        }
    }
    return out;
}

Application::Versions Application::versions(const MemoryDisk &disk, Rows rows) const {
    Versions out;
    const Sent *part = sent_.data();
    for (const std::string &table : tables()) {
        const Sent &sent = *part++;
        const bool is_note = table == owner_ + "_note";
        const std::string owned = is_note ? "1" : "id < " + obstacle_ids;
        for (const std::vector<std::string> &row :
             disk.answer((is_note ? "SELECT version, k, n FROM " : "SELECT version, id FROM ") +
                         table + " WHERE " + (rows == Rows::sent ? sent.where : owned))) {
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
    const MemoryDisk::Rows &rows = disk.answer(sql);
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

void run_plain(MemoryDisk &disk, const std::string &sql) {
    {
        PlainConnection connection(disk);
        if (!connection.is_open() || !connection.run(sql)) {
            throw BrokenInvariant("the simulation could not run \"" + sql +
                                  "\": " + connection.error());
        }
    }
    disk.close_program();
}

} // namespace postrider::simulation
