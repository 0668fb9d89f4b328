// A failure is told from the second in a row on, unless nothing has worked yet.
#include "common/network/receiving_health.hpp"

namespace postrider::network {

void ReceivingHealth::works(Host &host, const std::string &account) {
    failed_before_ = false;
    if (!works_told_) {
        works_told_ = true;
        host.tell(transport::Receiving{account, true, {}});
    }
}

void ReceivingHealth::fails(Host &host, const std::string &account, const Error &why) {
    const bool is_first = works_told_ && !failed_before_;
    failed_before_ = true;
    if (!is_first) {
        works_told_ = false;
        host.tell(transport::Receiving{account, false, why});
    }
}

} // namespace postrider::network
