// Answers by the text of the query and its parameters.
#include "sqlite_extension/sqlite_catalogue.hpp"

namespace postrider::sqlite {

const CatalogueCache::Rows *CatalogueCache::find(std::int64_t version,
                                                 const CatalogueQuery &query) {
    const auto of_text = kept_.find(query.sql);
    if (version != version_ || of_text == kept_.end()) {
        return nullptr;
    }
    const auto rows = of_text->second.find({query.parameters.begin(), query.parameters.end()});
    return rows == of_text->second.end() ? nullptr : &rows->second;
}

void CatalogueCache::keep(std::int64_t version, const CatalogueQuery &query, const Rows &rows) {
    if (version != version_) {
        kept_.clear();
        version_ = version;
    }
    kept_[std::string{query.sql}][{query.parameters.begin(), query.parameters.end()}] = rows;
}

} // namespace postrider::sqlite
