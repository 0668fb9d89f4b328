// Which columns are covered, and how a row becomes bytes.
#include "common/engine/configuration_mac.hpp"

#include <algorithm>

#include "common/base/comma_list.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

struct CoveredTable {
    std::string name;
    std::vector<std::string> key;
    std::vector<std::string> columns; // beside the key
    std::string only_where;           // rows that need approval at all
};

const std::vector<CoveredTable> &covered_tables() {
    static const std::vector<CoveredTable> tables{
        {"invitation", {"invitation_id"}, {"peer_id", "role", "trust_tasks"}, "1 = 1"},
        {"mailbox",
         {"name"},
         {"address", "receive", "send", "settings", "found_receive", "found_send"},
         "1 = 1"},
        {"peer",
         {"peer_id"},
         {"attributes", "node_id", "trust_tasks", "sign_generation", "sign_public",
          "contact_public", "receiving_generation", "receiving_public"},
         "sign_public IS NOT NULL OR psk_sealed IS NOT NULL"},
        {"peer_path", {"peer_id", "ordinal"}, {"kind", "target", "mailbox", "settings"}, "1 = 1"},
        {"task_table",
         {"task_id", "ordinal"},
         {"local_name", "wire_name", "columns", "settings"},
         "1 = 1"},
    };
    return tables;
}

const CoveredTable &covered_table(const std::string &name) {
    for (const CoveredTable &table : covered_tables()) {
        if (table.name == name) {
            return table;
        }
    }
    throw BrokenInvariant{"only tables with a configuration MAC are protected"};
}

// "key1 = ?1 AND key2 = ?2"
std::string key_condition(const CoveredTable &table) {
    std::string out;
    for (std::size_t index = 0; index < table.key.size(); ++index) {
        out += (index == 0 ? "" : " AND ") + table.key[index] + " = ?" + std::to_string(index + 1);
    }
    return out;
}

std::vector<std::string> all_columns(const CoveredTable &table) {
    std::vector<std::string> out = table.key;
    out.insert(out.end(), table.columns.begin(), table.columns.end());
    return out;
}

std::string select_of(const CoveredTable &table) {
    return "SELECT " + covered_columns(table.name) + " FROM @" + table.name;
}

crypto::ConfigurationMac mac_of(const Identity &identity, const ProtectedRow &row) {
    return crypto::configuration_mac(identity.master, row.canonical);
}

std::optional<Row>
row_of(const Session &session, const CoveredTable &table, const std::vector<Value> &key) {
    const auto cursor =
        session.transaction.query(select_of(table) + " WHERE " + key_condition(table), key);
    const Row *row = cursor->next();
    return row != nullptr ? std::optional{*row} : std::nullopt;
}

void write_mac(const Session &session, const CoveredTable &table, const Row &row) {
    std::vector<Value> parameters(row.begin(),
                                  row.begin() + static_cast<std::ptrdiff_t>(table.key.size()));
    parameters.push_back(stored(mac_of(session.identity, protected_row(table.name, row))));
    session.transaction.execute("UPDATE @" + table.name + " SET configuration_mac = ?" +
                                    std::to_string(parameters.size()) + " WHERE " +
                                    key_condition(table),
                                Parameters{parameters});
}

} // namespace

Bytes canonical_row(const std::string &table,
                    const std::vector<std::string> &columns,
                    const std::vector<Value> &values) {
    ensure(columns.size() == values.size(), "every covered column has a value");
    ByteWriter writer;
    const auto sized = [&writer](ByteView bytes) {
        writer.u32(static_cast<std::uint32_t>(bytes.size()));
        writer.raw(bytes);
    };
    sized(as_bytes(table));
    for (std::size_t index = 0; index < columns.size(); ++index) {
        const Value &value = values[index];
        sized(as_bytes(columns[index]));
        writer.u8(static_cast<std::uint8_t>(value.kind()));
        if (const auto *integer = value.as<std::int64_t>()) {
            writer.u64(static_cast<std::uint64_t>(*integer));
        } else if (const auto *text = value.as<Text>()) {
            sized(as_bytes(text->text));
        } else if (const auto *bytes = value.as<Bytes>()) {
            sized(*bytes);
        } else {
            ensure(value.is_null(), "state tables hold null, integers, texts and bytes");
        }
    }
    return std::move(writer).take();
}

void protect(const Session &session, const std::string &table, const std::vector<Value> &key) {
    const CoveredTable &covered = covered_table(table);
    const auto row = row_of(session, covered, key);
    ensure(row.has_value(), "a row is protected after it was written");
    write_mac(session, covered, *row);
}

bool is_approved(const Session &session, const ConfigurationKey &row) {
    const CoveredTable &covered = covered_table(row.table);
    const auto found = row_of(session, covered, row.key);
    return found && is_approved(session.identity, protected_row(row.table, *found));
}

std::string covered_columns(const std::string &table) {
    return comma_list(all_columns(covered_table(table))) + ", configuration_mac";
}

ProtectedRow protected_row(const std::string &table, std::span<const Value> values) {
    const auto *mac = values.back().as<Bytes>();
    return {
        canonical_row(table, all_columns(covered_table(table)), {values.begin(), values.end() - 1}),
        mac != nullptr ? std::optional{*mac} : std::nullopt};
}

bool is_approved(const Identity &identity, const ProtectedRow &row) {
    const crypto::ConfigurationMac expected = mac_of(identity, row);
    return row.mac && row.mac->size() == expected.size() &&
           sodium_memcmp(row.mac->data(), expected.data(), expected.size()) == 0;
}

std::vector<ConfigurationKey> unapproved(const Session &session) {
    std::vector<ConfigurationKey> out;
    for (const CoveredTable &table : covered_tables()) {
        for (const Row &row :
             all_rows(session.transaction, select_of(table) + " WHERE " + table.only_where +
                                               " ORDER BY " + comma_list(table.key))) {
            if (!is_approved(session.identity, protected_row(table.name, row))) {
                out.push_back(
                    {table.name,
                     {row.begin(), row.begin() + static_cast<std::ptrdiff_t>(table.key.size())}});
            }
        }
    }
    return out;
}

std::size_t approve(const Session &session) {
    const std::vector<ConfigurationKey> rows = unapproved(session);
    for (const ConfigurationKey &row : rows) {
        protect(session, row.table, row.key);
    }
    return rows.size();
}

} // namespace postrider::engine
