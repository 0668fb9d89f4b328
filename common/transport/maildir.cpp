// Looks through the inlets and judges each message by the stamps of the envelopes in it.
#include "common/transport/maildir.hpp"

#include <algorithm>
#include <iterator>

#include <sodium.h>

#include "common/base/limits.hpp"
#include "common/base/text_encoding.hpp"
#include "common/base/utf8.hpp"
#include "common/mail/message.hpp"

namespace postrider::transport {

namespace {

constexpr std::string_view path_kind = "maildir";

constexpr std::string_view name_end = ".postrider";
/// A file in tmp that is older was left by a writer that crashed: so says the maildir's own page.
constexpr Duration leftover_age = std::chrono::hours{36};
constexpr Duration tidy_every = std::chrono::hours{1};
constexpr std::size_t random_digits = 32;

std::string padded(std::uint64_t number, std::size_t digits) {
    const std::string text = std::to_string(number);
    return std::string(digits - std::min(digits, text.size()), '0') + text;
}

/// Names sort as they are written, so that a reader takes them in this order: by time, then by
/// count. 16 random bytes make the name unlikely ever to be taken.
std::string new_file_name(Timestamp now, std::uint64_t count) {
    FixedBytes<16> random{};
    randombytes_buf(random.data(), random.size());
    const auto milliseconds = static_cast<std::uint64_t>(to_milliseconds(now));
    return std::to_string(milliseconds / 1000) + ".M" + padded(milliseconds % 1000 * 1000, 6) +
           "Q" + padded(count, 8) + "R" + to_hex(random) + std::string{name_end};
}

/// A name that a node gave, this one or another: seconds, ".M" and microseconds, "Q" and a count,
/// "R" and 32 hexadecimal digits, the end.
bool is_file_name(std::string_view name) {
    if (!name.ends_with(name_end)) {
        return false;
    }
    name.remove_suffix(name_end.size());
    for (const std::string_view mark : {".M", "Q", "R"}) {
        const std::size_t end = std::min(name.find_first_not_of("0123456789"), name.size());
        if (end == 0 || !name.substr(end).starts_with(mark)) {
            return false;
        }
        name.remove_prefix(end + mark.size());
    }
    return name.size() == random_digits &&
           name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string unique_name_of(const engine::Receipt &receipt) {
    return MessageFile{{}, receipt.substr(receipt.rfind('/') + 1)}.unique_name();
}

std::string without_trailing_slashes(std::string path) {
    while (path.size() > 1 && path.ends_with('/')) {
        path.pop_back();
    }
    return path;
}

Result<void> carry_out(const std::string &path, engine::Settlement settlement) {
    return settlement == engine::Settlement::remove ? remove_message(path)
                                                    : set_message_aside(path);
}

} // namespace

bool Maildir::Harvest::is_full() const {
    return events.size() >= limits::transport_events_max || bytes_read >= limits::mail_bytes_max;
}

void Maildir::configure(std::vector<engine::Inlet> inlets) {
    std::vector<Place> places;
    for (engine::Inlet &inlet : inlets) {
        if (inlet.path_kind != path_kind) {
            continue;
        }
        inlet.source = without_trailing_slashes(std::move(inlet.source));
        const auto old = std::find_if(places_.begin(), places_.end(), [&](const Place &place) {
            return place.inlet.source == inlet.source;
        });
        Place place = old == places_.end() ? Place{} : std::move(*old);
        if (place.inlet.stamp_keys != inlet.stamp_keys) {
            place.seen.clear();
            place.position.clear();
            // A batch that has overtaken the end of the pairing need not wait any longer.
            std::erase_if(place.held,
                          [](const auto &entry) { return entry.second.mail.open_events == 0; });
        }
        place.inlet = std::move(inlet);
        places.push_back(std::move(place));
    }
    places_ = std::move(places);
}

void Maildir::submit(engine::Transmission transmission) {
    queue_.push_back(std::move(transmission));
}

std::vector<engine::Event> Maildir::poll(Timestamp now) {
    last_poll_ = now;
    more_ = false;
    Harvest harvest;
    std::size_t delivered = 0;
    while (delivered < queue_.size() && !harvest.is_full()) {
        const engine::Transmission &transmission = queue_[delivered];
        harvest.events.emplace_back(
            engine::Outcome{transmission.ticket, deliver(transmission, now)});
        ++delivered;
    }
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(delivered));
    // Each poll begins with another inlet, so that a busy one does not keep the others waiting.
    for (Place &place : places_) {
        look(place, now, harvest);
    }
    if (!places_.empty()) {
        std::rotate(places_.begin(), std::next(places_.begin()), places_.end());
    }
    return std::move(harvest.events);
}

Result<void> Maildir::deliver(const engine::Transmission &transmission, Timestamp now) {
    if (transmission.path_kind != path_kind) {
        return Error{Errc::internal, "path \"" + printable(transmission.path_kind) +
                                         "\" was given to the maildir transport"};
    }
    if (!transmission.target.starts_with('/')) {
        return Error{Errc::refused,
                     "maildir \"" + printable(transmission.target) + "\" is not an absolute path"};
    }
    mail::Message message;
    message.date = now;
    message.container = transmission.container;
    randombytes_buf(message.token.data(), message.token.size());
    const Result<std::string> text = mail::write_message(message, transmission.envelope);
    if (!text) {
        return text.error();
    }
    const MessageFile file{"new", new_file_name(now, ++delivered_)};
    const std::string target = without_trailing_slashes(transmission.target);
    for (Place &place : places_) {
        if (place.inlet.source == target) {
            leave(place, file); // what we write ourselves is for others
        }
    }
    return deliver_file(target, file.name, *text);
}

void Maildir::tidy(Place &place, Timestamp now) {
    if (!place.tidied_at || now - *place.tidied_at >= tidy_every || now < *place.tidied_at) {
        place.tidied_at = now;
        remove_leftovers(place.inlet.source, is_file_name, now - leftover_age);
    }
}

void Maildir::look(Place &place, Timestamp now, Harvest &harvest) {
    tidy(place, now);
    show_kept_again(place, now, settings_.look_again_after);
    std::optional<Error> trouble = settle_what_is_left(place);
    std::optional<Error> look_trouble = look_through(place, harvest);
    if (look_trouble) {
        trouble = std::move(look_trouble);
    }
    const bool is_told = trouble && place.trouble && trouble->message == place.trouble->message;
    if (trouble && !is_told) {
        harvest.events.emplace_back(engine::Notice{place.inlet.source, {}, 1, *trouble});
    }
    place.trouble = std::move(trouble);
}

void Maildir::show_kept_again(Place &place, Timestamp now, Duration after) {
    std::erase_if(place.held, [&](const auto &entry) {
        const Held &held = entry.second;
        // A clock that was set back must not hide a message for longer.
        return held.mail.open_events == 0 && (now - held.kept_at >= after || now < held.kept_at);
    });
}

std::optional<Error> Maildir::settle_what_is_left(Place &place) {
    std::optional<Error> trouble;
    std::erase_if(place.unsettled, [&](const auto &entry) {
        Result<void> done = carry_out(entry.first, entry.second);
        if (!done) {
            trouble = std::move(done).error();
            return false;
        }
        place.held.erase(unique_name_of(entry.first));
        return true;
    });
    return trouble;
}

/// Reads the messages that were not seen yet, oldest name first; gives what hindered it.
std::optional<Error> Maildir::look_through(Place &place, Harvest &harvest) {
    std::map<std::string, MessageFile> unread; // the first few beyond `position`, by unique name
    std::size_t seen_count = 0;
    const auto collect = [&](const MessageFile &file) {
        const std::string unique_name = file.unique_name();
        if (place.seen.count(unique_name) != 0) {
            ++seen_count;
        } else if (place.held.count(unique_name) == 0 && unique_name > place.position) {
            unread.insert_or_assign(unique_name, file);
            if (unread.size() > limits::transport_events_max) {
                unread.erase(std::prev(unread.end()));
            }
        }
    };
    Result<void> listed = for_each_message(place.inlet.source, collect);
    if (!listed) {
        return std::move(listed).error();
    }
    if (seen_count < place.seen.size()) { // some have gone: forget their names
        std::set<std::string> still_there;
        listed = for_each_message(place.inlet.source, [&](const MessageFile &file) {
            if (place.seen.count(file.unique_name()) != 0) {
                still_there.insert(file.unique_name());
            }
        });
        if (listed) {
            place.seen = std::move(still_there);
        }
    }
    return read_all(place, unread, harvest);
}

std::optional<Error> Maildir::read_all(Place &place,
                                       const std::map<std::string, MessageFile> &unread,
                                       Harvest &harvest) {
    std::optional<Error> trouble;
    std::uint64_t others_count = 0;
    bool is_progress = false;
    bool is_stopped = unread.size() == limits::transport_events_max;
    for (const auto &[unique_name, file] : unread) {
        if (harvest.is_full()) {
            is_stopped = true;
            break;
        }
        place.position = unique_name;
        const Result<std::optional<Bytes>> mail =
            read_message(place.inlet.source, file, limits::mail_bytes_max);
        if (!mail && mail.error().code == Errc::unavailable) {
            trouble = mail.error(); // tried again at the next look
            continue;
        }
        is_progress = true;
        if (!mail) {
            tell_and_leave(place, file, mail.error(), harvest);
        } else if (mail->has_value()) {
            harvest.bytes_read += (*mail)->size();
            others_count += judge(place, file, **mail, harvest) ? 0U : 1U;
        }
    }
    if (others_count > 0) {
        harvest.events.emplace_back(engine::Notice{
            place.inlet.source,
            {},
            others_count,
            Error{Errc::unknown_peer, "left messages that are for somebody else in maildir \"" +
                                          printable(place.inlet.source) + "\""}});
    }
    if (!is_stopped) {
        // The end was reached: from the start again, for names that sort before what was read, such
        // as those of a writer whose clock lags.
        place.position.clear();
    }
    more_ = more_ || (is_progress && is_stopped);
    return trouble;
}

bool Maildir::judge(Place &place, const MessageFile &file, ByteView mail, Harvest &harvest) {
    const engine::Receipt receipt = path_of(place.inlet.source, file);
    JudgedMail judged = judge_mail(mail, place.inlet.stamp_keys);
    if (judged.is_ours()) {
        place.held.insert_or_assign(file.unique_name(), Held{{judged.events()}, {}});
        for (Bytes &envelope : judged.envelopes) {
            harvest.events.emplace_back(engine::Arrived{receipt, std::move(envelope)});
        }
        if (judged.cut) {
            harvest.events.emplace_back(engine::Unusable{receipt, *judged.cut});
        }
        return true;
    }
    if (judged.suspicion) {
        tell_and_leave(place, file, *judged.suspicion, harvest);
        return true;
    }
    leave(place, file);
    return false;
}

void Maildir::tell_and_leave(Place &place,
                             const MessageFile &file,
                             const Error &reason,
                             Harvest &harvest) {
    harvest.events.emplace_back(engine::Notice{place.inlet.source, file.unique_name(), 1, reason});
    leave(place, file);
}

void Maildir::leave(Place &place, const MessageFile &file) {
    if (place.seen.size() < limits::maildir_names_max) {
        place.seen.insert(file.unique_name());
    }
}

void Maildir::settle(const engine::Receipt &receipt, engine::Settlement settlement) {
    const std::string source = directory_of(receipt);
    const auto place = std::find_if(places_.begin(), places_.end(), [&](const Place &candidate) {
        return candidate.inlet.source == source;
    });
    if (place == places_.end()) {
        return; // the inlet is gone; so is our claim to change anything in it
    }
    const auto entry = place->held.find(unique_name_of(receipt));
    if (entry == place->held.end()) {
        return;
    }
    Held &held = entry->second;
    if (!held.mail.settle(settlement)) {
        return;
    }
    if (held.mail.settlement == engine::Settlement::keep) {
        held.kept_at = last_poll_;
        return;
    }
    if (carry_out(receipt, held.mail.settlement)) {
        place->held.erase(entry);
        return;
    }
    // Held on, or it would arrive again at once; why it failed is found out by the next try.
    held.mail.open_events = 1;
    place->unsettled.insert_or_assign(receipt, held.mail.settlement);
}

std::optional<Timestamp> Maildir::next_look(Timestamp now) const {
    if (more_ || !queue_.empty()) {
        return now;
    }
    if (places_.empty()) {
        return std::nullopt;
    }
    return now + settings_.look_every;
}

} // namespace postrider::transport
