// The command lines of RFC 3501 and its extensions.
#include "common/transport/imap_commands.hpp"

#include <algorithm>
#include <array>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"

namespace postrider::transport::imap {

namespace {

using Commands = Result<std::deque<Command>>;

struct NamedCapability {
    std::string_view name;
    bool Capabilities::*has;
};

constexpr std::array<NamedCapability, 8> named_capabilities = {
    {{"IDLE", &Capabilities::has_idle},
     {"MOVE", &Capabilities::has_move},
     {"UIDPLUS", &Capabilities::has_uidplus},
     {"ESEARCH", &Capabilities::has_esearch},
     {"NAMESPACE", &Capabilities::has_namespace},
     {"QUOTA", &Capabilities::has_quota},
     {"SPECIAL-USE", &Capabilities::has_special_use},
     {"LIST-EXTENDED", &Capabilities::has_list_extended}}};

/// Nothing that sets \Seen: PEEK, and no RFC822.TEXT.
constexpr std::string_view listed_items =
    "(UID RFC822.SIZE FLAGS INTERNALDATE "
    "BODY.PEEK[HEADER.FIELDS (FROM SUBJECT MESSAGE-ID AUTO-SUBMITTED CONTENT-TYPE)])";

Commands one(std::string text, Command::Kind kind = Command::Kind::plain) {
    return std::deque<Command>{{std::move(text), kind}};
}

Commands with_folder(std::string_view verb, std::string_view folder, Command::Kind kind) {
    const Result<std::string> name = to_quoted(folder);
    if (!name) {
        return name.error();
    }
    return one(std::string(verb) + " " + *name, kind);
}

Commands list_commands(const Capabilities &capabilities) {
    std::deque<Command> out;
    if (capabilities.has_namespace) {
        out.push_back({"NAMESPACE", Command::Kind::plain, true});
    }
    // RFC 6154 section 2: a plain LIST need not show what folders are for.
    const bool can_ask = capabilities.has_special_use && capabilities.has_list_extended;
    out.push_back({can_ask ? R"(LIST "" "*" RETURN (SPECIAL-USE))" : R"(LIST "" "*")"});
    return out;
}

Commands search_command(const Request &request, const Capabilities &capabilities) {
    std::string text = capabilities.has_esearch ? "UID SEARCH RETURN (ALL) " : "UID SEARCH ";
    text += "UID " + std::to_string(request.from) + ":*";
    // Without a CHARSET only ASCII can be searched for; what is found is more then.
    const bool is_ascii = std::all_of(request.subject.begin(), request.subject.end(),
                                      [](char letter) { return letter >= ' ' && letter <= '~'; });
    if (!request.subject.empty() && is_ascii) {
        const Result<std::string> subject = to_quoted(request.subject);
        if (!subject) {
            return subject.error();
        }
        text += " SUBJECT " + *subject;
    }
    return one(text, Command::Kind::search);
}

Commands fetch_commands(const Request &request) {
    std::string items = " (UID BODY.PEEK[]";
    items += request.first_bytes == 0 ? "" : "<0." + std::to_string(request.first_bytes) + ">";
    items += ")";
    std::deque<Command> out;
    for (const std::string &set : uid_sets(request.mails.uids, limits::imap_set_bytes_max)) {
        Command command{"UID FETCH ", Command::Kind::fetch};
        command.text += set;
        command.text += items;
        out.push_back(std::move(command));
    }
    return out;
}

/// Without UIDPLUS mails are marked and stay: a plain EXPUNGE would take away what others have
/// marked (RFC 4315 section 1).
void append_removal(const std::string &set,
                    const Capabilities &capabilities,
                    std::deque<Command> &out) {
    out.push_back({"UID STORE " + set + " +FLAGS.SILENT (\\Deleted)"});
    if (capabilities.has_uidplus) {
        out.push_back({"UID EXPUNGE " + set});
    }
}

Commands move_commands(const Request &request, const Capabilities &capabilities) {
    const Result<std::string> folder = to_quoted(request.folder);
    if (!folder) {
        return folder.error();
    }
    std::deque<Command> out;
    for (const std::string &set : uid_sets(request.mails.uids, limits::imap_set_bytes_max)) {
        const std::string rest = set + " " + *folder;
        if (capabilities.has_move) {
            out.push_back({"UID MOVE " + rest});
        } else {
            out.push_back({"UID COPY " + rest});
            append_removal(set, capabilities, out);
        }
    }
    return out;
}

Commands remove_commands(const Request &request, const Capabilities &capabilities) {
    std::deque<Command> out;
    for (const std::string &set : uid_sets(request.mails.uids, limits::imap_set_bytes_max)) {
        append_removal(set, capabilities, out);
    }
    return out;
}

std::string folder_text(std::string_view name) {
    return "folder \"" + printable(from_folder_name(name).value_or(std::string(name))) + "\"";
}

} // namespace

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (end > 0) {
            words.emplace_back(text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

Capabilities capabilities_of(const std::vector<std::string> &names) {
    Capabilities out;
    bool has_revision_1 = false;
    bool has_revision_2 = false;
    for (const std::string &name : names) {
        has_revision_1 |= equal_without_case(name, "IMAP4rev1");
        has_revision_2 |= equal_without_case(name, "IMAP4rev2");
        for (const NamedCapability &each : named_capabilities) {
            out.*each.has |= equal_without_case(name, each.name);
        }
        // RFC 9208: a server of RFC 9208 names its resources too.
        out.has_quota |= begins_without_case(name, "QUOTA=RES-");
    }
    if (has_revision_2 && !has_revision_1) {
        // RFC 9051 appendix E: part of the protocol, and need not be named.
        out.has_idle = out.has_move = out.has_uidplus = out.has_esearch = true;
        out.has_namespace = out.has_special_use = out.has_list_extended = true;
    }
    return out;
}

Commands commands_of(const Request &request, const Capabilities &capabilities) {
    using Kind = Request::Kind;
    switch (request.kind) {
    case Kind::ask_capabilities:
        return one("CAPABILITY");
    case Kind::list_folders:
        return list_commands(capabilities);
    case Kind::ask_quota:
        return capabilities.has_quota ? one("GETQUOTAROOT \"INBOX\"")
                                      : Commands(std::deque<Command>{});
    case Kind::select:
        return with_folder(request.only_reads ? "EXAMINE" : "SELECT", request.folder,
                           Command::Kind::select);
    case Kind::list_new:
        return one("UID FETCH " + std::to_string(request.from) + ":* " + std::string(listed_items),
                   Command::Kind::list_new);
    case Kind::search:
        return search_command(request, capabilities);
    case Kind::fetch:
        return fetch_commands(request);
    case Kind::move:
        return move_commands(request, capabilities);
    case Kind::remove:
        return remove_commands(request, capabilities);
    case Kind::create:
        return with_folder("CREATE", request.folder, Command::Kind::plain);
    case Kind::idle:
        if (!capabilities.has_idle) {
            return Error{Errc::refused, "cannot wait for mails: the IMAP server has no IDLE"};
        }
        return one("IDLE", Command::Kind::idle);
    case Kind::noop:
        return one("NOOP");
    case Kind::logout:
        return one("LOGOUT", Command::Kind::logout);
    }
    return std::deque<Command>{};
}

Result<Command> ask_status(std::string_view folder) {
    const Result<std::string> name = to_quoted(folder);
    if (!name) {
        return name.error();
    }
    return Command{"STATUS " + *name + " (UIDNEXT UIDVALIDITY)", Command::Kind::status, true};
}

Command ask_last_uid(const Capabilities &capabilities) {
    return {capabilities.has_esearch ? "UID SEARCH RETURN (MAX) ALL" : "UID SEARCH *",
            Command::Kind::last_uid, true};
}

std::string describe(const Request &request) {
    using Kind = Request::Kind;
    switch (request.kind) {
    case Kind::ask_capabilities:
        return "ask what the server can";
    case Kind::list_folders:
        return "list folders";
    case Kind::ask_quota:
        return "ask how full the mailbox is";
    case Kind::select:
        return "open " + folder_text(request.folder);
    case Kind::list_new:
        return "list new mails";
    case Kind::search:
        return "search for mails";
    case Kind::fetch:
        return "fetch mails";
    case Kind::move:
        return "move mails to " + folder_text(request.folder);
    case Kind::remove:
        return "remove mails";
    case Kind::create:
        return "create " + folder_text(request.folder);
    case Kind::idle:
        return "wait for mails";
    case Kind::noop:
        return "ask for news";
    case Kind::logout:
        return "log out";
    }
    return "talk";
}

bool needs_folder(Request::Kind kind) {
    using Kind = Request::Kind;
    return kind == Kind::list_new || kind == Kind::search || kind == Kind::fetch ||
           kind == Kind::move || kind == Kind::remove || kind == Kind::idle;
}

} // namespace postrider::transport::imap
