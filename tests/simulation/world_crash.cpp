// One crash at one place of a short life.
#include "tests/simulation/world.hpp"

namespace postrider::simulation {

Verdict World::run_short(const Strike &strike) {
    return told([&] {
        in_peace_ = false;
        with_obstacles_ = false;
        network_.set_hostility(
            {.loss = 8, .duplication = 10, .delay_max = std::chrono::minutes{10}});
        build(2);
        points_.start(strike);
        short_life();
        points_.stop();
        end_well();
    });
}

void World::short_life() {
    constexpr int most_rounds = 400;
    rest({.rounds_max = most_rounds, .still_rounds_max = most_rounds});
    for (Member &member : members_) {
        for (int count = 0; count < 2 && !failed(); ++count) {
            write_as_user(member);
            if (!member.node->runs()) {
                come_back(member);
            }
        }
    }
    if (!failed()) {
        rest({.rounds_max = most_rounds, .still_rounds_max = most_rounds});
    }
}

/// Where a process is to die once, another one begins at once.
void World::come_back(Member &member) {
    if (!points_.has_struck()) {
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
