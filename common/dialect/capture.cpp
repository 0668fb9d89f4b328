// Masks of changed columns, and the table that holds the epoch.
#include "common/dialect/capture.hpp"

namespace postrider::dialect {

std::size_t mask_words(const TableDescription &table, const CaptureOptions &options) {
    if (!options.mask) {
        return 0;
    }
    const std::size_t columns = table.columns.size() - table.key.size();
    return (columns + mask_columns_per_word - 1) / mask_columns_per_word;
}

std::vector<std::uint32_t> masked_columns(const TableDescription &table,
                                          const std::vector<std::int64_t> &words) {
    std::vector<std::uint32_t> columns;
    std::size_t bit = 0;
    for (std::uint32_t index = 0; index < table.columns.size(); ++index) {
        if (table.is_key(index)) {
            continue;
        }
        const auto word = static_cast<std::uint64_t>(words.at(bit / mask_columns_per_word));
        if (((word >> (bit % mask_columns_per_word)) & 1U) != 0) {
            columns.push_back(index);
        }
        ++bit;
    }
    return columns;
}

StateTable epoch_table() {
    StateTable table;
    table.name = "epoch";
    table.columns = {{"one", StateType::integer}, {"epoch", StateType::integer}};
    table.primary_key = {"one"};
    table.checks = {"one = 1"};
    return table;
}

} // namespace postrider::dialect
