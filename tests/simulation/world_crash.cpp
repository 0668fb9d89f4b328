// One crash at one place of a short life.
#include "tests/simulation/world.hpp"

namespace postrider::simulation {

namespace {

using std::chrono::minutes;

constexpr int rounds_of_short_life_max = 400;

} // namespace

Verdict World::run_short(std::optional<std::uint64_t> crash_at) {
    return told([&] {
        in_peace_ = false;
        network_.set_hostility({.loss = 8, .duplication = 10, .delay_max = minutes{10}});
        build(2);
        expects_death_ = crash_at.has_value();
        points_.start(crash_at);
        short_life();
        points_.stop();
        expects_death_ = false;
        end_well();
    });
}

void World::short_life() {
    rest(rounds_of_short_life_max);
    for (Member &member : members_) {
        for (int count = 0; count < 2 && !failed(); ++count) {
            write_as_user(member);
            if (!member.node->runs()) {
                come_back(member);
            }
        }
    }
    if (!failed()) {
        rest(rounds_of_short_life_max);
    }
}

/// Where a process is to die once, another one begins at once.
void World::come_back(Member &member) {
    if (!expects_death_) {
        return fail(member.node->name() + " dies in peace");
    }
    if (member.node->disk.is_dead()) {
        bury(member);
    }
    if (!begin(member)) {
        fail(member.node->name() + " does not come back: " + member.node->trouble());
    }
}

} // namespace postrider::simulation
