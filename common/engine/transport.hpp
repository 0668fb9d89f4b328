// The port to the ways that envelopes travel: maildir, later SMTP/IMAP/POP3 and direct connections,
// and the simulated network. A transport knows addresses and bytes; it knows nothing of streams,
// and it keeps no state that matters: what must survive a crash is in the host's tables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/mail/bounce.hpp"
#include "common/mail/message.hpp"
#include "common/task/model.hpp"

namespace postrider::engine {

/// A mailbox of this node, as it was declared.
struct Mailbox {
    std::string name;
    std::string address;
    std::string receive; // mail/server_url; empty: nothing is received
    std::string send;    // likewise
    std::string user;
    /// Where it is. Empty: in the file NAME.password where there is a user, else no login; servers
    /// whose address names a certificate are logged in to by that then.
    std::optional<task::Secret> secret;
    bool finds_receive = false; // `receive` is not declared: it was found, or is to be where empty
    bool finds_send = false;    // likewise
    bool operator==(const Mailbox &) const = default;
};

/// A mail that a person reads.
struct PlainMail {
    std::string subject;
    std::string text; // lines end with CRLF
};

/// One part on its way to one peer's address, or a mail to a person.
struct Transmission {
    std::uint64_t ticket = 0; // chosen by the host, comes back in the outcome
    std::string path_kind;    // "maildir", "mail", "direct"
    std::string target;       // directory, mail address or URL of the peer
    std::string mailbox;      // of ours, by its name, that a mail goes through
    Bytes envelope;
    std::optional<PlainMail> plain = {};                // in the place of an envelope
    bool urgent = false;                                // goes before what was submitted and is not
    mail::Container container = mail::Container::mixed; // of an envelope that goes by mail
};

/// Names a message where it lies, for `settle`. Opaque to the host.
using Receipt = std::string;

struct Arrived {
    Receipt receipt;
    Bytes envelope;          // begins with the magic
    std::string source = {}; // the mailbox's name, where it came by one
};

/// A message that was meant for us by its place but holds no envelope that we can use.
struct Unusable {
    Receipt receipt;
    Error reason;
};

struct Outcome {
    std::uint64_t ticket = 0;
    Result<void> result;           // an Error says what to do next by its code
    Duration wait_at_least{0};     // before the next try of its path, beside the usual schedule
    std::string message_name = {}; // of the mail that was taken: a bounce names it
    /// The server has seen the mail and takes no such content: another container may pass.
    bool content_refused = false;
};

/// How far an inlet was read. `cursor` comes back with the inlet after a start; it counts only
/// messages that were settled before.
struct CursorMoved {
    std::string source;
    Bytes cursor;
};

/// Something about an inlet that an operator may want to know, said once. Nothing to settle.
/// `unknown_peer`: `count` messages that none of our stamps opens were left where they are, which
/// is usual in a shared place. Other codes: the inlet cannot be looked into (`message` empty), or
/// one message bears traces of an envelope that nobody can use.
struct Notice {
    std::string source;
    std::string message; // its name in the source, as far as there is a single one
    std::uint64_t count = 1;
    Error reason;
};

/// An inlet was looked into since it was configured, or since somebody asked for that, and what was
/// settled was done there; where it was not `reached`, it cannot be just now.
struct Looked {
    std::string source;
    bool reached = true;
};

/// A mail system says that a mail did not arrive, which may be one of ours. To be settled.
struct Bounced {
    std::string source; // the mailbox's name
    Receipt receipt;
    mail::Bounce bounce;
};

/// A mail that bears the stamp of this key lay in the junk folder. It arrives by itself.
struct InJunk {
    std::string source; // the mailbox's name
    FixedBytes<32> stamp_key{};
};

/// How full the storage of a mailbox is, in steps of 5 % from 80 % on; 0 below.
struct Filled {
    std::string source; // the mailbox's name
    std::uint64_t percent = 0;
};

/// How receiving for a mailbox fares: said when it works for the first time or again, and at each
/// failure, but for a single one between two successes.
struct Receiving {
    std::string source;           // the mailbox's name
    std::optional<Error> problem; // empty: it works
};

/// Servers of a mailbox whose declaration leaves them to be found; empty: that one was not looked
/// for. They come back with the mailbox from then on.
struct ServersFound {
    std::string source;
    std::string receive;
    std::string send;
    std::string how; // for people
};

using Event = std::variant<Arrived,
                           Unusable,
                           Outcome,
                           Notice,
                           CursorMoved,
                           Looked,
                           Bounced,
                           InJunk,
                           Filled,
                           Receiving,
                           ServersFound>;

enum class Settlement {
    keep,      // look at it again later
    remove,    // its content is committed
    set_aside, // never usable; kept for a human in a place of its own
    leave,     // of a bounce: not ours, stays where it lies and is not shown again
};

/// What the host tells a transport before it polls: where to look, and the keys by which it tells
/// our mail from others'.
struct Inlet {
    std::string path_kind;
    std::string source; // a maildir's directory, or the mailbox's name
    std::vector<FixedBytes<32>> stamp_keys;
    Bytes cursor; // of the last CursorMoved
    /// Of path kind "mail". Outside of its hours it has nowhere to receive from.
    std::optional<Mailbox> mailbox;
};

/// What to wait for until `poll` has something to do: the descriptor is readable, or writable where
/// it `wants_to_write`.
struct Waking {
    int descriptor = -1;
    bool wants_to_write = false;
};

class Transport {
  public:
    Transport() = default;
    Transport(const Transport &) = delete;
    Transport &operator=(const Transport &) = delete;
    virtual ~Transport() = default;

    virtual void configure(std::vector<Inlet> inlets) = 0;
    /// The outcome comes with a later poll. Nothing may be submitted whose transaction is not
    /// committed.
    virtual void submit(Transmission transmission) = 0;
    /// What has happened since the last call; never waits. At most a few dozen events at a time.
    virtual std::vector<Event> poll(Timestamp now) = 0;
    /// Only after the transaction that used the message is committed.
    virtual void settle(const Receipt &receipt, Settlement settlement) = 0;

    /// Somebody waits for what is to come: looks into all inlets, whatever was planned.
    virtual void look_now() {}

    /// Something that was submitted has no outcome yet, or an inlet that is to be looked into was
    /// not: `poll` will have more to tell soon.
    [[nodiscard]] virtual bool is_busy() const { return false; }

    /// When to poll again if nothing wakes us before.
    [[nodiscard]] virtual std::optional<Timestamp> next_look(Timestamp now) const = 0;

    /// May change with every call of the others.
    [[nodiscard]] virtual std::optional<Waking> waking() const { return std::nullopt; }
};

} // namespace postrider::engine
