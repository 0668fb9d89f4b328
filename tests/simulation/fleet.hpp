// A head office and forty shops that live by one text of the head office, for well over a year: the
// text changes, shops open and close for good, one falls silent and comes back, one gets a new
// machine. Mails get lost; machines do not die. Everything follows from the seed.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tests/simulation/node.hpp"
#include "tests/simulation/world.hpp"

namespace postrider::simulation {

class Fleet {
  public:
    Fleet(std::uint64_t seed, bool verbose);

    /// Lets the years go by, and checks that every shop has what its size entitles it to, that the
    /// head office has every sale, and that nothing is left lying about there.
    Verdict run();

  private:
    struct Member {
        std::unique_ptr<Node> node;
        std::uint64_t size = 0; // of a shop: which products it gets
        bool takes_part = false;
        bool is_on = true;
        std::optional<Timestamp> due;
        Timestamp looked{};              // when it was run last
        std::int64_t last_sale_lost = 0; // up to here a machine made them that is gone
    };

    /// Makes the line by which the head office invites a shop.
    using GiveLine =
        std::function<Result<std::string>(const engine::Session &session, const std::string &shop)>;

    void tell();
    void open_shops(std::size_t count);
    void set_up(Member &shop, const std::string &name);
    void replace_machine(Member &shop);
    void pair(Member &shop, const GiveLine &give_line);
    void close_shop(Member &shop);
    void declare(const std::string &also = {});
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string condition(const std::string &size) const;

    void work_for(int weeks, int weeks_between);
    void write_at_office();
    void write_at(Member &shop);
    void run_for(Duration duration);
    void cycle(Member &member);
    void wake(Member &member, const Member &shop);

    void check();
    void check_shop(const Member &shop);
    void check_office();

    void fail(const std::string &what);
    void say(const std::string &what) const;

    std::uint64_t seed_;
    bool verbose_;
    Random random_;
    WorldTime time_;
    CrashPoints points_;
    Network network_;
    Member office_;
    std::deque<Member> shops_;
    std::string columns_ = "sku, name, price, size";
    std::string limit_;         // a further condition of the products
    bool sends_offers_ = false; // a second table
    std::int64_t last_sale_ = 0;
    std::string failure_;
};

} // namespace postrider::simulation
