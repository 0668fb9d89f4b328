// Rows that are not approved, in words.
#include "common/engine/approval.hpp"

#include <set>

#include "common/base/utf8.hpp"
#include "common/engine/configuration_mac.hpp"
#include "common/engine/declare_tasks.hpp"
#include "common/engine/lanes.hpp"
#include "common/engine/machine_rights.hpp"
#include "common/engine/peer_attributes.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"

namespace postrider::engine {

namespace {

/// What waits, by peer.
using Waiting = std::map<std::int64_t, std::set<std::string>>;

void add_task_table(const Session &session, const ConfigurationKey &row, Waiting &waiting) {
    for (const Row &part : all_rows(session.transaction,
                                    "SELECT tp.peer_id, tt.local_name, t.name FROM @task_table tt"
                                    " JOIN @task t ON t.task_id = tt.task_id"
                                    " JOIN @task_peer tp ON tp.task_id = tt.task_id"
                                    " WHERE tt.task_id = ?1 AND tt.ordinal = ?2",
                                    {row.key.at(0), row.key.at(1)})) {
        waiting[integer_at(part, 0)].insert("table \"" + printable(text_at(part, 1)) +
                                            "\" of task \"" + printable(text_at(part, 2)) + "\"");
    }
}

void add_invitation(const Session &session, const ConfigurationKey &row, Waiting &waiting) {
    for (const Row &invitation :
         all_rows(session.transaction, "SELECT peer_id FROM @invitation WHERE invitation_id = ?1",
                  {row.key.at(0)})) {
        waiting[integer_at(invitation, 0)].insert("its invitation");
    }
}

Waiting waiting_now(const Session &session) {
    Waiting waiting;
    for (const ConfigurationKey &row : unapproved(session)) {
        if (row.table == "peer") {
            waiting[integer_at(row.key, 0)].insert("its keys and rights");
        } else if (row.table == "peer_path") {
            waiting[integer_at(row.key, 0)].insert("its path " +
                                                   std::to_string(integer_at(row.key, 1)));
        } else if (row.table == "task_table") {
            add_task_table(session, row, waiting);
        } else if (row.table == "invitation") {
            add_invitation(session, row, waiting);
        }
    }
    return waiting;
}

std::string sentence(const std::set<std::string> &things) {
    std::string out;
    for (const std::string &thing : things) {
        out += (out.empty() ? "" : ", ") + thing;
    }
    return out.empty() ? out : "not as this node wrote it, and not used: " + out;
}

} // namespace

std::map<std::int64_t, std::string> approvals_to_show(const Session &session) {
    const Waiting waiting = waiting_now(session);
    std::map<std::int64_t, std::string> out;
    for (const Row &row :
         all_rows(session.transaction, "SELECT peer_id, unapproved FROM @peer ORDER BY peer_id")) {
        const auto found = waiting.find(integer_at(row, 0));
        std::string now = found == waiting.end() ? "" : sentence(found->second);
        if (now != text_at(row, 1)) {
            out.emplace(integer_at(row, 0), std::move(now));
        }
    }
    return out;
}

void show_approvals(const Session &session) {
    for (const auto &[peer_id, text] : approvals_to_show(session)) {
        session.transaction.execute("UPDATE @peer SET unapproved = ?2 WHERE peer_id = ?1",
                                    {peer_id, Value::text(text)});
        if (!text.empty()) {
            const Row name = *first_row(session.transaction,
                                        "SELECT name FROM @peer WHERE peer_id = ?1", {peer_id});
            log_event(session.transaction, session.now,
                      {"unapproved", peer_id,
                       "configuration of peer \"" + text_at(name, 0) + "\" is " + text,
                       "Look at the row; if it is yours: SELECT " +
                           session.dialect.command("approve") + "();"});
        }
    }
}

Result<std::size_t> approve_configuration(const Session &session) {
    if (const Result<void> may = check_machine_of_unapproved(session); !may) {
        return may.error();
    }
    const std::vector<ConfigurationKey> rows = unapproved(session);
    approve(session);
    if (!rows.empty()) {
        const Result<CaptureChanges> captures = update_captures(session);
        if (!captures) {
            return captures.error();
        }
        session.transaction.execute("UPDATE @stream_in SET next_try_at = NULL");
    }
    for (const ConfigurationKey &row : rows) {
        if (row.table == "task_table") {
            load_again(session.transaction, integer_at(row.key, 0));
        } else if (row.table == "peer") {
            reload_for_attributes(session, integer_at(row.key, 0));
        }
    }
    show_approvals(session);
    return rows.size();
}

} // namespace postrider::engine
