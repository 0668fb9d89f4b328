// Which mails of an IMAP folder have been dealt with: where listing goes on, what the host holds,
// and the cursor that says after a crash from where all has to be read again. UIDs rise with the
// arrival of mails, but a mail that is done may lie behind one that is not.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/transport/imap_text.hpp"
#include "common/transport/judged_mail.hpp"

namespace postrider::network {

using transport::imap::Uid;

/// Of the keys by which mails are known to be ours: with others, mails that were passed over may
/// be.
using KeysDigest = FixedBytes<8>;

class FolderProgress {
  public:
    /// A cursor that cannot be read, or that was written with other keys, counts as none: all is
    /// read again, and dropped where it is known already.
    FolderProgress(ByteView cursor, const KeysDigest &keys);

    /// With other keys than before, all is listed again.
    void know_keys(const KeysDigest &keys);

    /// The folder is open. With another UIDVALIDITY its mails have other UIDs: all is forgotten.
    void open(std::uint32_t uid_validity);

    [[nodiscard]] std::uint32_t uid_validity() const { return uid_validity_; }

    /// The first UID that has not been listed.
    [[nodiscard]] Uid next() const { return next_; }

    /// The mail was wanted, or the host has it.
    [[nodiscard]] bool knows(Uid uid) const { return held_.contains(uid); }

    /// A mail was listed that has to be looked at (until `hold` or `on_gone`), or nobody of ours.
    void want(Uid uid);
    void skip(Uid uid);

    /// The host was told of the mail, by `events` events with this receipt.
    std::string hold(Uid uid, std::size_t events);
    /// One event of the mail was settled. Receipts of another UIDVALIDITY name nothing.
    void settle(const std::string &receipt, engine::Settlement settlement, Timestamp now);

    /// Mails whose content the host has committed: to be removed, or to be set aside. Each until
    /// `on_gone`, which is also for mails that turned out to be somebody else's.
    [[nodiscard]] std::vector<Uid> to_remove() const { return with(engine::Settlement::remove); }

    [[nodiscard]] std::vector<Uid> to_set_aside() const {
        return with(engine::Settlement::set_aside);
    }

    void on_gone(const std::vector<Uid> &uids);

    /// Nothing waits for the host or for us, but for what the host wants to see again later.
    [[nodiscard]] bool is_through() const;

    /// Mails that the host wanted to see again later, once a minute has passed. They are wanted
    /// then.
    std::vector<Uid> take_again(Timestamp now);
    [[nodiscard]] std::optional<Timestamp> again_at() const;

    /// All mails below are done with.
    [[nodiscard]] Bytes cursor() const;

  private:
    struct Held {
        transport::HeldMail mail;
        bool is_wanted = false; // not yet with the host
        Timestamp settled_at{};
    };

    void on_listed(Uid uid);
    [[nodiscard]] std::vector<Uid> with(engine::Settlement settlement) const;

    KeysDigest keys_{};
    std::uint32_t uid_validity_ = 0;
    Uid next_ = 1;
    std::map<Uid, Held> held_;
};

} // namespace postrider::network
