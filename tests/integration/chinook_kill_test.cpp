// The Chinook shop loads into an empty file between two processes of postrider-run that are killed
// at any instruction, again and again, while the shop's programs write: real files, real time.
// Skipped where there is no Chinook.
#include <algorithm>
#include <functional>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "common/engine/pairing.hpp"

#include "tests/support/chinook_load.hpp"
#include "tests/support/node_process.hpp"

namespace postrider::test {
namespace {

constexpr std::uint32_t seed = 20261130;
constexpr int changes_wanted = 5000;
constexpr int kills_wanted = 20;
/// Added to each track, so that the load has many chunks; but not so many that the window is full.
/// A report that is lost then, after a duplicate, is given again an hour later.
constexpr int text_bytes = 6000;
/// A process that commits something is killed within this time, or a multiple where the last ones
/// came to nothing; one that does not commit, thereafter.
constexpr unsigned life_min_ms = 60;
constexpr unsigned life_max_ms = 8000;
constexpr std::chrono::seconds idle_max{3};
/// How long the line loses mails after the last kill.
constexpr std::chrono::seconds lossy_for{2};
/// When the last change is applied, for what may still be under way.
constexpr std::chrono::seconds rest_max{30};
constexpr std::chrono::seconds patience{600};
/// What is left to the processes between two looks at them.
constexpr std::chrono::milliseconds breath{5};

using Clock = std::chrono::steady_clock;

/// The nodes keep their secrets in the test's directory.
struct StateDirectory {
    explicit StateDirectory(const std::string &path) {
        ::setenv("POSTRIDER_STATE_DIRECTORY", path.c_str(), 1);
    }

    StateDirectory(const StateDirectory &) = delete;
    StateDirectory &operator=(const StateDirectory &) = delete;

    ~StateDirectory() { ::unsetenv("POSTRIDER_STATE_DIRECTORY"); }
};

struct ChinookKill : testing::Test {
    TemporaryDirectory directory;
    StateDirectory state{directory / "state"};
    NodeProcess shop{directory, "shop"};
    NodeProcess office{directory, "office"};
    std::mt19937 random{seed};
    BadLine to_office{shop.maildir, office.maildir, random};
    BadLine to_shop{office.maildir, shop.maildir, random};
    ShopPrograms programs{shop.program, random, changes_wanted};
    Clock::time_point begin = Clock::now();
    /// Of the last batch that was made while there was still something to read for the load.
    int number_before_end = 0;
    bool is_load_begun = false;
    int kills = 0;
    unsigned life_ms = life_min_ms;
    std::set<std::string> progress_at_kills;

    /// By the protocol, as in the guide.
    void pair() {
        std::string invitation;
        shop.declare("NODE shop; PEER office MAILDIR '" + shop.maildir + "'");
        office.declare("NODE office");
        shop.write([&](const engine::Session &session) -> Result<void> {
            invitation = engine::invite(session, "office").value();
            return {};
        });
        office.write([&](const engine::Session &session) -> Result<void> {
            const auto accepted = engine::accept(session, {invitation, office.maildir, true});
            return accepted ? Result<void>{} : accepted.error();
        });
        for (int turn = 0; turn < 3; ++turn) {
            for (NodeProcess *node : {&office, &shop}) {
                node->run_once();
                to_office.carry();
                to_shop.carry();
            }
        }
    }

    void make_line(int percent_lost, int percent_doubled, int percent_late) {
        to_office.percent_lost = percent_lost;
        to_office.percent_late = percent_late;
        to_office.percent_doubled = percent_doubled;
        to_shop.percent_lost = 0; // the kills lose reports enough
        to_shop.percent_doubled = percent_doubled;
    }

    /// The office gets nothing before half of the kills. Before the last one, and half of the
    /// changes, the shop does not hear that all of the load is there.
    void exchange() {
        if (!is_load_begun || kills >= kills_wanted / 2) {
            to_office.carry();
        }
        const std::size_t reports = to_shop.waiting().size();
        if (is_load_missed() || (kills >= kills_wanted && programs.changes > changes_wanted / 2)) {
            to_shop.carry(reports);
        }
        std::this_thread::sleep_for(breath);
    }

    bool is_reading() {
        return shop.program.ask("SELECT count(*) FROM postrider_load"
                                " WHERE finished_at IS NOT NULL") !=
               std::to_string(chinook_tables.size());
    }

    int applied() {
        return std::stoi(office.program.ask(
            "SELECT coalesce(max(number), 0) FROM postrider_delivery WHERE stream = 1"));
    }

    /// The office has certainly not applied the end of the load.
    bool is_load_missed() {
        const std::string sent =
            shop.program.ask("SELECT last_number FROM postrider_stream_out WHERE stream = 1");
        if (is_reading()) { // still, so that what was sent is not all
            number_before_end = sent.empty() ? 0 : std::stoi(sent);
        }
        return applied() <= number_before_end;
    }

