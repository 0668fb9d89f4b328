// The beginning of a run: files, applications, pairing, tasks.
#include <array>

#include "tests/simulation/faults.hpp"
#include "tests/simulation/world.hpp"

namespace postrider::simulation {

World::World(std::uint64_t seed, bool verbose)
    : seed_(seed),
      verbose_(verbose),
      random_(seed * 2 + 1),
      of_lanes_(seed * 2 + 5),
      network_(random_, time_) {
    with_disk_trouble_ = random_.chance(50);
    trusts_tasks_ = random_.chance(70);
    in_peace_ = random_.chance(50);
    // What a restored database says of tasks and tables that have been changed since is another
    // story than the one told here.
    const std::uint64_t lot = random_.below(100);
    with_restores_ = lot < 40;
    with_vault_restores_ = random_.chance(40);
    with_task_changes_ = lot >= 40 && lot < 60;
    with_migrations_ = lot >= 60 && lot < 85;
    sends_parts_ = seed % 5 < 2; // no lot of its own: the others would fall otherwise
    if (random_.chance(60)) {
        batch_sizes_.piece_bytes = 40 + random_.below(2000);
    }
    // Lots of their own: nothing else of a seed changes with them.
    Random of_loads(seed ^ 0x10ad10ad);
    loads_in_chunks_ = of_loads.chance(50);
    if (loads_in_chunks_) {
        batch_sizes_.chunk_bytes = 1 + of_loads.below(300);
        in_peace_ = in_peace_ && of_loads.chance(50);
    }
    Random of_steps(seed ^ 0x5731b5);
    if (of_steps.chance(50)) { // what is large elsewhere
        batch_sizes_.step_bytes = of_steps.below(4000);
        batch_sizes_.gentle_bytes = of_steps.below(4000);
    }
    Random of_obstacles(seed ^ 0x0b57ac1e);
    with_obstacles_ = of_obstacles.chance(40);
    choose_pace();
    // What is on its way in an old shape fits only together with what follows in its own stream.
    with_lane_changes_ = pace_of_tasks_.empty() && pace_of_notes_.empty() && !with_migrations_ &&
                         of_lanes_.chance(50);
    in_peace_ = in_peace_ || with_lane_changes_; // else there is little time to change any
}

void World::choose_pace() {
    Random lots{seed_ ^ 0x9ace9ace};
    if (!lots.chance(35)) {
        return;
    }
    const auto hours = [&lots]() -> std::string {
        const std::uint64_t lot = lots.below(100);
        if (lot < 40) {
            return " EVERY " + std::to_string(1 + lots.below(180)) + " MINUTES";
        }
        if (lot < 55) {
            return " AT 03:30, " + std::to_string(10 + lots.below(10)) + ":00";
        }
        return lot < 75 ? " BETWEEN 20:00 AND 06:00" : "";
    };
    const std::array<const char *, 3> priorities{" PRIORITY HIGH", "", " PRIORITY LOW"};
    const auto limit = [&lots](std::uint64_t percent) -> std::string {
        return lots.below(100) < percent
                   ? " AT MOST " + std::to_string(4 + lots.below(40)) + " MAILS PER HOUR"
                   : "";
    };
    pace_of_tasks_ = hours() + limit(10) + priorities.at(lots.below(3));
    pace_of_notes_ = hours() + limit(10) + priorities.at(lots.below(3));
    pace_of_paths_ = (lots.chance(30) ? hours() : "") + limit(30);
    ++harm_["paced"];
}

/// On some ways out attachments are taken away for as long as the world lasts.
void World::choose_lines() {
    Random lots{seed_ ^ 0xa77ac4ed};
    if (!lots.chance(15)) {
        return;
    }
    for (const Member &member : members_) {
        if (lots.chance(60)) {
            std::set<mail::Container> forms{mail::Container::mixed};
            if (lots.chance(60)) {
                forms.insert(mail::Container::single);
            }
            network_.strip_from(member.node->name(), forms);
        }
    }
}

void World::build(std::size_t count) {
    const Node::Surroundings surroundings{time_, network_, random_, points_};
    members_.resize(count);
    for (std::size_t index = 0; index < count; ++index) {
        const std::string name = "n" + std::to_string(index);
        Member &member = members_[index];
        Node::Settings settings{.write_ahead_log = random_.chance(80), .engine = {}};
        settings.engine.batches = batch_sizes_;
        member.node = std::make_unique<Node>(name, surroundings, std::move(settings));
        member.node->witness.look_at_rows = [this, index] {
            const std::string torn = torn_rows(members_[index]);
            return torn.empty() ? rows_gone_back(members_[index]) : torn;
        };
        member.application = Application{name};
        member.task_form = with_lane_changes_ && of_lanes_.chance(85) ? 1 : 0;
        if (sends_parts_) {
            member.application.send_a_part(!with_migrations_ && seed_ % 2 == 0);
        }
    }
    choose_lines();
    Random of_forwarding(seed_ * 2 + 7);
    passes_on_ = count > 2 && of_forwarding.chance(50) && !with_restores_ && !with_migrations_ &&
                 !with_obstacles_;
    if (passes_on_) {
        passed_on_ = members_[1].application.passed_on();
        ++harm_["passed on"];
    }
    for (Member &member : members_) {
        for (Member &other : members_) {
            if (holds_tables_of(member, other) || gets_passed_on(member, other)) {
                other.application.create(member.node->disk);
            }
        }
        note_state(member);
        member.application.write(member.node->disk, random_);
        note_state(member);
        if (!member.node->start()) {
            return fail(member.node->name() + " does not start: " + member.node->trouble());
        }
    }
}

bool World::gets_passed_on(const Member &member, const Member &owner) const {
    return passes_on_ && &owner == &members_[1] && &member == &members_[2];
}

/// Rows go from the center to the leaves and from each leaf to the center.
bool World::holds_tables_of(const Member &member, const Member &owner) const {
    const Member *center = &members_.front();
    return &member == &owner || &member == center || &owner == center;
}

/// In peace. Otherwise people begin in the middle of all the harm.
void World::set_up() {
    if (in_peace_) {
        heal();
        check();
        is_set_up_ = !failed();
    }
    if (planted_fault() == Fault::drop_guard_trigger) {
        for (Member &member : members_) {
            drop_guards(member);
        }
    }
}

/// Takes away the triggers that mark rows which a statement kills by a unique value.
void World::drop_guards(Member &member) {
    std::string name;
    do {
        name = ask_text(member.node->disk,
                        "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
                        " AND name LIKE 'postrider%' AND sql LIKE '%BEFORE INSERT ON%' LIMIT 1");
        if (!name.empty()) {
            run_plain(member.node->disk, "DROP TRIGGER \"" + name + "\"");
        }
    } while (!name.empty());
}

} // namespace postrider::simulation
