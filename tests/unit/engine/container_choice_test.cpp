// The forms of mails: their turn, and what the fate of batches teaches.
#include <gtest/gtest.h>

#include "common/engine/container_choice.hpp"

namespace postrider::engine {
namespace {

using mail::Container;
using std::chrono::hours;
using std::chrono::minutes;

constexpr Timestamp begin = from_milliseconds(1'790'000'000'000);

Containers some(std::initializer_list<Container> containers) {
    Containers out;
    for (const Container each : containers) {
        out.add(each);
    }
    return out;
}

/// Sent in the usual form at `begin`, half an hour later as `last`.
Passage changed_to(Container last) {
    return {.sent = some({Container::mixed, last}),
            .refused = {},
            .last = last,
            .first_sent = begin,
            .last_since = begin + minutes{30},
            .last_sent = begin + minutes{30}};
}

Passage only(Container container) {
    return {.sent = some({container}),
            .refused = {},
            .last = container,
            .first_sent = begin,
            .last_since = begin,
            .last_sent = begin};
}

/// Once the same had been suspected before.
std::optional<Container>
after(Container current, const std::vector<Passage> &arrived, Duration time) {
    const Suspicion before{arrived.front().last, begin - minutes{1}};
    return learnt(current, before, arrived, begin + time).container;
}

TEST(ContainerChoice, TakesEachFormTwiceInTurn) {
    std::vector<Container> forms;
    for (std::uint32_t tries = 0; tries < 8; ++tries) {
        forms.push_back(container_for(Container::mixed, {}, tries, 0));
    }
    using enum Container;
    EXPECT_EQ(forms, (std::vector{mixed, mixed, single, single, armour, armour, mixed, mixed}));
    EXPECT_EQ(container_for(armour, {}, 0, 0), armour) << "it begins with what was learnt";
    EXPECT_EQ(container_for(armour, {}, 2, 0), mixed);
    EXPECT_EQ(container_for(mixed, {}, 0, 1), single) << "a refusal hastens it";
    EXPECT_EQ(container_for(mixed, {}, UINT32_MAX, UINT32_MAX),
              container_for(mixed, {}, UINT32_MAX, 0));
}

TEST(ContainerChoice, TakesTheFormThatMayHaveArrivedBeforeTheOthers) {
    std::vector<Container> forms;
    for (std::uint32_t tries = 0; tries < 8; ++tries) {
        forms.push_back(
            container_for(Container::mixed, Suspicion{Container::armour, begin}, tries, 0));
    }
    using enum Container;
    EXPECT_EQ(forms, (std::vector{mixed, mixed, armour, armour, single, single, mixed, mixed}));
    EXPECT_EQ(container_for(mixed, Suspicion{single, begin}, 2, 0), single);
}

TEST(ContainerChoice, TriesTextNextForReports) {
    using enum Container;
    for (const std::vector<Container> &order :
         {std::vector{mixed, armour, single}, {single, armour, mixed}, {armour, mixed, single}}) {
        for (std::uint32_t turns = 0; turns < 6; ++turns) {
            EXPECT_EQ(report_container(order[0], turns), order[turns % 3]);
        }
    }
}

TEST(ContainerChoice, StaysWithWhatArrives) {
    EXPECT_EQ(after(Container::mixed, {only(Container::mixed)}, minutes{2}), std::nullopt);
    EXPECT_EQ(after(Container::armour, {only(Container::armour)}, minutes{2}), std::nullopt);
}

TEST(ContainerChoice, ChangesToTheFormThatIsAnsweredSoonAfterOthersWereNot) {
    EXPECT_EQ(after(Container::mixed, {changed_to(Container::single)}, minutes{32}),
              Container::single);
    EXPECT_EQ(after(Container::mixed, {changed_to(Container::armour)}, minutes{37}),
              Container::armour);
}

TEST(ContainerChoice, BelievesWhatTwoBatchesShowOneAfterTheOther) {
    const Timestamp now = begin + minutes{32};
    const std::vector arrived{changed_to(Container::single)};
    const Lesson first = learnt(Container::mixed, {}, arrived, now);
    EXPECT_EQ(first.container, std::nullopt);
    EXPECT_EQ(first.suspicion, (Suspicion{Container::single, now}));
    const Lesson same = learnt(Container::mixed, first.suspicion, arrived, now + minutes{1});
    EXPECT_EQ(same.container, std::nullopt) << "it had begun before";
    EXPECT_EQ(same.suspicion, first.suspicion);
    const Lesson other =
        learnt(Container::mixed, Suspicion{Container::armour, begin - minutes{1}}, arrived, now);
    EXPECT_EQ(other.container, std::nullopt);
    EXPECT_EQ(other.suspicion, first.suspicion);
    const std::vector proof{only(Container::mixed)};
    EXPECT_EQ(learnt(Container::mixed, first.suspicion, proof, now).suspicion, std::nullopt);
    const Lesson believed =
        learnt(Container::mixed, Suspicion{Container::single, begin - minutes{1}}, arrived, now);
    EXPECT_EQ(believed.container, Container::single);
    EXPECT_EQ(believed.suspicion, std::nullopt);
}

TEST(ContainerChoice, DoesNotChangeForAPeerThatWasAway) {
    EXPECT_EQ(after(Container::mixed, {changed_to(Container::single)}, minutes{45}), std::nullopt);
    EXPECT_EQ(after(Container::mixed, {changed_to(Container::single)}, minutes{29}), std::nullopt)
        << "nor where the clock was set back";
    EXPECT_EQ(after(Container::mixed, {changed_to(Container::single), only(Container::mixed)},
                    minutes{32}),
              std::nullopt)
        << "something has arrived in the present form";
}

TEST(ContainerChoice, ChangesWhereTheFormWasRefused) {
    Passage refused = changed_to(Container::single);
    refused.refused = some({Container::mixed});
    refused.sent = some({Container::single});
    EXPECT_EQ(learnt(Container::mixed, {}, std::vector{refused}, begin + hours{9}).container,
              Container::single);
}

TEST(ContainerChoice, ComesBackToABetterFormThatHasArrivedAlone) {
    EXPECT_EQ(after(Container::armour, {only(Container::mixed)}, hours{50}), Container::mixed);
    EXPECT_EQ(after(Container::armour, {only(Container::single)}, hours{50}), Container::single);
    EXPECT_EQ(after(Container::single, {only(Container::armour)}, minutes{2}), std::nullopt)
        << "what arrives as text shows nothing of the present form";
}

TEST(ContainerChoice, TriesTheUsualFormAgainEverMoreRarely) {
    EXPECT_EQ(pause_before_probe(0), hours{24});
    EXPECT_EQ(pause_before_probe(1), hours{48});
    EXPECT_EQ(pause_before_probe(UINT32_MAX), hours{24 * 32});
}

} // namespace
} // namespace postrider::engine
