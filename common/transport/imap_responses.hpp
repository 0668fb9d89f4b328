// What an IMAP server can say that matters to us, as values. Everything else is read and dropped.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/transport/imap_status.hpp"
#include "common/transport/imap_text.hpp"

namespace postrider::transport::imap {

/// What a folder is for (RFC 6154); `guessed` from its name where the server does not say.
enum class Use { none, inbox, junk, trash, archive, sent };

struct Folder {
    std::string name;   // as the server spells it: for requests
    std::string shown;  // UTF-8, printable: for people
    char delimiter = 0; // 0: folders do not lie within each other
    Use use = Use::none;
    bool is_guessed = false;
    bool can_be_selected = true;

    bool operator==(const Folder &) const = default;
};

/// Where our own folders lie (RFC 2342): their names begin with `prefix`.
struct Namespace {
    std::string prefix;
    char delimiter = 0;

    bool operator==(const Namespace &) const = default;
};

/// How full the mailbox is (RFC 9208).
struct Quota {
    std::string root; // printable
    std::uint64_t used_kib = 0;
    std::uint64_t limit_kib = 0;

    bool operator==(const Quota &) const = default;
};

/// `* STATUS`; 0 where the server does not say.
struct FolderStatus {
    std::string name;
    std::uint32_t uid_validity = 0;
    Uid uid_next = 0;
};

/// `+`: go on.
struct Continuation {
    std::string text;
};

struct Tagged {
    std::string tag;
    Status status;
};

struct Untagged {
    Status status;
};

struct CapabilityList {
    std::vector<std::string> names;
};

struct Exists {
    std::uint32_t count = 0;
};

struct Expunged {
    std::uint32_t sequence_number = 0;
};

/// A part of what a search found, as large as `limits::imap_found_at_once_max`.
struct FoundPart {
    std::vector<UidRange> ranges;
};

/// The text of a mail begins within a FETCH response; `size` bytes follow.
struct BodyBegin {
    std::uint64_t size = 0;
};

/// Valid until the next response is asked for.
struct BodyBytes {
    ByteView bytes;
};

/// A FETCH response is complete. The text that it carried, if any, belongs to `uid`.
struct Fetched {
    Uid uid = 0; // 0: it was not said
    std::uint64_t size = 0;
    bool is_seen = false;
    bool is_deleted = false;
    std::optional<Timestamp> received = {};
    std::optional<std::string> header = {}; // BODY[HEADER.FIELDS …]
    bool header_is_cut = false;
    std::optional<std::uint64_t> body_bytes = {}; // of the text that was carried: BODY[]
};

using Response = std::variant<Continuation,
                              Tagged,
                              Untagged,
                              CapabilityList,
                              Folder,
                              Namespace,
                              Quota,
                              FolderStatus,
                              Exists,
                              Expunged,
                              FoundPart,
                              BodyBegin,
                              BodyBytes,
                              Fetched>;

} // namespace postrider::transport::imap
