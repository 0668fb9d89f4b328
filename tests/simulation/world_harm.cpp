// What happens to the nodes while they work.
#include <algorithm>

#include "tests/simulation/world.hpp"

namespace postrider::simulation {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int steps_of_harm = 120;
/// More, where people set everything up meanwhile.
constexpr int steps_of_setting_up = 60;

} // namespace

void World::harm() {
    network_.set_hostility({.loss = static_cast<std::uint32_t>(random_.below(30)),
                            .duplication = static_cast<std::uint32_t>(random_.below(25)),
                            .weeks_of_delay = static_cast<std::uint32_t>(random_.below(8)),
                            .truncation = static_cast<std::uint32_t>(random_.below(5)),
                            .bit_flip = static_cast<std::uint32_t>(random_.below(5)),
                            .stripping = static_cast<std::uint32_t>(random_.below(4)),
                            .footer = static_cast<std::uint32_t>(random_.below(20)),
                            .refusal = static_cast<std::uint32_t>(random_.below(8)),
                            .delay_max = minutes{1 + random_.below(120)}});
    const int steps = steps_of_harm + (in_peace_ ? 0 : steps_of_setting_up);
    for (int count = 0; count < steps && !failed(); ++count) {
        step();
    }
}

void World::step() {
    time_.advance(random_.chance(8) ? Duration{hours{random_.below(60)}}
                                    : Duration{seconds{random_.below(1200)}});
    Member &member = members_.at(random_.below(members_.size()));
    if (!member.node->runs() && (random_.chance(60) || !begin(member))) {
        return;
    }
    if (with_lane_changes_ && is_set_up_ && of_lanes_.chance(12)) {
        return change_lane(member);
    }
    if (random_.chance(is_set_up_ ? 5 : 40)) {
        let_people_act(member);
        return;
    }
    const std::uint64_t what = random_.below(with_restores_ ? 118 : 104);
    if (what < 30) {
        write_as_user(member);
        obstruct(member);
    } else if (what < 82) {
        run_member(member);
    } else if (what < 88) {
        plan_death(member);
        run_member(member);
    } else if (what < 90) {
        jump_clock(member);
    } else if (what < 93) {
        toggle_partition(member);
    } else if (what < 95) {
        ++harm_["restart"];
        end(member);
    } else if (what < 97) {
        run_in_disk_trouble(member);
    } else if (is_set_up_) {
        step_rarely(member);
    }
}

/// What people do but once in a while.
void World::step_rarely(Member &member) {
    if (random_.chance(with_restores_ ? 8 : 25)) {
        move_file(member);
    } else if (with_restores_) {
        take_or_restore(member);
    } else if (with_task_changes_) {
        change_tasks(member);
    } else if (with_migrations_) {
        alter_tables();
    }
}

void World::let_people_act(Member &member) {
    if (with_migrations_ && random_.chance(50)) {
        const Member &owner = members_.at(random_.below(members_.size()));
        if (holds_tables_of(member, owner) && owner.application.migrate(member.node->disk)) {
            say(member.node->name() + " alters the tables of " + owner.node->name());
        }
        if (member.node->disk.is_dead()) {
            bury(member);
        }
        return;
    }
    if (act(member) || is_set_up_) {
        return;
    }
    is_set_up_ = std::all_of(members_.begin(), members_.end(),
                             [this](Member &each) { return members_done_.contains(&each); });
    if (is_set_up_) {
        say("everybody is paired, and every task is accepted");
        ++harm_["set up under harm"];
    }
}

/// Opening a database can meet a planned fault too.
bool World::begin(Member &member) {
    const bool started = member.node->start();
    if (started) {
        note_state(member); // what a transaction has left that was under way
        member.node->witness.note(torn_rows(member));
    }
    if (member.node->disk.is_dead()) {
        bury(member);
    }
    return member.node->runs();
}

/// So can closing it: the last connection empties the log.
void World::end(Member &member) {
    member.node->stop();
    if (member.node->disk.is_dead()) {
        bury(member);
    }
}

void World::run_member(Member &member) {
    const std::uint64_t sent = network_.sent();
    const std::optional<engine::CycleResult> result = member.node->cycle();
    if (member.is_elsewhere && network_.sent() != sent) {
        fail(member.node->name() + " sends although its file is a copy");
    }
    if (!result) {
        bury(member);
    } else if (verbose_ && !member.node->trouble().empty()) {
        say(member.node->name() + ": " + member.node->trouble());
    }
    if (!member.node->witness.violation.empty()) {
        fail(member.node->name() + ": " + member.node->witness.violation);
    }
}

void World::write_as_user(Member &member) {
    member.application.write(member.node->disk, random_);
    if (member.node->disk.is_dead()) {
        bury(member);
    } else {
        note_state(member);
    }
}

void World::plan_death(Member &member) {
    switch (random_.below(5)) {
    case 0:
        return member.node->die_in_transport(random_.below(6));
    case 1:
        return member.node->die_in_vault(random_.below(3));
    default:
        return member.node->disk.fail_in(random_.below(60), DiskFault::death);
    }
}

void World::bury(Member &member) {
    const bool power = points_.has_struck() || random_.chance(60);
    ++harm_[power ? "power cut" : "process killed"];
    say(member.node->name() + " dies");
    member.node->die(power ? Death::power : Death::process);
    members_done_.clear();
}

void World::run_in_disk_trouble(Member &member) {
    if (!with_disk_trouble_) {
        return run_member(member);
    }
    const bool full = random_.chance(50);
    ++harm_[full ? "disk full" : "input/output error"];
    member.node->disk.fail_in(random_.below(40), full ? DiskFault::full : DiskFault::io_error);
    run_member(member);
    member.node->disk.cancel_fault();
}

/// A row that arrives finds its unique value taken, and what refers to it has to wait with it,
/// until the row that is in the way goes.
void World::obstruct(Member &member) {
    if (!with_obstacles_) {
        return;
    }
    const Member &owner = members_.at(random_.below(members_.size()));
    const bool receives = &owner != &member && holds_tables_of(member, owner);
    if (!is_set_up_ || !receives || !member.node->runs()) {
        return;
    }
    const bool done = random_.chance(70) ? owner.application.obstruct(member.node->disk, random_)
                                         : owner.application.clear(member.node->disk);
    harm_["obstacle"] += done ? 1 : 0;
    if (member.node->disk.is_dead()) {
        bury(member);
    }
}

void World::jump_clock(Member &member) {
    ++harm_["clock jump"];
    const auto minutes_off = static_cast<std::int64_t>(random_.below(600)) - 300;
    member.node->clock.set_skew(random_.chance(20) ? Duration{hours{minutes_off}}
                                                   : Duration{minutes{minutes_off}});
}

void World::toggle_partition(Member &member) {
    network_.set_partition(member.node->name(), random_.chance(50));
}

void World::take_or_restore(Member &member) {
    if (member.copies.size() < 3) {
        member.copies.push_back(member.node->copy());
        return;
    }
    const bool with_vault = with_vault_restores_ && random_.chance(60);
    ++harm_[with_vault ? "restore with vault" : "restore"];
    say(member.node->name() + " is restored from a copy" + (with_vault ? " with its vault" : ""));
    restored_ = true;
    restored_with_vault_ = restored_with_vault_ || with_vault;
    end(member);
    members_done_.clear();
    member.declared.clear();
    member.is_elsewhere = member.is_elsewhere && !with_vault;
    member.node->restore(member.copies.at(random_.below(member.copies.size())), with_vault);
}

} // namespace postrider::simulation
