// Tables five levels deep that refer to each other and to themselves in every way that foreign keys
// act, and a program that changes their rows at random.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

/// '#' in an expression stands for a number that was never used; with a minus before it, for one
/// that no row keeps.
struct UniqueColumn {
    std::string column;
    std::string fresh;
};

struct LevelTable {
    std::string name;
    std::string key;
    std::string fresh_key;
    std::vector<UniqueColumn> unique;
    int rows_wanted;
};

struct LevelReference {
    std::string child;
    std::string columns;
    std::string parent;
    std::string parent_columns;
    std::string on_delete;
};

/// From the top down: keys of text, of a text and an integer, and of an integer.
inline const std::vector<LevelTable> level_tables = {
    {"region", "code", "'r#'", {{"rank", "#"}}, 8},
    {"branch", "region, number", "region, #", {{"name", "'b#'"}}, 20},
    {"team", "id", "#", {{"sign", "'s#'"}}, 40},
    {"person", "badge", "'p#'", {{"desk", "#"}, {"mail", "'m#'"}}, 100},
    {"item", "person, place", "person, #", {{"code", "'c#'"}, {"label", "'l#'"}}, 200},
};

inline const std::vector<LevelReference> level_references = {
    {"branch", "region", "region", "code", "RESTRICT"},
    {"team", "region, number", "branch", "region, number", "SET NULL"},
    {"team", "lead", "person", "badge", "SET NULL"},
    {"person", "team", "team", "id", "CASCADE"},
    {"person", "mentor", "person", "badge", "SET NULL"},
    {"item", "person", "person", "badge", "CASCADE"},
    {"item", "part_of", "item", "code", "CASCADE"},
};

inline const std::string level_schema =
    "CREATE TABLE region(code TEXT NOT NULL PRIMARY KEY, rank INT NOT NULL UNIQUE, v) WITHOUT "
    "ROWID;"
    "CREATE TABLE branch(region TEXT NOT NULL REFERENCES region ON UPDATE CASCADE ON DELETE"
    " RESTRICT, number INT NOT NULL, name TEXT UNIQUE, v, PRIMARY KEY(region, number));"
    "CREATE TABLE team(id INTEGER PRIMARY KEY, region TEXT, number INT, lead TEXT REFERENCES"
    " person ON UPDATE CASCADE ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,"
    " sign TEXT NOT NULL UNIQUE, v, FOREIGN KEY(region, number) REFERENCES branch"
    " ON UPDATE CASCADE ON DELETE SET NULL);"
    "CREATE TABLE person(badge TEXT NOT NULL PRIMARY KEY, team INT REFERENCES team ON UPDATE"
    " CASCADE ON DELETE CASCADE, mentor TEXT REFERENCES person ON UPDATE CASCADE ON DELETE SET"
    " NULL, desk INT NOT NULL UNIQUE, mail TEXT UNIQUE, v);"
    "CREATE TABLE item(person TEXT NOT NULL REFERENCES person ON UPDATE CASCADE ON DELETE"
    " CASCADE, place INT NOT NULL, code TEXT UNIQUE, part_of TEXT"
    " REFERENCES item(code) ON UPDATE CASCADE ON DELETE CASCADE, label TEXT UNIQUE, v, PRIMARY "
    "KEY(person, place))"
    " WITHOUT ROWID";

/// Changes rows in transactions. What a constraint refuses is taken back and not counted.
class LevelProgram {
  public:
    LevelProgram(Application &program, std::mt19937 &random) : program_(program), random_(random) {}

    /// 1 to 20 changes of rows; 0 when it was taken back.
    int run_transaction() {
        const std::map<std::string, int> before = kinds_;
        const int wanted = 1 + below(16); // the last may take five
        changes_ = 0;
        program_.run("BEGIN");
        while (changes_ < wanted) {
            change();
        }
        if (below(20) == 0) {
            program_.run("ROLLBACK");
            kinds_ = before;
            return 0;
        }
        program_.run("COMMIT");
        return changes_;
    }

