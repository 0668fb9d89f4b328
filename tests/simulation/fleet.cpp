// The years of the fleet. Nodes are run when something is due there, so that a year is short.
#include "tests/simulation/fleet.hpp"

#include <algorithm>
#include <cstdio>

#include "common/engine/pairing.hpp"

#include "tests/simulation/application.hpp"

namespace postrider::simulation {

namespace {

using engine::Session;
using std::chrono::hours;

constexpr std::uint64_t products_max = 60;
/// How often a node is run where there is anything to do.
constexpr Duration look_every = hours{6};

const std::string sales = "CREATE TABLE sale(shop TEXT NOT NULL, number INTEGER NOT NULL, sku"
                          " INTEGER, quantity INTEGER, PRIMARY KEY(shop, number))";

const std::string mailbox = "/mail/";

/// The rows of a query as one text.
std::string rows_of(const Node &node,
                    const std::string &columns,
                    const std::string &table,
                    const std::string &condition = "1") {
    std::string row;
    for (std::size_t from = 0; from < columns.size();) {
        const std::size_t end = std::min(columns.find(", ", from), columns.size());
        row +=
            (row.empty() ? "quote(" : " || ',' || quote(") + columns.substr(from, end - from) + ")";
        from = end + 2;
    }
    return ask_text(node.disk, "SELECT coalesce(group_concat(row, '; '), '') FROM (SELECT " + row +
                                   " AS row FROM " + table + " WHERE " + condition +
                                   " ORDER BY 1)");
}

std::int64_t count(const Node &node, const std::string &from) {
    return std::stoll(ask(node.disk, "SELECT count(*) FROM " + from));
}

} // namespace

Fleet::Fleet(std::uint64_t seed, bool verbose)
    : seed_(seed), verbose_(verbose), random_(seed * 2 + 1), network_(random_, time_) {}

Verdict Fleet::run() {
    try {
        tell();
    } catch (const std::exception &error) {
        fail(std::string("exception: ") + error.what());
    }
    for (Member &shop : shops_) {
        shop.node->stop();
    }
    office_.node->stop();
    Verdict verdict;
    verdict.failure = failure_;
    verdict.harm = network_.harm();
    return verdict;
}

void Fleet::tell() {
    office_.node = std::make_unique<Node>(
        "office", Node::Surroundings{time_, network_, random_, points_}, Node::Settings{});
    run_plain(office_.node->disk,
              "CREATE TABLE product(sku INTEGER PRIMARY KEY, name TEXT, price INTEGER, size"
              " INTEGER, note TEXT); CREATE TABLE offer(number INTEGER PRIMARY KEY, size INTEGER,"
              " text TEXT); INSERT INTO offer VALUES(1, 1, 'for all'), (2, 3, 'for some');" +
                  sales);
    office_.node->start();
    network_.set_hostility({.loss = 10, .duplication = 5});
    open_shops(30);
    work_for(2, 1);
    Member &silent = shops_.at(random_.below(20));
    silent.is_on = false;
    say(silent.node->name() + " falls silent");
    columns_ += ", note";
    open_shops(8);
    work_for(18, 9);
    close_shop(shops_.at(20 + random_.below(10)));
    replace_machine(shops_.at(30 + random_.below(4)));
    limit_ = " AND price < 500";
    declare();
    work_for(18, 9);
    open_shops(2);
    sends_offers_ = true;
    declare();
    work_for(18, 9);
    close_shop(shops_.at(34 + random_.below(4)));
    say(silent.node->name() + " is back; meanwhile the queue has " +
        std::to_string(count(*office_.node, "postrider_queue")) + " changesets, the outbox " +
        std::to_string(count(*office_.node, "postrider_outbox")) + " batches");
    silent.is_on = true;
    silent.due = time_.now();
    work_for(2, 1);
    network_.set_hostility({});
    run_for(hours{24 * 40});
    check();
}

void Fleet::open_shops(std::size_t count) {
    const std::size_t first = shops_.size();
    for (std::size_t index = 0; index < count; ++index) {
        Member &shop = shops_.emplace_back();
        set_up(shop, "shop" + std::to_string(shops_.size()));
        shop.size = 1 + random_.below(4);
        shop.takes_part = true;
    }
    declare();
    for (std::size_t index = first; index < shops_.size() && failure_.empty(); ++index) {
        pair(shops_[index], engine::invite);
    }
}

void Fleet::set_up(Member &shop, const std::string &name) {
    shop.node = std::make_unique<Node>(name, Node::Surroundings{time_, network_, random_, points_},
                                       Node::Settings{});
    run_plain(shop.node->disk, sales);
    shop.node->start();
}

/// It burns, with sales that nobody has heard of.
void Fleet::replace_machine(Member &shop) {
    say("the machine of " + shop.node->name() + " is replaced");
    const std::string name = shop.node->name();
    write_at(shop);
    shop.node.reset();
    shop.last_sale_lost = last_sale_;
    set_up(shop, name);
    pair(shop, engine::replace_peer);
    office_.node->witness.forget_positions(); // its streams begin anew
}

void Fleet::pair(Member &shop, const GiveLine &give_line) {
    std::string line;
    const Result<void> invited = office_.node->call([&](const Session &session) -> Result<void> {
        Result<std::string> made = give_line(session, shop.node->name());
        line = made ? *made : "";
        return made ? Result<void>{} : Result<void>{made.error()};
    });
    if (!invited || !shop.node->declare("NODE " + shop.node->name() + ";")) {
        return fail("cannot invite " + shop.node->name());
    }
    const Result<void> accepted = shop.node->call([&](const Session &session) -> Result<void> {
        const Result<std::string> peer =
            engine::accept(session, {line, mailbox + shop.node->name(), true});
        return peer ? Result<void>{} : Result<void>{peer.error()};
    });
    if (!accepted) {
        fail(shop.node->name() + ": " + accepted.error().message);
    }
    shop.due = time_.now();
}

void Fleet::close_shop(Member &shop) {
    say(shop.node->name() + " closes");
    shop.takes_part = false;
    shop.is_on = false;
    declare("DROP PEER " + shop.node->name() + ";");
}

/// The whole text of the head office.
void Fleet::declare(const std::string &also) {
    const Result<void> declared = office_.node->declare(also + text());
    if (!declared) {
        fail("the head office cannot declare: " + declared.error().message);
    }
    office_.due = time_.now();
}

std::string Fleet::text() const {
    std::string text = "NODE office; GROUP shops;";
    for (const Member &shop : shops_) {
        if (shop.takes_part) {
            text += "PEER " + shop.node->name() + " IN shops (size = " + std::to_string(shop.size) +
                    ") MAILDIR '" + mailbox + shop.node->name() + "';";
        }
    }
    return text + "TASK prices SEND product (" + columns_ + ") WHERE (" + condition("PEER.size") +
           ")" + (sends_offers_ ? ", offer WHERE (size <= PEER.size)" : "") +
           " TO shops CREATE MISSING TABLES; TASK sales RECEIVE sale FROM shops;";
}

std::string Fleet::condition(const std::string &size) const {
    return "size <= " + size + limit_;
}

void Fleet::work_for(int weeks, int weeks_between) {
    for (int week = 0; week < weeks && failure_.empty(); week += weeks_between) {
        write_at_office();
        for (Member &shop : shops_) {
            if (random_.chance(30)) {
                write_at(shop);
            }
        }
        run_for(hours{24 * 7} * weeks_between);
    }
}

void Fleet::write_at_office() {
    std::string statements;
    for (int index = 0; index < 8; ++index) {
        const std::string sku = std::to_string(random_.below(products_max));
        const std::string price = std::to_string(random_.below(1000));
        const std::string size = std::to_string(1 + random_.below(5));
        switch (random_.below(4)) {
        case 0:
            statements += "UPDATE product SET price = " + price + " WHERE sku = " + sku + ";";
            break;
        case 1:
            statements += "UPDATE product SET size = " + size + " WHERE sku = " + sku + ";";
            break;
        case 2:
            statements += "DELETE FROM product WHERE sku = " + sku + ";";
            break;
        default:
            statements += "INSERT OR REPLACE INTO product VALUES(" + sku + ", 'product', " + price +
                          ", " + size + ", 'note " + price + "');";
        }
    }
    run_plain(office_.node->disk, "BEGIN;" + statements + "COMMIT;");
    office_.due = time_.now();
}

void Fleet::write_at(Member &shop) {
    run_plain(shop.node->disk, "INSERT INTO sale VALUES('" + shop.node->name() + "', " +
                                   std::to_string(++last_sale_) + ", " +
                                   std::to_string(random_.below(products_max)) + ", 1)");
    shop.due = time_.now();
}

void Fleet::run_for(Duration duration) {
    const Timestamp end = time_.now() + duration;
    while (failure_.empty()) {
        Member *next = &office_;
        for (Member &shop : shops_) {
            if (shop.is_on && shop.due && (!next->due || *shop.due < *next->due)) {
                next = &shop;
            }
        }
        if (!next->due || *next->due > end) {
            break;
        }
        time_.advance(std::max(Duration::zero(), *next->due - time_.now()));
        cycle(*next);
    }
    time_.advance(std::max(Duration::zero(), end - time_.now()));
}

void Fleet::cycle(Member &member) {
    const std::optional<engine::CycleResult> result = member.node->cycle();
    if (!result || !member.node->trouble().empty() || !member.node->witness.violation.empty()) {
        return fail(member.node->name() + ": " + member.node->trouble() +
                    member.node->witness.violation);
    }
    const Timestamp soon = time_.now() + (result->has_more ? Duration::zero() : look_every);
    member.due = result->next_at ? std::max(*result->next_at, soon) : result->next_at;
    member.looked = time_.now();
    if (result->did_anything()) {
        member.due = soon;
    }
    for (Member &shop : shops_) {
        if (&member == &office_) {
            wake(shop, shop);
        } else if (&member == &shop) {
            wake(office_, shop);
        }
    }
}

/// When a mail comes into the mailbox between the head office and the shop.
void Fleet::wake(Member &member, const Member &shop) {
    const auto arrival = network_.next_arrival(member.node->name(), mailbox + shop.node->name());
    if (arrival && (!member.due || *arrival < *member.due)) {
        member.due = std::max(*arrival, member.looked + look_every);
    }
}

void Fleet::check() {
    for (const Member &shop : shops_) {
        if (shop.takes_part && failure_.empty()) {
            check_shop(shop);
        }
    }
    if (failure_.empty()) {
        check_office();
    }
}

void Fleet::check_shop(const Member &shop) {
    const std::string size = std::to_string(shop.size);
    const Node &node = *shop.node;
    const std::string wanted = rows_of(*office_.node, columns_, "product", condition(size));
    if (const std::string got = rows_of(node, columns_, "product"); got != wanted) {
        return fail(node.name() + " of size " + size + " has products\n  " + got +
                    "\nand should have\n  " + wanted);
    }
    if (rows_of(node, "number, size, text", "offer") !=
        rows_of(*office_.node, "number, size, text", "offer", "size <= " + size)) {
        return fail(node.name() + " has other offers than it should have");
    }
    const std::string sold = "sku, quantity, number";
    if (rows_of(node, sold, "sale") != rows_of(*office_.node, sold, "sale",
                                               "shop = '" + node.name() + "' AND number > " +
                                                   std::to_string(shop.last_sale_lost))) {
        return fail("the head office has other sales of " + node.name() + " than were made");
    }
}

/// What the head office keeps is bounded by its shops, not by the years.
void Fleet::check_office() {
    struct Bound {
        const char *table;
        std::int64_t per_shop;
        bool names_peers = true;
    };

    const auto shops = std::count_if(shops_.begin(), shops_.end(),
                                     [](const Member &shop) { return shop.takes_part; });
    for (const Bound &bound : std::initializer_list<Bound>{{"queue", 0, false},
                                                           {"outbox", 0},
                                                           {"control_out", 0},
                                                           {"note", 0},
                                                           {"inbox_body", 0},
                                                           {"inbox_part", 0},
                                                           {"parked_row", 0},
                                                           {"offer", 0},
                                                           {"invitation", 0},
                                                           {"task_peer", 2},
                                                           {"task_flow", 2},
                                                           {"stream_in", 2},
                                                           {"stream_out", 2},
                                                           {"table_sent", 2},
                                                           {"schema_in", 2},
                                                           {"schema_out", 6},
                                                           {"delivery", 20},
                                                           {"event", 20},
                                                           {"history_frame", 64}}) {
        const std::string table = std::string{"postrider_"} + bound.table;
        const std::int64_t rows = count(*office_.node, table);
        say(std::to_string(rows) + " rows in " + table);
        if (rows > bound.per_shop * shops) {
            return fail("the head office keeps " + std::to_string(rows) + " rows in " + table +
                        " for " + std::to_string(shops) + " shops");
        }
        if (bound.names_peers &&
            count(*office_.node, table + " WHERE peer_id NOT IN (SELECT peer_id FROM"
                                         " postrider_peer)") > 0) {
            return fail("the head office keeps rows of shops that are gone in " + table);
        }
    }
}

void Fleet::fail(const std::string &what) {
    if (failure_.empty()) {
        failure_ = what;
    }
}

void Fleet::say(const std::string &what) const {
    if (verbose_) {
        (void)std::printf("%s seed %llu: %s\n", to_text(time_.now()).c_str(),
                          static_cast<unsigned long long>(seed_), what.c_str());
        (void)std::fflush(stdout);
    }
}

} // namespace postrider::simulation
