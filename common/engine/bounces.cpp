// Rows of `sent_mail`, and the columns of `peer_path` that begin with `bounce`.
#include "common/engine/bounces.hpp"

#include <algorithm>

#include <sodium.h>

#include "common/base/limits.hpp"
#include "common/engine/containers.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/peers.hpp"
#include "common/engine/store/rows.hpp"
#include "common/stream/timing.hpp"

namespace postrider::engine {

namespace {

using mail::BounceReason;

constexpr Duration known_for = std::chrono::hours{7 * 24};
constexpr Duration delay_told_every = std::chrono::hours{24};
/// A server that says "never" is asked again all the same: addresses come back.
constexpr Duration refused_hold_least = std::chrono::hours{1};

/// A row of `sent_mail`.
struct SentMail {
    std::int64_t mail_id = 0;
    Tickets::Sent sent;
    Timestamp sent_at;
    bool is_bounced = false;
    std::string target; // where it went: the path may have another one now
};

std::optional<SentMail> find_sent_mail(Transaction &transaction,
                                       const std::vector<std::string> &names) {
    for (const std::string &name : names) {
        const auto row =
            first_row(transaction,
                      "SELECT mail_id, peer_id, path_ordinal, stream, number,"
                      " mail_bytes, sent_at, bounced, target, container FROM @sent_mail"
                      " WHERE message_name = ?1",
                      {Value::text(name)});
        if (row) {
            SentMail mail{integer_at(*row, 0),
                          {},
                          time_at(*row, 6),
                          integer_at(*row, 7) == 1,
                          text_at(*row, 8)};
            mail.sent.peer_id = integer_at(*row, 1);
            mail.sent.path_ordinal = integer_at(*row, 2);
            if (const auto stream = maybe_integer_at(*row, 3)) {
                mail.sent.stream =
                    StreamKey{mail.sent.peer_id, static_cast<std::uint32_t>(*stream)};
            }
            mail.sent.number = unsigned_at(*row, 4);
            mail.sent.mail_bytes = unsigned_at(*row, 5);
            mail.sent.container = container_at(*row, 9);
            return mail;
        }
    }
    return std::nullopt;
}

/// What happened to the mail: what is said of the address that it went to, or of one that this was
/// forwarded to; a failure before a delay.
mail::FailedRecipient recipient_of(const mail::Bounce &bounce, const std::string &target) {
    const auto worth = [&](const mail::FailedRecipient &each) {
        return (each.address == target ? 2 : 0) + (each.reason != BounceReason::delayed ? 1 : 0);
    };
    const auto best =
        std::max_element(bounce.recipients.begin(), bounce.recipients.end(),
                         [&](const auto &one, const auto &two) { return worth(one) < worth(two); });
    return best == bounce.recipients.end() ? mail::FailedRecipient{} : *best;
}

struct Words {
    const char *what;
    const char *hint;
};

Words words_of(BounceReason reason) {
    switch (reason) {
    case BounceReason::delayed:
        return {"it is delayed on its way", ""};
    case BounceReason::mailbox_full:
        return {"the mailbox is full",
                "Have it emptied there, or its node started, which removes our mails."};
    case BounceReason::no_such_address:
        return {"there is no such address",
                "Compare the address of its path, and see whether its mailbox is open."};
    case BounceReason::policy:
        return {"a rule of the other side refuses it",
                "Have mails between the two addresses let pass there."};
    case BounceReason::too_large:
        return {"it is too large", "Have larger mails let pass there."};
    case BounceReason::content_refused:
        return {"its attachment is refused",
                "Have attachments of the type application/octet-stream let pass there."};
    case BounceReason::unknown:
        break;
    }
    return {"it could not be delivered", "Look at what the other side's mail server says."};
}

std::string sentence(const mail::FailedRecipient &failed) {
    std::string said = failed.status;
    if (!failed.text.empty()) {
        said += (said.empty() ? "\"" : ", \"") + failed.text + "\"";
    }
    return words_of(failed.reason).what + (said.empty() ? "" : " (" + said + ")");
}

void tell_delay(const Session &session, const SentMail &mail, const std::string &what) {
    const EventRow event{"mail_delayed", mail.sent.peer_id, what};
    if (!is_told(session.transaction, session.now - delay_told_every, event)) {
        log_event(session.transaction, session.now, event);
    }
}

/// Until when the path is left alone after so many bounces in a row.
Timestamp hold_until(const Session &session, BounceReason reason, std::uint32_t bounces) {
    const bool passes = reason == BounceReason::mailbox_full || reason == BounceReason::unknown;
    const Duration delay =
        std::max(stream::retry_delay(bounces), passes ? Duration::zero() : refused_hold_least);
    return session.now + stream::jittered(delay, randombytes_random());
}

void try_batch_at(const Session &session, const Tickets::Sent &sent, Timestamp when) {
    auto row = sent.stream ? load_outgoing(session.transaction, *sent.stream) : std::nullopt;
    if (row && row->machine.outbox.contains(sent.number)) {
        stream::on_not_sent(row->machine, sent.number, when);
        save_outgoing(session.transaction, *row, {.changed = {sent.number}, .dropped = {}});
    }
}

/// What left before the last bounce was known says nothing new.
void hold_path(const Session &session,
               const SentMail &mail,
               const std::string &target,
               const mail::FailedRecipient &failed) {
    const Row row = *first_row(session.transaction,
                               "SELECT bounces, bounced_at, bounce_until FROM @peer_path"
                               " WHERE peer_id = ?1 AND ordinal = ?2",
                               {mail.sent.peer_id, mail.sent.path_ordinal});
    const auto bounced_at = maybe_time_at(row, 1);
    if (bounced_at && *bounced_at >= mail.sent_at) {
        return try_batch_at(session, mail.sent, maybe_time_at(row, 2).value_or(session.now));
    }
    const auto bounces = static_cast<std::uint32_t>(integer_at(row, 0)) + 1;
    const Timestamp until = hold_until(session, failed.reason, bounces);
    const std::string hint = words_of(failed.reason).hint;
    session.transaction.execute("UPDATE @peer_path SET bounces = ?3, bounced_at = ?4,"
                                " bounce_until = ?5, bounce_error = ?6, bounce_hint = ?7"
                                " WHERE peer_id = ?1 AND ordinal = ?2",
                                {mail.sent.peer_id, mail.sent.path_ordinal, std::int64_t{bounces},
                                 stored(session.now), stored(until), Value::text(sentence(failed)),
                                 Value::text(hint)});
    log_event(session.transaction, session.now,
              {"mail_bounced", mail.sent.peer_id,
               "a mail to " + target + " came back: " + sentence(failed), hint});
    try_batch_at(session, mail.sent, until);
}

} // namespace

void remember_mail(const Session &session, const Tickets::Sent &sent, const std::string &name) {
    session.transaction.execute(
        "INSERT INTO @sent_mail (mail_id, message_name, peer_id, path_ordinal, stream, number,"
        " mail_bytes, sent_at, target, container) SELECT (SELECT coalesce(max(s.mail_id), 0) + 1"
        " FROM @sent_mail s), ?1, h.peer_id, h.ordinal, ?4, ?5, ?6, ?7, h.target, ?8"
        " FROM @peer_path h WHERE h.peer_id = ?2 AND h.ordinal = ?3",
        {Value::text(name), sent.peer_id, sent.path_ordinal,
         sent.stream ? Value{std::int64_t{sent.stream->stream}} : Value{}, stored(sent.number),
         stored(sent.mail_bytes), stored(session.now), stored(sent.container)});
}

Settlement take_bounce(const Session &session, const Bounced &bounced) {
    const auto mail = find_sent_mail(session.transaction, bounced.bounce.message_names);
    if (!mail) {
        return Settlement::leave;
    }
    const std::vector<PeerPath> paths = load_paths(session, mail->sent.peer_id);
    const auto path = std::find_if(paths.begin(), paths.end(), [&](const PeerPath &each) {
        return each.ordinal == mail->sent.path_ordinal;
    });
    if (path == paths.end() || path->target != mail->target || mail->is_bounced) {
        return Settlement::remove; // another text is declared, or it was told before
    }
    const mail::FailedRecipient failed = recipient_of(bounced.bounce, path->target);
    if (failed.reason == BounceReason::delayed) {
        tell_delay(session, *mail,
                   "a mail to " + path->target + " has not arrived yet: " + sentence(failed));
        return Settlement::remove;
    }
    session.transaction.execute("UPDATE @sent_mail SET bounced = 1 WHERE mail_id = ?1",
                                {mail->mail_id});
    if (failed.reason == BounceReason::too_large && make_smaller(session, mail->sent, *path)) {
        log_event(session.transaction, session.now,
                  {"mail_bounced", mail->sent.peer_id,
                   "a mail to " + path->target + " came back: " + sentence(failed) +
                       "; smaller ones are sent"});
        try_batch_at(session, mail->sent, session.now);
        return Settlement::remove;
    }
    const Hastened hastened = failed.reason == BounceReason::content_refused && mail->sent.stream
                                  ? hasten_form(session,
                                                {*mail->sent.stream, mail->sent.number,
                                                 mail->sent.path_ordinal, mail->sent.container},
                                                true)
                                  : Hastened::not_any_more;
    if (hastened == Hastened::now) {
        log_event(session.transaction, session.now,
                  {"mail_bounced", mail->sent.peer_id,
                   "a mail to " + path->target + " came back: " + sentence(failed) +
                       "; it is sent in another form"});
        try_batch_at(session, mail->sent, session.now);
    }
    if (hastened != Hastened::not_any_more) {
        return Settlement::remove;
    }
    hold_path(session, *mail, path->target, failed);
    return Settlement::remove;
}

void end_bounces(const Session &session, const StreamKey &key, std::uint64_t number) {
    const std::string of_batch = " WHERE peer_id = ?1 AND stream = ?2 AND number = ?3";
    const Value peer_id = key.peer_id;
    const Value stream = std::int64_t{key.stream};
    const Row ways =
        *first_row(session.transaction,
                   "SELECT min(path_ordinal), max(path_ordinal) FROM @sent_mail" + of_batch,
                   {peer_id, stream, stored(number)});
    const auto way = maybe_integer_at(ways, 0);
    if (!way) {
        return;
    }
    if (way == maybe_integer_at(ways, 1)) {
        session.transaction.execute("UPDATE @peer_path SET bounces = 0, bounced_at = NULL,"
                                    " bounce_until = NULL, bounce_error = '', bounce_hint = ''"
                                    " WHERE peer_id = ?1 AND ordinal = ?2 AND bounces > 0",
                                    {peer_id, *way});
    }
    session.transaction.execute("DELETE FROM @sent_mail" + of_batch,
                                {peer_id, stream, stored(number)});
}

void prune_sent_mails(Transaction &transaction, Timestamp now) {
    transaction.execute("DELETE FROM @sent_mail WHERE sent_at < ?1", {stored(now - known_for)});
    transaction.execute("DELETE FROM @sent_mail WHERE mail_id <="
                        " (SELECT max(mail_id) FROM @sent_mail) - ?1",
                        {limits::sent_mails_max});
    transaction.execute("UPDATE @peer_path SET bounces = 0, bounced_at = NULL, bounce_until = NULL,"
                        " bounce_error = '', bounce_hint = '' WHERE bounced_at < ?1",
                        {stored(now - known_for)});
}

} // namespace postrider::engine
