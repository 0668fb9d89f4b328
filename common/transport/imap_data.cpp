// CAPABILITY, LIST, NAMESPACE, QUOTA, STATUS.
#include "common/transport/imap_data.hpp"

#include <algorithm>
#include <array>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"

namespace postrider::transport::imap {

namespace {

constexpr std::size_t item_bytes = 16;

class ItemCursor {
  public:
    explicit ItemCursor(const std::vector<Item> &items) : items_(items) {}

    [[nodiscard]] bool is_at(Item::Kind kind) const {
        return index_ < items_.size() && items_[index_].kind == kind;
    }

    bool skip(Item::Kind kind) {
        const bool is_there = is_at(kind);
        index_ += is_there ? 1 : 0;
        return is_there;
    }

    /// An atom or a string.
    const std::string *word() {
        if (!is_at(Item::Kind::atom) && !is_at(Item::Kind::string)) {
            return nullptr;
        }
        return &items_[index_++].text;
    }

    /// A string, or NIL as nothing.
    std::optional<std::string> text_or_nil() {
        if (is_at(Item::Kind::atom) && equal_without_case(items_[index_].text, "NIL")) {
            ++index_;
            return std::nullopt;
        }
        const std::string *text = word();
        return text == nullptr ? std::nullopt : std::optional(*text);
    }