    /// How often each kind of change was made, and rows were touched by an action of a key.
    [[nodiscard]] int count(const std::string &kind) const {
        const auto found = kinds_.find(kind);
        return found == kinds_.end() ? 0 : found->second;
    }

  private:
    using Rows = std::vector<std::string>; // keys as SQL writes them

    int below(int count) { return static_cast<int>(random_() % static_cast<unsigned>(count)); }

    void run(const std::string &sql) {
        program_.run(sql);
        changes_ += std::stoi(program_.ask("SELECT changes()"));
    }

    int number(const std::string &sql) { return std::stoi(program_.ask(sql)); }

    void attempt(const std::string &kind, const std::function<void()> &work) {
        const std::map<std::string, int> before = kinds_;
        const int changes_before = changes_;
        program_.run("SAVEPOINT one");
        try {
            work();
            ++kinds_[kind];
        } catch (const std::runtime_error &error) {
            if (std::string{error.what()}.find("constraint failed") == std::string::npos) {
                throw;
            }
            program_.run("ROLLBACK TO one");
            kinds_ = before;
            changes_ = changes_before;
            ++kinds_["refused"];
        }
        program_.run("RELEASE one");
    }

    static std::string numbered(std::string expression, int number) {
        expression.replace(expression.find('#'), 1, std::to_string(number));
        return expression;
    }

    std::string fresh(const std::string &expression) {
        return numbered(expression, ++last_number_);
    }

    /// No row keeps it: it is free again at the end of the change.
    std::string passing(const std::string &expression) {
        return numbered(expression, -++last_number_);
    }

    std::string any_value() {
        static const std::vector<std::string> values = {
            "NULL", "0", "-1", "1.5", "'text'", "x'00ff'", "9223372036854775807", "''"};
        const int choice = below(static_cast<int>(values.size()) * 2);
        return choice % 2 == 0 ? values[static_cast<std::size_t>(choice / 2)]
                               : std::to_string(below(1000));
    }

    static std::string where(const LevelTable &table, const std::string &row) {
        return " WHERE (" + table.key + ") = (" + row + ")";
    }

    /// As SQL writes it: quote(a) || ', ' || quote(b).
    static std::string quoted(const std::string &columns) {
        std::string expression = "quote(";
        for (const char letter : columns) {
            expression += letter == ',' ? ") || ', ' || quote(" : std::string{letter};
        }
        return expression + ")";
    }

    std::string
    values_of(const LevelTable &table, const std::string &row, const std::string &columns) {
        return program_.ask("SELECT " + quoted(columns) + " FROM " + table.name +
                            where(table, row));
    }

    static std::string nulls(const std::string &columns) {
        return columns.find(',') == std::string::npos ? "NULL" : "NULL, NULL";
    }

    /// Values of some row, or NULLs where there is none.
    std::string any(const std::string &table, const std::string &columns) {
        const int rows = number("SELECT count(*) FROM " + table);
        if (rows == 0) {
            return nulls(columns);
        }
        return program_.ask("SELECT " + quoted(columns) + " FROM " + table + " LIMIT 1 OFFSET " +
                            std::to_string(below(rows)));
    }

    std::string any_or_null(const std::string &table, const std::string &columns) {
        return below(3) == 0 ? nulls(columns) : any(table, columns);
    }

    const LevelTable &any_table() {
        return level_tables[static_cast<std::size_t>(below(static_cast<int>(level_tables.size())))];
    }

    std::string any_row(const LevelTable &table) { return any(table.name, table.key); }

    /// Up to `most` rows that differ.
    Rows some_rows(const LevelTable &table, int most) {
        Rows rows;
        for (int count = 0; count < most; ++count) {
            const std::string row = any_row(table);
            if (!row.starts_with("NULL") &&
                std::find(rows.begin(), rows.end(), row) == rows.end()) {
                rows.push_back(row);
            }
        }
        return rows;
    }

