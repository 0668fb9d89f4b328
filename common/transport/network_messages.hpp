// What the network process and its host tell each other: bytes and plain values. The fields of each
// message stand in one list, which writes and reads them in that order.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/engine/transport.hpp"
#include "common/transport/login_kind.hpp"
#include "common/transport/login_secrets.hpp"
#include "common/transport/network_frame.hpp"

namespace postrider::transport {

/// A mailbox of the task text.
struct MailAccount {
    std::string name;
    std::string address;
    std::string receive;        // mail/server_url; empty: nothing is received
    std::string send;           // likewise
    bool finds_receive = false; // `receive` is not declared but found, or to be found where empty
    bool finds_send = false;    // likewise
    std::string user;
    LoginKind login = LoginKind::none;
    std::string subject_prefix;
    std::vector<FixedBytes<32>> stamp_keys;
    Bytes cursor; // what the process last asked to be remembered

    bool operator==(const MailAccount &) const = default;

    template <class Fields>
    void list(Fields &fields) {
        fields(name, address, receive, send, finds_receive, finds_send, user, login, subject_prefix,
               stamp_keys, cursor);
    }
};

// ---- To the process

/// All accounts there are, from now on.
struct Configure {
    std::vector<MailAccount> accounts;

    template <class Fields>
    void list(Fields &fields) {
        fields(accounts);
    }
};

/// The answer to a SecretWanted: what its server takes, or why there is none of it.
struct Secret {
    std::uint64_t question = 0;
    LoginSecrets secrets;
    Error problem; // without a message: `secrets` are all

    template <class Fields>
    void list(Fields &fields) {
        fields(question, secrets, problem);
    }
};

/// A mail to be sent. The rest of its envelope is given when the process wants it.
struct Submit {
    std::uint64_t ticket = 0;
    std::string account;
    std::vector<std::string> recipients; // mail addresses
    std::uint64_t envelope_bytes = 0;
    Bytes beginning;          // of the envelope, at most limits::network_piece_bytes_max
    bool urgent = false;      // goes before those that are not, unless they are on their way
    std::string subject = {}; // not empty: in place of an envelope there is a text for a person
    mail::Container container = mail::Container::mixed; // of an envelope: never a letter

    template <class Fields>
    void list(Fields &fields) {
        fields(ticket, account, recipients, envelope_bytes, beginning, urgent, subject, container);
    }
};

struct Settle {
    std::string account;
    std::string receipt;
    engine::Settlement settlement = engine::Settlement::keep;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, receipt, settlement);
    }
};

/// Look into this mailbox now, whatever was planned.
struct LookNow {
    std::string account;

    template <class Fields>
    void list(Fields &fields) {
        fields(account);
    }
};

/// Try this mailbox: its servers, and mails to itself. CheckStep for each thing that was found out,
/// and Checked in the end, after this time at the latest. One at a time.
struct CheckMailbox {
    MailAccount account;
    std::uint64_t at_most_ms = 0;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, at_most_ms);
    }
};

/// Say Pong: at once, whatever else is under way.
struct Ping {
    template <class Fields>
    void list(Fields & /*fields*/) {}
};

/// Of the envelope of a mail that was submitted, what stands at `from`: an answer to
/// EnvelopeWanted, which may have several, in order.
struct EnvelopePiece {
    std::uint64_t ticket = 0;
    std::uint64_t from = 0;
    Bytes bytes; // at most limits::network_piece_bytes_max

    template <class Fields>
    void list(Fields &fields) {
        fields(ticket, from, bytes);
    }
};

using NetworkRequest =
    std::variant<Configure, Secret, Submit, Settle, LookNow, Ping, EnvelopePiece, CheckMailbox>;

// ---- To the host

/// The first message of the process.
struct Started {
    std::string version;
    std::string confinement; // what of it the system does not have; empty: all is in place

    template <class Fields>
    void list(Fields &fields) {
        fields(version, confinement);
    }
};

/// Which files and commands those are is known to the host alone.
struct SecretWanted {
    std::uint64_t question = 0;
    std::string account;
    bool for_sending = false; // at the server of `send`, else of `receive`

    template <class Fields>
    void list(Fields &fields) {
        fields(question, account, for_sending);
    }
};

struct MailArrived {
    std::string account;
    std::string receipt;
    Bytes envelope;
    std::uint64_t from = 0; // so much of the envelope stands before it, in EnvelopeArrives

    template <class Fields>
    void list(Fields &fields) {
        fields(account, receipt, envelope, from);
    }
};

struct MailUnusable {
    std::string account;
    std::string receipt;
    Error reason;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, receipt, reason);
    }
};

