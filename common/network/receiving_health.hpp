// What the host is told of how receiving fares. A connection that ends and comes back at once is
// everyday life and not told.
#pragma once

#include <string>

#include "common/network/host.hpp"

namespace postrider::network {

/// Of one account.
class ReceivingHealth {
  public:
    /// The mailbox was looked into. Told the first time, and the first time after a failure that
    /// was told.
    void works(Host &host, const std::string &account);

    /// It could not be. Told each time, but the first one after a success.
    void fails(Host &host, const std::string &account, const Error &why);

  private:
    bool works_told_ = false;    // and no failure since
    bool failed_before_ = false; // the last try
};

} // namespace postrider::network
