// The rules, and the words for their outcome.
#include "common/engine/container_choice.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/ensure.hpp"
#include "common/stream/timing.hpp"

namespace postrider::engine {

namespace {

using mail::Container;

constexpr std::uint32_t form_count = 3;
constexpr std::uint32_t tries_of_each = 2;
constexpr Duration first_pause = std::chrono::hours{24};
constexpr Duration longest_pause = std::chrono::hours{24 * 32};
/// The answer comes so many times faster than what was waited for in vain.
constexpr std::int64_t much_faster = 4;

/// The last form has brought it, and the present one has not.
bool shows_failure(Container current, const Passage &passage, Timestamp now) {
    if (passage.last == current) {
        return false;
    }
    if (passage.refused.has(current)) {
        return true;
    }
    const Duration in_vain = passage.last_since - passage.first_sent;
    const Duration answer = now - passage.last_sent;
    return passage.sent.has(current) && answer >= Duration::zero() &&
           answer <= in_vain / much_faster;
}

/// It began after that had been suspected, and shows the same.
bool confirms(const std::optional<Suspicion> &suspicion, const Passage &passage) {
    return suspicion && suspicion->container == passage.last &&
           passage.first_sent > suspicion->since;
}

} // namespace

Container turned(Container from, std::uint32_t turns) {
    ensure(from != Container::letter, "a letter carries no envelope");
    return static_cast<Container>((static_cast<std::uint32_t>(from) + turns % form_count) %
                                  form_count);
}

Container container_for(Container current,
                        const std::optional<Suspicion> &suspicion,
                        std::uint32_t tries,
                        std::uint32_t turns) {
    std::array<Container, form_count> order{current, turned(current, 1), turned(current, 2)};
    if (suspicion && suspicion->container == order[2]) {
        std::swap(order[1], order[2]);
    }
    return order.at((tries / tries_of_each + turns % form_count) % form_count);
}

Container report_container(Container current, std::uint32_t turns) {
    std::array<Container, form_count> order{current, Container::armour, Container::mixed};
    if (current == Container::armour) {
        order = {current, Container::mixed, Container::single};
    } else if (current == Container::mixed) {
        order[2] = Container::single;
    }
    return order.at(turns % form_count);
}

Lesson learnt(Container current,
              const std::optional<Suspicion> &suspicion,
              std::span<const Passage> arrived,
              Timestamp now) {
    for (const Container better : {Container::mixed, Container::single}) {
        const bool works = std::any_of(arrived.begin(), arrived.end(), [&](const Passage &each) {
            return each.sent.is_only(better);
        });
        if (works && better < current) {
            return {better, {}};
        }
    }
    Lesson lesson{{}, suspicion};
    for (const Passage &passage : arrived) {
        if (passage.sent.is_only(current)) {
            return {};
        }
        if (!shows_failure(current, passage, now)) {
            continue;
        }
        if (passage.refused.has(current) || confirms(suspicion, passage)) {
            lesson.container = passage.last;
        } else if (!lesson.suspicion || lesson.suspicion->container != passage.last) {
            lesson.suspicion = Suspicion{passage.last, now};
        }
    }
    if (lesson.container) {
        lesson.suspicion.reset();
    }
    return lesson;
}

Duration pause_before_probe(std::uint32_t done) {
    return stream::doubled(first_pause, done, longest_pause);
}

std::string container_words(Container container) {
    switch (container) {
    case Container::single:
        return "go as an attachment alone, since those with a text beside it did not arrive";
    case Container::armour:
        return "go as text, since attachments did not arrive";
    case Container::mixed:
    case Container::letter:
        break;
    }
    return "go as usual again";
}

} // namespace postrider::engine
