// libcurl's easy interface within the multi interface of all connections.
#include "common/network/page.hpp"

#include <array>
#include <utility>

#include "common/base/limits.hpp"
#include "common/base/utf8.hpp"
#include "common/network/curl_task.hpp"

namespace postrider::network {

namespace {

constexpr long fetch_timeout_s = 20;
constexpr long redirections_max = 3;

class Page final : public Pending<Bytes>, public CurlTask {
  public:
    Page(CURLM *multi, const PageRequest &request) : multi_(multi), handle_(curl_easy_init()) {
        if (handle_ == nullptr) {
            throw std::bad_alloc();
        }
        configure(request);
        if (curl_multi_add_handle(multi_, handle_) != CURLM_OK) {
            curl_easy_cleanup(handle_);
            throw std::bad_alloc();
        }
    }

    Page(const Page &) = delete;
    Page &operator=(const Page &) = delete;

    ~Page() override {
        curl_multi_remove_handle(multi_, handle_);
        curl_easy_cleanup(handle_);
    }

    std::optional<Result<Bytes>> take() override { return std::exchange(result_, std::nullopt); }

    void on_done(CURLcode code) override {
        if (code == CURLE_OK) {
            result_ = Result<Bytes>{std::move(text_)};
            return;
        }
        const std::string words{static_cast<const char *>(problem_.data())};
        result_ = Result<Bytes>{
            Error{Errc::unavailable, printable(words.empty() ? curl_easy_strerror(code) : words)}};
    }

  private:
    void configure(const PageRequest &request) {
        set_option(handle_, CURLOPT_PRIVATE, static_cast<void *>(static_cast<CurlTask *>(this)));
        set_option(handle_, CURLOPT_ERRORBUFFER, problem_.data());
        set_option(handle_, CURLOPT_NOSIGNAL, 1L);
        set_option(handle_, CURLOPT_URL, request.url.c_str());
        set_option(handle_, CURLOPT_PROTOCOLS_STR, "https");
        set_option(handle_, CURLOPT_REDIR_PROTOCOLS_STR, "https");
        set_option(handle_, CURLOPT_FOLLOWLOCATION, 1L);
        set_option(handle_, CURLOPT_MAXREDIRS, redirections_max);
        set_option(handle_, CURLOPT_FAILONERROR, 1L);
        set_option(handle_, CURLOPT_TIMEOUT, fetch_timeout_s);
        set_option(handle_, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
        set_option(handle_, CURLOPT_PROXY, "");
        if (!request.ca_file.empty()) {
            set_option(handle_, CURLOPT_CAINFO, request.ca_file.c_str());
            set_option(handle_, CURLOPT_CAPATH, nullptr);
        }
        if (request.instead != nullptr) {
            set_option(handle_, CURLOPT_CONNECT_TO, request.instead);
        }
        set_option(handle_, CURLOPT_WRITEFUNCTION, &Page::note);
        set_option(handle_, CURLOPT_WRITEDATA, static_cast<void *>(this));
    }

    static std::size_t note(char *text, std::size_t size, std::size_t count, void *self) {
        Bytes &into = static_cast<Page *>(self)->text_;
        const std::size_t bytes = size * count;
        if (into.size() + bytes > limits::found_page_bytes_max) {
            return 0; // libcurl gives up
        }
        const ByteView more = as_bytes({text, bytes});
        into.insert(into.end(), more.begin(), more.end());
        return bytes;
    }

    CURLM *multi_;
    CURL *handle_;
    std::array<char, CURL_ERROR_SIZE> problem_{};
    Bytes text_;
    std::optional<Result<Bytes>> result_;
};

} // namespace

std::unique_ptr<Pending<Bytes>> fetch_page(CURLM *multi, const PageRequest &request) {
    return std::make_unique<Page>(multi, request);
}

} // namespace postrider::network
