// What the network process and its host tell each other: bytes and plain values. The fields of each
// message stand in one list, which writes and reads them in that order.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/engine/transport.hpp"
#include "common/transport/network_frame.hpp"

namespace postrider::transport {

enum class LoginKind : std::uint8_t { none, password, token };

/// A mailbox of the task text.
struct MailAccount {
    std::string name;
    std::string address;
    std::string receive; // mail/server_url; empty: nothing is received
    std::string send;    // likewise
    std::string user;
    LoginKind login = LoginKind::none;
    std::string subject_prefix;
    std::vector<FixedBytes<32>> stamp_keys;
    Bytes cursor; // what the process last asked to be remembered

    bool operator==(const MailAccount &) const = default;

    template <class Fields>
    void list(Fields &fields) {
        fields(name, address, receive, send, user, login, subject_prefix, stamp_keys, cursor);
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

/// The answer to a SecretWanted: the secret, or why there is none.
struct Secret {
    std::uint64_t question = 0;
    Bytes secret;
    Error problem; // without a message: `secret` is one

    template <class Fields>
    void list(Fields &fields) {
        fields(question, secret, problem);
    }
};

struct Submit {
    std::uint64_t ticket = 0;
    std::string account;
    std::vector<std::string> recipients; // mail addresses
    Bytes envelope;

    template <class Fields>
    void list(Fields &fields) {
        fields(ticket, account, recipients, envelope);
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

/// Say Pong: at once, whatever else is under way.
struct Ping {
    template <class Fields>
    void list(Fields & /*fields*/) {}
};

using NetworkRequest = std::variant<Configure, Secret, Submit, Settle, LookNow, Ping>;

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

struct SecretWanted {
    std::uint64_t question = 0;
    std::string account;

    template <class Fields>
    void list(Fields &fields) {
        fields(question, account);
    }
};

struct MailArrived {
    std::string account;
    std::string receipt;
    Bytes envelope;

    template <class Fields>
    void list(Fields &fields) {
        fields(account, receipt, envelope);
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

    template <class Fields>
    void list(Fields &fields) {
        fields(ticket, recipient, accepted, problem, wait_seconds, message_name);
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
/// the host has settled was done; or it cannot be looked into now.
struct Looked {
    std::string account;

    template <class Fields>
    void list(Fields &fields) {
        fields(account);
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
                                   Receiving,
                                   BounceArrived,
                                   InJunk,
                                   Filled>;

/// Leaves no copy of a secret but the one in `request` and the one it gives.
Bytes to_bytes(const NetworkRequest &request);
Bytes to_bytes(const NetworkReport &report);
/// `malformed` for a kind that there is not, for content that ends early or late, and for counts
/// and values that no message has.
Result<NetworkRequest> request_of(const Frame &frame);
Result<NetworkReport> report_of(const Frame &frame);

} // namespace postrider::transport
