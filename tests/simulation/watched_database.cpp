// Forwards everything, and looks at the positions and the rows after each commit.
#include "tests/simulation/watched_database.hpp"

namespace postrider::simulation {

namespace {

using Applied = decltype(Witness::applied);

Applied positions(engine::Transaction &transaction) {
    Applied out;
    const auto rows = transaction.query("SELECT peer_id, stream, applied_incarnation,"
                                        " applied_number FROM postrider_stream_in",
                                        engine::Parameters{});
    while (const engine::Row *row = rows->next()) {
        const auto number = [row](std::size_t column) {
            return static_cast<std::uint64_t>(*row->at(column).as<std::int64_t>());
        };
        out[std::to_string(number(0)) + "/" + std::to_string(number(1))] = {number(2), number(3)};
    }
    return out;
}

class WatchedTransaction final : public engine::Transaction {
  public:
    WatchedTransaction(std::unique_ptr<engine::Transaction> inner, Witness &witness)
        : inner_(std::move(inner)), witness_(witness) {}

    std::int64_t execute(std::string_view sql, engine::Parameters parameters) override {
        moved_ = moved_ || sql.find("stream_in") != std::string_view::npos;
        return inner_->execute(sql, parameters);
    }

    std::unique_ptr<engine::Cursor> query(std::string_view sql,
                                          engine::Parameters parameters) override {
        return inner_->query(sql, parameters);
    }

    std::vector<engine::Row> catalogue(std::string_view sql,
                                       engine::Parameters parameters) override {
        return inner_->catalogue(sql, parameters);
    }

    engine::BlockOutcome execute_block(const dialect::BlockStatement &statement,
                                       std::span<const engine::Row> rows,
                                       std::span<const std::size_t> indexes) override {
        return inner_->execute_block(statement, rows, indexes);
    }

    std::vector<engine::FoundRow> query_block(const dialect::BlockStatement &query,
                                              std::span<const engine::Row> rows) override {
        return inner_->query_block(query, rows);
    }

    void execute_script(std::string_view sql) override { inner_->execute_script(sql); }

    void defer_foreign_keys() override { inner_->defer_foreign_keys(); }

    bool has_broken_references() override { return inner_->has_broken_references(); }

    void savepoint() override { inner_->savepoint(); }

    void release() override { inner_->release(); }

    void rollback_to() override { inner_->rollback_to(); }

    void commit() override {
        Applied now;
        if (moved_) {
            now = positions(*inner_);
        }
        inner_->commit();
        ++witness_.commits;
        bool applied = false;
        for (const auto &[stream, position] : now) {
            auto &before = witness_.applied[stream];
            if (position < before) {
                witness_.note("a stream went back from number " + std::to_string(before.second) +
                              " to " + std::to_string(position.second));
            }
            applied = applied || before != position;
            before = position;
        }
        if (applied && witness_.look_at_rows) {
            witness_.note(witness_.look_at_rows());
        }
    }

  private:
    std::unique_ptr<engine::Transaction> inner_;
    Witness &witness_;
    bool moved_ = false;
};

} // namespace

std::unique_ptr<engine::Transaction> WatchedDatabase::begin(engine::Mode mode) {
    auto inner = database_->begin(mode);
    if (mode == engine::Mode::read) {
        return inner;
    }
    return std::make_unique<WatchedTransaction>(std::move(inner), witness_);
}

} // namespace postrider::simulation
