// Prints what makes the state tables and views in PostgreSQL, for scripts/pg-install-script.
#include <iostream>

#include "common/dialect/postgresql.hpp"
#include "common/dialect/state_names.hpp"
#include "common/engine/store/schema.hpp"

int main() {
    const postrider::dialect::Dialect &dialect = postrider::dialect::postgresql();
    for (const std::string &statements : postrider::engine::state_script(dialect)) {
        std::cout << postrider::dialect::expand_state_names(statements, dialect);
    }
    return 0;
}
