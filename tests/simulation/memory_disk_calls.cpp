// The VFS methods over files in memory.
#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "tests/simulation/memory_file.hpp"

namespace postrider::simulation {

namespace {

/// Milliseconds from the beginning of SQLite's Julian days to 1970.
constexpr sqlite3_int64 julian_epoch_ms = 210'866'760'000'000;

} // namespace

/// The functions that SQLite calls.
struct DiskCalls {
    using File = MemoryDisk::File;
    using Handle = MemoryDisk::Handle;

    static MemoryDisk &disk_of(sqlite3_vfs *vfs) {
        return *static_cast<MemoryDisk *>(vfs->pAppData);
    }

    // ---- Files ----------------------------------------------------------------------------------

    static int close(sqlite3_file *base) {
        Handle &handle = Handle::of(base);
        if (!handle.is_dead()) {
            unlock(base, SQLITE_LOCK_NONE);
            drop_shared_memory_locks(handle);
            if (handle.delete_on_close) {
                handle.disk->files_.erase(handle.path);
            }
        }
        handle.~Handle();
        return SQLITE_OK;
    }

    static int read(sqlite3_file *base, void *buffer, int size, sqlite3_int64 offset) {
        const Handle &handle = Handle::of(base);
        if (handle.is_dead()) {
            return SQLITE_IOERR_READ;
        }
        const Bytes &content = handle.file->current;
        const auto wanted = static_cast<std::size_t>(size);
        const auto from = std::min<std::size_t>(static_cast<std::size_t>(offset), content.size());
        const std::size_t there = std::min(wanted, content.size() - from);
        auto *out = static_cast<std::uint8_t *>(buffer);
        std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(from), there, out);
        std::fill(out + there, out + wanted, std::uint8_t{0});
        return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
    }

    static int write(sqlite3_file *base, const void *buffer, int size, sqlite3_int64 offset) {
        const Handle &handle = Handle::of(base);
        if (handle.is_dead()) {
            return SQLITE_IOERR_WRITE;
        }
        const int fault = handle.disk->before_change();
        if (fault != SQLITE_OK && !handle.disk->is_dead()) {
            return fault;
        }
        const auto *bytes = static_cast<const std::uint8_t *>(buffer);
        Unsynced change{static_cast<std::uint64_t>(offset), {bytes, bytes + size}};
        carry_out(handle.file->current, change);
        handle.file->unsynced.push_back(std::move(change));
        return fault; // a dying process may have written
    }

    static int truncate(sqlite3_file *base, sqlite3_int64 size) {
        const Handle &handle = Handle::of(base);
        const int fault = handle.is_dead() ? SQLITE_IOERR_TRUNCATE : handle.disk->before_change();
        if (fault != SQLITE_OK) {
            return fault;
        }
        Unsynced change{static_cast<std::uint64_t>(size), {}, true};
        carry_out(handle.file->current, change);
        handle.file->unsynced.push_back(std::move(change));
        return SQLITE_OK;
    }

    static int sync(sqlite3_file *base, int) {
        const Handle &handle = Handle::of(base);
        const int fault = handle.is_dead() ? SQLITE_IOERR_FSYNC : handle.disk->before_change();
        if (fault == SQLITE_OK) {
            handle.file->sync();
            handle.disk->make_deletions_durable();
        }
        return fault == SQLITE_FULL ? SQLITE_IOERR_FSYNC : fault;
    }

