// The network process says what the servers do; what is said of the password is the host's.
#include "common/transport/mailbox_check.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "common/base/utf8.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/mailboxes.hpp"
#include "common/mail/message.hpp"
#include "common/task/task_text.hpp"
#include "common/transport/network_process.hpp"
#include "common/transport/network_transport.hpp"
#include "common/transport/steady_clock.hpp"

namespace postrider::transport {

namespace {

constexpr const char *passed = "passed";
constexpr const char *failed = "failed";
constexpr const char *to_do = "to do";
/// The process ends by its own clock; it may be some milliseconds behind.
constexpr Duration grace = std::chrono::seconds{3};
constexpr Duration wait_max = std::chrono::milliseconds{100};
constexpr std::size_t words_bytes_max = 1000;

class Check {
  public:
    Check(const MailboxCheckSettings &settings, engine::Mailbox mailbox)
        : settings_(settings),
          mailbox_(std::move(mailbox)),
          secrets_(settings.secrets),
          program_(settings.network_program),
          process_(program_, settings.version) {}

    engine::ActionRows run(Duration at_most);

  private:
    void say_servers();
    [[nodiscard]] std::string password_words() const;
    void say_secrets(const SecretAnswer &answer);
    void say_once(const std::string &subject, const std::string &words);
    void say_files(bool for_sending);
    void say(const std::string &subject, const std::string &words);
    void say_failed(const std::string &subject, const Error &problem);
    void take(const NetworkReport &report);
    void answer_questions(Timestamp now);

