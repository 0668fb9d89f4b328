// The disk in memory: what faults and deaths make of its files.
#include "tests/simulation/memory_disk.hpp"

#include <algorithm>
#include <utility>

#include "common/base/ensure.hpp"

#include "tests/simulation/memory_file.hpp"

namespace postrider::simulation {

namespace {

void write_to(Bytes &content, std::uint64_t offset, ByteView bytes) {
    if (content.size() < offset + bytes.size()) {
        content.resize(offset + bytes.size());
    }
    std::copy(bytes.begin(), bytes.end(), content.begin() + static_cast<std::ptrdiff_t>(offset));
}

} // namespace

void carry_out(Bytes &content, const Unsynced &change) {
    if (change.is_truncation) {
        content.resize(std::min<std::uint64_t>(content.size(), change.offset));
    } else {
        write_to(content, change.offset, change.written);
    }
}

MemoryDisk::MemoryDisk(std::string vfs_name, Random &random, const Clock &clock)
    : vfs_name_(std::move(vfs_name)), random_(random), clock_(clock) {
    vfs_.iVersion = 2;
    vfs_.szOsFile = sizeof(Handle);
    vfs_.mxPathname = 512;
    vfs_.zName = vfs_name_.c_str();
    vfs_.pAppData = this;
    set_disk_calls(vfs_);
    ensure(sqlite3_vfs_register(&vfs_, 1) == SQLITE_OK, "SQLite takes another VFS");
    sqlite3_randomness(0, nullptr); // seeded anew, from here
}

MemoryDisk::~MemoryDisk() {
    close_program();
    sqlite3_vfs_unregister(&vfs_);
}

void MemoryDisk::fail_in(std::uint64_t operations, DiskFault fault) {
    planned_ = Plan{operations, fault};
}

bool MemoryDisk::survives_call() {
    dead_ = dead_ || (points_ != nullptr && points_->pass());
    return !dead_;
}

int MemoryDisk::before_change() {
    ++changes_;
    if (!survives_call()) {
        return SQLITE_IOERR;
    }
    if (!planned_) {
        return SQLITE_OK;
    }
    if (planned_->operations > 0) {
        --planned_->operations;
        return SQLITE_OK;
    }
    const DiskFault fault = planned_->fault;
    planned_.reset();
    switch (fault) {
    case DiskFault::death:
        dead_ = true;
        return SQLITE_IOERR;
    case DiskFault::full:
        return SQLITE_FULL;
    case DiskFault::io_error:
        return SQLITE_IOERR_WRITE;
    }
    return SQLITE_IOERR;
}

void MemoryDisk::make_deletions_durable() {
    std::erase_if(files_, [](const auto &file) { return file.second->is_deleted; });
}

/// Each write since the last sync has its own fate, where the loss is not total.
void MemoryDisk::lose_unsynced(File &file, Loss loss) {
    for (const Unsynced &change : file.unsynced) {
        const std::uint64_t fate = loss == Loss::none  ? 0
                                   : loss == Loss::all ? 2
                                                       : random_.below(4);
        if (fate == 0) {
            carry_out(file.durable, change);
            continue;
        }
        ++lost_writes_;
        if (fate == 1 && !change.is_truncation) {
            for (std::size_t from = 0; from < change.written.size(); from += sector_bytes) {
                if (random_.chance(50)) {
                    const std::size_t size = std::min(sector_bytes, change.written.size() - from);
                    write_to(file.durable, change.offset + from,
                             ByteView{change.written}.subspan(from, size));
                }
            }
        }
    }
    file.unsynced.clear();
    file.current = file.durable;
}

void MemoryDisk::die(Death death) {
    dead_ = true; // for what the program would tidy up, too
    close_program();
    ++life_;
    dead_ = false;
    planned_.reset();
    const std::uint64_t lot = random_.below(5);
    const Loss loss = lot == 0 ? Loss::none : lot == 1 ? Loss::all : Loss::some;
    for (auto file = files_.begin(); file != files_.end();) {
        File &content = *file->second;
        content.forget_process();
        bool gone = content.is_deleted;
        if (death == Death::power) {
            gone = gone ? random_.chance(50) : !content.was_synced && random_.chance(50);
            lose_unsynced(content, loss);
        }
        content.is_deleted = false;
        file = gone ? files_.erase(file) : std::next(file);
    }
}

void MemoryDisk::move_database(const std::string &path) {
    close_program();
    std::map<std::string, std::shared_ptr<File>> files;
    for (auto &[name, file] : files_) {
        files[name.starts_with(database_path_) ? path + name.substr(database_path_.size()) : name] =
            std::move(file);
    }
    files_ = std::move(files);
    database_path_ = path;
}

DiskImage MemoryDisk::image() const {
    DiskImage image;
    for (const auto &[path, file] : files_) {
        if (!file->is_deleted && path.starts_with(database_path_)) {
            image[path.substr(database_path_.size())] = file->current;
        }
    }
    return image;
}

void MemoryDisk::restore(const DiskImage &image) {
    close_program();
    ++life_;
    files_.clear();
    for (const auto &[suffix, content] : image) {
        auto file = std::make_shared<File>();
        file->current = content;
        file->durable = content;
        file->was_synced = true;
        files_[database_path_ + suffix] = std::move(file);
    }
}

bool MemoryDisk::exists(const std::string &path) const {
    const auto found = files_.find(path);
    return found != files_.end() && !found->second->is_deleted;
}

} // namespace postrider::simulation
