// Planted faults: what the promises must not survive. They stay in the simulation for ever, and
// tests/simulation/mutants asserts that each of them is caught.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postrider::simulation {

enum class Fault {
    none,
    skip_duplicate_check,
    acknowledge_before_commit,
    forget_chain,
    delete_mail_before_commit,
    reuse_number_after_restore,
    drop_guard_trigger,
    apply_half_a_step,
    never_join_steps,
    overlook_copy,
    park_without_dependents,
    use_history_after_join,
    forget_leave,
    load_ignores_changes,
    switch_lane_without_marker,
    keep_one_form,
};

/// Empty for a name that is none.
std::optional<Fault> fault_named(std::string_view name);
std::vector<std::string> fault_names();

/// The fault of this process. Functions of the core that a fault needs are replaced at link time
/// (CMakeLists.txt, --wrap); without a fault they are passed through.
Fault planted_fault();
void plant(Fault fault);

} // namespace postrider::simulation
