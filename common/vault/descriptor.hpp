// An open file as POSIX knows it: closed by its owner, read and written to the end. For the files
// of the vault and of the maildirs.
#pragma once

#include <optional>
#include <utility>

#include "common/base/bytes.hpp"

namespace postrider::vault {

/// Owns what open gave; false when that failed, with the reason in errno.
class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}

    Descriptor(const Descriptor &) = delete;
    Descriptor &operator=(const Descriptor &) = delete;
    ~Descriptor();

    [[nodiscard]] int get() const { return number_; }

    explicit operator bool() const { return number_ >= 0; }

    /// Somebody else closes it from now on.
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

/// What there is, at most `bytes_max`. Null when it cannot be read: see errno.
std::optional<Bytes> read_up_to(int file, std::size_t bytes_max);

/// False when it cannot be written whole: see errno.
bool write_all(int file, ByteView content);

} // namespace postrider::vault
