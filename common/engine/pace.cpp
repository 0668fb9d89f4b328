// From clauses to rules.
#include "common/engine/pace.hpp"

#include "common/task/task_text.hpp"

namespace postrider::engine {

namespace {

std::chrono::minutes of_day(const task::TimeOfDay &time) {
    return std::chrono::minutes{time.minutes};
}

stream::Budget budget_of(const task::Limit &limit) {
    stream::Budget budget;
    budget.most = limit.amount;
    if (limit.unit != task::LimitUnit::mails) {
        budget.unit = stream::BudgetUnit::bytes;
        budget.most = limit.bytes();
    }
    switch (limit.per) {
    case task::LimitPeriod::minute:
        budget.period = stream::BudgetPeriod::minute;
        break;
    case task::LimitPeriod::hour:
        budget.period = stream::BudgetPeriod::hour;
        break;
    case task::LimitPeriod::day:
        budget.period = stream::BudgetPeriod::day;
        break;
    case task::LimitPeriod::month:
        budget.period = stream::BudgetPeriod::month;
        break;
    }
    return budget;
}

} // namespace

Pace pace_of(const task::Pacing &pacing) {
    Pace pace;
    if (pacing.every) {
        pace.schedule.every = pacing.every->value;
    }
    if (pacing.at) {
        for (const task::TimeOfDay &time : pacing.at->value) {
            pace.schedule.at.push_back(of_day(time));
        }
    }
    if (pacing.between) {
        pace.schedule.between =
            stream::OpenHours{of_day(pacing.between->value.from), of_day(pacing.between->value.to)};
    }
    if (pacing.at_most) {
        pace.budget = budget_of(pacing.at_most->value);
    }
    return pace;
}

Pace stored_pace(const std::string &text) {
    const Result<task::Pacing> pacing =
        text.empty() ? Result<task::Pacing>{task::Pacing{}} : task::parse_pacing(text);
    return pacing ? pace_of(*pacing) : Pace{};
}

} // namespace postrider::engine
