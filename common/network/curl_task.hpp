// What libcurl's multi interface does beside others: a connection that is made, or a page that is
// fetched.
#pragma once

#include <new>

#include <curl/curl.h>

#include "common/base/ensure.hpp"

namespace postrider::network {

class CurlTask {
  public:
    CurlTask() = default;
    CurlTask(const CurlTask &) = delete;
    CurlTask &operator=(const CurlTask &) = delete;
    virtual ~CurlTask() = default;

    /// libcurl has come to its end. The task is what CURLOPT_PRIVATE of its handle says.
    virtual void on_done(CURLcode code) = 0;
};

template <class Value>
void set_option(CURL *handle, CURLoption option, Value value) {
    const CURLcode code = curl_easy_setopt(handle, option, value);
    if (code == CURLE_OUT_OF_MEMORY) {
        throw std::bad_alloc();
    }
    ensure(code == CURLE_OK, "libcurl of Debian 12 knows every option that is set");
}

} // namespace postrider::network
