// The Chinook shop (11 tables, 15,607 rows, composite keys, a self-reference), what its programs
// write, and a line that loses and doubles mails and brings them out of order.
#pragma once

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <zlib.h>

#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

inline const std::vector<std::string> chinook_tables = {
    "Album",       "Artist",    "Customer", "Employee",      "Genre", "Invoice",
    "InvoiceLine", "MediaType", "Playlist", "PlaylistTrack", "Track"};

inline std::string unpack(const std::string &path) {
    std::string text;
    gzFile file = gzopen(path.c_str(), "rb");
    std::array<char, 65536> buffer{};
    int size = 0;
    while (file != nullptr && (size = gzread(file, buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(size));
    }
    gzclose(file);
    return text;
}

/// The script that makes the database, Chinook_Sqlite.sql.gz in the directory that the environment
/// variable POSTRIDER_CHINOOK names; empty where it names none.
inline std::string chinook_script() {
    const char *chinook = std::getenv("POSTRIDER_CHINOOK");
    if (chinook == nullptr) {
        return {};
    }
    std::string script = unpack(std::string{chinook} + "/Chinook_Sqlite.sql.gz");
    if (script.empty()) {
        throw std::runtime_error(std::string{"no Chinook_Sqlite.sql.gz in "} + chinook);
    }
    return script;
}

class BadLine {
  public:
    BadLine(std::string maildir, std::mt19937 &random) : new_(maildir + "/new"), random_(random) {}

    void mangle() {
        std::vector<std::filesystem::path> mails;
        for (const auto &mail : std::filesystem::directory_iterator(new_)) {
            mails.push_back(mail.path());
        }
        std::sort(mails.begin(), mails.end());
        for (const std::filesystem::path &mail : mails) {
            if (chance(percent_lost_)) {
                std::filesystem::remove(mail);
                ++lost;
                continue;
            }
            if (chance(percent_doubled_)) {
                std::filesystem::copy_file(mail, fresh_name());
                ++doubled;
            }
            std::filesystem::rename(mail, fresh_name()); // read in the order of names
        }
    }

    int lost = 0;
    int doubled = 0;

  private:
    static constexpr int percent_lost_ = 20;
    static constexpr int percent_doubled_ = 20;

    bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

    std::filesystem::path fresh_name() { return new_ / (std::to_string(random_()) + ".mail.x"); }

    std::filesystem::path new_;
    std::mt19937 &random_;
};

/// Statements as a shop's programs would run them; some fail on a constraint and change nothing.
inline std::string random_change(std::mt19937 &random) {
    const auto pick = [&](int most) {
        return std::to_string(random() % static_cast<unsigned>(most));
    };
    const std::string any_line =
        "(SELECT InvoiceLineId FROM InvoiceLine LIMIT 1 OFFSET " + pick(2000) + ")";
    const std::string artist = pick(275);
    switch (random() % 12) {
    case 0:
        return "INSERT INTO Artist SELECT max(ArtistId) + 1, 'artist ' || " + pick(1000) +
               " FROM Artist";
    case 1:
        return "INSERT INTO Album SELECT max(AlbumId) + 1, 'album', " + artist + " FROM Album";
    case 2:
        return "UPDATE Track SET UnitPrice = " + pick(99) +
               " / 100.0 WHERE TrackId = " + pick(3503);
    case 3:
        return "UPDATE Customer SET City = 'city " + pick(50) +
               "', State = NULL WHERE CustomerId = " + pick(60);
    case 4:
        return "DELETE FROM PlaylistTrack WHERE PlaylistId = " + pick(18) +
               " AND TrackId = " + pick(3503);
    case 5:
        return "DELETE FROM InvoiceLine WHERE InvoiceLineId = " + any_line;
    case 6:
        return "UPDATE InvoiceLine SET InvoiceLineId = InvoiceLineId + 100000 WHERE InvoiceLineId "
               "= " +
               any_line;
    case 7:
        return "UPDATE PlaylistTrack SET TrackId = " + pick(3503) +
               " WHERE rowid ="
               " (SELECT rowid FROM PlaylistTrack LIMIT 1 OFFSET " +
               pick(8000) + ")";
    case 8:
        return "UPDATE Employee SET ReportsTo = " + pick(9) + ", Title = 'title " + pick(9) +
               "' WHERE EmployeeId = " + pick(9);
    case 9:
        return "INSERT INTO InvoiceLine SELECT max(InvoiceLineId) + 1, " + pick(412) + ", " +
               pick(3503) + ", 0.99, " + pick(5) + " FROM InvoiceLine";
    case 10:
        return "REPLACE INTO Playlist VALUES(" + pick(30) + ", 'list " + pick(100) + "')";
    default:
        return "BEGIN; PRAGMA defer_foreign_keys = ON;"
               "UPDATE Artist SET ArtistId = ArtistId + 5000 WHERE ArtistId = " +
               artist +
               ";"
               "UPDATE Album SET ArtistId = ArtistId + 5000 WHERE ArtistId = " +
               artist + "; COMMIT";
    }
}

/// True when the statement changed anything.
inline bool run_change(Application &program, const std::string &sql) {
    const std::string before = program.ask("SELECT total_changes()");
    try {
        program.run(sql);
    } catch (const std::runtime_error &) {
        // Refused by a constraint; a transaction that it left open is given up.
        if (sql.starts_with("BEGIN")) {
            program.run("ROLLBACK");
        }
        return false;
    }
    return program.ask("SELECT total_changes()") != before;
}

} // namespace postrider::test
