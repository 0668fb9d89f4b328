// What the process says, taken with caution: it reads what strangers send.
#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/mail/server_url.hpp"
#include "common/transport/network_transport.hpp"
#include "common/transport/safe_report.hpp"

namespace postrider::transport {

void NetworkTransport::take(NetworkReport &report, Timestamp now) {
    if (const auto *started = std::get_if<Started>(&report)) {
        const std::string missing = printable(started->confinement);
        if (!missing.empty()) {
            tell_once(
                process_source,
                {Errc::unavailable,
                 "the network process runs without what this system does not have: " + missing,
                 "It does its work; it could reach more than it has to if it were taken "
                 "over.",
                 {}});
        }
    } else if (const auto *question = std::get_if<SecretWanted>(&report)) {
        take_question(*question, now);
    } else if (const auto *piece = std::get_if<EnvelopeArrives>(&report)) {
        take_piece(*piece, now);
    } else if (auto *arrived = std::get_if<MailArrived>(&report)) {
        take_arrived(*arrived, now);
    } else if (const auto *unusable = std::get_if<MailUnusable>(&report)) {
        if (has_good_receipt(unusable->account, unusable->receipt, now)) {
            events_.emplace_back(engine::Unusable{receipt_for(unusable->account, unusable->receipt),
                                                  made_safe(unusable->reason)});
        }
    } else if (const auto *delivered = std::get_if<Delivered>(&report)) {
        take_outcome(*delivered);
    } else if (const auto *told = std::get_if<Told>(&report)) {
        if (knows(told->account)) {
            events_.emplace_back(
                engine::Notice{told->account, {}, told->count, made_safe(told->what)});
        }
    } else if (auto *moved = std::get_if<CursorMoved>(&report)) {
        take_cursor(*moved, now);
    } else if (const auto *wanted = std::get_if<EnvelopeWanted>(&report)) {
        take_wish(*wanted, now);
    } else if (const auto *looked = std::get_if<Looked>(&report)) {
        looking_.erase(looked->account);
        if (knows(looked->account)) {
            events_.emplace_back(engine::Looked{looked->account, looked->reached});
        }
    } else if (const auto *bounce = std::get_if<BounceArrived>(&report)) {
        if (has_good_receipt(bounce->account, bounce->receipt, now)) {
            events_.emplace_back(engine::Bounced{bounce->account,
                                                 receipt_for(bounce->account, bounce->receipt),
                                                 made_safe(*bounce)});
        }
    } else if (const auto *in_junk = std::get_if<InJunk>(&report)) {
        if (knows(in_junk->account)) {
            events_.emplace_back(engine::InJunk{in_junk->account, in_junk->stamp_key});
        }
    } else if (const auto *filled = std::get_if<Filled>(&report)) {
        if (knows(filled->account)) {
            events_.emplace_back(
                engine::Filled{filled->account, std::min<std::uint64_t>(filled->percent, 100)});
        }
    } else if (const auto *receiving = std::get_if<Receiving>(&report)) {
        if (knows(receiving->account)) {
            blocked_.erase(receiving->account);
            events_.emplace_back(engine::Receiving{
                receiving->account,
                receiving->works ? std::nullopt : std::optional{made_safe(receiving->problem)}});
        }
    } else if (const auto *found = std::get_if<ServersFound>(&report)) {
        take_servers(*found, now);
    } else if (const auto *doing = std::get_if<Doing>(&report)) {
        const bool is_known = doing->direction == "receive" || doing->direction == "send";
        if (knows(doing->account) && is_known) {
            doing_.insert_or_assign({doing->account, doing->direction}, printable(doing->words));
        }
    }
}

/// Of a mailbox that has gone, nothing is taken any more.
void NetworkTransport::take_piece(const EnvelopeArrives &piece, Timestamp now) {
    const auto account = accounts_.find(piece.account);
    if (account == accounts_.end()) {
        return;
    }
    Bytes &arriving = account->second.arriving;
    if (piece.from == 0) {
        arriving.clear();
    }
    if (piece.envelope_bytes > limits::network_envelope_bytes_max ||
        piece.from != arriving.size() ||
        piece.bytes.size() > piece.envelope_bytes - std::min(piece.envelope_bytes, piece.from)) {
        return process_.distrust("it gives an envelope in pieces that are none", now);
    }
    arriving.reserve(piece.envelope_bytes);
    arriving.insert(arriving.end(), piece.bytes.begin(), piece.bytes.end());
}

void NetworkTransport::take_arrived(MailArrived &arrived, Timestamp now) {
    if (!has_good_receipt(arrived.account, arrived.receipt, now)) {
        return;
    }
    Bytes envelope = std::exchange(accounts_.find(arrived.account)->second.arriving, {});
    if (arrived.from == 0) {
        envelope = std::move(arrived.envelope);
    } else if (arrived.from == envelope.size() &&
               arrived.envelope.size() <= limits::network_envelope_bytes_max - arrived.from) {
        envelope.insert(envelope.end(), arrived.envelope.begin(), arrived.envelope.end());
    } else {
        return process_.distrust("it gives an envelope in pieces that are none", now);
    }
    events_.emplace_back(engine::Arrived{receipt_for(arrived.account, arrived.receipt),
                                         std::move(envelope), arrived.account});
}

/// Of a mailbox that has gone, nothing is taken any more.
bool NetworkTransport::has_good_receipt(const std::string &account,
                                        const std::string &receipt,
                                        Timestamp now) {
    if (receipt.size() > limits::network_receipt_bytes_max) {
        process_.distrust("it calls a mail by a name that is too long", now);
        return false;
    }
    return knows(account);
}

/// Of a mailbox whose text names its servers nothing is taken, and nothing that is in clear.
void NetworkTransport::take_servers(const ServersFound &found, Timestamp now) {
    const auto account = accounts_.find(found.account);
    if (account == accounts_.end()) {
        return;
    }
    for (const std::string &url : {found.receive, found.send}) {
        const Result<mail::ServerUrl> parsed = mail::parse_server_url(url);
        if (!url.empty() && (!parsed || parsed->encryption == mail::Encryption::none)) {
            return process_.distrust("it has found servers that cannot be used", now);
        }
    }
    const MailAccount &told = account->second.told;
    if ((told.finds_receive || found.receive.empty()) && (told.finds_send || found.send.empty())) {
        events_.emplace_back(engine::ServersFound{found.account, found.receive, found.send,
                                                  printable(found.how, safe_text_bytes_max)});
    }
}

void NetworkTransport::take_cursor(CursorMoved &moved, Timestamp now) {
    if (moved.cursor.size() > limits::network_cursor_bytes_max) {
        return process_.distrust("it remembers more than it may", now);
    }
    const auto account = accounts_.find(moved.account);
    if (account != accounts_.end()) {
        account->second.told.cursor = moved.cursor;
        events_.emplace_back(engine::CursorMoved{moved.account, std::move(moved.cursor)});
    }
}

} // namespace postrider::transport
