// SRV records out of DNS answers: good ones, and what a stranger may send in their place.
#include <gtest/gtest.h>

#include "common/base/limits.hpp"
#include "common/network/dns_message.hpp"

namespace postrider::network {
namespace {

void name(ByteWriter &out, std::string_view text) {
    while (!text.empty()) {
        const std::string_view label = text.substr(0, text.find('.'));
        out.u8(static_cast<std::uint8_t>(label.size()));
        out.raw(as_bytes(label));
        text.remove_prefix(std::min(label.size() + 1, text.size()));
    }
    out.u8(0);
}

struct Answer {
    std::uint16_t records = 0;
    std::uint16_t flags = 0x8180;
    ByteWriter body = {};

    void add(std::uint16_t priority, std::uint16_t weight, std::string_view target) {
        ByteWriter data;
        data.u16(priority);
        data.u16(weight);
        data.u16(993);
        name(data, target);
        add(33, data.view());
    }

    void add(std::uint16_t type, ByteView data) {
        body.u16(0xc00c); // the name of the question
        body.u16(type);
        body.u16(1);
        body.u32(60);
        body.u16(static_cast<std::uint16_t>(data.size()));
        body.raw(data);
        ++records;
    }

    [[nodiscard]] Bytes message() const {
        ByteWriter out;
        out.u16(7);
        out.u16(flags);
        out.u16(1);
        out.u16(records);
        out.u32(0);
        name(out, "_imaps._tcp.example.org");
        out.u16(33);
        out.u16(1);
        out.raw(body.view());
        return std::move(out).take();
    }
};

std::string targets(const Answer &answer) {
    const auto records = read_service_records(answer.message());
    if (!records) {
        return records.error().message;
    }
    std::string out;
    for (const ServiceRecord &record : *records) {
        out += record.target + ";";
    }
    return out;
}

TEST(DnsMessage, GivesServicesInTheOrderOfTheirPriority) {
    Answer answer;
    answer.add(20, 0, "c.example.org");
    answer.add(10, 1, "b.example.org");
    answer.add(10, 5, "A.Example.org");
    EXPECT_EQ(targets(answer), "a.example.org;b.example.org;c.example.org;");
    const auto records = read_service_records(answer.message());
    EXPECT_EQ(records->front(), (ServiceRecord{10, 5, 993, "a.example.org"}));
}

TEST(DnsMessage, FollowsNamesToWhereTheyGoOn) {
    Answer answer;
    const Bytes data{0, 1, 0, 2, 0x03, 0xe1, 4, 'm', 'a', 'i', 'l', 0xc0, 12 + 12};
    answer.add(33, data); // "mail" and what follows _imaps._tcp in the question
    EXPECT_EQ(targets(answer), "mail.example.org;");
}

TEST(DnsMessage, PassesOverOtherRecordsAndTargetsThatAreNoHosts) {
    Answer answer;
    answer.add(5, Bytes{3, 'x', 'y', 'z', 0});
    answer.add(10, 0, "sp ace.example.org");
    answer.add(10, 0, "good.example.org");
    EXPECT_EQ(targets(answer), "good.example.org;");
    Answer none;
    none.add(0, 0, "");
    EXPECT_EQ(targets(none), ";") << "RFC 2782: there is no such service";
}

TEST(DnsMessage, RefusesNamesThatGoInCirclesOrAreTooLong) {
    Answer circle;
    const Bytes itself{0, 1, 0, 2, 0x03, 0xe1, 0xc0, 12 + 25 + 4 + 12 + 6};
    circle.add(33, itself);
    EXPECT_EQ(targets(circle), "a DNS answer has an SRV record that cannot be read");
    Answer far;
    far.add(33, Bytes{0, 1, 0, 2, 0x03, 0xe1, 0xff, 0xff});
    EXPECT_EQ(targets(far), "a DNS answer has an SRV record that cannot be read");
    Answer longest;
    longest.add(0, 0,
                std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') +
                    "." + std::string(61, 'd'));
    EXPECT_EQ(targets(longest).size(), 253U + 1);
    Answer longer;
    longer.add(0, 0,
               std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') +
                   "." + std::string(62, 'd'));
    EXPECT_EQ(targets(longer), "a DNS answer has an SRV record that cannot be read");
}

TEST(DnsMessage, ReadsAsManyRecordsAsTheLimitAndNoMore) {
    Answer answer;
    for (std::size_t record = 0; record < limits::service_records_max; ++record) {
        answer.add(0, 0, "a.example.org");
    }
    EXPECT_EQ(read_service_records(answer.message())->size(), limits::service_records_max);
    answer.add(0, 0, "a.example.org");
    EXPECT_EQ(read_service_records(answer.message()).error().code, Errc::too_large);
}

TEST(DnsMessage, IsRefusedWhereverItIsCut) {
    Answer answer;
    answer.add(10, 1, "b.example.org");
    const Bytes whole = answer.message();
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto records = read_service_records(ByteView{whole}.first(size));
        ASSERT_FALSE(records) << size;
        EXPECT_EQ(records.error().code, Errc::malformed) << size;
    }
    answer.flags = 0x8380;
    EXPECT_EQ(targets(answer), "a DNS answer was cut");
}

} // namespace
} // namespace postrider::network
