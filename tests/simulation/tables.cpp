// Shapes and the SQL between them.
#include "tests/simulation/tables.hpp"

#include <algorithm>
#include <utility>

#include "common/base/ensure.hpp"

namespace postrider::simulation {

namespace {

/// Indexes of the columns that may go, or be renamed without anybody asking for them by name.
std::vector<std::size_t> free_columns(const Shape &shape) {
    std::vector<std::size_t> found;
    for (std::size_t index = 0; index < shape.columns.size(); ++index) {
        if (shape.columns[index].role == Role::value) {
            found.push_back(index);
        }
    }
    return found;
}

std::string names_of(const Shape &shape) {
    std::string list;
    for (const ShapeColumn &column : shape.columns) {
        list += (list.empty() ? "" : ", ") + column.name;
    }
    return list;
}

std::string add_column(Shape &shape, const std::string &name, Random &random) {
    static constexpr std::array<const char *, 4> definitions{
        "", "INTEGER NOT NULL DEFAULT 7", "TEXT DEFAULT 'new'", "REAL DEFAULT 1.5"};
    shape.columns.push_back({Role::value, name, definitions.at(random.below(definitions.size()))});
    return "ALTER TABLE " + shape.name + " ADD COLUMN " + name + " " +
           shape.columns.back().definition;
}

std::string rename_column(Shape &shape, std::size_t index, const std::string &name) {
    const std::string before = std::exchange(shape.columns.at(index).name, name);
    return "ALTER TABLE " + shape.name + " RENAME COLUMN " + before + " TO " + name;
}

std::string drop_column(Shape &shape, std::size_t index) {
    const std::string name = shape.columns.at(index).name;
    shape.columns.erase(shape.columns.begin() + static_cast<std::ptrdiff_t>(index));
    return "ALTER TABLE " + shape.name + " DROP COLUMN " + name;
}

/// https://sqlite.org/lang_altertable.html#otheralter, with the columns in another order. Key
/// columns of a table WITHOUT ROWID stay first: integrity_check of SQLite 3.40 takes other columns
/// before them for NULL.
std::string rebuild(Shape &shape, Random &random) {
    const std::size_t first = shape.suffix.empty() ? 0 : 2;
    std::swap(shape.columns.at(first + random.below(shape.columns.size() - first)),
              shape.columns.back());
    const std::string anew = shape.name + "_anew";
    const std::string names = names_of(shape);
    return shape.create(anew) + ";INSERT INTO " + anew + "(" + names + ") SELECT " + names +
           " FROM " + shape.name + ";DROP TABLE " + shape.name + ";ALTER TABLE " + anew +
           " RENAME TO " + shape.name;
}

} // namespace

const std::string &Shape::name_of(Role role) const {
    const auto found = std::find_if(columns.begin(), columns.end(),
                                    [role](const ShapeColumn &each) { return each.role == role; });
    ensure(found != columns.end(), "the application knows its columns");
    return found->name;
}

std::vector<std::string> Shape::values() const {
    std::vector<std::string> names;
    for (const std::size_t index : free_columns(*this)) {
        names.push_back(columns[index].name);
    }
    return names;
}

std::string Shape::create(const std::string &table) const {
    std::string sql = "CREATE TABLE " + table + "(";
    for (const ShapeColumn &column : columns) {
        sql += column.name + " " + column.definition + ", ";
    }
    sql += constraint;
    return (constraint.empty() ? sql.substr(0, sql.size() - 2) : sql) + ")" + suffix;
}

Shapes first_shapes(const std::string &owner) {
    const ShapeColumn id{Role::id, "id", "INTEGER PRIMARY KEY"};
    const ShapeColumn value{Role::value, "v", ""};
    const ShapeColumn version{Role::version, "version", "INTEGER NOT NULL"};
    return {
        Shape{owner + "_item", "", "", {id, value, {Role::code, "code", "TEXT UNIQUE"}, version}},
        Shape{owner + "_part",
              "",
              "",
              {id,
               {Role::item, "item", "INTEGER REFERENCES " + owner + "_item(id) ON DELETE CASCADE"},
               value,
               version}},
        Shape{
            owner + "_note",
            "PRIMARY KEY(k, n)",
            " WITHOUT ROWID",
            {{Role::k, "k", "TEXT NOT NULL"}, {Role::n, "n", "INTEGER NOT NULL"}, value, version}},
    };
}

Migration next_migration(const Shapes &before, std::size_t number, Random &random) {
    Migration migration{{}, before};
    Shape &shape = migration.after.at(random.below(before.size()));
    const std::string name = "c" + std::to_string(number);
    const std::vector<std::size_t> free = free_columns(shape);
    switch (random.below(5)) {
    case 0:
        migration.script = add_column(shape, name, random);
        break;
    case 1:
        migration.script = rename_column(shape, free.at(random.below(free.size())), name);
        break;
    case 2: // a unique column, which guards of ours name
        migration.script = rename_column(
            migration.after.front(),
            static_cast<std::size_t>(
                std::find_if(migration.after.front().columns.begin(),
                             migration.after.front().columns.end(),
                             [](const ShapeColumn &each) { return each.role == Role::code; }) -
                migration.after.front().columns.begin()),
            name);
        break;
    case 3:
        migration.script = free.size() > 1 ? drop_column(shape, free.at(random.below(free.size())))
                                           : add_column(shape, name, random);
        break;
    default:
        migration.script = rebuild(shape, random);
        break;
    }
    return migration;
}

} // namespace postrider::simulation
