// Cursor: UIDVALIDITY and the first UID that is not done, 4 bytes each, and the keys' digest.
// Receipt: "validity:uid".
#include "common/network/folder_progress.hpp"

#include <algorithm>

namespace postrider::network {

namespace {

constexpr Duration again_after = std::chrono::minutes{1};

std::string receipt_of(std::uint32_t uid_validity, Uid uid) {
    return std::to_string(uid_validity) + ":" + std::to_string(uid);
}

} // namespace

FolderProgress::FolderProgress(ByteView cursor, const KeysDigest &keys) : keys_(keys) {
    ByteReader reader{cursor};
    const std::uint32_t uid_validity = reader.u32();
    const Uid next = reader.u32();
    const auto known_keys = reader.fixed<std::tuple_size_v<KeysDigest>>();
    if (reader.at_end() && next > 0 && known_keys == keys) {
        uid_validity_ = uid_validity;
        next_ = next;
    }
}

void FolderProgress::know_keys(const KeysDigest &keys) {
    if (keys != keys_) {
        keys_ = keys;
        next_ = 1;
    }
}

void FolderProgress::open(std::uint32_t uid_validity) {
    // 0: the server has none, so that nothing is remembered from one opening to the next.
    if (uid_validity != uid_validity_ || uid_validity == 0) {
        uid_validity_ = uid_validity;
        next_ = 1;
        held_.clear();
    }
}

void FolderProgress::on_listed(Uid uid) {
    next_ = std::max(next_, uid == UINT32_MAX ? uid : uid + 1);
}

void FolderProgress::want(Uid uid) {
    on_listed(uid);
    held_.insert_or_assign(uid, Held{{}, true, {}});
}

void FolderProgress::skip(Uid uid) {
    on_listed(uid);
}

std::string FolderProgress::hold(Uid uid, std::size_t events) {
    held_.insert_or_assign(uid, Held{{events}, false, {}});
    return receipt_of(uid_validity_, uid);
}

void FolderProgress::settle(const std::string &receipt,
                            engine::Settlement settlement,
                            Timestamp now) {
    const auto found = std::find_if(held_.begin(), held_.end(), [&](const auto &entry) {
        return receipt_of(uid_validity_, entry.first) == receipt;
    });
    if (found != held_.end() && found->second.mail.open_events > 0 &&
        found->second.mail.settle(settlement)) {
        found->second.settled_at = now;
        if (found->second.mail.settlement == engine::Settlement::leave) {
            held_.erase(found);
        }
    }
}

std::vector<Uid> FolderProgress::with(engine::Settlement settlement) const {
    std::vector<Uid> uids;
    for (const auto &[uid, held] : held_) {
        if (!held.is_wanted && held.mail.open_events == 0 && held.mail.settlement == settlement) {
            uids.push_back(uid);
        }
    }
    return uids;
}

void FolderProgress::on_gone(const std::vector<Uid> &uids) {
    for (const Uid uid : uids) {
        held_.erase(uid);
    }
}

bool FolderProgress::is_through() const {
    return std::all_of(held_.begin(), held_.end(), [](const auto &each) {
        const Held &held = each.second;
        return !held.is_wanted && held.mail.open_events == 0 &&
               held.mail.settlement == engine::Settlement::keep;
    });
}

std::vector<Uid> FolderProgress::take_again(Timestamp now) {
    std::vector<Uid> uids = with(engine::Settlement::keep);
    std::erase_if(uids, [&](Uid uid) { return held_.at(uid).settled_at + again_after > now; });
    for (const Uid uid : uids) {
        want(uid);
    }
    return uids;
}

std::optional<Timestamp> FolderProgress::again_at() const {
    std::optional<Timestamp> first;
    for (const Uid uid : with(engine::Settlement::keep)) {
        const Timestamp at = held_.at(uid).settled_at + again_after;
        first = first ? std::min(*first, at) : at;
    }
    return first;
}

Bytes FolderProgress::cursor() const {
    ByteWriter out;
    out.u32(uid_validity_);
    out.u32(held_.empty() ? next_ : std::min(next_, held_.begin()->first));
    out.raw(keys_);
    return std::move(out).take();
}

} // namespace postrider::network
