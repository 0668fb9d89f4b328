// The text of everything that is declared.
#include "common/base/utf8.hpp"
#include "common/engine/plan.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/task/words.hpp"

namespace postrider::engine {

namespace {

constexpr std::size_t comment_bytes_max = 4000;

/// A task that a peer declared, in one line that no parser reads.
std::string comment_of(const Mirror &mirror) {
    return "-- offered by " + mirror.peer + ": " +
           printable(task::print(mirror.task), comment_bytes_max) +
           (mirror.paused ? " (paused)" : "") + "\n";
}

bool is_named(const task::Statement &statement, const std::string &name) {
    if (const auto *node = std::get_if<task::Node>(&statement)) {
        return node->name.value == name;
    }
    const std::string object = object_of(statement);
    return object.substr(object.find(' ') + 1) == name;
}

} // namespace

Result<std::string> describe(const DeclareSite &site, const std::string &object) {
    const Result<DeclaredBefore> declared = load_declared(site.transaction, site.dialect);
    if (!declared) {
        return declared.error();
    }
    const std::string name = task::lower_ascii(object);
    std::string text;
    for (const task::Statement &statement : declared->text.statements) {
        if (name.empty() || is_named(statement, name)) {
            text += task::print(statement) + "\n";
            if (const auto *mailbox = std::get_if<task::Mailbox>(&statement)) {
                text += found_servers_comment(site.transaction, mailbox->name.value);
            }
        }
    }
    for (const Mirror &mirror : declared->mirrors) {
        if (name.empty() || mirror.full_name() == name || mirror.task.name.value == name) {
            text += comment_of(mirror);
        }
    }
    if (!name.empty() && text.empty()) {
        return Error{Errc::refused,
                     "nothing is declared under the name \"" + printable(object) + "\"",
                     {},
                     "Ask without a name to see everything."};
    }
    return "POSTRIDER 1;\n" + text;
}

} // namespace postrider::engine
