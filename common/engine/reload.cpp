// Requests for loads, checked.
#include "common/engine/reload.hpp"

#include "common/base/comma_list.hpp"
#include "common/base/utf8.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// Tasks under the names that people give them.
constexpr const char *named_tasks =
    "SELECT t.task_id, t.direction, CASE WHEN t.declared_by = (SELECT n.node_id FROM @node n)"
    " THEN t.name ELSE coalesce((SELECT p.name FROM @peer p WHERE p.node_id = t.declared_by)"
    " || '.', '') || t.name END AS full_name FROM @task t";

Error no_such_task(Transaction &transaction, const std::string &name) {
    std::vector<std::string> known;
    for (const Row &row :
         all_rows(transaction, std::string{"SELECT full_name FROM ("} + named_tasks +
                                   ") t WHERE direction = 'send' ORDER BY 1")) {
        known.push_back(text_at(row, 0));
    }
    return {Errc::refused,
            "there is no task \"" + printable(name) + "\" here",
            {},
            known.empty() ? "No task sends anything from here."
                          : "The tasks that send from here are: " + comma_list(known) + "."};
}

} // namespace

Result<std::size_t>
reload(const Session &session, const std::string &task, const std::optional<std::string> &peer) {
    Transaction &transaction = session.transaction;
    const auto row = first_row(transaction,
                               std::string{"SELECT task_id, direction FROM ("} + named_tasks +
                                   ") t WHERE full_name = ?1",
                               {Value::text(task)});
    if (!row) {
        return no_such_task(transaction, task);
    }
    const std::int64_t task_id = integer_at(*row, 0);
    if (text_at(*row, 1) != "send") {
        return Error{Errc::refused,
                     "the task \"" + task + "\" sends nothing from here",
                     {},
                     "Ask for it at the node that its rows come from."};
    }
    std::optional<std::int64_t> peer_id;
    if (peer) {
        const Result<Peer> known = require_peer(transaction, *peer);
        if (!known) {
            return known.error();
        }
        if (!first_row(transaction,
                       "SELECT 1 FROM @task_peer WHERE task_id = ?1 AND peer_id = ?2"
                       " AND state = 'active'",
                       {task_id, known->peer_id})) {
            return Error{Errc::refused,
                         "peer \"" + *peer + "\" does not take part in the task \"" + task + "\"",
                         {},
                         "Its tables are loaded by themselves once it does."};
        }
        peer_id = known->peer_id;
    }
    send_again(transaction, task_id, peer_id);
    return static_cast<std::size_t>(integer_at(
        *first_row(transaction, "SELECT count(*) FROM @task_table WHERE task_id = ?1", {task_id}),
        0));
}

} // namespace postrider::engine