/// How a transmission fared with one of its recipients.
struct Delivered {
    std::uint64_t ticket = 0;
    std::string recipient;
    bool accepted = false;
    Error problem;                  // where it was not
    std::uint64_t wait_seconds = 0; // 0: the usual schedule
    std::string message_name = {};  // where it was: mail::message_name of the mail
    bool content_refused = false;   // where it was not: because of what is in it

    template <class Fields>
    void list(Fields &fields) {
        fields(ticket, recipient, accepted, problem, wait_seconds, message_name, content_refused);
    }
};

/// Something about an account that an operator may want to know.
struct Told {
    std::string account;
    std::uint64_t count = 1;
    Error what;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, count, what);
    }
};

struct CursorMoved {
    std::string account;
    Bytes cursor;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, cursor);
    }
};

/// What a connection of an account does now, in words for `explain`.
struct Doing {
    std::string account;
    std::string direction; // "receive" or "send"
    std::string words;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, direction, words);
    }
};

struct Pong {
    template <class Fields>
    void list(Fields & /*fields*/) {}
};

/// The mailbox was looked into since somebody asked for that, or since it was configured, and what
/// the host has settled was done; or it cannot be reached now, and is tried again.
struct Looked {
    std::string account;
    bool reached = true;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, reached);
    }
};

/// More of the envelope of a mail that was submitted.
struct EnvelopeWanted {
    std::uint64_t ticket = 0;
    std::uint64_t from = 0;
    std::uint64_t bytes = 0;

    template <class Fields>
    void list(Fields &fields) {
        fields(ticket, from, bytes);
    }
};

/// Of a large envelope that MailArrived may tell of, what stands at `from`. 0 begins another, and
/// what there was of the one before is of no use.
struct EnvelopeArrives {
    std::string account;
    std::uint64_t envelope_bytes = 0;
    std::uint64_t from = 0;
    Bytes bytes; // at most limits::network_piece_bytes_max

    template <class Fields>
    void list(Fields &fields) {
        fields(account, envelope_bytes, from, bytes);
    }
};

/// How receiving for an account fares: it was looked into, for the first time or again, or could
/// not be.
struct Receiving {
    std::string account;
    bool works = false;
    Error problem; // where it does not

    template <class Fields>
    void list(Fields &fields) {
        fields(account, works, problem);
    }
};

/// One of mail::Bounce.
struct BounceRecipient {
    std::string address;
    mail::BounceReason reason = mail::BounceReason::unknown;
    std::string status;
    std::string text;

    template <class Fields>
    void list(Fields &fields) {
        fields(address, reason, status, text);
    }
};

/// A bounce, of a mail of ours or of others': the host knows. To be settled.
struct BounceArrived {
    std::string account;
    std::string receipt;
    std::vector<std::string> message_names;
    std::vector<BounceRecipient> recipients;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, receipt, message_names, recipients);
    }
};

/// A mail with the stamp of this key lay in the junk folder. It was moved to where it is looked
/// for.
struct InJunk {
    std::string account;
    FixedBytes<32> stamp_key{};

    template <class Fields>
    void list(Fields &fields) {
        fields(account, stamp_key);
    }
};

/// So much of an account's storage is used; 0: less than 80 %.
struct Filled {
    std::string account;
    std::uint64_t percent = 0;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, percent);
    }
};

/// The servers of an account that was configured without some; empty: that one was not looked for.
/// The host is to say them with the account from now on.
struct ServersFound {
    std::string account;
    std::string receive;
    std::string send;
    std::string how;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, receive, send, how);
    }
};

/// What was found out about a mailbox that is tried.
struct CheckStep {
    std::string subject; // "receive", "send"
    std::string words;   // what is so
    Error problem;       // with a message: this failed

    template <class Fields>
    void list(Fields &fields) {
        fields(subject, words, problem);
    }
};

/// Nothing more comes of a CheckMailbox.
struct Checked {
    template <class Fields>
    void list(Fields & /*fields*/) {}
};

using NetworkReport = std::variant<Started,
                                   SecretWanted,
                                   MailArrived,
                                   MailUnusable,
                                   Delivered,
                                   Told,
                                   CursorMoved,
                                   Doing,
                                   Pong,
                                   Looked,
                                   EnvelopeWanted,
                                   EnvelopeArrives,
                                   Receiving,
                                   BounceArrived,
                                   InJunk,
                                   Filled,
                                   ServersFound,
                                   CheckStep,
                                   Checked>;

/// Leaves no copy of a secret but the one in `request` and the one it gives.
Bytes to_bytes(const NetworkRequest &request);
Bytes to_bytes(const NetworkReport &report);
/// `malformed` for a kind that there is not, for content that ends early or late, and for counts
/// and values that no message has.
Result<NetworkRequest> request_of(const Frame &frame);
Result<NetworkReport> report_of(const Frame &frame);

} // namespace postrider::transport
