// The rows behind the choice of forms, and what is told when it changes.
#include "common/engine/containers.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/limits.hpp"
#include "common/engine/store/log.hpp"
#include "common/engine/store/rows.hpp"
#include "common/mail/parts.hpp"

namespace postrider::engine {

namespace {

using mail::Container;

/// In the place of a path's ordinal: no path, or more than one.
constexpr std::int64_t no_path = 0;
constexpr std::int64_t unknown_path = -1;
/// What nobody has to prove moves a batch through the other forms once.
constexpr std::uint32_t hearsay_turns_max = 2;

constexpr std::uint32_t forms_of_mails = 3;

Container container_of(std::int64_t stored) {
    return stored == 1 ? Container::single : stored == 2 ? Container::armour : Container::mixed;
}

/// Two sets of forms, the last form, and two times.
Bytes pack_passage(const Passage &passage) {
    ByteWriter writer;
    writer.u8(static_cast<std::uint8_t>(passage.sent.bits()));
    writer.u8(static_cast<std::uint8_t>(passage.refused.bits()));
    writer.u8(static_cast<std::uint8_t>(passage.last));
    writer.u64(static_cast<std::uint64_t>(to_milliseconds(passage.first_sent)));
    writer.u64(static_cast<std::uint64_t>(to_milliseconds(passage.last_since)));
    return std::move(writer).take();
}

/// What is edited by hand teaches nothing worse than another form.
Passage unpack_passage(ByteView bytes, Timestamp last_sent) {
    ByteReader reader{bytes};
    Passage passage;
    passage.last_sent = last_sent;
    passage.sent = Containers::from_bits(reader.u8());
    passage.refused = Containers::from_bits(reader.u8());
    passage.last = container_of(reader.u8());
    passage.first_sent = from_milliseconds(static_cast<std::int64_t>(reader.u64()));
    passage.last_since = from_milliseconds(static_cast<std::int64_t>(reader.u64()));
    return passage;
}

bool carries_mails(const PeerPath &path) {
    return path.kind == "mail" || path.kind == "maildir";
}

/// The columns of a path.
struct PathForm {
    Container container = Container::mixed;
    std::optional<Timestamp> since;
    std::optional<Timestamp> probe_at;
    std::uint32_t probes = 0;
    std::uint32_t report_turns = 0;
    std::optional<Suspicion> suspicion;
};

PathForm load_path_form(const Session &session, std::int64_t peer_id, std::int64_t ordinal) {
    const auto row = first_row(session.transaction,
                               "SELECT container, container_since, probe_at, probes, report_turns,"
                               " suspected, suspected_at"
                               " FROM @peer_path WHERE peer_id = ?1 AND ordinal = ?2",
                               {peer_id, ordinal});
    if (!row) {
        return {};
    }
    PathForm form{container_at(*row, 0),
                  maybe_time_at(*row, 1),
                  maybe_time_at(*row, 2),
                  static_cast<std::uint32_t>(integer_at(*row, 3)),
                  static_cast<std::uint32_t>(integer_at(*row, 4)),
                  {}};
    if (const auto since = maybe_time_at(*row, 6)) {
        form.suspicion = Suspicion{container_at(*row, 5), std::min(*since, session.now)};
    }
    return form;
}

void store_suspicion(const Session &session,
                     std::int64_t peer_id,
                     std::int64_t ordinal,
                     const std::optional<Suspicion> &suspicion) {
    session.transaction.execute("UPDATE @peer_path SET suspected = ?3, suspected_at = ?4"
                                " WHERE peer_id = ?1 AND ordinal = ?2",
                                {peer_id, ordinal,
                                 stored(suspicion.value_or(Suspicion{}).container),
                                 suspicion ? stored(suspicion->since) : Value{}});
}

/// The columns of a batch.
struct BatchForm {
    std::int64_t path = no_path;
    Passage passage;
    std::uint32_t turns = 0;
};

constexpr const char *batch_columns =
    "SELECT path_ordinal, passage, last_sent, container_turns, number FROM @outbox"
    " WHERE peer_id = ?1 AND stream = ?2";

BatchForm batch_form_from(const Row &row) {
    const Timestamp last_sent = maybe_time_at(row, 2).value_or(Timestamp{});
    return {integer_at(row, 0), unpack_passage(maybe_blob_at(row, 1).value_or(Bytes{}), last_sent),
            static_cast<std::uint32_t>(integer_at(row, 3))};
}

BatchForm load_batch_form(const Session &session, const StreamKey &key, std::uint64_t number) {
    const auto row = first_row(session.transaction, std::string{batch_columns} + " AND number = ?3",
                               {key.peer_id, std::int64_t{key.stream}, stored(number)});
    return row ? batch_form_from(*row) : BatchForm{};
}

void store_batch_form(const Session &session,
                      const StreamKey &key,
                      std::uint64_t number,
                      const BatchForm &form) {
    session.transaction.execute(
        "UPDATE @outbox SET path_ordinal = ?4, passage = ?5, container_turns = ?6"
        " WHERE peer_id = ?1 AND stream = ?2 AND number = ?3",
        {key.peer_id, std::int64_t{key.stream}, stored(number), form.path,
         pack_passage(form.passage), std::int64_t{form.turns}});
}

/// A probe is lost in vain where the form still does not arrive: the batch then waits for its
/// second try. Only one that goes in one mail is taken for it.
bool is_probe_due(const PathForm &path, const stream::OutboxEntry &entry, Timestamp now) {
    return path.container != Container::mixed && path.probe_at && entry.tries == 0 &&
           !entry.last_sent &&
           stream::due_time(*path.probe_at, pause_before_probe(UINT32_MAX), now) <= now &&
           entry.body_total <=
               mail::slice_bytes_max_for(limits::mail_armour_bytes_max, 1, Container::armour);
}

void adopt(const Session &session,
           std::int64_t peer_id,
           std::int64_t ordinal,
           Container container) {
    const PathForm before = load_path_form(session, peer_id, ordinal);
    const bool is_usual = container == Container::mixed;
    const std::uint32_t probes = is_usual ? 0 : before.probes;
    session.transaction.execute(
        "UPDATE @peer_path SET container = ?3, container_since = ?4, probe_at = ?5, probes = ?6,"
        " report_turns = 0, suspected_at = NULL WHERE peer_id = ?1 AND ordinal = ?2",
        {peer_id, ordinal, stored(container), stored(session.now),
         is_usual ? Value{} : stored(session.now + pause_before_probe(probes)),
         std::int64_t{probes}});
    const Row where = *first_row(session.transaction,
                                 "SELECT target FROM @peer_path WHERE peer_id = ?1"
                                 " AND ordinal = ?2",
                                 {peer_id, ordinal});
    log_event(
        session.transaction, session.now,
        {"mail_form", peer_id, "mails to " + text_at(where, 0) + " " + container_words(container)});
}

/// The third try of a batch has no answer yet.
bool is_unheard(const Session &session, const Peer &peer) {
    return first_row(session.transaction,
                     "SELECT 1 FROM @outbox WHERE peer_id = ?1 AND tries > 2 AND stored = 0",
                     {peer.peer_id})
        .has_value();
}

std::vector<Container> all_from(Container begin) {
    std::vector<Container> all;
    for (std::uint32_t turns = 0; turns < forms_of_mails; ++turns) {
        all.push_back(turned(begin, turns));
    }
    return all;
}

} // namespace

Container container_at(const Row &row, std::size_t index) {
    return container_of(integer_at(row, index));
}

Value stored(Container container) {
    return std::int64_t{static_cast<std::uint8_t>(container)};
}

NextForm next_form(const Session &session,
                   const PeerPath &path,
                   const StreamKey &key,
                   const stream::OutboxEntry &entry) {
    if (!carries_mails(path)) {
        return {};
    }
    const PathForm form = load_path_form(session, key.peer_id, path.ordinal);
    if (is_probe_due(form, entry, session.now)) {
        return {Container::mixed, true};
    }
    const std::uint32_t turns = load_batch_form(session, key, entry.number).turns;
    return {container_for(form.container, form.suspicion, entry.tries, turns), false};
}

void note_form(const Session &session,
               const PeerPath &path,
               const StreamKey &key,
               std::uint64_t number,
               const NextForm &form) {
    if (!carries_mails(path)) {
        return forget_form(session, key, number);
    }
    BatchForm batch = load_batch_form(session, key, number);
    Passage &passage = batch.passage;
    if (batch.path != path.ordinal) {
        batch.path = batch.path == no_path ? path.ordinal : unknown_path;
        passage.first_sent = session.now;
        passage.last_since = session.now;
    } else if (passage.last != form.container) {
        passage.last_since = session.now;
    }
    passage.last = form.container;
    passage.sent.add(form.container);
    store_batch_form(session, key, number, batch);
    if (form.is_probe) {
        const std::uint32_t probes = load_path_form(session, key.peer_id, path.ordinal).probes + 1;
        session.transaction.execute("UPDATE @peer_path SET probe_at = ?3, probes = ?4"
                                    " WHERE peer_id = ?1 AND ordinal = ?2",
                                    {key.peer_id, path.ordinal,
                                     stored(session.now + pause_before_probe(probes)),
                                     std::int64_t{probes}});
    }
}

void forget_form(const Session &session, const StreamKey &key, std::uint64_t number) {
    session.transaction.execute(
        "UPDATE @outbox SET path_ordinal = ?4 WHERE peer_id = ?1"
        " AND stream = ?2 AND number = ?3",
        {key.peer_id, std::int64_t{key.stream}, stored(number), unknown_path});
}

void take_back_form(const Session &session,
                    const StreamKey &key,
                    const stream::OutboxEntry &entry) {
    if (entry.tries > 0) {
        return forget_form(session, key, entry.number);
    }
    BatchForm batch = load_batch_form(session, key, entry.number);
    batch.path = no_path;
    batch.passage.sent = {};
    store_batch_form(session, key, entry.number, batch);
}

Container report_form(const Session &session, const Peer &peer, const PeerPath &path) {
    if (!carries_mails(path)) {
        return Container::mixed;
    }
    const PathForm form = load_path_form(session, peer.peer_id, path.ordinal);
    const std::uint32_t turns =
        form.report_turns == 0 && is_unheard(session, peer) ? 1 : form.report_turns;
    return report_container(form.container, turns);
}

std::vector<Container> pairing_forms(const Session &session,
                                     const PeerPath &path,
                                     std::int64_t peer_id,
                                     bool is_repeated) {
    if (!carries_mails(path)) {
        return {Container::mixed};
    }
    const Container first = load_path_form(session, peer_id, path.ordinal).container;
    return is_repeated ? all_from(first) : std::vector{first};
}

void turn_reports(const Session &session, std::int64_t peer_id) {
    session.transaction.execute("UPDATE @peer_path SET report_turns = (report_turns + 1) % 3"
                                " WHERE peer_id = ?1",
                                {peer_id});
}

Hastened hasten_form(const Session &session, const RefusedMail &mail, bool is_hearsay) {
    const StreamKey &key = mail.key;
    const auto row = load_outgoing(session.transaction, key);
    if (!row || !row->machine.outbox.contains(mail.number)) {
        return Hastened::before;
    }
    BatchForm batch = load_batch_form(session, key, mail.number);
    const Container refused = mail.container;
    const PathForm form = load_path_form(session, key.peer_id, mail.path_ordinal);
    batch.passage.refused.add(refused);
    if (!is_hearsay) {
        batch.passage.sent.remove(refused);
    }
    const std::uint32_t counted = row->machine.outbox.at(mail.number).tries;
    const std::uint32_t tries = is_hearsay && counted > 0 ? counted - 1 : counted;
    const bool goes_so =
        container_for(form.container, form.suspicion, tries, batch.turns) == refused;
    const bool may = goes_so && (!is_hearsay || batch.turns < hearsay_turns_max);
    batch.turns += may ? 1 : 0;
    store_batch_form(session, key, mail.number, batch);
    return may ? Hastened::now : goes_so ? Hastened::not_any_more : Hastened::before;
}

void learn_forms(const Session &session,
                 const StreamKey &key,
                 const stream::OutgoingStream &stream,
                 const stream::ReportOutcome &outcome) {
    std::set<std::uint64_t> arrived{outcome.dropped.begin(), outcome.dropped.end()};
    for (const std::uint64_t number : outcome.changed) {
        if (stream.outbox.at(number).stored) {
            arrived.insert(number);
        }
    }
    if (arrived.empty()) {
        return;
    }
    std::map<std::int64_t, std::vector<Passage>> by_path;
    for (const Row &row : all_rows(session.transaction,
                                   std::string{batch_columns} + " AND path_ordinal > 0"
                                                                " ORDER BY last_sent, number",
                                   {key.peer_id, std::int64_t{key.stream}})) {
        if (arrived.contains(unsigned_at(row, 4))) {
            const BatchForm form = batch_form_from(row);
            by_path[form.path].push_back(form.passage);
            forget_form(session, key, unsigned_at(row, 4));
        }
    }
    for (const auto &[ordinal, passages] : by_path) {
        const PathForm form = load_path_form(session, key.peer_id, ordinal);
        const Lesson lesson = learnt(form.container, form.suspicion, passages, session.now);
        if (lesson.container) {
            adopt(session, key.peer_id, ordinal, *lesson.container);
        } else if (lesson.suspicion != form.suspicion) {
            store_suspicion(session, key.peer_id, ordinal, lesson.suspicion);
        }
    }
}

std::optional<FormShown>
unusual_form(const Session &session, std::int64_t peer_id, const PeerPath &path) {
    const PathForm form = load_path_form(session, peer_id, path.ordinal);
    if (form.container != Container::mixed) {
        return FormShown{"mails to " + path.target + " " + container_words(form.container),
                         form.since};
    }
    const Container reports = report_container(form.container, form.report_turns);
    if (reports != Container::mixed) {
        return FormShown{"reports to " + path.target +
                             (reports == Container::armour
                                  ? " go as text, since what others had told was sent again"
                                  : " go as an attachment alone, since what others had told was"
                                    " sent again"),
                         {}};
    }
    return std::nullopt;
}

} // namespace postrider::engine
