// One simulated world: a few nodes around a first one, an application at each, a hostile network
// and worse luck. Everything follows from the seed.
#pragma once

#include <map>
#include <memory>
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

  private:
    struct Member {
        std::unique_ptr<Node> node;
        Application application;
        std::vector<Node::Copy> copies;
    };

    // world_setup.cpp
    void build();
    void set_up();
    void declare(Member &member, const std::string &text);
    void join(Member &center, Member &leaf);
    static void drop_guards(Member &member);

    // world_harm.cpp
    void harm();
    void step();
    bool begin(Member &member);
    void end(Member &member);
    void run_member(Member &member);
    void write_as_user(Member &member);
    void plan_death(Member &member);
    void run_in_disk_trouble(Member &member);
    void jump_clock(Member &member);
    void toggle_partition(Member &member);
    void restore(Member &member);
    void bury(Member &member);

    // world_checks.cpp
    void heal();
    void write_for_certain(Member &member);
    bool claim_identities();
    void claim(Member &member);
    void check();
    void check_member(Member &member);
    void check_equal(Member &owner, Member &reader);
    void check_quiet();
    /// A round of all nodes; gives whether any did anything, and the next time something is due.
    bool round(std::optional<Timestamp> &next);
    [[nodiscard]] std::string state_of(Member &member) const;

    void fail(const std::string &what);
    void say(const std::string &what) const;

    [[nodiscard]] bool failed() const { return !failure_.empty(); }

    std::uint64_t seed_;
    bool verbose_;
    Random random_;
    WorldTime time_;
    Network network_;
    std::vector<Member> members_;
    HarmCounts harm_;
    std::string failure_;
    bool with_restores_ = false;
    bool restored_ = false;
    bool restored_with_vault_ = false;
    bool with_disk_trouble_ = false;
};

} // namespace postrider::simulation
