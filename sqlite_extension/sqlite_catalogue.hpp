// What the catalogue answered, kept per connection as long as the schema is the same: SQLite itself
// trusts the schema's version as much.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/engine/database.hpp"

namespace postrider::sqlite {

struct CatalogueQuery {
    std::string_view sql;
    engine::Parameters parameters;
};

class CatalogueCache {
  public:
    using Rows = std::vector<engine::Row>;

    /// What was kept under that version of the schema; null: nothing. Valid until the next call.
    const Rows *find(std::int64_t version, const CatalogueQuery &query);
    /// Forgets what was kept under another version.
    void keep(std::int64_t version, const CatalogueQuery &query, const Rows &rows);

  private:
    std::int64_t version_ = -1;
    std::map<std::string, std::map<std::vector<Value>, Rows>, std::less<>> kept_;
};

} // namespace postrider::sqlite
