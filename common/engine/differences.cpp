// One row for each column that differs.
#include "common/engine/differences.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "common/engine/introspect.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/row_work.hpp"
#include "common/engine/store/rows.hpp"
#include "common/task/task_text.hpp"
#include "common/wire/control.hpp"
#include "common/wire/frame.hpp"

namespace postrider::engine {

namespace {

struct Difference {
    std::string column;
    std::string what;
    std::string handling;
    std::string action;
};

/// Two tables that should be one.
struct Sides {
    const Peer &peer;
    const TakenTable &taken;
    const TableSchema &came;
    const dialect::TableDescription &here;
    bool makes_columns = false; // CREATE MISSING TABLES
};

class Comparison {
  public:
    Comparison(const dialect::Dialect &dialect, const Sides &sides)
        : dialect_(dialect), sides_(sides) {}

    std::vector<Difference> run() {
        compare_keys();
        for (const Column &column : sides_.came.columns) {
            compare(column);
        }
        for (const dialect::ColumnDescription &column : sides_.here.columns) {
            compare(column);
        }
        return std::move(found_);
    }

  private:
    void
    add(const std::string &column, std::string what, std::string handling, std::string action) {
        found_.push_back({column, std::move(what), std::move(handling), std::move(action)});
    }

    void compare_keys() {
        std::set<std::string> theirs;
        for (const std::string &name : key_names(sides_.came)) {
            theirs.insert(sides_.taken.columns.here(name).value_or(name));
        }
        const std::vector<std::string> ours = key_names(sides_.here);
        if (theirs != std::set<std::string>(ours.begin(), ours.end())) {
            add("", "another primary key", "what comes waits",
                "Give both tables the same primary key.");
        }
    }

    void compare(const Column &came) {
        const std::optional<std::string> name = sides_.taken.columns.here(came.name);
        if (!name) {
            add(came.name, "not in the task here", "what comes is refused",
                "Name the column in the task here, or let " + sides_.peer.name + " leave it out.");
            return;
        }
        coming_.insert(*name);
        const dialect::ColumnDescription *here = sides_.here.find_column(*name);
        if (here == nullptr) {
            Column missing = came;
            missing.name = *name;
            add(*name, "missing here",
                sides_.makes_columns ? "it is added when rows come" : "what comes waits",
                sides_.makes_columns
                    ? ""
                    : dialect_.add_missing_column(sides_.here.name, missing, dialect_.name()) +
                          ";");
            return;
        }
        if (here->generated != dialect::Generated::no) {
            add(*name, "computed by the table here", "its values are left out", "");
            return;
        }
        compare(came, *here);
    }

    void compare(const Column &came, const dialect::ColumnDescription &here) {
        if (const std::string narrower = dialect_.narrower(sides_.here, here, came.type);
            !narrower.empty()) {
            const bool lossy = sides_.taken.columns.lossy().contains(here.name);
            add(here.name, "narrower here: " + narrower,
                lossy ? "the nearest value is written"
                      : "a row with a value that would change is parked",
                lossy ? ""
                      : "Give the column here a type that holds the values, or say LOSSY in the"
                        " task.");
        }
        const auto index = static_cast<std::uint32_t>(&here - sides_.here.columns.data());
        if (came.nullable && here.not_null && !sides_.here.is_key(index)) {
            add(here.name, "NOT NULL here alone", "a row without a value is parked",
                "Let the column here be NULL, or fill it there.");
        }
    }

    /// What is only here. Columns that our own list leaves out are none of the task's.
    void compare(const dialect::ColumnDescription &here) {
        if (coming_.contains(here.name) || !sides_.taken.columns.on_wire(here.name) ||
            here.hidden || here.generated != dialect::Generated::no) {
            return;
        }
        const bool is_needed = here.not_null && here.default_sql.empty();
        add(here.name, "only here",
            is_needed ? "new rows wait" : "it keeps what it has, new rows get its default",
            is_needed ? "Give the column a default here, or let " + sides_.peer.name + " send it."
                      : "");
    }

