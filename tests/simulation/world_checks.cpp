// The end of a run: everything is mended, comes to rest, and is held to the promises.
#include <algorithm>
#include <cstdio>

#include "tests/simulation/world.hpp"

namespace postrider::simulation {

namespace {

using std::chrono::hours;

/// A slow world, of five nodes and batches of a few rows, takes some 2,600 rounds, and moves no row
/// in 1,100 of them in a row: a step of many batches moves none until it is whole.
constexpr int rounds_of_peace_max = 4000;
constexpr int still_rounds_of_peace_max = 3000;
constexpr int quiet_days = 40;
/// A step that cannot be applied is tried every minute; after so many rounds of nothing else, the
/// world hurries to what is worth waiting for.
constexpr int idle_rounds_max = 20;

/// Between what is here and one state of there, row by row.
std::vector<std::string> differences_of(const Application::Versions &there,
                                        const Application::Versions &here) {
    std::vector<std::string> out;
    for (const auto &[row, version] : there) {
        const auto found = here.find(row);
        if (found == here.end() || found->second != version) {
            out.push_back(row + ": " + std::to_string(version) + " there, " +
                          (found == here.end() ? "none" : std::to_string(found->second)) + " here");
        }
    }
    for (const auto &[row, version] : here) {
        if (!there.contains(row)) {
            out.push_back(row + ": " + std::to_string(version) + " only here");
        }
    }
    return out;
}

/// To the state of there that is most like what is here.
std::string least_difference(const std::set<Application::Versions> &states,
                             const Application::Versions &here) {
    std::vector<std::string> least;
    bool is_first = true;
    for (const Application::Versions &there : states) {
        std::vector<std::string> differences = differences_of(there, here);
        if (is_first || differences.size() < least.size()) {
            least = std::move(differences);
            is_first = false;
        }
    }
    std::string text;
    for (const std::string &difference : least) {
        text += "\n  " + difference;
    }
    return text.substr(0, 2000);
}

} // namespace

Verdict World::run() {
    return told([this] {
        const std::uint64_t lot = random_.below(100);
        build(lot < 50 ? 2 : lot < 80 ? 3 : lot < 95 ? 4 : 5);
        set_up();
        if (!failed()) {
            harm();
        }
        end_well();
    });
}

void World::end_well() {
    if (!failed()) {
        heal();
    }
    if (!failed()) {
        check();
    }
    if (!failed()) {
        check_quiet(quiet_days);
    }
}

Verdict World::told(const std::function<void()> &story) {
    say("begins");
    try {
        story();
    } catch (const std::exception &error) {
        fail(std::string("exception: ") + error.what());
    }
    for (const auto &[kind, count] : network_.harm()) {
        harm_[kind] += count;
    }
    for (Member &member : members_) {
        member.node->stop();
        harm_["write lost"] += member.node->disk.lost_writes();
    }
    return {failure_, harm_};
}

void World::heal() {
    network_.set_hostility({});
    for (Member &member : members_) {
        network_.set_partition(member.node->name(), false);
        member.node->disk.cancel_fault();
        member.node->clock.set_skew(Duration::zero());
        if (member.node->runs()) {
            end(member); // whatever was planned for the process goes with it
        }
        if (!begin(member)) {
            return fail(member.node->name() + " does not start: " + member.node->trouble());
        }
        for (const Member &owner : members_) {
            while (holds_tables_of(member, owner) && owner.application.migrate(member.node->disk)) {
            }
            if (with_obstacles_ && &owner != &member && holds_tables_of(member, owner) &&
                !owner.application.clear(member.node->disk)) {
                return fail(member.node->name() + " cannot be cleared");
            }
        }
        write_for_certain(member);
    }
    rest({.rounds_max = rounds_of_peace_max, .still_rounds_max = still_rounds_of_peace_max});
}

void World::rest(const Patience &patience) {
    int idle = 0;
    int still = 0;
    for (int count = 0; count < patience.rounds_max && still < patience.still_rounds_max; ++count) {
        const bool acted = act_until_done();
        const auto [is_busy, moves_rows, next] = round();
        if (failed()) {
            return;
        }
        const bool busy = is_busy || acted;
        idle = busy ? 0 : idle + 1;
        still = moves_rows ? 0 : still + 1;
        if (busy) {
            time_.advance(std::chrono::seconds{1});
        } else if (!next) {
            return;
        } else if (idle > idle_rounds_max) {
            time_.advance(std::max<Duration>(*next - time_.now(), hours{1}));
        } else if (*next > time_.now()) {
            time_.advance(*next - time_.now());
        } else {
            time_.advance(std::chrono::seconds{30});
        }
    }
    fail("does not come to rest" + states());
}

std::string World::states() const {
    std::string states;
    for (const Member &member : members_) {
        states += "\n  " + state_of(member);
    }
    return states;
}

/// A node that was taken back in time together with its vault is noticed when it is next heard of.
void World::write_for_certain(Member &member) {
    const auto before = member.application.content(member.node->disk, Application::Rows::sent);
    while (member.application.content(member.node->disk, Application::Rows::sent) == before) {
        member.application.write(member.node->disk, random_);
        note_state(member);
    }
}

void World::note_state(Member &member) {
    member.states.insert(member.application.versions(member.node->disk, Application::Rows::sent));
}

/// While tasks are exchanged, each table is in a task of its own time; while a table comes in
/// chunks, it is not whole; what rows that are in the way hold up is parked.
bool World::may_lack_rows(const Member &reader) const {
    const bool has_loaded = in_peace_ && is_set_up_ && !restored_ && !re_paired_;
    return with_task_changes_ || (loads_in_chunks_ && !has_loaded) ||
           (with_obstacles_ &&
            ask(reader.node->disk, "SELECT count(*) FROM sqlite_schema"
                                   " WHERE name = 'postrider_parked_row'") != "0" &&
            ask(reader.node->disk, "SELECT count(*) FROM postrider_parked_row") != "0");
}

/// A receiver's rows are always those that the sender had after one of its transactions. (Of a
/// sender that was taken back, two lanes may bring two pasts, until the tables have come whole.)
std::string World::torn_rows(const Member &member) const {
    if (with_lane_changes_ && restored_) {
        return {};
    }
    for (const Member &owner : members_) {
        const bool receives = &member != &owner && holds_tables_of(member, owner);
        if (receives && owner.task_form != 1 && !may_lack_rows(member) &&
            !owner.states.contains(owner.application.versions(member.node->disk))) {
            return "the rows of " + owner.node->name() + " are here as they never were there" +
                   least_difference(owner.states, owner.application.versions(member.node->disk));
        }
    }
    return {};
}

/// Where tasks change their lane, no row is ever older than it was. (Rows of a sender that is taken
/// back are, and rows that are in the way of others are not the sender's.)
std::string World::rows_gone_back(Member &member) const {
    if (!with_lane_changes_ || with_restores_ || with_obstacles_) {
        return {};
    }
    for (const Member &owner : members_) {
        if (&member == &owner || !holds_tables_of(member, owner)) {
            continue;
        }
        Application::Versions &seen = member.seen[owner.node->name()];
        for (const auto &[row, version] : owner.application.versions(member.node->disk)) {
            std::int64_t &last = seen[row];
            if (version < last) {
                return "row " + row + " went back from " + std::to_string(last) + " to " +
                       std::to_string(version);
            }
            last = version;
        }
    }
    return {};
}

World::Round World::round() {
    Round done;
    for (Member &member : members_) {
        const std::optional<engine::CycleResult> result = member.node->cycle();
        if (!result) {
            done.is_busy = true;
            come_back(member);
            continue;
        }
        if (!member.node->witness.violation.empty()) {
            fail(member.node->name() + ": " + member.node->witness.violation);
        }
        done.is_busy = done.is_busy || result->did_anything() || takes_itself_for_copy(member);
        done.moves_rows = done.moves_rows || result->rows_collected + result->steps_applied > 0;
        if (result->next_at && (!done.next || *result->next_at < *done.next)) {
            done.next = result->next_at;
        }
    }
    return done;
}

std::string World::state_of(const Member &member) {
    std::string state = member.node->name() + ": " + member.node->trouble();
    for (const char *sql :
         {"SELECT 'outbox ' || count(*) || ' ' || coalesce(group_concat(peer_id || '/' || stream"
          " || '/' || number), '') FROM postrider_outbox",
          "SELECT 'out ' || coalesce(group_concat(peer_id || '/' || stream || ' state ' || state"
          " || ' last ' || last_number || ' acknowledged ' || acknowledged || ' awaits '"
          " || awaits_position || ' ' || reason, '; '), '') FROM postrider_stream_out",
          "SELECT 'in ' || coalesce(group_concat(peer_id || '/' || stream || ' state ' || state"
          " || ' applied ' || applied_number || ' newcomer ' || newcomer || ' ' || reason, '; '),"
          " '') FROM postrider_stream_in",
          "SELECT 'inbox ' || count(*) FROM postrider_inbox_body",
          "SELECT 'own generation ' || receiving_generation || ' incarnation ' || incarnation"
          " || ' report ' || report_counter FROM postrider_node",
          "SELECT 'peers ' || group_concat(peer_id || ' generation ' || receiving_generation"
          " || ' seals to ' || seals_to_generation || ' ' || held, '; ') FROM postrider_peer",
          "SELECT 'starts ' || group_concat(peer_id || ' report ' || incarnation || '/' || counter"
          " || ' of ' || hex(token) || ' suspicion ' || suspicion || ' hello '"
          " || coalesce(hello_at, 'no'), '; ') FROM postrider_peer_start",
          "SELECT 'offers ' || coalesce(group_concat(peer_id || ' ' || name || ' ' || state, '; '),"
          " '') FROM postrider_offer",
          "SELECT 'parked ' || coalesce(group_concat(local_name || ' ' || row_text || ' ' || "
          "reason,"
          " '; '), '') FROM postrider_parked_row",
          "SELECT 'refused ' || coalesce(group_concat(count || ' x ' || reason, '; '), '')"
          " FROM postrider_refused"}) {
        state += "\n    " + ask_text(member.node->disk, sql);
    }
    return state;
}

void World::check() {
    for (Member &member : members_) {
        check_member(member);
        if (const std::string left = unfinished(member); !left.empty()) {
            fail(member.node->name() + " is not set up: " + left + states());
        }
        if (&member != &members_.front()) {
            check_equal(members_.front().application, members_.front(), member);
            check_equal(member.application, member, members_.front());
        }
    }
    if (passes_on_) {
        check_equal(passed_on_, members_[0], members_[2]);
    }
}

void World::check_member(Member &member) {
    const MemoryDisk &disk = member.node->disk;
    if (const std::string wrong = complaints(disk); !wrong.empty()) {
        fail(member.node->name() + ": " + wrong);
    }
    for (const char *table : {"outbox", "inbox_body", "inbox_part", "parked_row"}) {
        if (ask(disk, std::string("SELECT count(*) FROM postrider_") + table) != "0") {
            fail("something is pending at " + state_of(member));
        }
    }
    for (const char *table : {"stream_out", "stream_in"}) {
        if (ask(disk, std::string("SELECT count(*) FROM postrider_") + table +
                          " WHERE state <> 0") != "0") {
            fail("a stream is not open at " + state_of(member));
        }
    }
    const std::string anew =
        ask_text(disk, "SELECT message FROM postrider_event WHERE kind IN ('stream_rebased',"
                       " 'new_incarnation') LIMIT 1");
    if (!restored_ && !re_paired_ && !anew.empty()) {
        fail(member.node->name() + " began anew although nothing was restored: " + anew);
    }
    const std::string lacking = ask_text(
        disk, "SELECT message FROM postrider_event WHERE kind = 'history_missing' LIMIT 1");
    if (!lacking.empty()) {
        fail(member.node->name() + " lacks history that it must have: " + lacking);
    }
    const std::string forked =
        ask_text(disk, "SELECT message FROM postrider_event WHERE kind = 'stream_rebased'"
                       " AND message LIKE '%other content under our numbers%' LIMIT 1");
    if (!restored_with_vault_ && !forked.empty()) {
        fail(member.node->name() + " used a number twice: " + forked);
    }
}

void World::check_equal(const Application &application, const Member &owner, const Member &reader) {
    if (const std::string more = application.unlisted(reader.node->disk); !more.empty()) {
        return fail(more + " came to " + reader.node->name() + " although no list names it");
    }
    const auto sent = application.content(owner.node->disk, Application::Rows::sent);
    const auto received = application.content(reader.node->disk);
    for (const auto &[table, rows] : sent) {
        if (received.at(table) == rows) {
            continue;
        }
        std::string difference;
        for (const std::string &row : rows) {
            if (std::find(received.at(table).begin(), received.at(table).end(), row) ==
                received.at(table).end()) {
                difference += "\n  only sent:     " + row.substr(0, 160);
            }
        }
        for (const std::string &row : received.at(table)) {
            if (std::find(rows.begin(), rows.end(), row) == rows.end()) {
                difference += "\n  only received: " + row.substr(0, 160);
            }
        }
        return fail("table " + table + " differs at " + reader.node->name() +
                    difference.substr(0, 2000));
    }
}

void World::check_quiet(int days) {
    const std::uint64_t sent = network_.sent();
    for (int day = 0; day < days && !failed(); ++day) {
        time_.advance(hours{24});
        round();
    }
    if (network_.sent() != sent) {
        fail(std::to_string(network_.sent() - sent) + " mails without a change");
    }
}

void World::fail(const std::string &what) {
    if (failure_.empty()) {
        failure_ = what;
    }
}

void World::say(const std::string &what) const {
    if (verbose_) {
        (void)std::printf("%s seed %llu: %s\n", to_text(time_.now()).c_str(),
                          static_cast<unsigned long long>(seed_), what.c_str());
    }
}

} // namespace postrider::simulation
