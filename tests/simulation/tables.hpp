// The tables that one simulated application owns, and how they are altered over the years: every
// shape they have had, and the statements that lead from one to the next.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tests/simulation/random.hpp"

namespace postrider::simulation {

/// What a column is for, whatever it is called by now.
enum class Role { id, item, k, n, value, code, version };

struct ShapeColumn {
    Role role = Role::value;
    std::string name;
    std::string definition; // what follows the name
};

/// One table: its name and its columns in order.
struct Shape {
    std::string name;
    std::string constraint; // after the columns
    std::string suffix;     // after the closing parenthesis
    std::vector<ShapeColumn> columns;

    /// The first column of that role.
    [[nodiscard]] const std::string &name_of(Role role) const;
    [[nodiscard]] std::vector<std::string> values() const;
    [[nodiscard]] std::string create(const std::string &table) const;
};

enum class TableName { item, part, note };
using Shapes = std::array<Shape, 3>;

inline const Shape &shape_of(const Shapes &shapes, TableName table) {
    return shapes.at(static_cast<std::size_t>(table));
}

/// A table `item` with a unique column, a `part` that refers to it with cascade, a `note` with a
/// key of two columns and without rowid.
Shapes first_shapes(const std::string &owner);

/// One alteration: a script for each database that has the tables.
struct Migration {
    std::string script;
    Shapes after;
};

/// The `number`-th alteration: a column more, a column less, another name, or the table built anew
/// as SQLite's documentation says for what ALTER TABLE cannot do.
Migration next_migration(const Shapes &before, std::size_t number, Random &random);

} // namespace postrider::simulation
