// The images before and after each change are put before the database, some hundreds at a time.
#include "common/engine/row_filter.hpp"

#include <algorithm>

namespace postrider::engine {

namespace {

/// So many that the images never leave memory.
constexpr std::size_t images_at_once = 500;

/// Where a column of the condition stands in a change.
struct ConditionColumn {
    std::optional<std::size_t> in_key;  // position
    std::optional<std::uint32_t> index; // into the schema; neither: the changes lack it
};

std::vector<ConditionColumn> find_columns(const TableSchema &schema,
                                          const std::vector<std::string> &names) {
    std::vector<ConditionColumn> found;
    for (const std::string &name : names) {
        ConditionColumn column;
        for (std::uint32_t index = 0; index < schema.columns.size(); ++index) {
            if (schema.columns[index].name == name) {
                column.index = index;
            }
        }
        for (std::size_t position = 0; position < schema.key.size(); ++position) {
            if (column.index && schema.key[position] == *column.index) {
                column.in_key = position;
            }
        }
        found.push_back(column);
    }
    return found;
}

const Value *value_in(const Image &image, std::uint32_t column) {
    const auto found = std::lower_bound(image.columns.begin(), image.columns.end(), column);
    return found == image.columns.end() || *found != column
               ? nullptr
               : &image.values[static_cast<std::size_t>(found - image.columns.begin())];
}

class Images {
  public:
    Images(const dialect::Dialect &dialect, const std::vector<ConditionColumn> &columns)
        : dialect_(dialect), columns_(columns) {}

    /// The number of the image that the key and the values give, the first of `sources` that has
    /// one. Nothing: a value is missing.
    std::optional<std::size_t> add(const Key &key, const std::vector<const Image *> &sources) {
        std::vector<Value> row;
        for (const ConditionColumn &column : columns_) {
            const Value *value = column.in_key ? &key[*column.in_key] : nullptr;
            for (const Image *source : sources) {
                value = value == nullptr && column.index ? value_in(*source, *column.index) : value;
            }
            const Result<Value> stored =
                value == nullptr ? Result<Value>{Error{}} : dialect_.to_storage(*value);
            if (!stored) {
                return std::nullopt;
            }
            row.push_back(*stored);
        }
        rows.push_back(std::move(row));
        return rows.size() - 1;
    }

    std::vector<std::vector<Value>> rows;

  private:
    const dialect::Dialect &dialect_;
    const std::vector<ConditionColumn> &columns_;
};

/// A change, and which images tell of it.
struct Question {
    Change *change = nullptr;
    std::optional<std::size_t> before;
    std::optional<std::size_t> after;
};

/// Nothing: the change is left out. `replaces`: the receiver deletes what is not among the rows.
std::optional<Operation>
answer(const Question &question, const std::vector<bool> &met, bool replaces) {
    const Operation operation = question.change->operation;
    if (!ends_row(operation) && !question.after) {
        return std::nullopt; // of a time before the filter, which begins with a load
    }
    RowPast past = replaces ? RowPast::outside : RowPast::unknown;
    if (operation == Operation::insert) {
        past = RowPast::absent;
    } else if (question.before) {
        past = met[*question.before] ? RowPast::inside : RowPast::outside;
    }
    return filtered_operation(operation, past, question.after && met[*question.after]);
}

/// What `select` gives for each of the images, in their order.
std::vector<Value> ask_images(Transaction &transaction,
                              const dialect::Dialect &dialect,
                              const RowFilter &filter,
                              const std::string &select,
                              const std::vector<std::vector<Value>> &images) {
    std::vector<Value> answers;
    if (images.empty()) {
        return answers;
    }
    const dialect::ImageStatements statements =
        dialect.images(filter.table, filter.condition.columns);
    transaction.execute_script(statements.create);
    for (std::size_t begin = 0; begin < images.size(); begin += images_at_once) {
        const std::size_t end = std::min(images.size(), begin + images_at_once);
        for (std::size_t index = begin; index < end; ++index) {
            transaction.execute(statements.insert, Parameters{images[index]});
        }
        const auto cursor = transaction.query(select, Parameters{filter.attributes});
        while (const Row *row = cursor->next()) {
            answers.push_back(row->front());
        }
        transaction.execute(statements.clear);
    }
    ensure(answers.size() == images.size(), "each image is asked about once");
    return answers;
}

} // namespace

void filter_changes(Transaction &transaction,
                    const dialect::Dialect &dialect,
                    const RowFilter &filter,
                    const TableSchema &schema,
                    OneWayChanges &changes) {
    const std::vector<ConditionColumn> columns = find_columns(schema, filter.condition.columns);
    Images images{dialect, columns};
    std::vector<Question> questions;
    for (auto &[key, change] : changes.changes) {
        Question question{.change = &change, .before = {}, .after = {}};
        if (change.operation != Operation::insert) {
            question.before = images.add(key, {&change.old_values});
        }
        if (!ends_row(change.operation)) {
            question.after = images.add(key, {&change.new_values, &change.old_values});
        }
        questions.push_back(question);
    }
    const std::vector<bool> met = meet_condition(transaction, dialect, filter, images.rows);
    auto question = questions.begin();
    for (auto row = changes.changes.begin(); row != changes.changes.end(); ++question) {
        const auto operation = answer(*question, met, changes.truncated);
        if (!operation) {
            row = changes.changes.erase(row);
            continue;
        }
        row->second.operation = *operation;
        if (ends_row(*operation)) {
            row->second.new_values = {};
        }
        ++row;
    }
}

void add_computed(const Session &session, const AddedColumn &added, TableChanges &changes) {
    const dialect::Dialect &dialect = session.dialect;
    const RowFilter &expression = added.expression;
    const std::vector<ConditionColumn> columns =
        find_columns(changes.schema, expression.condition.columns);
    auto &rows = std::get<OneWayChanges>(changes.changes).changes;
    Images images{dialect, columns};
    std::vector<Change *> computed; // beside the images
    for (auto row = rows.begin(); row != rows.end();) {
        const auto here = row++;
        if (ends_row(here->second.operation)) {
            continue;
        }
        if (images.add(here->first, {&here->second.new_values, &here->second.old_values})) {
            computed.push_back(&here->second);
        } else {
            rows.erase(here);
        }
    }
    const std::vector<Value> values =
        ask_images(session.transaction, dialect, expression,
                   dialect.select_values(expression.table, expression.condition), images.rows);
    for (std::size_t index = 0; index < values.size(); ++index) {
        computed[index]->new_values.columns.push_back(added.column);
        computed[index]->new_values.values.push_back(values[index]);
    }
}

std::vector<bool> meet_condition(Transaction &transaction,
                                 const dialect::Dialect &dialect,
                                 const RowFilter &filter,
                                 const std::vector<std::vector<Value>> &images) {
    std::vector<bool> met;
    for (const Value &value :
         ask_images(transaction, dialect, filter,
                    dialect.select_images(filter.table, filter.condition), images)) {
        met.push_back(*value.as<std::int64_t>() != 0);
    }
    return met;
}

} // namespace postrider::engine
