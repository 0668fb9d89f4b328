// 11 bits to a word and back to a normal form.
#include "common/crypto/words.hpp"

#include <vector>

#include "common/base/utf8.hpp"
#include "common/crypto/word_list.hpp"

namespace postrider::crypto {

namespace {

constexpr std::size_t word_count = 4;
constexpr std::size_t word_bits = 11;
constexpr std::size_t typed_bytes_max = 200;

std::vector<std::string_view> split_at_blanks(std::string_view text) {
    std::vector<std::string_view> out;
    while (!text.empty()) {
        const std::size_t begin = text.find_first_not_of(" \t\r\n,-");
        if (begin == std::string_view::npos) {
            break;
        }
        text.remove_prefix(begin);
        const std::size_t end = std::min(text.find_first_of(" \t\r\n,-"), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(end);
    }
    return out;
}

bool in_list(std::string_view candidate) {
    std::size_t low = 0;
    std::size_t high = word_list_size;
    while (low < high) {
        const std::size_t middle = (low + high) / 2;
        if (word(middle) < candidate) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < word_list_size && word(low) == candidate;
}

std::string lower_case(std::string_view text) {
    std::string out{text};
    for (char &letter : out) {
        if (letter >= 'A' && letter <= 'Z') {
            letter = static_cast<char>(letter - 'A' + 'a');
        }
    }
    return out;
}

} // namespace

std::string_view word(std::size_t index) {
    ensure(index < word_list_size, "a word has 11 bits");
    std::string_view rest{word_list_text};
    for (std::size_t skipped = 0; skipped < index; ++skipped) {
        rest.remove_prefix(rest.find(' ') + 1);
    }
    return rest.substr(0, rest.find(' '));
}

std::string words_of(const Hash &hash) {
    std::string out;
    for (std::size_t number = 0; number < word_count; ++number) {
        std::size_t index = 0;
        for (std::size_t bit = number * word_bits; bit < (number + 1) * word_bits; ++bit) {
            const unsigned byte = hash[bit / 8];
            index = (index << 1U) | ((byte >> (7 - bit % 8)) & 1U);
        }
        out += (number == 0 ? "" : " ");
        out += word(index);
    }
    return out;
}

Result<std::string> normalized_words(std::string_view typed) {
    if (typed.size() > typed_bytes_max) {
        return Error{Errc::too_large, "words are longer than four words can be"};
    }
    const std::vector<std::string_view> parts = split_at_blanks(typed);
    if (parts.size() != word_count) {
        return Error{Errc::malformed,
                     "expected four words, got " + std::to_string(parts.size()),
                     {},
                     "Type the four words that the status of the other side shows."};
    }
    std::string out;
    for (const std::string_view part : parts) {
        const std::string candidate = lower_case(part);
        if (!in_list(candidate)) {
            return Error{Errc::malformed,
                         "\"" + printable(candidate, 40) + "\" is not in the word list",
                         {},
                         "Type the four words that the status of the other side shows."};
        }
        out += (out.empty() ? "" : " ") + candidate;
    }
    return out;
}

} // namespace postrider::crypto
