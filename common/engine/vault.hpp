// The port to what must not live in the database: the secret with its ratchet, the small state file
// by which a node notices that its database was copied, moved or restored, and the time zones that
// its machine knows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"
#include "common/base/time_zone.hpp"
#include "common/crypto/secret_bytes.hpp"

namespace postrider::engine {

/// docs/security.md, "Secrets at rest": M opens the sealed columns; the ratchet at index
/// `ratchet_index` gives the receiving keys from that index on, and no earlier one.
struct Secret {
    NodeId node{};
    crypto::Key master;
    std::uint32_t ratchet_index = 0;
    crypto::Key ratchet_key;
};

/// Written before anything is sent. Compared with the database at every start.
struct StateFile {
    NodeId node{};
    std::uint64_t incarnation = 0;
    std::uint64_t report_counter = 0;
    FixedBytes<16> start_token{}; // of the start that wrote it
    std::string canonical_path;   // of the database file; empty for a server
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t timeline = 0; // of a server: rises when a standby is promoted; 0: none is known
    /// By "<peer node id in hex>/<stream>/<out or in>".
    std::map<std::string, std::uint64_t> positions;
    bool operator==(const StateFile &) const = default;
};

class Vault {
  public:
    Vault() = default;
    Vault(const Vault &) = delete;
    Vault &operator=(const Vault &) = delete;
    virtual ~Vault() = default;

    /// `refused` with a hint when the file is missing, has open permissions, lies beside the data
    /// or belongs to another user.
    virtual Result<Secret> load_secret(const NodeId &node) = 0;
    /// Durable when it returns.
    virtual Result<void> store_secret(const Secret &secret) = 0;
    /// `std::nullopt`: there is none yet.
    virtual Result<std::optional<StateFile>> load_state(const NodeId &node) = 0;
    virtual Result<void> store_state(const StateFile &state) = 0;
    /// The operating system's name of whoever the secret belongs to: the user of this process.
    [[nodiscard]] virtual std::string user() const = 0;
    /// Where the database is now: canonical path, device, inode and timeline are filled in,
    /// nothing else.
    [[nodiscard]] virtual StateFile here() const = 0;
    /// A zone by its name, such as "Europe/Berlin". `refused` with a hint when it is not known
    /// here.
    [[nodiscard]] virtual Result<TimeZone> time_zone(const std::string &name) const = 0;
};

} // namespace postrider::engine
