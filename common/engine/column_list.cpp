// Lists of columns against the columns of a table.
#include "common/engine/column_list.hpp"

#include <algorithm>

#include "common/base/comma_list.hpp"
#include "common/task/words.hpp"

namespace postrider::engine {

namespace {

using task::ComputedColumn;
using task::Identifier;
using task::PlainColumn;
using task::TableColumn;

/// The name as the catalogue spells it.
Result<std::string> find_spelling(const dialect::TableDescription &table, const Identifier &name) {
    std::vector<std::string> names;
    for (const dialect::ColumnDescription &column : table.columns) {
        if (column.name == name.text ||
            (!name.exact && task::lower_ascii(column.name) == task::lower_ascii(name.text))) {
            return column.name;
        }
        names.push_back(column.name);
    }
    const auto near = task::nearest(name.text, names);
    return task::mistake_at(
        name.at, "table \"" + table.name + "\" has no column \"" + name.text + "\"",
        near ? "Did you mean \"" + *near + "\"?" : "Its columns are " + comma_list(names) + ".");
}

Identifier exactly(std::string name) {
    return {std::move(name), true, {}};
}

Result<TableColumn>
resolve(const TableColumn &column, const dialect::TableDescription &table, bool receives) {
    TableColumn out = column;
    if (auto *computed = std::get_if<ComputedColumn>(&out.source)) {
        computed->as.exact = true;
        return out;
    }
    auto &plain = std::get<PlainColumn>(out.source);
    const Identifier &local = receives && plain.as ? *plain.as : plain.name;
    Result<std::string> spelled = find_spelling(table, local);
    if (!spelled) {
        return spelled.error();
    }
    if (!receives && table.find_column(*spelled)->generated != dialect::Generated::no) {
        return task::mistake_at(local.at,
                                "column \"" + *spelled + "\" of table \"" + table.name +
                                    "\" is computed by the table and does not travel",
                                "Leave it out: the other side's table computes its own.");
    }
    const std::string on_wire = !plain.as ? *spelled : receives ? plain.name.text : plain.as->text;
    plain.name = exactly(receives ? on_wire : *spelled);
    plain.as.reset();
    if (on_wire != *spelled) {
        plain.as = exactly(receives ? *spelled : on_wire);
    }
    return out;
}

/// A column that stands twice in the list, here or on the wire.
Result<void> check_once(const std::vector<TableColumn> &columns, task::Position at) {
    std::set<std::string> left;
    std::set<std::string> right;
    for (const TableColumn &column : columns) {
        const auto *plain = std::get_if<PlainColumn>(&column.source);
        const std::string &name =
            plain == nullptr ? std::get<ComputedColumn>(column.source).as.text : plain->name.text;
        if ((plain != nullptr && !left.insert(name).second) ||
            !right.insert(plain != nullptr && plain->as ? plain->as->text : name).second) {
            return task::mistake_at(at, "the column \"" + name + "\" is given twice",
                                    "Name it once.");
        }
    }
    return {};
}

/// The type that the task gives the column; without one, that which holds any value.
Type given_type(const TableColumn &column, const dialect::Dialect &dialect) {
    std::string declared;
    if (column.type) {
        declared = column.type->value.name.text;
        declared +=
            column.type->value.arguments ? "(" + column.type->value.arguments->text + ")" : "";
    }
    return dialect.neutral_type(declared);
}

Result<void> check_type(const TableColumn &column, const dialect::Dialect &dialect) {
    if (column.type && given_type(column, dialect).kind == Kind::native) {
        return task::mistake_at(column.type->at,
                                "there is no type \"" + column.type->value.name.text + "\"",
                                "Use INTEGER, REAL, DECIMAL, TEXT, BLOB, BOOLEAN, DATE, TIME,"
                                " TIMESTAMP, JSON or UUID.");
    }
    return {};
}

std::string left_out(const dialect::TableDescription &table, const ColumnList &list) {
    for (const std::uint32_t key : table.key) {
        if (!list.on_wire(table.columns[key].name)) {
            return table.columns[key].name;
        }
    }
    return {};
}

} // namespace

ColumnList::ColumnList(const task::Columns &columns,
                       bool receives,
                       const dialect::Dialect &dialect) {
    if (const auto *except = std::get_if<task::AllColumnsExcept>(&columns)) {
        for (const Identifier &name : except->names) {
            except_.insert(name.text);
        }
        return;
    }
    listed_ = true;
    for (const TableColumn &column : std::get<std::vector<TableColumn>>(columns)) {
        const auto *plain = std::get_if<PlainColumn>(&column.source);
        if (column.is_private) {
            private_.insert(task::name_on_wire(column, receives));
        }
        if (plain == nullptr) {
            const auto &computed = std::get<ComputedColumn>(column.source);
            computed_.push_back({{computed.as.text, given_type(column, dialect), true},
                                 task::expression_of(computed).text});
            continue;
        }
        const std::string &left = plain->name.text;
        const std::string &right = plain->as ? plain->as->text : left;
        to_wire_.emplace(receives ? right : left, receives ? left : right);
        from_wire_.emplace(receives ? left : right, receives ? right : left);
        const std::string &here = receives ? right : left;
        if (column.type) {
            types_.emplace(here, given_type(column, dialect));
        }
        if (column.lossy) {
            lossy_.insert(here);
        }
    }
}

const Type *ColumnList::type_of(const std::string &here) const {
    const auto found = types_.find(here);
    return found == types_.end() ? nullptr : &found->second;
}

std::optional<std::string> ColumnList::on_wire(const std::string &here) const {
    if (listed_) {
        const auto found = to_wire_.find(here);
        return found == to_wire_.end() ? std::nullopt : std::optional{found->second};
    }
    return except_.contains(here) ? std::nullopt : std::optional{here};
}

std::optional<std::string> ColumnList::here(const std::string &on_wire) const {
    if (listed_) {
        const auto found = from_wire_.find(on_wire);
        return found == from_wire_.end() ? std::nullopt : std::optional{found->second};
    }
    return except_.contains(on_wire) ? std::nullopt : std::optional{on_wire};
}

Result<task::Columns> resolve_columns(const task::Clause<task::Columns> &columns,
                                      const dialect::TableDescription &table,
                                      const dialect::Dialect &dialect,
                                      bool receives) {
    task::Columns resolved = columns.value;
    if (auto *except = std::get_if<task::AllColumnsExcept>(&resolved)) {
        for (Identifier &name : except->names) {
            Result<std::string> spelled = find_spelling(table, name);
            if (!spelled) {
                return spelled.error();
            }
            name = exactly(*std::move(spelled));
        }
    } else {
        for (TableColumn &column : std::get<std::vector<TableColumn>>(resolved)) {
            if (const Result<void> known = check_type(column, dialect); !known) {
                return known.error();
            }
            Result<TableColumn> one = resolve(column, table, receives);
            if (!one) {
                return one.error();
            }
            column = *std::move(one);
        }
        const Result<void> once =
            check_once(std::get<std::vector<TableColumn>>(resolved), columns.at);
        if (!once) {
            return once.error();
        }
    }
    const ColumnList list{resolved, receives, dialect};
    if (const std::string key = left_out(table, list); !key.empty()) {
        return task::mistake_at(columns.at,
                                "column \"" + key + "\" of the primary key of table \"" +
                                    table.name + "\" would not travel",
                                "Let it travel as it is: rows are told apart by it.");
    }
    for (const std::uint32_t key : table.key) {
        if (list.private_columns().contains(*list.on_wire(table.columns[key].name))) {
            return task::mistake_at(columns.at,
                                    "column \"" + table.columns[key].name +
                                        "\" of the primary key of table \"" + table.name +
                                        "\" cannot be PRIVATE",
                                    "Rows are told apart by it. Say NO HISTORY, or make another"
                                    " column the key.");
        }
    }
    return resolved;
}

WireShape on_wire(const TableSchema &here, const ColumnList &columns) {
    WireShape shape{{here.name, {}, {}}, {}};
    for (const Column &column : here.columns) {
        std::optional<std::uint32_t> position;
        if (auto name = columns.on_wire(column.name)) {
            position = static_cast<std::uint32_t>(shape.schema.columns.size());
            shape.schema.columns.push_back(column);
            shape.schema.columns.back().name = *std::move(name);
            if (const Type *type = columns.type_of(column.name)) {
                shape.schema.columns.back().type = *type;
            }
        }
        shape.position.push_back(position);
    }
    for (const ComputedSource &computed : columns.computed()) {
        shape.position.emplace_back(static_cast<std::uint32_t>(shape.schema.columns.size()));
        shape.schema.columns.push_back(computed.column);
    }
    for (const std::uint32_t key : here.key) {
        if (shape.position[key]) {
            shape.schema.key.push_back(*shape.position[key]);
        }
    }
    return shape;
}

std::optional<std::string> name_as_here(TableSchema &schema, const ColumnList &columns) {
    for (Column &column : schema.columns) {
        auto name = columns.here(column.name);
        if (!name) {
            return column.name;
        }
        column.name = *std::move(name);
    }
    return std::nullopt;
}

std::optional<std::string> missing_column(const dialect::TableDescription &table,
                                          const std::set<std::string> &coming) {
    for (std::uint32_t index = 0; index < table.columns.size(); ++index) {
        const dialect::ColumnDescription &column = table.columns[index];
        const bool fills_itself = !column.not_null || !column.default_sql.empty() ||
                                  column.generated != dialect::Generated::no;
        if (!fills_itself && !table.is_key(index) && !coming.contains(column.name)) {
            return column.name;
        }
    }
    return std::nullopt;
}

Error needs_column(const dialect::TableDescription &table, const std::string &column) {
    return {Errc::schema_mismatch,
            "column \"" + column + "\" of table \"" + table.name +
                "\" must not be NULL, has no default, and does not travel",
            "A new row could not be written.",
            "Give the column a default here, or let it travel too."};
}

} // namespace postrider::engine