    const dialect::Dialect &dialect_;
    const Sides &sides_;
    std::set<std::string> coming_; // by their names here
    std::vector<Difference> found_;
};

/// By the names on the wire: as they came last, else as the peer's offers have them.
std::map<std::string, TableSchema> shapes_of(Transaction &transaction, std::int64_t peer_id) {
    std::map<std::string, TableSchema> shapes;
    for (const Row &row :
         all_rows(transaction, "SELECT wire_name, content FROM @shape_in WHERE peer_id = ?1",
                  {peer_id})) {
        if (Result<TableSchema> schema = wire::decode_schema(blob_at(row, 1))) {
            shapes.emplace(text_at(row, 0), *std::move(schema));
        }
    }
    for (const Row &row :
         all_rows(transaction, "SELECT message FROM @offer WHERE peer_id = ?1", {peer_id})) {
        const Result<wire::ControlMessage> message = wire::decode_control(blob_at(row, 0));
        const auto *offer = message ? std::get_if<wire::Offer>(&*message) : nullptr;
        if (offer == nullptr || offer->direction != wire::Direction::receive) {
            continue;
        }
        for (const wire::OfferedTable &table : offer->tables) {
            if (table.schema) {
                shapes.emplace(table.wire_name, *table.schema);
            }
        }
    }
    return shapes;
}

/// The names on the wire of the tables in tasks that say CREATE MISSING TABLES.
std::set<std::string> extended_tables(Transaction &transaction, std::int64_t peer_id) {
    std::set<std::string> names;
    for (const Row &row :
         all_rows(transaction,
                  "SELECT tt.wire_name, t.statement FROM @task t JOIN @task_table tt"
                  " ON tt.task_id = t.task_id JOIN @task_peer tp ON tp.task_id = t.task_id"
                  " WHERE tp.peer_id = ?1 AND t.direction = 'receive'",
                  {peer_id})) {
        const Result<task::TaskText> parsed = task::parse_stored(text_at(row, 1));
        if (parsed && std::get<task::Task>(parsed->statements.at(0)).create_missing) {
            names.insert(text_at(row, 0));
        }
    }
    return names;
}

/// Tells whether that is news.
bool note_shape(const Session &session, const Peer &peer, const TableSchema &schema) {
    return session.transaction.execute(
               "INSERT INTO @shape_in (peer_id, wire_name, content) VALUES (?1, ?2, ?3)"
               " ON CONFLICT (peer_id, wire_name) DO UPDATE SET content = excluded.content"
               " WHERE @shape_in.content <> excluded.content",
               {peer.peer_id, Value::text(schema.name), wire::encode_schema(schema).raw}) > 0;
}

} // namespace

void note_shapes(const Session &session, const Peer &peer, const Changeset &changes) {
    bool news = false;
    for (const auto &[wire_name, table] : changes.tables) {
        news = note_shape(session, peer, table.schema) || news;
    }
    if (news) {
        note_differences(session, peer);
    }
}

void note_differences(const Session &session, const Peer &peer) {
    Transaction &transaction = session.transaction;
    const Result<TakenTables> taken = taken_tables(session, peer.peer_id);
    if (!taken) {
        return; // it waits for approve
    }
    transaction.execute("DELETE FROM @schema_difference WHERE peer_id = ?1", {peer.peer_id});
    const std::map<std::string, TableSchema> shapes = shapes_of(transaction, peer.peer_id);
    const std::set<std::string> extended = extended_tables(transaction, peer.peer_id);
    for (const auto &[wire_name, table] : *taken) {
        const auto came = shapes.find(wire_name);
        const Result<dialect::TableDescription> here =
            describe_table(transaction, session.dialect, table.local_name);
        if (came == shapes.end() || !here) {
            continue;
        }
        const Sides sides{peer, table, came->second, *here, extended.contains(wire_name)};
        for (const Difference &each : Comparison{session.dialect, sides}.run()) {
            transaction.execute(
                "INSERT INTO @schema_difference (peer_id, wire_name, local_name, column_name,"
                " difference, handling, action) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
                " ON CONFLICT (peer_id, wire_name, column_name, difference) DO NOTHING",
                {peer.peer_id, Value::text(wire_name), Value::text(here->name),
                 Value::text(each.column), Value::text(each.what), Value::text(each.handling),
                 Value::text(each.action)});
        }
    }
}

void note_differences(const Session &session) {
    for (const Peer &peer : load_peers(session.transaction)) {
        note_differences(session, peer);
    }
}

} // namespace postrider::engine