    const MailboxCheckSettings &settings_;
    engine::Mailbox mailbox_;
    SteadyClock clock_;
    MailboxSecrets secrets_;
    NetworkProgram program_;
    NetworkProcess process_;
    engine::ActionRows rows_;
    std::set<std::uint64_t> for_sending_; // questions
    std::set<std::string> told_;          // words of secrets
    std::string secret_problem_;
    bool is_over_ = false;
};

void Check::say(const std::string &subject, const std::string &words) {
    rows_.push_back({passed, subject, words});
}

void Check::say_failed(const std::string &subject, const Error &problem) {
    std::string words = printable(problem.message, words_bytes_max);
    if (!problem.detail.empty()) {
        words += ": " + printable(problem.detail, words_bytes_max);
    }
    rows_.push_back({failed, subject, words});
    if (!problem.hint.empty()) {
        rows_.push_back({to_do, subject, printable(problem.hint, words_bytes_max)});
    }
}

/// A mail server of this machine may put mails into a maildir; then none is sent, since the network
/// process reads no files.
void Check::say_servers() {
    if (mailbox_.receive.starts_with(engine::mailbox_maildir_scheme)) {
        say("servers", "mails are taken from the maildir " +
                           mailbox_.receive.substr(engine::mailbox_maildir_scheme.size()) +
                           ", into which a server puts them: no mail is sent to try that");
        mailbox_.receive.clear();
    }
    for (const auto &[url, clause] :
         {std::pair{mailbox_.receive, "RECEIVE"}, std::pair{mailbox_.send, "SEND"}}) {
        if (!url.empty()) {
            say("servers", std::string{clause} + " '" + url + "'");
        }
    }
}

/// Never the password.
std::string Check::password_words() const {
    const std::string what = login_of(mailbox_) == LoginKind::token ? "the token" : "the password";
    if (!mailbox_.secret) {
        return what + " is in the file " + printable(engine::default_password_file(mailbox_.name));
    }
    return what +
           (mailbox_.secret->source == task::SecretSource::file ? " is in the file "
                                                                : " is given by the command ") +
           printable(mailbox_.secret->where);
}

void Check::say_once(const std::string &subject, const std::string &words) {
    if (told_.insert(words).second) {
        say(subject, words);
    }
}

/// Those that the address of a server names.
void Check::say_files(bool for_sending) {
    const Result<mail::ServerUrl> url =
        mail::parse_server_url(for_sending ? mailbox_.send : mailbox_.receive);
    if (url && !url->certificate.empty()) {
        say_once("certificate",
                 "the certificate is in the file " + printable(url->certificate) +
                     (url->key.empty() ? ", with its key" : ", its key in " + printable(url->key)));
    }
    if (url && !url->proxy_password.empty()) {
        say_once("proxy", "the password for " + mail::to_text(*url->proxy) + " is in the file " +
                              printable(url->proxy_password));
    }
}

/// Each thing once, though both servers ask.
void Check::say_secrets(const SecretAnswer &answer) {
    if (!answer.secrets) {
        secret_problem_ = answer.secrets.error().message;
        if (told_.insert(secret_problem_).second) {
            say_failed(answer.part == SecretPart::certificate ? "certificate"
                       : answer.part == SecretPart::proxy     ? "proxy"
                                                              : "password",
                       answer.secrets.error());
        }
        return;
    }
    say_files(for_sending_.count(answer.question) != 0);
    if (!answer.secrets->password.empty()) {
        say_once("password", password_words());
    }
}

void Check::take(const NetworkReport &report) {
    if (const auto *wanted = std::get_if<SecretWanted>(&report)) {
        if (wanted->for_sending) {
            for_sending_.insert(wanted->question);
        }
        secrets_.ask(wanted->question, mailbox_, wanted->for_sending);
    } else if (const auto *step = std::get_if<CheckStep>(&report)) {
        if (step->problem.message.empty()) {
            say(printable(step->subject), printable(step->words, words_bytes_max));
        } else if (step->problem.message != secret_problem_) { // that was said
            say_failed(printable(step->subject), step->problem);
        }
    } else if (std::holds_alternative<Checked>(report)) {
        is_over_ = true;
    }
}

void Check::answer_questions(Timestamp now) {
    while (std::optional<SecretAnswer> answer = secrets_.take(now)) {
        say_secrets(*answer);
        Secret secret{answer->question, {}, {}};
        if (answer->secrets) {
            secret.secrets = *std::move(answer->secrets);
        } else {
            secret.problem = answer->secrets.error();
        }
        process_.tell(std::move(secret));
    }
}

engine::ActionRows Check::run(Duration at_most) {
    say_servers();
    const Timestamp ends_at = clock_.now() + at_most + grace;
    bool is_asked = false;
    process_.want(true);
    while (!is_over_) {
        const Timestamp now = clock_.now();
        process_.begin(now);
        while (const std::optional<NetworkReport> report = process_.next(now)) {
            take(*report);
        }
        answer_questions(now);
        if (!is_asked && process_.working() != 0) {
            is_asked = true;
            process_.tell(CheckMailbox{{mailbox_.name,
                                        mailbox_.address,
                                        mailbox_.receive,
                                        mailbox_.send,
                                        mailbox_.finds_receive,
                                        mailbox_.finds_send,
                                        mailbox_.user,
                                        login_of(mailbox_),
                                        std::string{mail::default_subject_prefix},
                                        {},
                                        {}},
                                       static_cast<std::uint64_t>(at_most.count())});
        }
        process_.finish(now);
        const std::optional<Error> news = process_.take_news();
        if (process_.obstacle() || news || now >= ends_at) {
            say_failed("postrider-network",
                       process_.obstacle().value_or(news.value_or(
                           Error{Errc::timed_out, "the network process has not come to an end"})));
            break;
        }
        if (!is_over_) {
            settings_.wait(process_.waking(), wait_max);
        }
    }
    return rows_;
}

} // namespace

Result<Duration> check_duration(const Value &seconds) {
    const auto *number = seconds.as<std::int64_t>();
    if (seconds.is_null()) {
        return Duration{std::chrono::seconds{check_seconds_usual}};
    }
    if (number == nullptr || *number < check_seconds_min || *number > check_seconds_max) {
        return Error{Errc::refused, "the seconds to try a mailbox must be a number from " +
                                        std::to_string(check_seconds_min) + " to " +
                                        std::to_string(check_seconds_max)};
    }
    return Duration{std::chrono::seconds{*number}};
}

Result<engine::Mailbox> mailbox_to_check(const engine::Session &session, const std::string &name) {
    const std::vector<engine::StoredMailbox> mailboxes = engine::load_mailboxes(session);
    const auto found = std::find_if(mailboxes.begin(), mailboxes.end(),
                                    [&](const auto &each) { return each.mailbox.name == name; });
    if (found == mailboxes.end()) {
        std::string names;
        for (const engine::StoredMailbox &each : mailboxes) {
            names += (names.empty() ? "" : ", ") + each.mailbox.name;
        }
        return Error{Errc::refused,
                     "there is no mailbox \"" + printable(name) + "\" here",
                     {},
                     names.empty() ? "Declare it: MAILBOX " + task::quote_name(name) +
                                         " ADDRESS '…' RECEIVE 'imaps://…' SEND 'smtps://…';"
                                   : "There is: " + names + "."};
    }
    if (!found->approved) {
        return Error{Errc::refused,
                     "mailbox \"" + printable(name) + "\" was changed by hand and is not used",
                     {},
                     "Look at its row and approve it, or declare it again."};
    }
    return found->mailbox;
}

engine::ActionRows check_mailbox(const MailboxCheckSettings &settings,
                                 const engine::Mailbox &mailbox,
                                 Duration at_most) {
    return Check{settings, mailbox}.run(at_most);
}

void note_check(const engine::Session &session,
                const std::string &mailbox,
                const engine::ActionRows &rows) {
    const auto first = std::find_if(rows.begin(), rows.end(), [](const engine::ActionRow &row) {
        return row.action == failed;
    });
    const std::string name = "mailbox \"" + mailbox + "\" was tried: ";
    engine::log_event(
        session.transaction, session.now,
        {"mailbox", std::nullopt,
         name + (first == rows.end() ? "all is well" : first->object + ": " + first->detail)});
}

} // namespace postrider::transport
