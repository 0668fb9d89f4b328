// A node as its users have it: a database file, a maildir, and a process of postrider-run, whose
// path is POSTRIDER_RUN. The secrets lie where POSTRIDER_STATE_DIRECTORY says.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>

#include "common/engine/declare.hpp"
#include "common/transport/maildir.hpp"

#include "sqlite_extension/node_file.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/paired_nodes.hpp"

namespace postrider::test {

class NodeProcess {
  public:
    NodeProcess(const TemporaryDirectory &directory, const std::string &name)
        : maildir(directory / (name + "-mail")),
          path(made(directory / (name + "-data")) + "/" + name + ".db"),
          program(path),
          log_(directory / (name + ".log")) {
        if (!transport::create_maildir(maildir)) {
            throw std::runtime_error("could not make " + maildir);
        }
    }

    void declare(const std::string &text) {
        vault::FileVault vault = sqlite::file_vault(path);
        const auto database = sqlite::open_database({.path = path}).value();
        const auto transaction = database->begin(engine::Mode::write);
        const Result<engine::ActionRows> done = engine::declare(
            {*transaction, database->dialect(), vault, sqlite::system_now()}, {text, false});
        expect(done.has_value() ? Result<void>{} : done.error());
        transaction->commit();
    }

    /// What a person does with the extension.
    void write(const sqlite::NodeFile::Work &work) {
        expect(sqlite::NodeFile::open(path).value()->write(work));
    }

    /// Does what is to be done now and ends.
    void run_once() {
        if (ChildProcess{{POSTRIDER_RUN, path, "--once"}, log_}.wait() != 0) {
            throw std::runtime_error("postrider-run --once failed: " + log());
        }
    }

    void start() { process_.emplace(std::vector<std::string>{POSTRIDER_RUN, path}, log_); }

    /// The process is gone at once, whatever it was doing.
    void kill() {
        require_running();
        process_->kill();
    }

    /// As an administrator ends it. Gives the exit code.
    int stop() {
        require_running();
        return process_->stop();
    }

    void require_running() {
        if (!process_->is_running()) {
            throw std::runtime_error("postrider-run has ended by itself: " + log());
        }
    }

    /// Another one whenever the process has committed something.
    std::string last_commit() { return program.ask("PRAGMA data_version"); }

    /// What the processes have printed.
    [[nodiscard]] std::string log() const {
        std::ifstream file{log_};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    std::string maildir;
    std::string path;
    Application program; // the connection of those who use the file

  private:
    static std::string made(const std::string &directory) {
        std::filesystem::create_directory(directory);
        return directory;
    }

    static void expect(const Result<void> &done) {
        if (!done) {
            throw std::runtime_error(done.error().message + " " + done.error().detail);
        }
    }

    std::string log_;
    std::optional<ChildProcess> process_;
};

} // namespace postrider::test
