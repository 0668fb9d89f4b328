// A program that uses a database of ours without knowing of us: its tables, its writes through a
// plain connection with triggers on, and how two copies of its tables are compared to the bit.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulation/memory_disk.hpp"
#include "tests/simulation/random.hpp"
#include "tests/simulation/tables.hpp"

namespace postrider::simulation {

/// What of a table is sent to others.
struct Sent {
    std::string where = "1";   // rows of the owner's
    std::string columns = "*"; // those that are compared
    std::string clauses;       // the same in the task language
};

/// The tables that one node owns and writes, made at every node: keys of one and two columns, a
/// unique column, a foreign key with cascade, every storage class, a table without rowid. Later
/// versions of the application alter them; each database is altered at a time of its own.
class Application {
  public:
    Application() = default;

    explicit Application(std::string owner)
        : owner_(std::move(owner)), shapes_{first_shapes(owner_)} {}

    [[nodiscard]] std::vector<std::string> tables() const;

    /// Makes the tables in the file, where they are missing.
    void create(MemoryDisk &disk) const;

    /// One transaction of a few statements. A statement that a constraint refuses is left out.
    /// False when the disk failed and the whole transaction was rolled back, or the process died.
    bool write(const MemoryDisk &disk, Random &random);

    /// Where this file receives the tables: a row that is only here takes a code that a row to come
    /// may have, or all such rows go. False: the disk failed, or there was nothing to do.
    [[nodiscard]] bool obstruct(const MemoryDisk &disk, Random &random) const;
    [[nodiscard]] bool clear(const MemoryDisk &disk) const;

    /// A later version of the application is written: one alteration more. Gives its script.
    const std::string &plan_migration(Random &random);
    /// The file goes through its next alteration. False: there is none, or the disk failed.
    [[nodiscard]] bool migrate(const MemoryDisk &disk) const;

    /// Only a part of the tables is sent from now on.
    void send_a_part(bool with_lists);

    /// The same tables as another node sends them on: of what it has, another part.
    [[nodiscard]] Application passed_on() const;

    [[nodiscard]] const Sent &sent(std::size_t table) const { return sent_.at(table); }

    /// All rows, or those of the owner's that are sent.
    enum class Rows { all, sent };

    /// Rows of every table in the columns that are sent, exact: text of types and bytes.
    [[nodiscard]] std::map<std::string, std::vector<std::string>>
    content(const MemoryDisk &disk, Rows rows = Rows::all) const;

    /// Where this file receives the tables: a column that no list names and that has come all the
    /// same, or "".
    [[nodiscard]] std::string unlisted(const MemoryDisk &disk) const;

    /// Rows by table and key with the version that the application gave them at their last write;
    /// without those that are only here to be in the way.
    using Versions = std::map<std::string, std::int64_t>;
    [[nodiscard]] Versions versions(const MemoryDisk &disk, Rows rows = Rows::all) const;

    [[nodiscard]] const std::string &owner() const { return owner_; }

  private:
    std::string statement(const Shapes &shapes, Random &random);

    std::string owner_;
    std::vector<std::string> scripts_;
    std::vector<Shapes> shapes_; // by how many scripts were run
    std::int64_t last_version_ = 0;
    std::array<Sent, 3> sent_;
};

/// "" or what PRAGMA integrity_check and foreign_key_check complain of.
std::string complaints(const MemoryDisk &disk);

/// The one value of a query, as text; "" without a row.
std::string ask(const MemoryDisk &disk, const std::string &sql);

/// The same for a text, as it is.
std::string ask_text(const MemoryDisk &disk, const std::string &sql);

/// Runs statements as a program that comes and goes; throws BrokenInvariant when that fails.
void run_plain(MemoryDisk &disk, const std::string &sql);
} // namespace postrider::simulation