    void look_after() {
        shop.require_running();
        office.require_running();
        if (Clock::now() - begin > patience) {
            throw std::runtime_error("it takes too long: " + progress() + "\n" + shop.log() +
                                     office.log() + state_of(shop) + state_of(office));
        }
    }

    void wait_until(const std::function<bool()> &condition) {
        while (!condition()) {
            look_after();
            exchange();
        }
    }

    static std::string state_of(NodeProcess &node) {
        return node.program.ask("SELECT state, summary FROM postrider_status") + "\n" +
               node.program.ask("SELECT direction, stream, number, mails, state FROM"
                                " postrider_history WHERE finished IS NULL") +
               "\n" + node.program.ask("SELECT message FROM postrider_events") + "\n";
    }

    std::string progress() {
        return shop.program.ask("SELECT sum(chunks) FROM postrider_load") + " chunks, " +
               shop.program.ask("SELECT last_number, acknowledged FROM postrider_stream_out"
                                " WHERE stream = 1") +
               " sent and acknowledged, " +
               office.program.ask("SELECT count(*) FROM postrider_delivery WHERE stream = 1"
                                  " AND state = 'applied'") +
               " applied";
    }

    /// The shop writes and the mails travel.
    void go_on() {
        programs.work(5);
        look_after();
        exchange();
    }

    /// Kills the shop while it reads and sends, then either, but rather the office, which applies.
    void kill_one() {
        NodeProcess &victim = kills < kills_wanted / 2 || random() % 4 == 0 ? shop : office;
        const std::string before = victim.last_commit();
        const Clock::time_point latest = Clock::now() + idle_max;
        while (victim.last_commit() == before && Clock::now() < latest) {
            go_on();
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % life_ms});
        if (is_loading(shop.program)) {
            const bool has_moved = progress_at_kills.insert(progress()).second;
            // On a slow machine the shortest life that gets anywhere is long.
            life_ms =
                has_moved ? std::max(life_ms / 2, life_min_ms) : std::min(life_ms * 2, life_max_ms);
            victim.kill();
            victim.start();
            ++kills;
        }
    }
};

TEST_F(ChinookKill, LosesNothingAndRepeatsNothing) {
    const std::string script = chinook_script();
    if (script.empty()) {
        GTEST_SKIP() << "POSTRIDER_CHINOOK does not name the directory of the Chinook database";
    }
    shop.program.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF");
    fill(shop.program, script);
    shop.program.run("UPDATE Track SET Composer = printf('%0" + std::to_string(text_bytes) +
                     "d', TrackId)");
    make_line(0, 0, 0);
    pair();
    shop.declare(load_task());
    shop.start();
    office.start();
    wait_until([&] { return shop.program.ask("SELECT count(*) FROM postrider_load") != "0"; });

    is_load_begun = true;
    make_line(0, 20, 30); // what it lost now would hold up the load for long
    while (is_loading(shop.program) && kills < kills_wanted) {
        kill_one();
    }
    // Not for long: what is asked for again is waited for twice as long each time that it is lost.
    const Clock::time_point better_at = Clock::now() + lossy_for;
    while (!programs.are_done()) {
        make_line(Clock::now() < better_at ? 50 : 0, 20, 30);
        go_on();
    }
    make_line(0, 0, 0);
    // What the line has lost is missed when something comes behind it.
    shop.program.run("UPDATE Genre SET Name = 'last' WHERE GenreId = 1");
    wait_until([&] {
        return office.program.ask("SELECT Name FROM Genre WHERE GenreId = 1") == "last" &&
               !is_loading(shop.program);
    });
    const Clock::time_point latest = Clock::now() + rest_max;
    wait_until([&] {
        return shop.program.ask("SELECT state FROM postrider_status") == "in step" ||
               Clock::now() > latest;
    });
    EXPECT_EQ(shop.stop(), 0) << shop.log();
    EXPECT_EQ(office.stop(), 0) << office.log();

    EXPECT_EQ(kills, kills_wanted);
    EXPECT_GT(progress_at_kills.size(), kills_wanted / 4);
    EXPECT_GT(programs.changes_during_load, changes_wanted / 2);
    EXPECT_GT(to_office.doubled, 0);
    expect_loaded(shop.program, office.program);
    std::cout << programs.changes_during_load << " of " << programs.changes
              << " changes during the load, " << progress() << ", " << kills << " kills, "
              << to_office.lost + to_shop.lost << " mails lost, "
              << to_office.doubled + to_shop.doubled << " doubled\n";
}

} // namespace
} // namespace postrider::test
