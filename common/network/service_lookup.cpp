// One thread for all names: each thread takes address space, of which the process has little.
#include "common/network/service_lookup.hpp"

#include <array>
#include <charconv>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

namespace postrider::network {

namespace {

constexpr int patience_s = 3; // for the first try of a question; the second has twice as long
constexpr int tries = 2;
constexpr std::size_t answer_bytes_max = 65'535; // RFC 1035 section 4.2.2

struct Shared {
    std::mutex mutex;
    std::optional<Result<std::vector<Bytes>>> answers;
};

class Resolver {
  public:
    explicit Resolver(const std::string &instead) {
        is_good_ = res_ninit(&state_) == 0;
        state_.retrans = patience_s;
        state_.retry = tries;
        const std::size_t colon = instead.find(':');
        if (is_good_ && colon != std::string::npos) {
            sockaddr_in &address = state_.nsaddr_list[0];
            address = {};
            address.sin_family = AF_INET;
            std::uint16_t port = 0;
            std::from_chars(instead.data() + colon + 1, instead.data() + instead.size(), port);
            address.sin_port = htons(port);
            is_good_ = inet_pton(AF_INET, instead.substr(0, colon).c_str(), &address.sin_addr) == 1;
            state_.nscount = 1;
        }
    }

    Resolver(const Resolver &) = delete;
    Resolver &operator=(const Resolver &) = delete;

    ~Resolver() { res_nclose(&state_); }

    /// Empty where there are none.
    Result<Bytes> ask(const std::string &name) {
        Bytes answer(answer_bytes_max);
        const int size = is_good_ ? res_nquery(&state_, name.c_str(), ns_c_in, ns_t_srv,
                                               answer.data(), static_cast<int>(answer.size()))
                                  : -1;
        if (size >= 0) {
            answer.resize(std::min(static_cast<std::size_t>(size), answer.size()));
            return answer;
        }
        const int problem = is_good_ ? state_.res_h_errno : NO_RECOVERY;
        if (problem == HOST_NOT_FOUND || problem == NO_DATA) {
            return Bytes{};
        }
        return Error{Errc::unavailable, "no name server answers"};
    }

  private:
    struct __res_state state_ {};

    bool is_good_ = false;
};

Result<std::vector<Bytes>> ask_all(const std::vector<std::string> &names,
                                   const std::string &instead) {
    Resolver resolver{instead};
    std::vector<Bytes> answers;
    for (const std::string &name : names) {
        Result<Bytes> answer = resolver.ask(name);
        if (!answer) {
            return answer.error();
        }
        answers.push_back(*std::move(answer));
    }
    return answers;
}

class ServiceLookup final : public Pending<std::vector<Bytes>> {
  public:
    ServiceLookup(std::vector<std::string> names, std::string instead)
        : shared_(std::make_shared<Shared>()) {
        try {
            std::thread([shared = shared_, names = std::move(names), instead = std::move(instead)] {
                auto answers = ask_all(names, instead);
                const std::scoped_lock lock{shared->mutex};
                shared->answers = std::move(answers);
            }).detach();
        } catch (const std::system_error &) {
            shared_->answers =
                Error{Errc::unavailable, "no thread can be started that asks the name server"};
        }
    }

    std::optional<Result<std::vector<Bytes>>> take() override {
        const std::scoped_lock lock{shared_->mutex};
        return std::exchange(shared_->answers, std::nullopt);
    }

  private:
    std::shared_ptr<Shared> shared_;
};

} // namespace

std::unique_ptr<Pending<std::vector<Bytes>>> ask_for_services(std::vector<std::string> names,
                                                              std::string resolver) {
    return std::make_unique<ServiceLookup>(std::move(names), std::move(resolver));
}

} // namespace postrider::network
