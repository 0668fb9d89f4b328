// The pacing clauses of the task language as the rules of common/stream.
#pragma once

#include <optional>
#include <string>

#include "common/stream/budget.hpp"
#include "common/stream/schedule.hpp"
#include "common/task/model.hpp"

namespace postrider::engine {

/// When, and how much. Empty: always, and without limit.
struct Pace {
    stream::Schedule schedule;
    std::optional<stream::Budget> budget;

    [[nodiscard]] bool is_empty() const { return schedule.is_empty() && !budget; }
};

/// Hours, and how they were used.
struct Hours {
    stream::Schedule schedule;
    stream::ScheduleUse use;
};

Pace pace_of(const task::Pacing &pacing);

/// Of a text as the task language prints it. One that was edited into something else paces nothing.
Pace stored_pace(const std::string &text);

} // namespace postrider::engine
