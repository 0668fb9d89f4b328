// A page that is fetched over HTTPS by libcurl.
#pragma once

#include <memory>
#include <string>

#include <curl/curl.h>

#include "common/network/lookups.hpp"

namespace postrider::network {

struct PageRequest {
    std::string url;          // https:// alone, and where it leads to as well
    std::string ca_file;      // as in Endpoint
    curl_slist *instead = {}; // of CURLOPT_CONNECT_TO; outlives the page
};

/// Begins. The page must not outlive `multi`, whose owner tells a CurlTask when it has ended.
std::unique_ptr<Pending<Bytes>> fetch_page(CURLM *multi, const PageRequest &request);

} // namespace postrider::network
