// The tables here that changes of a peer go to.
#pragma once

#include <map>
#include <set>
#include <string>

#include "common/engine/lanes.hpp"
#include "common/engine/store/peers.hpp"
#include "common/model/changeset.hpp"

namespace postrider::engine {

/// Read once for a transaction; tables are found by their names on the wire.
class OwnTables {
  public:
    /// `refused` when a row of the peer's tasks is not approved.
    static Result<OwnTables> load(const Session &session, const Peer &peer);

    /// Null: no task takes the table from this peer.
    Result<const dialect::TableDescription *> find(const std::string &wire_name);

    /// The names under which tasks send the local table to others: as it was spelled when they were
    /// declared, which is how the queue knows it.
    [[nodiscard]] std::set<std::string> names_sent_on(const std::string &local_name) const;

    /// Whether others send rows to the local table too.
    [[nodiscard]] bool has_other_senders(const std::string &local_name) const;

    /// How a task takes the table, which `find` has found.
    [[nodiscard]] const TakenTable &taken(const std::string &wire_name) const {
        return taken_.at(wire_name);
    }

    /// Whether our tables have the shapes that the changes need, or can be given them.
    Result<void> check_shapes(const Changeset &changeset);

  private:
    OwnTables(const Session &session, const Peer &peer, TakenTables &&taken);

    const Session *session_;
    const Peer *peer_;
    TakenTables taken_;
    Result<std::set<std::string>> sent_on_; // an error: any table may be
    std::map<std::string, dialect::TableDescription> tables_;
};

} // namespace postrider::engine
