// The process's end of the socket pair, as the parts of the loop see it.
#pragma once

#include <cstdint>
#include <string>

#include "common/transport/network_messages.hpp"

namespace postrider::network {

class Host {
  public:
    Host() = default;
    Host(const Host &) = delete;
    Host &operator=(const Host &) = delete;
    virtual ~Host() = default;

    virtual void tell(const transport::NetworkReport &report) = 0;
    /// So much has been told that the host has not read yet: nothing more should be fetched.
    [[nodiscard]] virtual bool is_busy() const = 0;

    /// Gives the number that the answer will bear.
    std::uint64_t ask_secret(const std::string &account, bool for_sending) {
        tell(transport::SecretWanted{++questions_, account, for_sending});
        return questions_;
    }

  private:
    std::uint64_t questions_ = 0;
};

} // namespace postrider::network
