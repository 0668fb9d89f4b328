// What an IMAP dialogue tells its owner, in the order in which it happened.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/transport/imap_responses.hpp"

namespace postrider::transport::imap {

/// Chosen by the dialogue, rising from 1; comes back in Finished.
using RequestNumber = std::uint64_t;

/// A folder is open. UIDs that were remembered with another `uid_validity` name nothing any more;
/// 0 is a server that gives none: then nothing can be remembered beyond the connection.
struct Selected {
    std::string folder;
    std::uint32_t uid_validity = 0;
    Uid uid_next = 0; // a mail that comes has at least this; 0: there is no mail, and not known
    std::uint32_t count = 0;
    bool can_only_be_read = false;
};

/// The folder that is open has got other UIDs: select it again and begin from the first mail.
struct UidsChanged {
    std::uint32_t before = 0;
    std::uint32_t now = 0;
};

/// A mail of `list_new`, as its sender and its server describe it: nothing here is to be believed.
struct Listed {
    Uid uid = 0;
    std::uint64_t size = 0; // RFC822.SIZE: some servers guess; 0 where they do not say
    bool is_seen = false;
    bool is_deleted = false;
    std::optional<Timestamp> received = {};
    std::string header; // the asked fields as they stand in the mail, folded lines and all
    bool header_is_cut = false;
};

/// The text of a mail begins: `size` bytes, in pieces. Whose it is, BodyEnded says.
struct BodyBegan {
    std::uint64_t size = 0;
};

struct BodyPiece {
    Bytes bytes;
};

/// The text is complete, as the server counted it. Only now may it be used. `is_too_large`: there
/// were more bytes than the settings allow, and no pieces.
struct BodyEnded {
    Uid uid = 0;
    std::uint64_t size = 0;
    bool is_too_large = false;
};

/// Of the mails that a `fetch` asked for, these did not come: somebody removed them, or the server
/// cannot read them.
struct Missing {
    std::vector<Uid> uids;
};

/// What a `search` found, in parts. UIDs below the one asked for are left out.
struct Found {
    std::vector<UidRange> ranges;
};

/// The folder holds more mails than before: leave IDLE and list. A hint, never the only reason to
/// look.
struct SomethingNew {
    std::uint32_t count = 0;
};

/// The server wants people to read this; printable.
struct Alert {
    std::string text;
};

/// A request is done. The requests behind it go on whatever the result; those that need the folder
/// fail when it could not be selected.
struct Finished {
    RequestNumber request = 0;
    Result<void> result;
    Code code = Code::none; // with an Error: `try_create` says that `create` helps
};

/// Folder, Namespace and Quota answer `list_folders` and `ask_quota`.
using Event = std::variant<Selected,
                           UidsChanged,
                           Listed,
                           BodyBegan,
                           BodyPiece,
                           BodyEnded,
                           Missing,
                           Found,
                           SomethingNew,
                           Alert,
                           Folder,
                           Namespace,
                           Quota,
                           Finished>;

} // namespace postrider::transport::imap
