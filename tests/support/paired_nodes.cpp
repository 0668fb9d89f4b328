// Building and running the two nodes.
#include "tests/support/paired_nodes.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

#include "common/base/comma_list.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/offers.hpp"

namespace postrider::test {

using engine::Session;
using engine::stored;

Application::Application(const std::string &path) {
    if (sqlite3_open(path.c_str(), &connection_) != SQLITE_OK) {
        throw std::runtime_error("could not open " + path);
    }
    // After a kill the file is recovered under a lock, on a machine that runs other tests as well.
    sqlite3_busy_timeout(connection_, 60'000);
    run("PRAGMA foreign_keys = ON");
}

void Application::run(const std::string &sql) {
    if (sqlite3_exec(connection_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        throw std::runtime_error(std::string(sqlite3_errmsg(connection_)) + ": " + sql);
    }
}

std::string Application::ask(const std::string &sql) {
    std::string out;
    const auto row = [](void *text, int count, char **values, char **) {
        auto &answer = *static_cast<std::string *>(text);
        answer += answer.empty() ? "" : "\n";
        for (int index = 0; index < count; ++index) {
            answer += index == 0 ? "" : "|";
            answer += values[index] == nullptr ? "" : values[index];
        }
        return 0;
    };
    if (sqlite3_exec(connection_, sql.c_str(), row, &out, nullptr) != SQLITE_OK) {
        throw std::runtime_error(std::string(sqlite3_errmsg(connection_)) + ": " + sql);
    }
    return out;
}

stream::Timing quick_timing() {
    stream::Timing timing;
    timing.retransmission_min = std::chrono::seconds{30};
    timing.acknowledgement_delay = std::chrono::seconds{1};
    timing.gap_delay = std::chrono::seconds{10};
    timing.repeat_max = std::chrono::seconds{30};
    return timing;
}

TestNode::TestNode(const std::string &file, const std::string &name, Timestamp begin)
    : path(file), now(begin) {
    vault.move_to(file, 1, std::hash<std::string>{}(file));
    open();
    const auto transaction = database->begin(engine::Mode::write);
    engine::create_state_tables(*transaction, database->dialect());
    Result<engine::Identity> made = engine::create_identity(*transaction, vault, name, now);
    ensure(made.has_value(), "a test node gets an identity");
    identity = *std::move(made);
    transaction->commit();
}

TestNode::TestNode(TestNode &original, const std::string &file)
    : path(file), now(original.now), identity(original.identity) {
    original.copy_to(file);
    vault.restore(original.vault.snapshot());
    vault.move_to(original.path, 2, std::hash<std::string>{}(file));
    open();
}

void TestNode::open() {
    Result<std::unique_ptr<sqlite::SqliteDatabase>> opened =
        sqlite::open_database({.path = path, .create = true});
    ensure(opened.has_value(), "a test node's file can be opened");
    database = *std::move(opened);
    transport =
        std::make_unique<transport::Maildir>(transport::MaildirSettings{.look_every = look_every});
    engine = std::make_unique<engine::Engine>(
        engine::Ports{*database, vault, *transport},
        engine::EngineSettings{.timing = timing, .batches = batches, .holder = "test"});
}

void TestNode::close() {
    engine.reset();
    transport.reset();
    database.reset();
}

void TestNode::restart() {
    close();
    open();
}

void TestNode::copy_to(const std::string &copy) {
    close();
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
    open();
}

void TestNode::restore(const std::string &copy) {
    close();
    std::filesystem::copy_file(copy, path, std::filesystem::copy_options::overwrite_existing);
    open();
}

TestNode::Backup TestNode::back_up(const std::string &file) {
    copy_to(file);
    return {file, vault.snapshot()};
}

void TestNode::restore(const Backup &backup) {
    vault.restore(backup.vault);
    restore(backup.file);
}

void TestNode::write(const std::function<void(const Session &)> &work) {
    const auto transaction = database->begin(engine::Mode::write);
    work({*transaction, database->dialect(), identity, timing, now});
    transaction->commit();
}

engine::CycleResult TestNode::cycle() {
    Result<engine::CycleResult> result = engine->cycle(now);
    if (!result) {
        throw std::runtime_error(result.error().message);
    }
    if (result->problem) {
        throw std::runtime_error(result->problem->message);
    }
    return *std::move(result);
}

std::int64_t TestNode::add_task(const Session &session,
                                const std::string &task,
                                const std::string &direction,
                                const std::string &peer,
                                const std::vector<std::string> &tables) {
    const std::string statement = "TASK " + task + (direction == "send" ? " SEND " : " RECEIVE ") +
                                  comma_list(tables) + (direction == "send" ? " TO " : " FROM ") +
                                  peer + ";";
    session.transaction.execute(
        "INSERT INTO @task (declared_by, name, direction, statement, lane, created_at)"
        " VALUES (?1, ?2, ?3, ?4, 'maildir', 0)",
        {stored(identity.node), Value::text(task), Value::text(direction), Value::text(statement)});
    const std::int64_t task_id = engine::integer_at(
        *engine::first_row(session.transaction, "SELECT max(task_id) FROM @task"), 0);
    std::int64_t ordinal = 0;
    for (const std::string &table : tables) {
        session.transaction.execute(
            "INSERT INTO @task_table (task_id, ordinal, local_name, wire_name)"
            " VALUES (?1, ?2, ?3, ?3)",
            {task_id, ++ordinal, Value::text(table)});
        engine::protect(session, "task_table", {task_id, ordinal});
    }
    return task_id;
}

void TestNode::load_whole_again() {
    write([](const engine::Session &session) {
        for (const engine::Row &row :
             engine::all_rows(session.transaction, "SELECT table_name FROM @capture")) {
            engine::request_load(session.transaction, engine::text_at(row, 0),
                                 engine::LoadKind::replacing, engine::everybody);
        }
    });
}

void TestNode::send(const std::string &task,
                    const std::string &peer,
                    const std::vector<std::string> &tables) {
    write([&](const Session &session) {
        const std::int64_t task_id = add_task(session, task, "send", peer, tables);
        for (const std::string &table : tables) {
            if (engine::first_row(session.transaction,
                                  "SELECT 1 FROM @capture WHERE table_name = ?1",
                                  {Value::text(table)})) {
                continue; // another task sends it too
            }
            const auto described =
                engine::describe_table(session.transaction, session.dialect, table);
            ensure(described.has_value(), "the tables of a test exist");
            session.transaction.execute(
                "INSERT INTO @capture (table_name, fingerprint) VALUES (?1, ?2)",
                {Value::text(table), Value::text(dialect::fingerprint(*described))});
            const std::int64_t capture_id = engine::integer_at(
                *engine::first_row(session.transaction, "SELECT max(capture_id) FROM @capture"), 0);
            const Result<void> installed = engine::install_capture(
                session.transaction, session.dialect, *described, {capture_id, {}});
            if (!installed) {
                throw std::runtime_error(installed.error().message + installed.error().detail);
            }
        }
        const std::int64_t peer_id = engine::find_peer(session.transaction, peer)->peer_id;
        session.transaction.execute("INSERT INTO @task_peer (task_id, peer_id, changed_at, state) "
                                    "VALUES (?1, ?2, 0, 'offered')",
                                    {task_id, peer_id});
        engine::activate_task(session, task_id, peer_id);
    });
}

void TestNode::receive(const std::string &task,
                       const std::string &peer,
                       const std::vector<std::string> &tables) {
    write([&](const Session &session) {
        const std::int64_t task_id = add_task(session, task, "receive", peer, tables);
        session.transaction.execute("UPDATE @task SET declared_by ="
                                    " (SELECT node_id FROM @peer WHERE name = ?2)"
                                    " WHERE task_id = ?1",
                                    {task_id, Value::text(peer)});
        session.transaction.execute(
            "INSERT INTO @task_peer (task_id, peer_id, changed_at, state) VALUES (?1, ?2, 0, "
            "'active')",
            {task_id, engine::find_peer(session.transaction, peer)->peer_id});
    });
}

namespace {

struct SharedKeys {
    crypto::Key psk;
    crypto::Key to_left;
    crypto::Key to_right;
};

void add_peer(TestNode &node,
              const TestNode &other,
              const SharedKeys &keys,
              bool is_left,
              const std::string &maildir) {
    node.write([&](const Session &session) {
        engine::Peer peer;
        peer.peer_id = 1 + engine::integer_at(
                               *engine::first_row(session.transaction,
                                                  "SELECT coalesce(max(peer_id), 0) FROM @peer"),
                               0);
        const auto place = [&](const char *column, const crypto::Key &key) {
            return engine::seal(node.identity, engine::peer_place(peer, column), key.view());
        };
        const Result<crypto::ExchangeKey> receiving =
            crypto::receiving_key(other.identity.ratchet, other.identity.ratchet.index);
        session.transaction.execute(
            "INSERT INTO @peer (peer_id, name, node_id, state, sign_public, contact_public,"
            " receiving_generation, receiving_public, psk_sealed, stamp_in_sealed,"
            " stamp_out_sealed, created_at)"
            " VALUES (?10, ?1, ?2, 'verified', ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)",
            {Value::text(other.identity.name), stored(other.identity.node),
             stored(other.identity.signing_key.public_key),
             stored(other.identity.contact_key.public_key),
             std::int64_t{other.identity.ratchet.index}, stored(receiving->public_key),
             place("psk_sealed", keys.psk),
             place("stamp_in_sealed", is_left ? keys.to_left : keys.to_right),
             place("stamp_out_sealed", is_left ? keys.to_right : keys.to_left), peer.peer_id});
        engine::protect(session, "peer", {peer.peer_id});
        session.transaction.execute("INSERT INTO @peer_path (peer_id, ordinal, kind, target)"
                                    " VALUES (?1, 1, 'maildir', ?2)",
                                    {peer.peer_id, Value::text(maildir)});
        engine::protect(session, "peer_path", {peer.peer_id, std::int64_t{1}});
        engine::open_control_stream(session, peer.peer_id);
    });
}

} // namespace

void pair_directly(TestNode &left, TestNode &right, const std::string &maildir) {
    const Result<void> made = transport::create_maildir(maildir);
    ensure(made.has_value(), "a test can make a maildir");
    const SharedKeys keys{crypto::Key::random(), crypto::Key::random(), crypto::Key::random()};
    add_peer(left, right, keys, true, maildir);
    add_peer(right, left, keys, false, maildir);
}

Result<engine::ActionRows> try_declare(TestNode &node, const std::string &text) {
    Result<engine::ActionRows> rows = engine::ActionRows{};
    node.write([&](const engine::Session &session) {
        rows = engine::declare({session.transaction, session.dialect, node.vault, node.now},
                               {text, false});
    });
    return rows;
}

void declare(TestNode &node, const std::string &text) {
    const Result<engine::ActionRows> rows = try_declare(node, text);
    EXPECT_TRUE(rows.has_value()) << text << (rows ? "" : ": " + rows.error().message);
}

Result<engine::ActionRows> accept(TestNode &node, const std::string &offer) {
    Result<engine::ActionRows> rows = engine::ActionRows{};
    node.write(
        [&](const engine::Session &session) { rows = engine::accept_offer(session, offer); });
    return rows;
}

void run_until_quiet(TestNode &left, TestNode &right) {
    for (int round = 0; round < 1000; ++round) {
        const bool busy = left.cycle().did_anything() || right.cycle().did_anything();
        const bool waiting = left.engine->cycle(left.now)->did_anything();
        if (!busy && !waiting && round > 3) {
            return;
        }
        left.now += std::chrono::seconds{1};
        right.now += std::chrono::seconds{1};
    }
    throw std::runtime_error("the nodes do not come to rest");
}

void run_until_settled(TestNode &left, TestNode &right) {
    run_until_quiet(left, right);
    left.now += std::chrono::hours{25};
    right.now += std::chrono::hours{25};
    run_until_quiet(left, right);
}

} // namespace postrider::test
