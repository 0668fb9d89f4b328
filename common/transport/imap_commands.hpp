// Requests to an IMAP server and the commands they consist of, as far as the server's capabilities
// decide. Text only.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "common/transport/imap_events.hpp"

namespace postrider::transport::imap {

/// What the server can, of what we use.
struct Capabilities {
    bool has_idle = false;          // RFC 2177
    bool has_move = false;          // RFC 6851
    bool has_uidplus = false;       // RFC 4315
    bool has_esearch = false;       // RFC 4731
    bool has_namespace = false;     // RFC 2342
    bool has_quota = false;         // RFC 9208, 2087
    bool has_special_use = false;   // RFC 6154
    bool has_list_extended = false; // RFC 5258

    bool operator==(const Capabilities &) const = default;
};

/// "A B C" of a response code.
std::vector<std::string> words_of(std::string_view text);

Capabilities capabilities_of(const std::vector<std::string> &names);

/// Mails of a folder. They are left alone when the folder that is open has another UIDVALIDITY.
struct Mails {
    std::uint32_t uid_validity = 0;
    std::vector<Uid> uids;
};

struct Request {
    enum class Kind {
        ask_capabilities,
        list_folders,
        ask_quota,
        select,
        list_new,
        search,
        fetch,
        move,
        remove,
        create,
        idle,
        noop,
        logout,
    };

    Kind kind = Kind::noop;
    RequestNumber number = 0;
    std::string folder = {};       // select, move, create
    std::string subject = {};      // search
    Mails mails = {};              // fetch, move, remove
    Uid from = 0;                  // list_new, search
    std::uint64_t first_bytes = 0; // fetch; 0: all
    bool only_reads = false;       // select
    bool is_idle_over = false;     // idle: it is to end, or not to begin
};

struct Command {
    enum class Kind {
        plain,
        select,
        status,
        last_uid,
        look, // is there any mail?
        list_new,
        search,
        fetch,
        idle,
        logout,
    };

    std::string text; // without tag and line end
    Kind kind = Kind::plain;
    bool may_fail = false; // the request goes on without it
};

/// The commands of a request in their order; each is sent when the one before it has succeeded.
/// None where there is nothing to do.
Result<std::deque<Command>> commands_of(const Request &request, const Capabilities &capabilities);

/// Which command tells the UID that the next mail gets, where SELECT did not.
Result<Command> ask_status(std::string_view folder);
/// And where STATUS did not either: the UID of the last mail.
Command ask_last_uid(const Capabilities &capabilities);

/// What a request does, for an error: "move mails to folder \"done\"".
std::string describe(const Request &request);

/// It needs a folder that is open.
bool needs_folder(Request::Kind kind);

} // namespace postrider::transport::imap
