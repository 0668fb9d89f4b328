// What statements name of the machine is asked of the database, and refused at its place.
#include <gtest/gtest.h>

#include "common/engine/machine_rights.hpp"
#include "common/task/task_text.hpp"

namespace postrider::engine {
namespace {

using Kind = MachinePart::Kind;

/// A database with roles, where whoever asks may use nothing of the machine but what is listed.
class Asked final : public Transaction {
  public:
    std::vector<std::pair<Kind, std::string>> parts;
    std::string allowed;

    Result<void> may_reach(const MachinePart &part) override {
        parts.emplace_back(part.kind, part.name);
        return part.name == allowed ? Result<void>{}
                                    : Error{Errc::not_permitted, "not yours", "Why.", "Do this."};
    }

    std::int64_t execute(std::string_view /*sql*/, Parameters /*parameters*/) override { return 0; }

    std::unique_ptr<Cursor> query(std::string_view /*sql*/, Parameters /*parameters*/) override {
        return nullptr;
    }

    BlockOutcome execute_block(const dialect::BlockStatement & /*statement*/,
                               std::span<const Row> /*rows*/,
                               std::span<const std::size_t> /*indexes*/) override {
        return {};
    }

    void execute_script(std::string_view /*sql*/) override {}

    void defer_foreign_keys() override {}

    bool has_broken_references() override { return false; }

    void savepoint() override {}

    void release() override {}

    void rollback_to() override {}

    void commit() override {}
};

Result<void> check(Asked &asked, const std::string &text) {
    const Result<task::TaskText> parsed = task::parse(text);
    if (!parsed) {
        return parsed.error();
    }
    return check_machine(asked, parsed->statements.at(0));
}

TEST(MachineRights, AskAboutWhatAStatementNames) {
    for (const auto &[text, kind, name] :
         {std::tuple{"PEER a MAILDIR '/box';", Kind::directory, "/box"},
          {"MAILBOX m ADDRESS 'a@b.example' RECEIVE 'maildir:/var/mail/m';", Kind::directory,
           "/var/mail/m"},
          {"MAILBOX m ADDRESS 'a@b.example' RECEIVE 'MAILDIR:/var/mail/m';", Kind::directory,
           "/var/mail/m"},
          {"MAILBOX m ADDRESS 'a@b.example' PASSWORD COMMAND '/usr/bin/pass mail';", Kind::program,
           "/usr/bin/pass mail"},
          {"MAILBOX m ADDRESS 'a@b.example' TOKEN COMMAND 'oauth';", Kind::program, "oauth"},
          {"MAILBOX m ADDRESS 'a@b.example' PASSWORD FILE '../key';", Kind::file, "../key"},
          {"HOSTED NODE h AT 'odbc:DSN=x' PASSWORD COMMAND 'pass';", Kind::program, "pass"}}) {
        Asked asked;
        const Result<void> may = check(asked, text);
        ASSERT_FALSE(may) << text;
        EXPECT_EQ(may.error().code, Errc::not_permitted) << may.error().message;
        EXPECT_NE(may.error().message.find("line 1, column "), std::string::npos);
        EXPECT_EQ(may.error().detail, "Why.");
        EXPECT_EQ(may.error().hint, "Do this.");
        ASSERT_EQ(asked.parts.size(), 1U) << text;
        EXPECT_EQ(asked.parts[0], std::pair(kind, std::string{name}));
        asked.allowed = name;
        EXPECT_TRUE(check(asked, text)) << text;
    }
}

TEST(MachineRights, AreAskedForEveryPath) {
    Asked asked;
    asked.allowed = "/box";
    EXPECT_FALSE(check(asked, "PEER a MAILDIR '/box', MAILDIR '/etc';"));
    EXPECT_EQ(asked.parts.size(), 2U);
}

TEST(MachineRights, AreNotAskedForWhatIsNotOfTheMachine) {
    Asked asked;
    for (const char *text :
         {"NODE a;", "PEER a;", "PEER a MAIL 'a@b.example', DIRECT 'postgresql://b.example/x';",
          "MAILBOX m ADDRESS 'a@b.example' RECEIVE 'imaps://b.example' PASSWORD FILE 'm.password';",
          "TASK t SEND x TO a;"}) {
        EXPECT_TRUE(check(asked, text)) << text;
    }
    EXPECT_TRUE(asked.parts.empty());
}

} // namespace
} // namespace postrider::engine
