// A file of the disk in memory, what of it is on the platter, and what SQLite holds of an open one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <sqlite3.h>

#include "tests/simulation/memory_disk.hpp"

namespace postrider::simulation {

constexpr std::size_t sector_bytes = 512;
constexpr int locks_of_shared_memory = SQLITE_SHM_NLOCK;

/// A change that is not on the platter yet.
struct Unsynced {
    std::uint64_t offset = 0;
    Bytes written;
    bool is_truncation = false; // to `offset`
};

void carry_out(Bytes &content, const Unsynced &change);

struct MemoryDisk::File {
    Bytes current;
    Bytes durable;
    std::vector<Unsynced> unsynced;
    bool was_synced = false; // before, a power cut may take the file itself
    bool is_deleted = false; // unlinked while open, or waiting for the directory to be synced

    // Locks of the rollback journal: how many handles are at SHARED or above, and who is higher.
    int shared = 0;
    const Handle *reserved = nullptr;
    const Handle *pending = nullptr;
    const Handle *exclusive = nullptr;

    // The shared memory of the write-ahead log.
    std::vector<std::unique_ptr<std::array<unsigned char, 32768>>> regions;
    std::array<int, locks_of_shared_memory> shared_locks{};
    std::array<const Handle *, locks_of_shared_memory> exclusive_locks{};

    void forget_process() {
        shared = 0;
        reserved = pending = exclusive = nullptr;
        regions.clear();
        shared_locks.fill(0);
        exclusive_locks.fill(nullptr);
    }

    void sync() {
        for (const Unsynced &change : unsynced) {
            carry_out(durable, change);
        }
        unsynced.clear();
        was_synced = true;
    }
};

/// What SQLite allocates for us as a sqlite3_file. `file` is constructed by open and destroyed by
/// close.
struct MemoryDisk::Handle {
    sqlite3_file base;
    MemoryDisk *disk;
    std::shared_ptr<File> file;
    std::string path;
    std::uint64_t life;
    int lock;
    bool delete_on_close;
    std::array<bool, locks_of_shared_memory> holds_shared;

    [[nodiscard]] bool is_dead() const { return disk->is_dead() || life != disk->life_; }

    static Handle &of(sqlite3_file *file) { return *reinterpret_cast<Handle *>(file); }
};

/// Gives `vfs` the functions that SQLite calls.
void set_disk_calls(sqlite3_vfs &vfs);

} // namespace postrider::simulation
