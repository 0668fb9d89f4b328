// In which form mails go to a peer (mail/message.hpp), and what their fate teaches about that.
// Pure: the rows are those of engine/containers.hpp. docs/decisions/containers.md says why.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "common/base/clock.hpp"
#include "common/mail/message.hpp"

namespace postrider::engine {

/// The form `turns` places further: mixed, single, armour, and mixed again.
mail::Container turned(mail::Container from, std::uint32_t turns);

/// A form that seems to have brought what another one did not, since then.
struct Suspicion {
    mail::Container container = mail::Container::mixed;
    Timestamp since{};
    bool operator==(const Suspicion &) const = default;
};

/// The form of a batch's next transmission by a path whose mails go as `current`: that one twice,
/// then the one that is suspected to arrive where it does not, then the next one, and so on.
/// `tries` went before; `turns` more are given for refusals.
mail::Container container_for(mail::Container current,
                              const std::optional<Suspicion> &suspicion,
                              std::uint32_t tries,
                              std::uint32_t turns);

/// The form of reports after `turns` of them were in vain: text comes next, since a report is small
/// and nothing survives more.
mail::Container report_container(mail::Container current, std::uint32_t turns);

/// Some of the forms.
class Containers {
  public:
    Containers() = default;

    static Containers from_bits(std::uint32_t bits) {
        Containers out;
        out.bits_ = bits & 7U;
        return out;
    }

    [[nodiscard]] std::uint32_t bits() const { return bits_; }

    [[nodiscard]] bool has(mail::Container container) const {
        return (bits_ & bit(container)) != 0;
    }

    [[nodiscard]] bool is_only(mail::Container container) const { return bits_ == bit(container); }

    void add(mail::Container container) { bits_ |= bit(container); }

    void remove(mail::Container container) { bits_ &= ~bit(container); }

    bool operator==(const Containers &) const = default;

  private:
    static std::uint32_t bit(mail::Container container) {
        return 1U << static_cast<std::uint32_t>(container);
    }

    std::uint32_t bits_ = 0;
};

/// How a batch that has arrived had gone by a path.
struct Passage {
    Containers sent;
    Containers refused; // by a server, or by what says that it is one (a bounce)
    mail::Container last = mail::Container::mixed;
    Timestamp first_sent{}; // in any form
    Timestamp last_since{}; // in the last one
    Timestamp last_sent{};
};

/// What is learnt of batches that have arrived.
struct Lesson {
    std::optional<mail::Container> container; // in which mails go from now on; empty: as before
    std::optional<Suspicion> suspicion;       // to be remembered, in the place of the one before
};

/// What went in one form alone has arrived in it. Of what went in several, the last one seems to
/// have brought it where its answer came much faster than the others could wait for theirs; a peer
/// that was merely away answers at any time, so that is believed when a batch that began later
/// shows it again.
Lesson learnt(mail::Container current,
              const std::optional<Suspicion> &suspicion,
              std::span<const Passage> arrived,
              Timestamp now);

/// How long the usual form is not tried again, after `done` tries since another one was chosen.
Duration pause_before_probe(std::uint32_t done);

/// How mails go in this form and why, to stand behind "mails to …".
std::string container_words(mail::Container container);

} // namespace postrider::engine
