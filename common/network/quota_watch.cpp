// Percents in steps, so that nothing is told while nothing changes that anybody would act on.
#include "common/network/quota_watch.hpp"

#include <algorithm>

namespace postrider::network {

namespace {

constexpr Duration ask_quota_every = std::chrono::hours{1};
constexpr std::uint64_t told_from_percent = 80;
constexpr std::uint64_t step_percent = 5;
constexpr std::uint64_t percent_max = 100;

/// 0 below what is told.
std::uint64_t percent_of(const transport::imap::Quota &quota) {
    const std::uint64_t used = std::min(quota.used_kib, quota.limit_kib);
    const std::uint64_t percent = quota.limit_kib < percent_max
                                      ? percent_max * used / quota.limit_kib
                                      : used / (quota.limit_kib / percent_max);
    const std::uint64_t step = std::min(percent, percent_max) / step_percent * step_percent;
    return step < told_from_percent ? 0 : step;
}

} // namespace

void QuotaWatch::begin(Timestamp now) {
    next_ = now + ask_quota_every;
    percent_.reset();
}

void QuotaWatch::take(const transport::imap::Quota &quota) {
    if (quota.limit_kib > 0) {
        percent_ = std::max(percent_.value_or(0), percent_of(quota));
    }
}

void QuotaWatch::end(Host &host, const std::string &account) {
    if (percent_ && percent_ != told_) {
        told_ = percent_;
        host.tell(transport::Filled{account, *percent_});
    }
}

} // namespace postrider::network
