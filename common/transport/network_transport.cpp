// Accounts, mails on their way to the process, and the change from one process to the next.
#include "common/transport/network_transport.hpp"

#include <algorithm>
#include <iterator>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/transport/safe_report.hpp"

namespace postrider::transport {

namespace {

constexpr std::string_view mail_path_kind = "mail";

/// All accounts with all their keys and cursors fit into a frame.
constexpr std::size_t accounts_max = 64;
constexpr std::size_t stamp_keys_max = limits::network_items_max;
static_assert(accounts_max *
                  (stamp_keys_max * 32 + limits::network_cursor_bytes_max + 8 * limits::kib) <
              limits::network_frame_bytes_max);

/// A mail that had so many processes die with it may be why: others shall go on.
constexpr unsigned deaths_max = 3;
/// Mails are made into messages for the process one by one, as it takes them.
constexpr std::size_t unsent_enough_bytes = 64 * limits::kib;
/// What stands around the beginning of an envelope in a frame, and the name of its mailbox.
constexpr std::size_t submit_names_bytes_max = 4 * limits::kib;
/// Doings, pongs and the like give no event: a poll ends all the same.
constexpr unsigned reports_per_poll_max = 1000;
/// Of what is told once: a process that makes up ever new words is not remembered for ever.
constexpr std::size_t told_once_max = 100;
constexpr Duration look_for_secret_every = std::chrono::milliseconds{100};
constexpr std::uint64_t wait_seconds_max = 24UL * 60 * 60;

/// What is sent of an envelope before it is asked for: all of a small one.
std::size_t beginning_of(const Bytes &envelope) {
    return std::min(envelope.size(), limits::network_piece_bytes_max);
}

/// A name as it begins a receipt: without ':', which ends it there.
std::string name_in_receipt(std::string_view name) {
    std::string out;
    for (const char letter : name) {
        if (letter == ':' || letter == '%') {
            out += letter == ':' ? "%3A" : "%25";
        } else {
            out += letter;
        }
    }
    return out;
}

Error no_such_mailbox(const std::string &name) {
    return {Errc::refused,
            "there is no mailbox \"" + printable(name) + "\" here",
            {},
            "Declare it: MAILBOX " + printable(name) + " ADDRESS '…' SEND 'smtps://…'."};
}

std::vector<MailAccount> without_cursors(std::vector<MailAccount> accounts) {
    for (MailAccount &account : accounts) {
        account.cursor.clear();
    }
    return accounts;
}

} // namespace

void NetworkTransport::configure(std::vector<engine::Inlet> inlets) {
    std::map<std::string, Account> accounts;
    for (engine::Inlet &inlet : inlets) {
        if (inlet.path_kind == mail_path_kind && inlet.mailbox) {
            set_account(std::move(inlet), accounts);
        }
    }
    accounts_ = std::move(accounts);
    std::erase_if(looking_, [&](const std::string &name) { return !knows(name); });
    process_.want(!accounts_.empty());
    give_up_mails_without_mailbox();
    std::erase_if(doing_, [&](const auto &entry) { return !knows(entry.first.first); });
    std::erase_if(blocked_, [&](const auto &entry) { return !knows(entry.first); });
}

/// What the process has said last of how far it read is newer than what the host has stored.
void NetworkTransport::set_account(engine::Inlet inlet, std::map<std::string, Account> &accounts) {
    engine::Mailbox &mailbox = *inlet.mailbox;
    if (inlet.stamp_keys.size() > stamp_keys_max || accounts.size() >= accounts_max) {
        return tell_once(mailbox.name,
                         {Errc::too_large, "mailbox \"" + printable(mailbox.name) +
                                               "\" cannot be used: there are more than " +
                                               std::to_string(accounts_max) + " mailboxes or " +
                                               std::to_string(stamp_keys_max) + " peers"});
    }
    MailAccount told{mailbox.name,
                     mailbox.address,
                     mailbox.receive,
                     mailbox.send,
                     mailbox.finds_receive,
                     mailbox.finds_send,
                     mailbox.user,
                     login_of(mailbox),
                     settings_.subject_prefix,
                     std::move(inlet.stamp_keys),
                     std::move(inlet.cursor)};
    const auto old = accounts_.find(mailbox.name);
    if (old != accounts_.end() && old->second.told.receive == told.receive &&
        old->second.told.user == told.user) {
        told.cursor = old->second.told.cursor;
    }
    const std::string name = mailbox.name;
    const auto is_watched = [](const MailAccount &account) {
        return !account.receive.empty() || account.finds_receive;
    };
    if (!is_watched(told)) {
        looking_.erase(name);
    } else if (old == accounts_.end() || !is_watched(old->second.told)) {
        looking_.insert(name);
    }
    Bytes arriving = old == accounts_.end() ? Bytes{} : std::move(old->second.arriving);
    accounts.insert_or_assign(name,
                              Account{std::move(mailbox), std::move(told), std::move(arriving)});
}

void NetworkTransport::tell_once(const std::string &source, Error what) {
    if (told_once_.size() < told_once_max && told_once_.insert(what.message).second) {
        events_.emplace_back(engine::Notice{source, {}, 1, std::move(what)});
    }
}

/// A process that begins looks by itself.
void NetworkTransport::look_now() {
    for (const auto &[name, account] : accounts_) {
        if (!account.told.receive.empty() || account.told.finds_receive) {
            looking_.insert(name);
            if (known_process_ != 0) {
                process_.tell(LookNow{name});
            }
        }
    }
}

void NetworkTransport::end_with(std::uint64_t ticket, Error reason) {
    events_.emplace_back(engine::Outcome{ticket, std::move(reason), {}});
}

void NetworkTransport::give_up_mails_without_mailbox() {
    std::erase_if(waiting_, [&](const Mail &mail) {
        const bool is_lost = !knows(mail.transmission.mailbox);
        if (is_lost) {
            end_with(mail.transmission.ticket, no_such_mailbox(mail.transmission.mailbox));
        }
        return is_lost;
    });
    std::erase_if(open_, [&](const auto &entry) {
        const engine::Transmission &transmission = entry.second.transmission;
        const bool is_lost = !knows(transmission.mailbox);
        if (is_lost) {
            open_bytes_ -= beginning_of(transmission.envelope);
            end_with(transmission.ticket, no_such_mailbox(transmission.mailbox));
        }
        return is_lost;
    });
}

void NetworkTransport::submit(engine::Transmission transmission) {
    if (transmission.plain) {
        const std::string &text = transmission.plain->text;
        transmission.envelope.assign(text.begin(), text.end());
    }
    if (transmission.path_kind != mail_path_kind) {
        return end_with(transmission.ticket,
                        {Errc::internal, "path \"" + printable(transmission.path_kind) +
                                             "\" was given to the mail transport"});
    }
    if (!knows(transmission.mailbox)) {
        return end_with(transmission.ticket, no_such_mailbox(transmission.mailbox));
    }
    if (transmission.envelope.size() > limits::network_envelope_bytes_max ||
        transmission.target.size() + transmission.mailbox.size() > submit_names_bytes_max) {
        return end_with(transmission.ticket,
                        {Errc::too_large, "a part of " +
                                              std::to_string(transmission.envelope.size()) +
                                              " bytes does not fit into a mail"});
    }
    const auto place =
        transmission.urgent
            ? std::find_if(waiting_.begin(), waiting_.end(),
                           [](const Mail &mail) { return !mail.transmission.urgent; })
            : waiting_.end();
    waiting_.insert(place, {std::move(transmission)});
    if (process_.working() == known_process_ && told_) {
        send_what_fits();
    }
}

std::vector<engine::Event> NetworkTransport::poll(Timestamp /*now*/) {
    const Timestamp now = ports_.steady_clock.now();
    std::vector<engine::Event> events;
    process_.begin(now);
    read(now, events);
    notice_change_of_process();
    tell_accounts();
    answer_questions(now);
    send_what_fits();
    process_.finish(now);
    notice_change_of_process();
    while (auto news = process_.take_news()) {
        events_.emplace_back(engine::Notice{process_source, {}, 1, *std::move(news)});
    }
    if (process_.obstacle()) {
        looking_.clear();
        give_up_what_waits(*process_.obstacle());
        tell_that_nothing_is_received(*process_.obstacle());
    }
    gather(events);
    return events;
}

/// Once for each mailbox and reason.
void NetworkTransport::tell_that_nothing_is_received(const Error &reason) {
    for (const auto &[name, account] : accounts_) {
        std::string &told = blocked_[name];
        if (!account.told.receive.empty() && told != reason.message) {
            told = reason.message;
            events_.emplace_back(engine::Receiving{name, reason});
        }
    }
}

void NetworkTransport::gather(std::vector<engine::Event> &events) {
    while (!events_.empty() && events.size() < limits::transport_events_max) {
        events.push_back(std::move(events_.front()));
        events_.pop_front();
    }
}

void NetworkTransport::read(Timestamp now, std::vector<engine::Event> &events) {
    std::size_t bytes = 0;
    unsigned reports = 0;
    has_more_ = false;
    gather(events);
    while (events.size() < limits::transport_events_max && bytes < limits::mail_bytes_max &&
           reports < reports_per_poll_max) {
        std::optional<NetworkReport> report = process_.next(now);
        if (!report) {
            return;
        }
        ++reports;
        if (const auto *arrived = std::get_if<MailArrived>(&*report)) {
            bytes += arrived->envelope.size();
        } else if (const auto *piece = std::get_if<EnvelopeArrives>(&*report)) {
            bytes += piece->bytes.size();
        }
        take(*report, now);
        gather(events);
    }
    has_more_ = true;
}

void NetworkTransport::take_question(const SecretWanted &wanted, Timestamp now) {
    if (ports_.secrets.open_questions() >= limits::network_questions_max) {
        return process_.distrust("it asks for more passwords than there are connections", now);
    }
    const auto account = accounts_.find(wanted.account);
    if (account == accounts_.end()) {
        return process_.tell(Secret{wanted.question, {}, no_such_mailbox(wanted.account)});
    }
    ports_.secrets.ask(wanted.question, account->second.mailbox, wanted.for_sending);
}

void NetworkTransport::take_outcome(const Delivered &delivered) {
    const auto found = open_.find(delivered.ticket);
    if (found == open_.end()) {
        return;
    }
    open_bytes_ -= beginning_of(found->second.transmission.envelope);
    open_.erase(found);
    engine::Outcome outcome{delivered.ticket, {}, {}};
    if (delivered.accepted) {
        outcome.message_name = printable(delivered.message_name);
    } else {
        outcome.result = made_safe(delivered.problem);
        outcome.content_refused = delivered.content_refused;
    }
    outcome.wait_at_least =
        std::chrono::seconds{std::min(delivered.wait_seconds, wait_seconds_max)};
    events_.emplace_back(std::move(outcome));
}

/// What a process had goes to the next one.
void NetworkTransport::notice_change_of_process() {
    if (process_.working() == known_process_) {
        return;
    }
    const bool has_ended = known_process_ != 0;
    known_process_ = process_.working();
    told_.reset();
    doing_.clear();
    for (auto &[name, account] : accounts_) {
        account.arriving = {};
    }
    ports_.secrets.forget();
    if (!has_ended) {
        return;
    }
    wishes_.clear();
    std::deque<Mail> again;
    for (auto &[ticket, mail] : open_) {
        mail.given_to = mail.wanted_to = 0;
        if (++mail.deaths < deaths_max) {
            again.push_back(std::move(mail));
        } else {
            end_with(ticket,
                     {Errc::unavailable, "the network process ended " + std::to_string(deaths_max) +
                                             " times while it was to send this mail"});
        }
    }
    waiting_.insert(waiting_.begin(), std::move_iterator{again.begin()},
                    std::move_iterator{again.end()});
    open_.clear();
    open_bytes_ = 0;
}

void NetworkTransport::tell_accounts() {
    if (known_process_ == 0) {
        return;
    }
    Configure configure;
    for (const auto &[name, account] : accounts_) {
        configure.accounts.push_back(account.told);
    }
    std::vector<MailAccount> compared = without_cursors(configure.accounts);
    if (!told_ || *told_ != compared) {
        told_ = std::move(compared);
        process_.tell(std::move(configure));
    }
}

/// Without a process there are no questions.
void NetworkTransport::answer_questions(Timestamp now) {
    while (std::optional<SecretAnswer> answer = ports_.secrets.take(now)) {
        Secret secret{answer->question, {}, {}};
        if (answer->secrets) {
            secret.secrets = *std::move(answer->secrets);
        } else {
            secret.problem = answer->secrets.error();
        }
        process_.tell(std::move(secret));
    }
}

void NetworkTransport::send_what_fits() {
    while (known_process_ != 0 && process_.unsent_bytes() < unsent_enough_bytes &&
           (give_a_piece() || submit_next())) {
    }
}

/// False where nobody wants one.
bool NetworkTransport::give_a_piece() {
    if (wishes_.empty()) {
        return false;
    }
    const auto found = open_.find(wishes_.front());
    if (found == open_.end()) {
        wishes_.pop_front();
        return true;
    }
    Mail &mail = found->second;
    const ByteView wanted = ByteView{mail.transmission.envelope}.subspan(
        mail.given_to, std::min(limits::network_piece_bytes_max, mail.wanted_to - mail.given_to));
    process_.tell(EnvelopePiece{found->first, mail.given_to, {wanted.begin(), wanted.end()}});
    mail.given_to += wanted.size();
    if (mail.given_to == mail.wanted_to) {
        wishes_.pop_front();
    }
    return true;
}

/// False where nothing waits, or the process has enough.
bool NetworkTransport::submit_next() {
    if (waiting_.empty()) {
        return false;
    }
    Mail &mail = waiting_.front();
    const Bytes &envelope = mail.transmission.envelope;
    const ByteView beginning = ByteView{envelope}.first(beginning_of(envelope));
    if (!open_.empty() && open_bytes_ + beginning.size() > limits::network_open_bytes_max) {
        return false;
    }
    process_.tell(Submit{mail.transmission.ticket,
                         mail.transmission.mailbox,
                         {mail.transmission.target},
                         envelope.size(),
                         {beginning.begin(), beginning.end()},
                         mail.transmission.urgent,
                         mail.transmission.plain ? mail.transmission.plain->subject : "",
                         mail.transmission.container});
    open_bytes_ += beginning.size();
    open_.insert_or_assign(mail.transmission.ticket, std::move(mail));
    waiting_.pop_front();
    return true;
}

/// What was given up meanwhile is not given.
void NetworkTransport::take_wish(const EnvelopeWanted &wanted, Timestamp now) {
    const auto found = open_.find(wanted.ticket);
    if (found == open_.end()) {
        return;
    }
    Mail &mail = found->second;
    const std::size_t size = mail.transmission.envelope.size();
    if (wanted.bytes == 0 || wanted.bytes > size || wanted.from > size - wanted.bytes) {
        return process_.distrust("it asks for more of a mail than there is", now);
    }
    const bool is_asked_for = mail.given_to < mail.wanted_to;
    if (!is_asked_for || wanted.from != mail.wanted_to) {
        mail.given_to = wanted.from;
    }
    mail.wanted_to = wanted.from + wanted.bytes;
    if (!is_asked_for) {
        wishes_.push_back(wanted.ticket);
    }
}

/// Where there can be no process, waiting is not the answer: the host's schedule of retries is, and
/// its views say why.
void NetworkTransport::give_up_what_waits(const Error &reason) {
    for (const Mail &mail : waiting_) {
        end_with(mail.transmission.ticket, reason);
    }
    waiting_.clear();
}

engine::Receipt NetworkTransport::receipt_for(const std::string &account,
                                              const std::string &receipt) const {
    return name_in_receipt(account) + ":" + receipt + "#" + std::to_string(process_.working());
}

void NetworkTransport::settle(const engine::Receipt &receipt, engine::Settlement settlement) {
    const std::size_t colon = receipt.find(':');
    const std::size_t mark = receipt.rfind('#');
    if (colon == std::string::npos || mark == std::string::npos || mark < colon ||
        known_process_ == 0 || process_.working() != known_process_ ||
        receipt.substr(mark + 1) != std::to_string(known_process_)) {
        return; // of a process that has ended: the next one shows the mail again
    }
    const std::string name = receipt.substr(0, colon);
    for (const auto &[account, unused] : accounts_) {
        if (name_in_receipt(account) == name) {
            process_.tell(Settle{account, receipt.substr(colon + 1, mark - colon - 1), settlement});
            return;
        }
    }
}

std::optional<Timestamp> NetworkTransport::next_look(Timestamp now) const {
    if (has_more_ || !events_.empty()) {
        return now;
    }
    const Timestamp steady = ports_.steady_clock.now();
    std::optional<Timestamp> next = process_.next_at(steady);
    if (ports_.secrets.open_questions() > 0 && (!next || *next > steady + look_for_secret_every)) {
        next = steady + look_for_secret_every;
    }
    if (!next) {
        return std::nullopt;
    }
    return now + std::max(*next - steady, Duration{0});
}

std::string NetworkTransport::doing() const {
    std::string line;
    for (const auto &[key, words] : doing_) {
        line += line.empty() ? "" : "; ";
        line += key.first + ", " + key.second + ": " + words;
    }
    return line;
}

} // namespace postrider::transport
