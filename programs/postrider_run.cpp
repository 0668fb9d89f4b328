// postrider-run FILE [--once]: keeps one SQLite node running, for branches where nobody loads an
// extension. The same code as postrider_run() and postrider_sync_now() in SQL.
#include <csignal>
#include <iostream>
#include <string>
#include <vector>

#include <sodium.h>

#include "common/engine/rounds.hpp"

#include "sqlite_extension/node_file.hpp"

namespace {

using namespace postrider;

volatile std::sig_atomic_t stop_asked = 0;

extern "C" {
static void ask_to_stop(int /*signal*/) noexcept {
    stop_asked = 1;
}
}

struct Call {
    std::string path;
    bool once = false;
};

const char *const usage = "usage: postrider-run FILE [--once]\n"
                          "  Receives, applies, collects and sends for the node in FILE until it "
                          "is stopped (SIGINT, SIGTERM).\n"
                          "  --once  does what is to be done now and ends.\n"
                          "  --version\n";

int fail(const Error &error) {
    std::cerr << "postrider-run: " << engine::one_text(error) << "\n";
    return 1;
}

void tell(const Error &error) {
    static std::string last; // the same trouble is told once, not at every round
    const std::string text = engine::one_text(error);
    if (text != last) {
        std::cerr << "postrider-run: " << text << std::endl;
        last = text;
    }
}

/// False when the arguments make no sense.
bool read_arguments(const std::vector<std::string> &arguments, Call &call) {
    for (const std::string &argument : arguments) {
        if (argument == "--once") {
            call.once = true;
        } else if (argument.starts_with("-") || !call.path.empty()) {
            return false;
        } else {
            call.path = argument;
        }
    }
    return !call.path.empty();
}

int run(const Call &call) {
    auto node = sqlite::NodeFile::open(call.path);
    if (!node) {
        return fail(node.error());
    }
    const Result<engine::CycleResult> result =
        call.once ? (*node)->run_once()
                  : (*node)->run_until(
                        Timestamp::max(), [] { return stop_asked != 0; }, tell);
    if (!result) {
        return fail(result.error());
    }
    if (call.once) {
        std::cout << engine::what_was_done(*result) << "\n";
        if (result->problem) {
            return fail(*result->problem);
        }
    }
    return 0;
}

} // namespace

int main(int argument_count, char **argument_values) {
    const std::vector<std::string> arguments(argument_values + 1, argument_values + argument_count);
    if (arguments.size() == 1 && arguments.front() == "--version") {
        std::cout << "postrider-run " POSTRIDER_VERSION "\n";
        return 0;
    }
    Call call;
    if (!read_arguments(arguments, call)) {
        std::cerr << usage;
        return 2;
    }
    if (sodium_init() < 0) {
        std::cerr << "postrider-run: could not start libsodium\n";
        return 1;
    }
    static_cast<void>(std::signal(SIGINT, ask_to_stop));
    static_cast<void>(std::signal(SIGTERM, ask_to_stop));
    try {
        return run(call);
    } catch (const engine::DatabaseError &error) {
        return fail(error.error());
    } catch (const std::exception &error) {
        std::cerr << "postrider-run: " << error.what() << "\n";
        return 1;
    }
}
