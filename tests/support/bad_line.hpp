// A line that loses and doubles mails and brings them out of order.
#pragma once

#include <algorithm>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace postrider::test {

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

} // namespace postrider::test
