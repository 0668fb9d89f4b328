// Stage by stage; the candidates of a stage are tried at once, and the first of them in order that
// opens is taken.
#include "common/network/server_finder.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/mail/address.hpp"
#include "common/network/autoconfig.hpp"
#include "common/network/dns_message.hpp"
#include "common/network/providers.hpp"

namespace postrider::network {

namespace {

struct Service {
    const char *name;
    const char *scheme;
    bool receives;
};

/// In the order of preference (RFC 8314 section 3: TLS from the first byte).
constexpr std::array<Service, 5> services{{
    {"_imaps._tcp.", "imaps", true},
    {"_imap._tcp.", "imap", true},
    {"_pop3s._tcp.", "pop3s", true},
    {"_submissions._tcp.", "smtps", false},
    {"_submission._tcp.", "smtp", false},
}};

/// Percent-encoded where it is no letter or digit (RFC 3986 section 2.1).
std::string in_query(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string out;
    for (const char letter : text) {
        const auto byte = static_cast<unsigned char>(letter);
        if ((byte >= '0' && byte <= '9') || ((byte | 0x20U) >= 'a' && (byte | 0x20U) <= 'z')) {
            out += letter;
        } else {
            out += '%';
            out += digits[byte >> 4U];
            out += digits[byte & 0xfU];
        }
    }
    return out;
}

std::string lower_case(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

} // namespace

ServerFinder::ServerFinder(Connections &connections, Lookups &lookups, WantedServers wanted)
    : connections_(connections),
      lookups_(lookups),
      wanted_(std::move(wanted)),
      domain_(lower_case(mail::domain_of(wanted_.address))) {
    receive_.is_wanted = wanted_.receive;
    send_.is_wanted = wanted_.send;
}

void ServerFinder::step() {
    while (stage_ != Stage::end) {
        if (!is_gathered_) {
            if (!gather()) {
                return;
            }
            is_gathered_ = true;
            begin_probes();
        }
        settle(receive_);
        settle(send_);
        if (!receive_.candidates.empty() || !send_.candidates.empty()) {
            return;
        }
        is_gathered_ = false;
        const bool has_all = receive_.is_wanted == !receive_.found.empty() &&
                             send_.is_wanted == !send_.found.empty();
        stage_ = has_all ? Stage::end : static_cast<Stage>(static_cast<int>(stage_) + 1);
    }
}

bool ServerFinder::gather() {
    switch (stage_) {
    case Stage::services:
        return gather_services();
    case Stage::pages:
        return gather_pages();
    case Stage::provider:
        gather_provider();
        return true;
    default:
        gather_names();
        return true;
    }
}

bool ServerFinder::gather_services() {
    if (!services_) {
        std::vector<std::string> names;
        names.reserve(services.size());
        for (const Service &service : services) {
            names.push_back(service.name + domain_);
        }
        services_ = lookups_.services(std::move(names));
    }
    const auto answers = services_->take();
    if (!answers) {
        return false;
    }
    if (!*answers) {
        tried_.push_back("SRV records of " + domain_ + ": " + answers->error().message);
        return true;
    }
    bool has_some = false;
    for (std::size_t index = 0; index < services.size() && index < (*answers)->size(); ++index) {
        const Service &service = services[index];
        const Bytes &answer = (**answers)[index];
        const auto records =
            answer.empty() ? std::vector<ServiceRecord>{} : read_service_records(answer);
        if (!records) {
            tried_.push_back(service.name + domain_ + ": " + records.error().message);
            continue;
        }
        for (const ServiceRecord &record : *records) {
            const auto url =
                mail::parse_server_url(std::string{service.scheme} + "://" + record.target + ":" +
                                       std::to_string(record.port));
            if (url) { // else there is no such service (RFC 2782: ".")
                has_some = true;
                consider(service.receives ? receive_ : send_, "DNS", *url);
            }
        }
    }
    if (!has_some) {
        tried_.push_back("SRV records of " + domain_ + ": there are none");
    }
    return true;
}

bool ServerFinder::gather_pages() {
    const std::array<std::string, 2> urls{
        "https://autoconfig." + domain_ +
            "/mail/config-v1.1.xml?emailaddress=" + in_query(wanted_.address),
        "https://" + domain_ + "/.well-known/autoconfig/mail/config-v1.1.xml"};
    if (pages_.empty()) {
        for (const std::string &url : urls) {
            pages_.push_back(lookups_.page(url));
            page_texts_.emplace_back();
        }
    }
    bool has_all = true;
    for (std::size_t index = 0; index < pages_.size(); ++index) {
        if (!page_texts_[index]) {
            page_texts_[index] = pages_[index]->take();
        }
        has_all = has_all && page_texts_[index].has_value();
    }
    if (!has_all) {
        return false;
    }
    for (std::size_t index = 0; index < pages_.size(); ++index) {
        const std::string place =
            index == 0 ? "autoconfig." + domain_ : domain_ + "/.well-known/autoconfig";
        const Result<Bytes> &text = *page_texts_[index];
        if (!text) {
            tried_.push_back(place + ": " + text.error().message);
            continue;
        }
        const AutoconfigServers servers = read_autoconfig(as_text(*text), domain_);
        if (servers.receive.empty() && servers.send.empty()) {
            tried_.push_back(place + ": it names no servers with TLS");
        }
        for (const mail::ServerUrl &url : servers.receive) {
            consider(receive_, place, url);
        }
        for (const mail::ServerUrl &url : servers.send) {
            consider(send_, place, url);
        }
    }
    return true;
}

void ServerFinder::gather_provider() {
    if (const auto known = provider_servers(domain_)) {
        consider_text(receive_, std::string{known->receive});
        consider_text(send_, std::string{known->send});
    }
}

void ServerFinder::gather_names() {
    for (const char *scheme : {"imaps://", "imap://"}) {
        for (const char *name : {"imap.", "mail."}) {
            consider_text(receive_, scheme + (name + domain_));
        }
    }
    for (const char *scheme : {"smtps://", "smtp://"}) {
        for (const char *name : {"smtp.", "mail."}) {
            consider_text(send_, scheme + (name + domain_));
        }
    }
}

void ServerFinder::consider(Part &part, const std::string &source, const mail::ServerUrl &url) {
    if (!part.is_wanted || !part.found.empty() ||
        part.candidates.size() >= limits::found_servers_max) {
        return;
    }
    if (!may_be_found(url.host, domain_)) {
        outside_ = mail::to_text(url);
        tried_.push_back(source + " names " + outside_ + ", which is neither within " + domain_ +
                         " nor of a known provider");
        return;
    }
    part.candidates.push_back({url, nullptr});
}

void ServerFinder::consider_text(Part &part, const std::string &url) {
    const Result<mail::ServerUrl> parsed = mail::parse_server_url(url);
    if (parsed && part.is_wanted && part.found.empty()) {
        part.candidates.push_back({*parsed, nullptr});
    }
}

void ServerFinder::begin_probes() {
    for (Part *part : {&receive_, &send_}) {
        for (Candidate &candidate : part->candidates) {
            candidate.probe = connections_.connect({.url = candidate.url,
                                                    .user = {},
                                                    .login = transport::LoginKind::none,
                                                    .ca_file = wanted_.ca_file,
                                                    .client_name = wanted_.own_name},
                                                   {});
        }
    }
}

void ServerFinder::settle(Part &part) {
    constexpr std::array<const char *, 4> sources{"DNS names it", "autoconfig names it",
                                                  "a known provider", "a usual name"};
    while (!part.candidates.empty()) {
        const Candidate &first = part.candidates.front();
        if (first.probe->state() == Connection::State::connecting) {
            return;
        }
        if (first.probe->state() == Connection::State::open) {
            part.found = mail::to_text(first.url);
            part.how = sources.at(static_cast<std::size_t>(stage_));
            part.candidates.clear();
            return;
        }
        constexpr std::string_view begin = "could not connect to ";
        std::string_view words = first.probe->error().message;
        words.remove_prefix(words.starts_with(begin) ? begin.size() : 0);
        tried_.emplace_back(words);
        part.candidates.erase(part.candidates.begin());
    }
}

std::optional<Result<FoundServers>> ServerFinder::take() {
    if (stage_ != Stage::end) {
        return std::nullopt;
    }
    if (receive_.found.empty() && send_.found.empty()) {
        return Result<FoundServers>{nothing_found()};
    }
    FoundServers found{receive_.found, send_.found, receive_.how};
    if (receive_.is_wanted != !receive_.found.empty() || send_.is_wanted != !send_.found.empty()) {
        found.missing = nothing_found();
    }
    if (found.how != send_.how) {
        found.how += std::string{found.how.empty() || send_.how.empty() ? "" : "; "} + send_.how;
    }
    return Result<FoundServers>{std::move(found)};
}

Error ServerFinder::nothing_found() const {
    const bool has_receive = receive_.is_wanted == !receive_.found.empty();
    const bool has_send = send_.is_wanted == !send_.found.empty();
    std::string detail;
    for (const std::string &each : tried_) {
        detail += (detail.empty() ? "Tried: " : "; ") + printable(each);
    }
    const std::string clauses = std::string{has_receive ? "" : " RECEIVE 'imaps://…'"} +
                                (has_send ? "" : " SEND 'smtps://…'");
    std::string hint = "Write what your provider says into the MAILBOX:" + clauses + ".";
    if (!outside_.empty()) {
        hint += " Its domain names " + outside_ +
                "; if you know that server to be the right one, write it down.";
    }
    const std::string what = has_receive ? "could not find a server for sending mails of"
                             : has_send  ? "could not find a server for receiving mails of"
                                         : "could not find a server for mails of";
    return {Errc::unavailable, what + " \"" + printable(wanted_.address) + "\"", detail, hint};
}

} // namespace postrider::network
