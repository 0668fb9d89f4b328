// The Chinook shop (11 tables, 15,607 rows, composite keys, a self-reference) and what its programs
// write.
#pragma once

#include <array>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <zlib.h>

#include "tests/support/bad_line.hpp"
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
