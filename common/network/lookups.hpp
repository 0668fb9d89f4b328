// What the search for servers asks the net beside connecting to them. Answers come later.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/bytes.hpp"
#include "common/base/result.hpp"

namespace postrider::network {

/// One answer that is under way. Nobody waits for it any more when it is destroyed.
template <class Value>
class Pending {
  public:
    Pending() = default;
    Pending(const Pending &) = delete;
    Pending &operator=(const Pending &) = delete;
    virtual ~Pending() = default;

    /// Once at most, when it is there. Never waits.
    virtual std::optional<Result<Value>> take() = 0;
};

class Lookups {
  public:
    Lookups() = default;
    Lookups(const Lookups &) = delete;
    Lookups &operator=(const Lookups &) = delete;
    virtual ~Lookups() = default;

    /// DNS answers to questions for the SRV records of these names, one for each, as they came;
    /// empty where there are none. An error where DNS cannot be asked now.
    virtual std::unique_ptr<Pending<std::vector<Bytes>>>
    services(std::vector<std::string> names) = 0;
    /// What lies at an address that begins with https://, at most `limits::found_page_bytes_max`.
    virtual std::unique_ptr<Pending<Bytes>> page(const std::string &url) = 0;
};

} // namespace postrider::network
