// A line that loses, doubles and delays mails and brings them out of order.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace postrider::test {

/// Takes mails from one maildir to another, which may be the same one. What a line has brought is
/// left alone by every line.
class BadLine {
  public:
    BadLine(const std::string &from, const std::string &to, std::mt19937 &random)
        : from_(from), to_(to), random_(random) {}

    /// Takes at most `mails_max` of the mails that lie there, the oldest first. Gives how many.
    std::size_t carry(std::size_t mails_max = SIZE_MAX) {
        std::size_t taken = 0;
        for (const std::filesystem::path &mail : waiting()) {
            if (taken == mails_max) {
                break;
            }
            if (!chance(percent_late)) {
                take(mail);
                ++taken;
            }
        }
        return taken;
    }

    /// What lies there to be taken, the oldest first.
    [[nodiscard]] std::vector<std::filesystem::path> waiting() const {
        std::vector<std::filesystem::path> mails;
        for (const auto &mail : std::filesystem::directory_iterator(from_ / "new")) {
            if (mail.path().extension() != brought_) {
                mails.push_back(mail.path());
            }
        }
        std::sort(mails.begin(), mails.end());
        return mails;
    }

    int percent_lost = 20;
    int percent_doubled = 20;
    int percent_late = 0; // each time

    int lost = 0;
    int doubled = 0;

  private:
    static constexpr const char *brought_ = ".x";

    void take(const std::filesystem::path &mail) {
        if (chance(percent_lost)) {
            std::filesystem::remove(mail);
            ++lost;
            return;
        }
        if (chance(percent_doubled)) {
            const std::string name = fresh_name();
            std::filesystem::copy_file(mail, to_ / "tmp" / name);
            std::filesystem::rename(to_ / "tmp" / name, to_ / "new" / name); // appears whole
            ++doubled;
        }
        std::filesystem::rename(mail, to_ / "new" / fresh_name());
    }

    bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }

    /// Mails are read in the order of their names.
    std::string fresh_name() { return std::to_string(random_()) + ".mail" + brought_; }

    std::filesystem::path from_;
    std::filesystem::path to_;
    std::mt19937 &random_;
};

} // namespace postrider::test
