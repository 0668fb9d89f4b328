// A temporary maildir, and envelopes that bear real stamps.
#pragma once

#include <filesystem>
#include <fstream>
#include <memory>

#include <gtest/gtest.h>

#include "common/transport/maildir.hpp"
#include "common/wire/envelope.hpp"

#include "tests/support/temporary_directory.hpp"

namespace postrider::transport {

namespace fs = std::filesystem;

class MaildirTest : public ::testing::Test {
  protected:
    MaildirTest() {
        directory_ = root_ / "box";
        EXPECT_TRUE(create_maildir(directory_).has_value());
    }

    /// A part sealed for the owner of `stamp_key`.
    static Bytes envelope_for(const FixedBytes<32> &stamp_key, std::size_t body_bytes = 300) {
        static const crypto::SigningKey signing_key = crypto::SigningKey::generate();
        const wire::Recipient recipient{NodeId{}, crypto::ExchangeKey::generate().public_key,
                                        crypto::Key{}, crypto::Key(stamp_key)};
        const Bytes body(body_bytes, 0x5a);
        return wire::seal_part({NodeId{}, signing_key}, {&recipient, 1}, wire::ContentKey::random(),
                               {}, body)
            .value();
    }

    static FixedBytes<32> key(std::uint8_t number) {
        FixedBytes<32> key{};
        key.fill(number);
        return key;
    }

    [[nodiscard]] engine::Inlet inlet(std::uint8_t key_number) const {
        return {"maildir", directory_, {key(key_number)}, {}, {}};
    }

    [[nodiscard]] engine::Transmission transmission(std::uint64_t ticket, Bytes envelope) const {
        return {ticket, "maildir", directory_, {}, std::move(envelope)};
    }

    [[nodiscard]] std::unique_ptr<Maildir> reader(std::uint8_t key_number) const {
        auto maildir = std::make_unique<Maildir>();
        maildir->configure({inlet(key_number)});
        return maildir;
    }

    /// Puts an envelope into the maildir as another node would; gives the name of its file.
    std::string put(Bytes envelope) {
        const std::set<std::string> before = names_in("new");
        Maildir writer;
        writer.submit(transmission(1, std::move(envelope)));
        const std::vector<engine::Event> events = writer.poll(now_);
        EXPECT_EQ(events.size(), 1U);
        EXPECT_TRUE(std::get<engine::Outcome>(events.at(0)).result.has_value());
        for (const std::string &name : names_in("new")) {
            if (before.count(name) == 0) {
                return name;
            }
        }
        ADD_FAILURE() << "nothing was delivered";
        return {};
    }

    void write_file(const std::string &below, std::string_view content) const {
        std::ofstream(fs::path(directory_) / below, std::ios::binary) << content;
    }

    [[nodiscard]] std::string read_file(const std::string &below) const {
        std::ifstream file(fs::path(directory_) / below, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    [[nodiscard]] std::set<std::string> names_in(const std::string &folder) const {
        std::set<std::string> names;
        for (const auto &entry : fs::directory_iterator(fs::path(directory_) / folder)) {
            names.insert(entry.path().filename());
        }
        return names;
    }

    template <class Kind>
    static std::vector<Kind> only(const std::vector<engine::Event> &events) {
        std::vector<Kind> chosen;
        for (const engine::Event &event : events) {
            if (const Kind *one = std::get_if<Kind>(&event)) {
                chosen.push_back(*one);
            }
        }
        return chosen;
    }

    test::TemporaryDirectory temporary_;
    fs::path root_{temporary_.path()};
    std::string directory_;
    Timestamp now_ = from_milliseconds(1'795'512'605'000);
};

} // namespace postrider::transport
