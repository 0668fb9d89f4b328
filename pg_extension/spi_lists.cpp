// Arrays are built from the values themselves, not by their text.
#include "pg_extension/spi_lists.hpp"

#include <algorithm>
#include <memory>

extern "C" {
#include <utils/array.h>
#include <utils/lsyscache.h>
}

namespace postrider::pg {

namespace {

ElementForm element_of(const TypeForm &form) {
    return call([&]() noexcept {
        ElementForm element{form, 0, false, 0, get_array_type(form.type)};
        get_typlenbyvalalign(form.type, &element.length, &element.by_value, &element.alignment);
        return element;
    });
}

} // namespace

ListStatement::ListStatement(std::string_view sql,
                             StatementRights rights,
                             const Statement &one_row) {
    std::vector<Oid> arrays;
    for (const TypeForm &form : one_row.parameters()) {
        elements_.push_back(element_of(form));
        arrays.push_back(elements_.back().array);
    }
    if (arrays.empty() || std::count(arrays.begin(), arrays.end(), InvalidOid) > 0) {
        return;
    }
    const std::string text = server_sql(sql);
    // Planned anew each time: by then it is known how long the lists are and how large the table,
    // and that is little work beside a thousand rows.
    plan_ = prepare_plan({text.c_str(), arrays, CURSOR_OPT_CUSTOM_PLAN}, rights);
}

ListStatement::~ListStatement() {
    if (plan_ != nullptr) {
        SPI_freeplan(plan_);
    }
}

Statement::Arguments ListStatement::arguments(std::span<const engine::Row> rows,
                                              std::span<const std::size_t> indexes) const {
    Statement::Arguments given;
    given.nulls.assign(elements_.size(), ' ');
    std::vector<Datum> datums(indexes.size());
    const std::unique_ptr<bool[]> nulls = std::make_unique<bool[]>(indexes.size());
    for (std::size_t column = 0; column < elements_.size(); ++column) {
        const ElementForm &element = elements_[column];
        for (std::size_t place = 0; place < indexes.size(); ++place) {
            const ServerValue value = to_server(element.form, rows[indexes[place]].at(column));
            datums[place] = value.datum;
            nulls[place] = value.is_null;
        }
        given.datums.push_back(call([&]() noexcept {
            int size = static_cast<int>(indexes.size());
            int first = 1;
            return PointerGetDatum(construct_md_array(datums.data(), nulls.get(), 1, &size, &first,
                                                      element.form.type, element.length,
                                                      element.by_value, element.alignment));
        }));
    }
    return given;
}

} // namespace postrider::pg
