// Envelopes as mails in a maildir: a directory shared by nodes, carried on a stick or filled by a
// mail server. Takes only what one of our stamps opens and leaves everything else as it lies. It
// remembers nothing beyond the process; the inbox drops what it sees twice.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/engine/transport.hpp"

namespace postrider::transport {

/// True when one of the stamps of the envelope (or of the beginning of a truncated one) was made
/// with this key.
using StampCheck = std::function<bool(ByteView envelope, const FixedBytes<32> &stamp_key)>;

/// Makes `directory` and its tmp, new and cur where they are missing (mode 0700). Only on a user's
/// word: a transport never creates them, because the place may be a mount point whose disk is away.
Result<void> create_maildir(const std::string &directory);

struct MaildirSettings {
    StampCheck stamp_check;
    Duration look_every = std::chrono::seconds{1};
    /// A message settled with `keep` is shown again after this time.
    Duration look_again_after = std::chrono::minutes{1};
};

/// Inlets and transmissions of path kind "maildir". Not thread-safe. Everything happens in `poll`
/// and `settle`; `poll` gives at most `limits::transport_events_max` events. The receipt is the
/// path of the message.
class Maildir final : public engine::Transport {
  public:
    explicit Maildir(MaildirSettings settings);

    void configure(std::vector<engine::Inlet> inlets) override;
    void submit(engine::Transmission transmission) override;
    std::vector<engine::Event> poll(Timestamp now) override;
    void settle(const engine::Receipt &receipt, engine::Settlement settlement) override;
    [[nodiscard]] std::optional<Timestamp> next_look(Timestamp now) const override;
};

} // namespace postrider::transport
