// One simulated world: a few nodes around a first one, an application at each, people who pair and
// declare, a hostile network and worse luck. Everything follows from the seed.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/application.hpp"
#include "tests/simulation/node.hpp"

namespace postrider::simulation {

struct Verdict {
    std::string failure; // empty: every promise was kept
    HarmCounts harm;
};

class World {
  public:
    World(std::uint64_t seed, bool verbose);

    /// Sets up, does harm, heals, and checks the promises.
    Verdict run();

    /// A short life of two nodes: pairing, declaring, a few changes, their report. The process that
    /// is at the place at which `strike` says so dies there, of a power cut; everybody goes on, and
    /// the promises are checked.
    Verdict run_short(const Strike &strike);

  private:
    struct Member {
        std::unique_ptr<Node> node;
        Application application;
        /// What this application's tables looked like after each of its transactions.
        std::set<Application::Versions> states;
        std::vector<Node::Copy> copies;
        std::string line; // the invitation that lies on the desk here, not accepted yet
        int task_form = 0;
        std::array<std::string, 2> lanes; // clauses of its tasks, where lanes are changed
        std::string declared;             // its tasks, as it is known to have declared them
        /// Of the rows of others: nothing of them may ever be older again.
        std::map<std::string, Application::Versions> seen;
        std::uint64_t inode = 1;
        /// Nothing may be sent until the identity was claimed.
        bool is_elsewhere = false;
    };

    // world_setup.cpp
    void choose_pace();
    void choose_lines();
    void build(std::size_t count);
    void set_up();
    [[nodiscard]] bool gets_passed_on(const Member &member, const Member &owner) const;
    [[nodiscard]] bool holds_tables_of(const Member &member, const Member &owner) const;
    static void drop_guards(Member &member);

    // world_people.cpp: what people do at a node, one thing at a time, until there is nothing left
    bool act(Member &member);
    bool act_until_done();
    bool declare_what_is_missing(Member &member);
    bool pair(Member &center, Member &leaf, Member &actor);
    bool invite(Member &center, Member &leaf);
    bool revoke(Member &actor, Member &other);
    bool accept_line(Member &center, Member &leaf);
    bool compare_words(Member &actor, Member &other);
    bool accept_offers(Member &member);
    bool claim(Member &member);
    [[nodiscard]] static bool takes_itself_for_copy(const Member &member);
    [[nodiscard]] bool is_taken_for_two(const Member &member) const;
    /// Whether it worked. A process that dies of it is buried.
    bool report(Member &member, const std::string &what, const Result<void> &done);
    [[nodiscard]] std::string wanted_tasks(const Member &member) const;
    [[nodiscard]] std::string wanted_names(const Member &member) const;
    void change_tasks(Member &member);
    void change_lane(Member &member);
    void write_and_send(Member &member);
    void alter_tables();
    void move_file(Member &member);

    // world_harm.cpp
    void harm();
    void step();
    void step_rarely(Member &member);
    void let_people_act(Member &member);
    bool begin(Member &member);
    void end(Member &member);
    void run_member(Member &member);
    void write_as_user(Member &member);
    void plan_death(Member &member);
    void run_in_disk_trouble(Member &member);
    void jump_clock(Member &member);
    void obstruct(Member &member);
    void toggle_partition(Member &member);
    void take_or_restore(Member &member);
    void bury(Member &member);

    // world_crash.cpp
    void short_life();
    void come_back(Member &member);

    /// How many rounds a world may take until nothing is left to do: in all, and in a row in which
    /// no row is collected and no step applied (mails that answer mails would go on for ever).
    struct Patience {
        int rounds_max;
        int still_rounds_max;
    };

    struct Round {
        bool is_busy = false;
        bool moves_rows = false;
        std::optional<Timestamp> next; // when something is due by time alone
    };

    // world_checks.cpp
    /// Everything is mended and held to the promises.
    void end_well();
    void heal();
    void rest(const Patience &patience);
    void write_for_certain(Member &member);
    void note_state(Member &member);
    [[nodiscard]] bool may_lack_rows(const Member &reader) const;
    [[nodiscard]] std::string torn_rows(const Member &member) const;
    [[nodiscard]] std::string rows_gone_back(Member &member) const;
    void check();
    void check_member(Member &member);
    /// What is not paired, confirmed or accepted yet; "": nothing.
    [[nodiscard]] std::string unfinished(const Member &member) const;
    /// As `application` sends what the owner's file holds.
    void check_equal(const Application &application, const Member &owner, const Member &reader);
    void check_quiet(int days);
    /// A round of all nodes.
    Round round();
    [[nodiscard]] static std::string state_of(const Member &member);
    [[nodiscard]] std::string states() const;
    /// Does what `story` does, and says how it ended.
    Verdict told(const std::function<void()> &story);

    void fail(const std::string &what);
    void say(const std::string &what) const;

    [[nodiscard]] bool failed() const { return !failure_.empty(); }

    std::uint64_t seed_;
    bool verbose_;
    Random random_;
    Random of_lanes_; // lots of their own, so that everything else of a seed stays as it is
    WorldTime time_;
    CrashPoints points_;
    Network network_;
    std::vector<Member> members_;
    HarmCounts harm_;
    std::string failure_;
    engine::BatchSizes batch_sizes_;
    int moves_ = 0;
    std::set<const Member *> members_done_; // with nothing left to do for people
    bool trusts_tasks_ = true;
    bool in_peace_ = false;  // pairing and declaring
    bool is_set_up_ = false; // everybody is paired and every task is active
    bool with_restores_ = false;
    bool with_vault_restores_ = false; // whole machines are taken back
    bool with_disk_trouble_ = false;
    bool with_task_changes_ = false;
    bool with_lane_changes_ = false;
    /// The first node sends on to the third one, by a filter, what it has of the second one.
    bool passes_on_ = false;
    Application passed_on_;
    bool loads_in_chunks_ = false;
    bool with_migrations_ = false;
    bool with_obstacles_ = false; // rows at receivers are in the way of others
    /// Hours and the like, with a space in front; empty in most worlds. Tasks of notes have their
    /// own, and so are in another lane where they are tasks of their own.
    std::string pace_of_tasks_;
    std::string pace_of_notes_;
    std::string pace_of_paths_;
    bool sends_parts_ = false; // tasks have filters, and lists of columns
    bool restored_ = false;
    bool restored_with_vault_ = false;
    bool re_paired_ = false;
};

} // namespace postrider::simulation
