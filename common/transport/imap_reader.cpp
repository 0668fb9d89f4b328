// Which response it is: the words at the beginning of a line.
#include "common/transport/imap_reader.hpp"

namespace postrider::transport::imap {

namespace {

Error broken_line(std::string_view what) {
    return Error{Errc::malformed,
                 "could not read the IMAP server's response: " + std::string(what)};
}

} // namespace

Result<std::optional<Response>> ResponseReader::next(ByteView &rest) {
    while (ready_.empty()) {
        auto token = tokens_.next(rest);
        if (!token) {
            return token.error();
        }
        if (!*token) {
            return std::optional<Response>{};
        }
        Step response = take(**token);
        if (!response || response->has_value()) {
            return response;
        }
    }
    Response response = std::move(ready_.front());
    ready_.pop_front();
    return std::optional<Response>(std::move(response));
}

ResponseReader::Step ResponseReader::take(const Token &token) {
    switch (place_) {
    case Place::tag:
        return take_tag(token);
    case Place::condition:
        return take_condition(token);
    case Place::name:
        return take_name(token);
    case Place::body:
        return take_body(token);
    }
    return broken_line("no place");
}

ResponseReader::Step ResponseReader::take_tag(const Token &token) {
    tag_ = token.text;
    word_.clear();
    number_.reset();
    status_.reset();
    body_ = Skipper{};
    place_ = Place::condition;
    return std::optional<Response>{};
}

/// The word behind "*" or a tag, or the text behind "+".
ResponseReader::Step ResponseReader::take_condition(const Token &token) {
    if (tag_ == "+" || !word_.empty()) {
        return take_status(token);
    }
    if (token.kind != Token::Kind::atom) {
        return broken_line("no word behind the tag");
    }
    word_ = token.text;
    const bool is_condition = equal_without_case(word_, "OK") || equal_without_case(word_, "NO") ||
                              equal_without_case(word_, "BAD") ||
                              equal_without_case(word_, "BYE") ||
                              equal_without_case(word_, "PREAUTH");
    if (is_condition) {
        return std::optional<Response>{};
    }
    if (tag_ != "*") {
        return broken_line("a tag without an outcome");
    }
    number_ = parse_number(word_);
    place_ = number_ ? Place::name : Place::body;
    if (equal_without_case(word_, "SEARCH") || equal_without_case(word_, "ESEARCH")) {
        body_ = SearchReader(equal_without_case(word_, "ESEARCH"));
    } else if (is_data(word_)) {
        body_ = ItemGatherer{};
    }
    return std::optional<Response>{};
}

ResponseReader::Step ResponseReader::take_status(const Token &token) {
    if (token.kind == Token::Kind::text) {
        status_ = parse_status(word_, token.text);
        return std::optional<Response>{};
    }
    place_ = Place::tag;
    if (token.kind != Token::Kind::line_end || !status_) {
        return broken_line("no text behind the outcome");
    }
    if (tag_ == "+") {
        return std::optional<Response>(Continuation{std::move(status_->text)});
    }
    if (tag_ == "*") {
        return std::optional<Response>(Untagged{std::move(*status_)});
    }
    if (status_->condition == Condition::bye || status_->condition == Condition::preauth) {
        return broken_line("a tag without an outcome");
    }
    return std::optional<Response>(Tagged{tag_, std::move(*status_)});
}

/// The word behind a number.
ResponseReader::Step ResponseReader::take_name(const Token &token) {
    if (token.kind != Token::Kind::atom) {
        return broken_line("a number and no word");
    }
    word_ = token.text;
    place_ = Place::body;
    if (equal_without_case(word_, "FETCH")) {
        body_ = FetchReader{};
    }
    return std::optional<Response>{};
}

ResponseReader::Step ResponseReader::take_body(const Token &token) {
    const bool is_last = token.kind == Token::Kind::line_end;
    place_ = is_last ? Place::tag : Place::body;
    if (auto *fetch = std::get_if<FetchReader>(&body_)) {
        return fetch->take(token, tokens_.depth());
    }
    if (auto *search = std::get_if<SearchReader>(&body_)) {
        return search->take(token, tokens_.depth());
    }
    if (auto *gatherer = std::get_if<ItemGatherer>(&body_)) {
        if (auto taken = gatherer->take(token); !taken) {
            return taken.error();
        }
        if (is_last) {
            for (Response &each : read_data(word_, gatherer->items())) {
                ready_.push_back(std::move(each));
            }
        }
        return std::optional<Response>{};
    }
    if (is_last && number_ && equal_without_case(word_, "EXISTS")) {
        return std::optional<Response>(Exists{*number_});
    }
    if (is_last && number_ && equal_without_case(word_, "EXPUNGE")) {
        return std::optional<Response>(Expunged{*number_});
    }
    return std::optional<Response>{};
}

} // namespace postrider::transport::imap