  private:
    const std::vector<Item> &items_;
    std::size_t index_ = 0;
};

char first_letter(const std::optional<std::string> &text) {
    return text && !text->empty() ? text->front() : '\0';
}

struct NamedUse {
    std::string_view name;
    Use use;
};

/// RFC 6154 section 2; \Spam is what servers said before it.
constexpr std::array<NamedUse, 5> special_uses = {{{"\\Junk", Use::junk},
                                                   {"\\Spam", Use::junk},
                                                   {"\\Trash", Use::trash},
                                                   {"\\Archive", Use::archive},
                                                   {"\\Sent", Use::sent}}};

/// Names of junk folders where the server names no uses: Exchange, Outlook, Yahoo, Dovecot,
/// Courier.
constexpr std::array<std::string_view, 8> junk_names = {"Junk",        "Spam",        "Junk Email",
                                                        "Junk E-mail", "Bulk Mail",   "Bulk",
                                                        "Junk-E-Mail", "Spamverdacht"};

void read_folder(ItemCursor cursor, std::vector<Response> &out) {
    Folder folder;
    if (!cursor.skip(Item::Kind::list_open)) {
        return;
    }
    while (const std::string *flag = cursor.word()) {
        folder.can_be_selected &=
            !equal_without_case(*flag, "\\Noselect") && !equal_without_case(*flag, "\\NonExistent");
        for (const NamedUse &each : special_uses) {
            folder.use = equal_without_case(*flag, each.name) ? each.use : folder.use;
        }
    }
    if (!cursor.skip(Item::Kind::list_close)) {
        return;
    }
    folder.delimiter = first_letter(cursor.text_or_nil());
    const std::string *name = cursor.word();
    if (name == nullptr || name->empty() || name->size() > limits::imap_folder_bytes_max) {
        return;
    }
    folder.name = *name;
    folder.shown = printable(from_folder_name(folder.name).value_or(folder.name));
    if (equal_without_case(folder.name, "INBOX")) {
        folder.use = Use::inbox;
    } else if (folder.use == Use::none) {
        folder.use = guess_use(folder.name, folder.delimiter);
        folder.is_guessed = folder.use != Use::none;
    }
    out.emplace_back(std::move(folder));
}

/// The first of our own namespaces: (("INBOX." ".")) NIL NIL.
void read_namespace(ItemCursor cursor, std::vector<Response> &out) {
    if (!cursor.skip(Item::Kind::list_open) || !cursor.skip(Item::Kind::list_open)) {
        return;
    }
    Namespace place;
    place.prefix = cursor.text_or_nil().value_or("");
    place.delimiter = first_letter(cursor.text_or_nil());
    if (place.prefix.size() <= limits::imap_folder_bytes_max) {
        out.emplace_back(std::move(place));
    }
}

/// "User quota" (STORAGE 10 512 MESSAGE 3 1000); RFC 9208 counts STORAGE in units of 1024 bytes.
void read_quota(ItemCursor cursor, std::vector<Response> &out) {
    const std::string *root = cursor.word();
    if (root == nullptr || !cursor.skip(Item::Kind::list_open)) {
        return;
    }
    while (const std::string *resource = cursor.word()) {
        const std::string *used = cursor.word();
        const std::string *most = cursor.word();
        const auto used_kib = used == nullptr ? std::nullopt : parse_number64(*used);
        const auto limit_kib = most == nullptr ? std::nullopt : parse_number64(*most);
        if (equal_without_case(*resource, "STORAGE") && used_kib && limit_kib) {
            out.emplace_back(Quota{printable(*root), *used_kib, *limit_kib});
        }
    }
}

void read_status(ItemCursor cursor, std::vector<Response> &out) {
    const std::string *name = cursor.word();
    if (name == nullptr || !cursor.skip(Item::Kind::list_open)) {
        return;
    }
    FolderStatus status;
    status.name = *name;
    while (const std::string *item = cursor.word()) {
        const std::string *value = cursor.word();
        const auto number = value == nullptr ? std::nullopt : parse_number(*value);
        if (number && equal_without_case(*item, "UIDNEXT")) {
            status.uid_next = *number;
        } else if (number && equal_without_case(*item, "UIDVALIDITY")) {
            status.uid_validity = *number;
        }
    }
    out.emplace_back(std::move(status));
}

void read_capabilities(ItemCursor cursor, std::vector<Response> &out) {
    CapabilityList list;
    while (const std::string *name = cursor.word()) {
        list.names.push_back(*name);
    }
    out.emplace_back(std::move(list));
}

struct DataReader {
    std::string_view name;
    void (*read)(ItemCursor cursor, std::vector<Response> &out);
};

constexpr std::array<DataReader, 5> data_readers = {{{"CAPABILITY", read_capabilities},
                                                     {"LIST", read_folder},
                                                     {"NAMESPACE", read_namespace},
                                                     {"QUOTA", read_quota},
                                                     {"STATUS", read_status}}};

} // namespace

Result<void> ItemGatherer::take(const Token &token) {
    std::size_t size = item_bytes;
    switch (token.kind) {
    case Token::Kind::atom:
    case Token::Kind::section_open:
        size += token.text.size();
        break;
    case Token::Kind::string_begin:
        size = token.size > limits::imap_response_bytes_max ? limits::imap_response_bytes_max + 1
                                                            : size + token.size;
        break;
    case Token::Kind::string_piece:
    case Token::Kind::string_end:
    case Token::Kind::line_end:
        size = 0;
        break;
    default:
        break;
    }
    bytes_ += size;
    if (bytes_ > limits::imap_response_bytes_max) {
        return Error{Errc::too_large, "a response of the IMAP server exceeds the limit"};
    }
    if (token.kind == Token::Kind::atom || token.kind == Token::Kind::section_open) {
        items_.push_back({Item::Kind::atom, std::string(token.text)});
    } else if (token.kind == Token::Kind::string_begin) {
        items_.push_back({Item::Kind::string});
    } else if (token.kind == Token::Kind::string_piece) {
        items_.back().text += as_text(token.bytes);
    } else if (token.kind == Token::Kind::list_open) {
        items_.push_back({Item::Kind::list_open});
    } else if (token.kind == Token::Kind::list_close) {
        items_.push_back({Item::Kind::list_close});
    }
    return {};
}

bool is_data(std::string_view name) {
    return std::any_of(data_readers.begin(), data_readers.end(),
                       [&](const DataReader &each) { return equal_without_case(each.name, name); });
}

std::vector<Response> read_data(std::string_view name, const std::vector<Item> &items) {
    std::vector<Response> out;
    for (const DataReader &each : data_readers) {
        if (equal_without_case(each.name, name)) {
            each.read(ItemCursor(items), out);
        }
    }
    return out;
}

Use guess_use(std::string_view name, char delimiter) {
    const std::size_t last = delimiter == 0 ? std::string_view::npos : name.rfind(delimiter);
    const std::string_view leaf = last == std::string_view::npos ? name : name.substr(last + 1);
    const bool is_junk = std::any_of(junk_names.begin(), junk_names.end(),
                                     [&](auto each) { return equal_without_case(each, leaf); });
    return is_junk ? Use::junk : Use::none;
}

Result<std::string> folder_within(const Namespace &place, const std::vector<std::string> &path) {
    std::string out = place.prefix;
    for (const std::string &piece : path) {
        Result<std::string> name = to_folder_name(piece);
        if (!name) {
            return name;
        }
        if (piece.empty() ||
            (place.delimiter != 0 && name->find(place.delimiter) != std::string::npos)) {
            return Error{Errc::refused,
                         "the name of a folder is empty or has the server's delimiter in it"};
        }
        // Where folders cannot lie within each other, one name holds them all.
        const char between = place.delimiter == 0 ? '-' : place.delimiter;
        out += (&piece == path.data() ? "" : std::string(1, between)) + *name;
    }
    return out;
}

} // namespace postrider::transport::imap