    int
    referring(const LevelTable &table, const std::string &row, const LevelReference &reference) {
        return number("SELECT count(*) FROM " + reference.child + " WHERE (" + reference.columns +
                      ") = (" + values_of(table, row, reference.parent_columns) + ")");
    }

    /// The columns of the row are about to change.
    void
    count_followers(const LevelTable &table, const std::string &row, const std::string &columns) {
        for (const LevelReference &reference : level_references) {
            if (reference.parent == table.name && reference.parent_columns == columns) {
                kinds_["ON UPDATE CASCADE"] += referring(table, row, reference);
            }
        }
    }

    void insert(const LevelTable &table) {
        const std::string id = std::to_string(++last_number_);
        std::string row;
        if (table.name == "region") {
            row = "'r" + id + "', " + id;
        } else if (table.name == "branch") {
            row = any("region", "code") + ", " + id + ", 'b" + id + "'";
        } else if (table.name == "team") {
            row = id + ", " + any_or_null("branch", "region, number") + ", " +
                  any_or_null("person", "badge") + ", 's" + id + "'";
        } else if (table.name == "person") {
            row = "'p" + id + "', " + any("team", "id") + ", " + any_or_null("person", "badge") +
                  ", " + id + ", 'm" + id + "'";
        } else {
            row = any("person", "badge") + ", " + id + ", 'c" + id + "', " +
                  any_or_null("item", "code") + ", 'l" + id + "'";
        }
        run("INSERT INTO " + table.name + " VALUES(" + row + ", " + any_value() + ")");
    }

    void remove(const LevelTable &table, const std::string &row) {
        for (const LevelReference &reference : level_references) {
            if (reference.parent == table.name) {
                kinds_["ON DELETE " + reference.on_delete] += referring(table, row, reference);
            }
        }
        run("DELETE FROM " + table.name + where(table, row));
    }

    void set(const LevelTable &table,
             const std::string &row,
             const std::string &columns,
             const std::string &values) {
        run("UPDATE " + table.name + " SET (" + columns + ") = (" + values + ")" +
            where(table, row));
    }

    void move(const LevelTable &table, const std::string &row) {
        for (const LevelReference &reference : level_references) {
            if (reference.child == table.name && below(2) == 0) {
                set(table, row, reference.columns, any(reference.parent, reference.parent_columns));
                return;
            }
        }
    }

    void change_key(const LevelTable &table, const std::string &row) {
        count_followers(table, row, table.key);
        set(table, row, table.key, fresh(table.fresh_key));
    }

    const UniqueColumn &any_unique(const LevelTable &table) {
        return table.unique[static_cast<std::size_t>(below(static_cast<int>(table.unique.size())))];
    }

    /// Each row gets the value of the next: two swap, three go round.
    void swap_unique(const LevelTable &table, const Rows &rows) {
        const UniqueColumn &unique = any_unique(table);
        Rows values;
        for (const std::string &row : rows) {
            values.push_back(values_of(table, row, unique.column));
            count_followers(table, row, unique.column);
        }
        set(table, rows.front(), unique.column, passing(unique.fresh));
        for (std::size_t index = 1; index < rows.size(); ++index) {
            set(table, rows[index], unique.column, values[index - 1]);
        }
        set(table, rows.front(), unique.column, values.back());
    }

    void swap_keys(const LevelTable &table, const Rows &rows) {
        const std::string free = passing(table.fresh_key);
        set(table, rows.front(), table.key, free);
        for (std::size_t index = 1; index < rows.size(); ++index) {
            count_followers(table, rows[index], table.key);
            set(table, rows[index], table.key, rows[index - 1]);
        }
        const std::string column = table.key.substr(table.key.rfind(' ') + 1);
        run("UPDATE " + table.name + " SET (" + table.key + ") = (" + rows.back() + ") WHERE " +
            column + " = " + free.substr(free.rfind(' ') + 1));
    }

