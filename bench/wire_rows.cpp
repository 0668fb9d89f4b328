// Fields are separated by tabs and begin with their storage class: n, i, r or t.
#include "bench/wire_rows.hpp"

#include <map>
#include <sstream>

namespace postrider::bench {

namespace {

std::vector<std::string> fields_of(const std::string &line) {
    std::vector<std::string> out;
    std::istringstream stream(line);
    for (std::string field; std::getline(stream, field, '\t');) {
        out.push_back(field);
    }
    return out;
}

Value value_of(const std::string &field) {
    const std::string content = field.substr(1);
    switch (field.front()) {
    case 'i':
        return static_cast<std::int64_t>(std::stoll(content));
    case 'r':
        return Value::float64(std::stod(content));
    case 't':
        return Value::text(content);
    default:
        return {};
    }
}

TableSchema schema_of(const std::vector<std::string> &fields) {
    static const std::map<char, Kind> kinds = {
        {'i', Kind::int64}, {'r', Kind::float64}, {'t', Kind::text}};
    TableSchema out;
    out.name = fields.front();
    for (std::size_t index = 1; index < fields.size(); ++index) {
        const std::size_t colon = fields[index].find(':');
        Column column;
        column.name = fields[index].substr(0, colon);
        column.type.kind = kinds.at(fields[index][colon + 1]);
        column.nullable = index > 1;
        out.columns.push_back(column);
    }
    out.key = {0};
    return out;
}

/// The column an update of wire_baseline.py writes.
std::uint32_t changed_column(const std::string &table) {
    static const std::map<std::string, std::uint32_t> columns = {
        {"reading", 3}, {"test_dataloader_table", 8}, {"patient_visit", 7}};
    return columns.at(table);
}

} // namespace

Changeset read_rows(std::istream &in, Operation operation) {
    std::string line;
    std::getline(in, line);
    TableChanges table;
    table.schema = schema_of(fields_of(line));
    auto &changes = std::get<OneWayChanges>(table.changes).changes;
    while (std::getline(in, line) && !line.empty()) {
        const std::vector<std::string> fields = fields_of(line);
        Change change;
        change.operation = operation;
        for (std::size_t index = 1; index < fields.size(); ++index) {
            change.new_values.columns.push_back(operation == Operation::update
                                                    ? changed_column(table.schema.name)
                                                    : static_cast<std::uint32_t>(index));
            change.new_values.values.push_back(value_of(fields[index]));
        }
        changes[{value_of(fields.front())}] = std::move(change);
    }
    Changeset out;
    out.tables.emplace(table.schema.name, std::move(table));
    return out;
}

} // namespace postrider::bench
