// Every example of docs/task_language.md is read and prints to itself, those of later versions too;
// tests/docs declares them.
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "common/task/task_text.hpp"

namespace postrider::task {
namespace {

std::vector<std::string> examples_of_the_page() {
    std::ifstream file(POSTRIDER_SOURCE_DIR "/docs/task_language.md");
    std::vector<std::string> examples;
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
        if (inside && line == "```") {
            inside = false;
        } else if (inside) {
            examples.back() += line + "\n";
        } else if (line.starts_with("```postrider")) {
            inside = true;
            examples.emplace_back();
        }
    }
    return examples;
}

TEST(Documentation, EveryExampleIsReadAndPrintsToItself) {
    const std::vector<std::string> examples = examples_of_the_page();
    EXPECT_GE(examples.size(), 9U);
    for (const std::string &example : examples) {
        const Result<TaskText> parsed = parse(example);
        ASSERT_TRUE(parsed.has_value()) << parsed.error().message << "\n" << example;
        EXPECT_EQ(parse(print(*parsed)).value(), *parsed) << example;
    }
}

} // namespace
} // namespace postrider::task
