// Names of tables and columns in foreign keys are compared as the database does.
#include "common/engine/references.hpp"

#include <algorithm>

#include "common/engine/introspect.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// Foreign keys may spell columns in other letters than their tables do.
void spell_as_in(const dialect::Dialect &dialect,
                 const dialect::TableDescription &table,
                 std::vector<std::string> &names) {
    for (std::string &name : names) {
        for (const dialect::ColumnDescription &column : table.columns) {
            if (dialect.folded(column.name) == dialect.folded(name)) {
                name = column.name;
            }
        }
    }
}

} // namespace

bool leads_to_key(const dialect::Reference &reference) {
    const std::vector<std::uint32_t> &key = reference.parent->key;
    const std::vector<std::string> &columns = reference.key.parent_columns;
    return std::all_of(columns.begin(), columns.end(), [&](const std::string &column) {
        return std::any_of(key.begin(), key.end(), [&](std::uint32_t index) {
            return reference.parent->columns[index].name == column;
        });
    });
}

const std::vector<std::string> &References::names() const {
    if (!names_) {
        names_.emplace();
        for (const Row &row : transaction_.catalogue(dialect_.list_referring_tables())) {
            names_->push_back(text_at(row, 0));
        }
    }
    return *names_;
}

/// A foreign key may spell its parent in other letters.
bool References::has_any(const std::string &table) const {
    return std::any_of(names().begin(), names().end(), [&](const std::string &name) {
        return dialect_.folded(name) == dialect_.folded(table);
    });
}

const std::vector<dialect::Reference> &References::all() const {
    if (!catalogue_) {
        Catalogue &catalogue = catalogue_.emplace();
        for (const std::string &name : names()) {
            if (auto table = describe_table(transaction_, dialect_, name)) {
                catalogue.tables.emplace(dialect_.folded(name), *std::move(table));
            }
        }
        for (const auto &[name, table] : catalogue.tables) {
            add(table, catalogue);
        }
    }
    return catalogue_->all;
}

void References::add(const dialect::TableDescription &child, Catalogue &catalogue) const {
    for (const dialect::ForeignKeyDescription &key : child.foreign_keys) {
        const auto parent = catalogue.tables.find(dialect_.folded(key.parent));
        if (parent == catalogue.tables.end()) {
            continue; // SQLite refuses every write of the child
        }
        dialect::Reference reference{&child, &parent->second, key};
        if (reference.key.parent_columns.empty()) {
            for (const std::uint32_t column : parent->second.key) {
                reference.key.parent_columns.push_back(parent->second.columns[column].name);
            }
        }
        spell_as_in(dialect_, child, reference.key.columns);
        spell_as_in(dialect_, parent->second, reference.key.parent_columns);
        if (reference.key.parent_columns.size() == key.columns.size()) {
            catalogue.all.push_back(std::move(reference));
        }
    }
}

std::vector<const dialect::Reference *> References::from(const std::string &table) const {
    std::vector<const dialect::Reference *> found;
    if (!has_any(table)) {
        return found;
    }
    for (const dialect::Reference &reference : all()) {
        if (reference.child->name == table) {
            found.push_back(&reference);
        }
    }
    return found;
}

std::vector<const dialect::Reference *> References::to(const std::string &table) const {
    std::vector<const dialect::Reference *> found;
    if (!has_any(table)) {
        return found;
    }
    for (const dialect::Reference &reference : all()) {
        if (reference.parent->name == table) {
            found.push_back(&reference);
        }
    }
    return found;
}

RowKeys References::ancestors_of(const RowKeys &rows) const {
    RowKeys found;
    RowKeys level = rows;
    while (!level.empty()) {
        RowKeys next;
        for (const auto &[table, keys] : level) {
            for (const dialect::Reference *reference : from(table)) {
                if (reference->parent->key.empty() || reference->child->key.empty()) {
                    continue;
                }
                const std::string &parent = reference->parent->name;
                const std::vector<Row> children(keys.begin(), keys.end());
                for (const FoundRow &here : transaction_.query_block(
                         {.one_row = dialect_.find_parent(*reference), .by_owners = true},
                         children)) {
                    if (found[parent].insert(here.row).second) {
                        next[parent].insert(here.row);
                    }
                }
            }
        }
        level = std::move(next);
    }
    return found;
}

} // namespace postrider::engine