    static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
        const Handle &handle = Handle::of(base);
        *size = static_cast<sqlite3_int64>(handle.file->current.size());
        return handle.is_dead() ? SQLITE_IOERR_FSTAT : SQLITE_OK;
    }

    // ---- Locks of the rollback journal (sqlite3.h, "sqlite3_io_methods")
    // -------------------------

    static int lock(sqlite3_file *base, int wanted) {
        Handle &handle = Handle::of(base);
        File &file = *handle.file;
        if (handle.is_dead()) {
            return SQLITE_IOERR_LOCK;
        }
        if (handle.lock >= wanted) {
            return SQLITE_OK;
        }
        const auto held_by_other = [&handle](const Handle *holder) {
            return holder != nullptr && holder != &handle;
        };
        if (held_by_other(file.exclusive) || held_by_other(file.pending) ||
            (wanted >= SQLITE_LOCK_RESERVED && held_by_other(file.reserved))) {
            return SQLITE_BUSY;
        }
        if (handle.lock == SQLITE_LOCK_NONE) {
            ++file.shared;
            handle.lock = SQLITE_LOCK_SHARED;
        }
        if (wanted >= SQLITE_LOCK_RESERVED) {
            file.reserved = &handle;
            handle.lock = SQLITE_LOCK_RESERVED;
        }
        if (wanted == SQLITE_LOCK_EXCLUSIVE) {
            file.pending = &handle;
            handle.lock = SQLITE_LOCK_PENDING;
            if (file.shared > 1) {
                return SQLITE_BUSY;
            }
            file.exclusive = &handle;
            handle.lock = SQLITE_LOCK_EXCLUSIVE;
        }
        return SQLITE_OK;
    }

    static int unlock(sqlite3_file *base, int wanted) {
        Handle &handle = Handle::of(base);
        File &file = *handle.file;
        if (handle.is_dead() || handle.lock <= wanted) {
            return SQLITE_OK;
        }
        for (const Handle **holder : {&file.reserved, &file.pending, &file.exclusive}) {
            if (*holder == &handle) {
                *holder = nullptr;
            }
        }
        if (wanted == SQLITE_LOCK_NONE) {
            --file.shared;
        }
        handle.lock = wanted;
        return SQLITE_OK;
    }

    static int check_reserved(sqlite3_file *base, int *reserved) {
        const Handle &handle = Handle::of(base);
        *reserved = handle.file->reserved != nullptr ? 1 : 0;
        return handle.is_dead() ? SQLITE_IOERR_CHECKRESERVEDLOCK : SQLITE_OK;
    }

    static int control(sqlite3_file *, int, void *) { return SQLITE_NOTFOUND; }

    static int sector(sqlite3_file *) { return sector_bytes; }

    /// Overwriting some bytes never harms their neighbours, and nothing more.
    static int characteristics(sqlite3_file *) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

    // ---- Shared memory of the write-ahead log
    // ----------------------------------------------------

    static int
    map_region(sqlite3_file *base, int index, int size, int extend, volatile void **out) {
        const Handle &handle = Handle::of(base);
        *out = nullptr;
        auto &regions = handle.file->regions;
        const auto wanted = static_cast<std::size_t>(index);
        if (handle.is_dead() || static_cast<std::size_t>(size) > 32768) {
            return SQLITE_IOERR_SHMMAP;
        }
        if (wanted >= regions.size() && extend == 0) {
            return SQLITE_OK;
        }
        while (regions.size() <= wanted) {
            regions.push_back(std::make_unique<std::array<unsigned char, 32768>>());
        }
        *out = regions[wanted]->data();
        return SQLITE_OK;
    }

    static int lock_region(sqlite3_file *base, int first, int count, int flags) {
        Handle &handle = Handle::of(base);
        if (handle.is_dead()) {
            return SQLITE_IOERR_SHMLOCK;
        }
        for (int pass = 0; pass < 2; ++pass) {
            for (int index = first; index < first + count; ++index) {
                const bool tries = pass == 0;
                if (!change_lock(handle, static_cast<std::size_t>(index), flags, tries)) {
                    return SQLITE_BUSY;
                }
            }
        }
        return SQLITE_OK;
    }

    /// With `only_try`, says whether the change is possible.
    static bool change_lock(Handle &handle, std::size_t index, int flags, bool only_try) {
        int &shared = handle.file->shared_locks.at(index);
        const Handle *&exclusive = handle.file->exclusive_locks.at(index);
        bool &holds_shared = handle.holds_shared.at(index);
        const bool others_share = shared > (holds_shared ? 1 : 0);
        const bool other_excludes = exclusive != nullptr && exclusive != &handle;
        if ((flags & SQLITE_SHM_UNLOCK) != 0) {
            if (!only_try) {
                release_lock(handle, index);
            }
            return true;
        }
        if ((flags & SQLITE_SHM_SHARED) != 0) {
            if (!only_try && !holds_shared) {
                ++shared;
                holds_shared = true;
            }
            return !other_excludes;
        }
        if (!only_try) {
            exclusive = &handle;
        }
        return !other_excludes && !others_share;
    }

    static void release_lock(Handle &handle, std::size_t index) {
        if (handle.holds_shared.at(index)) {
            --handle.file->shared_locks.at(index);
            handle.holds_shared.at(index) = false;
        }
        if (handle.file->exclusive_locks.at(index) == &handle) {
            handle.file->exclusive_locks.at(index) = nullptr;
        }
    }

    static void drop_shared_memory_locks(Handle &handle) {
        for (std::size_t index = 0; index < locks_of_shared_memory; ++index) {
            release_lock(handle, index);
        }
    }

    static void barrier(sqlite3_file *) {}

    static int unmap(sqlite3_file *base, int delete_flag) {
        Handle &handle = Handle::of(base);
        if (!handle.is_dead()) {
            drop_shared_memory_locks(handle);
            if (delete_flag != 0) {
                handle.file->regions.clear();
            }
        }
        return SQLITE_OK;
    }

    // ---- The file system ------------------------------------------------------------------------

    static int open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *out) {
        MemoryDisk &disk = disk_of(vfs);
        base->pMethods = nullptr; // until then SQLite does not call close
        if (disk.is_dead()) {
            return SQLITE_CANTOPEN;
        }
        static std::uint64_t unnamed = 0;
        const std::string path = name != nullptr ? name : "/unnamed/" + std::to_string(++unnamed);
        auto found = disk.files_.find(path);
        if (found == disk.files_.end()) {
            if ((flags & SQLITE_OPEN_CREATE) == 0 && name != nullptr) {
                return SQLITE_CANTOPEN;
            }
            found = disk.files_.emplace(path, std::make_shared<File>()).first;
        } else if (found->second->is_deleted) {
            found->second = std::make_shared<File>();
        }
        auto *handle = new (base) Handle{{},
                                         &disk,
                                         found->second,
                                         path,
                                         disk.life_,
                                         SQLITE_LOCK_NONE,
                                         (flags & SQLITE_OPEN_DELETEONCLOSE) != 0,
                                         {}};
        handle->base.pMethods = &methods;
        if (out != nullptr) {
            *out = flags;
        }
        return SQLITE_OK;
    }

    /// Without `sync_directory` a power cut may bring the file back, until something is synced:
    /// file systems keep the order of their directory changes.
    static int remove(sqlite3_vfs *vfs, const char *name, int sync_directory) {
        MemoryDisk &disk = disk_of(vfs);
        const auto found = disk.files_.find(name);
        if (disk.is_dead()) {
            return SQLITE_IOERR_DELETE;
        }
        if (found == disk.files_.end() || found->second->is_deleted) {
            return SQLITE_IOERR_DELETE_NOENT;
        }
        if (const int fault = disk.before_change(); fault != SQLITE_OK) {
            return SQLITE_IOERR_DELETE;
        }
        if (sync_directory != 0) {
            disk.files_.erase(found);
        } else {
            found->second->is_deleted = true;
        }
        return SQLITE_OK;
    }

    static int access(sqlite3_vfs *vfs, const char *name, int, int *out) {
        const MemoryDisk &disk = disk_of(vfs);
        *out = disk.exists(name) ? 1 : 0;
        return disk.is_dead() ? SQLITE_IOERR_ACCESS : SQLITE_OK;
    }

    static int full_path(sqlite3_vfs *, const char *name, int size, char *out) {
        sqlite3_snprintf(size, out, "%s", name);
        return SQLITE_OK;
    }

    static int randomness(sqlite3_vfs *vfs, int size, char *out) {
        for (int index = 0; index < size; ++index) {
            out[index] = static_cast<char>(disk_of(vfs).random_.next());
        }
        return size;
    }

    /// Waiting does not help where nobody else runs.
    static int sleep(sqlite3_vfs *, int microseconds) { return microseconds; }

    static int time_ms(sqlite3_vfs *vfs, sqlite3_int64 *out) {
        *out = julian_epoch_ms + to_milliseconds(disk_of(vfs).clock_.now());
        return SQLITE_OK;
    }

    static int time_days(sqlite3_vfs *vfs, double *out) {
        sqlite3_int64 milliseconds = 0;
        time_ms(vfs, &milliseconds);
        *out = static_cast<double>(milliseconds) / 86'400'000.0;
        return SQLITE_OK;
    }

    static int system_error(sqlite3_vfs *, int, char *) { return 0; }

    static const sqlite3_io_methods methods;
};

const sqlite3_io_methods DiskCalls::methods = {
    2,      close,          read,    write,  truncate,        sync,       file_size,   lock,
    unlock, check_reserved, control, sector, characteristics, map_region, lock_region, barrier,
    unmap,  nullptr,        nullptr};

void set_disk_calls(sqlite3_vfs &vfs) {
    vfs.xOpen = DiskCalls::open;
    vfs.xDelete = DiskCalls::remove;
    vfs.xAccess = DiskCalls::access;
    vfs.xFullPathname = DiskCalls::full_path;
    vfs.xRandomness = DiskCalls::randomness;
    vfs.xSleep = DiskCalls::sleep;
    vfs.xCurrentTime = DiskCalls::time_days;
    vfs.xCurrentTimeInt64 = DiskCalls::time_ms;
    vfs.xGetLastError = DiskCalls::system_error;
}

} // namespace postrider::simulation