    /// Persons, or items, that refer to each other in a ring.
    void close_ring() {
        const bool persons = below(2) == 0;
        const LevelTable &table = level_tables[persons ? 3 : 4];
        const Rows rows = some_rows(table, 1 + below(4));
        for (std::size_t index = 0; index < rows.size(); ++index) {
            set(table, rows[index], persons ? "mentor" : "part_of",
                values_of(table, rows[(index + 1) % rows.size()], persons ? "badge" : "code"));
        }
    }

    /// A team and its lead, a member of it: neither can be there first.
    void insert_pair() {
        const std::string id = std::to_string(++last_number_);
        run("INSERT INTO team VALUES(" + id + ", " + any("branch", "region, number") + ", 'p" + id +
            "', 's" + id + "', 'pair')");
        run("INSERT INTO person VALUES('p" + id + "', " + id + ", 'p" + id + "', " + id + ", 'm" +
            id + "', 'pair')");
    }

    /// A row goes, and another takes over what was unique of it.
    void hand_over(const LevelTable &table, const Rows &rows) {
        const UniqueColumn &unique = any_unique(table);
        const std::string value = values_of(table, rows.front(), unique.column);
        remove(table, rows.front());
        set(table, rows.back(), unique.column, value);
    }

    /// A row goes and comes again under another key, or its own, with what was unique of it.
    void come_again(const LevelTable &table, const std::string &row) {
        const std::string key = below(2) == 0 ? table.key : fresh(table.fresh_key);
        std::string others;
        const std::string columns = program_.ask("SELECT group_concat(name, ', ') FROM"
                                                 " pragma_table_info('" +
                                                 table.name + "') WHERE pk = 0");
        program_.run("CREATE TEMP TABLE again AS SELECT " + key + ", " + columns + " FROM " +
                     table.name + where(table, row));
        remove(table, row);
        run("INSERT INTO " + table.name + "(" + table.key + ", " + columns +
            ") SELECT * FROM again");
        program_.run("DROP TABLE again");
        // Its lead may have gone with it.
        run("UPDATE team SET lead = NULL WHERE lead NOT IN (SELECT badge FROM person)");
    }

    void change_one(const LevelTable &table) {
        const std::string row = any_row(table);
        switch (below(7)) {
        case 0:
            return attempt("deletion", [&] { remove(table, row); });
        case 1:
            return attempt("move", [&] { move(table, row); });
        case 2:
            return attempt("key change", [&] { change_key(table, row); });
        case 3:
            return attempt("coming again", [&] { come_again(table, row); });
        default:
            return attempt("value", [&] { set(table, row, "v", any_value()); });
        }
    }

    void change_some(const LevelTable &table) {
        const Rows rows = some_rows(table, 2 + below(2));
        if (rows.size() < 2) {
            return;
        }
        switch (below(4)) {
        case 0:
            return attempt("key swap", [&] { swap_keys(table, rows); });
        case 1:
            return attempt("handing over", [&] { hand_over(table, rows); });
        default:
            return attempt("swap", [&] { swap_unique(table, rows); });
        }
    }

    void change() {
        const LevelTable &table = any_table();
        const int rows = number("SELECT count(*) FROM " + table.name);
        if (rows < table.rows_wanted && (rows < 3 || below(2) == 0)) {
            return attempt("insertion", [&] { insert(table); });
        }
        if (rows > table.rows_wanted * 2) {
            return attempt("deletion", [&] { remove(table, any_row(table)); });
        }
        switch (below(10)) {
        case 0:
            return attempt("ring", [&] { close_ring(); });
        case 1:
            return attempt("pair", [&] { insert_pair(); });
        case 2:
        case 3:
        case 4:
            return change_some(table);
        default:
            return change_one(table);
        }
    }

    Application &program_;
    std::mt19937 &random_;
    std::map<std::string, int> kinds_;
    int last_number_ = 0;
    int changes_ = 0; // of this transaction
};

} // namespace postrider::test
