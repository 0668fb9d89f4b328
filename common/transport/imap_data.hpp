// The responses that are read whole because they are short: capabilities, folders, quotas.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/transport/imap_responses.hpp"
#include "common/transport/imap_tokens.hpp"

namespace postrider::transport::imap {

/// A response flat, as its words come.
struct Item {
    enum class Kind { atom, string, list_open, list_close };

    Kind kind = Kind::atom;
    std::string text = {};
};

/// Gathers one response up to `limits::imap_response_bytes_max`, each item counted with 16 bytes.
class ItemGatherer {
  public:
    Result<void> take(const Token &token);

    [[nodiscard]] const std::vector<Item> &items() const { return items_; }

  private:
    std::vector<Item> items_;
    std::size_t bytes_ = 0;
};

/// Whether responses of this name are read by `read_data`.
bool is_data(std::string_view name);

/// The values in a gathered response "* `name` …"; none where there is nothing that matters in it.
/// Servers differ here, and none of this carries a mail: what is odd is left out.
std::vector<Response> read_data(std::string_view name, const std::vector<Item> &items);

/// What a folder of this name is for, as far as people and servers call them so.
Use guess_use(std::string_view name, char delimiter);

/// The name of a folder of ours in the server's spelling: "INBOX.postrider.done".
Result<std::string> folder_within(const Namespace &place, const std::vector<std::string> &path);

} // namespace postrider::transport::imap
