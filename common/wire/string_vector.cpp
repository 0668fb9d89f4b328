// Lengths apart from bytes, since they compress better so:
//
//   form 0  plain   lengths (integer vector), all bytes
//   form 1  front   bytes shared with the string before (integer vector), lengths of the rest
//                   (integer vector), the rests
//   form 2  words   words per string (integer vector), number m of distinct words, their lengths
//                   (integer vector of m), their bytes, the words' indexes (integer vector)
//
// A string is cut into words at every space (0x20); joining them with one space gives it back.
#include "common/wire/string_vector.hpp"

#include <algorithm>
#include <map>
#include <numeric>

#include "common/wire/integer_vector.hpp"

namespace postrider::wire {

namespace {

constexpr std::uint64_t form_plain = 0;
constexpr std::uint64_t form_front = 1;
constexpr std::uint64_t form_words = 2;
constexpr std::uint64_t forms = 3;

void write_plain(CborWriter &out,
                 std::span<const std::string_view> strings,
                 const SizeEstimate &size_of) {
    std::vector<std::uint64_t> lengths;
    Bytes bytes;
    for (const std::string_view string : strings) {
        lengths.push_back(string.size());
        const ByteView view = as_bytes(string);
        bytes.insert(bytes.end(), view.begin(), view.end());
    }
    encode_integers(out, lengths, size_of);
    out.bytes(bytes);
}

/// Nothing when neighbours share too little to pay.
CborWriter write_front(std::span<const std::string_view> strings, const SizeEstimate &size_of) {
    std::vector<std::uint64_t> shared;
    std::vector<std::string_view> rests;
    std::string_view previous;
    for (const std::string_view string : strings) {
        const auto [left, right] =
            std::mismatch(string.begin(), string.end(), previous.begin(), previous.end());
        shared.push_back(static_cast<std::uint64_t>(left - string.begin()));
        rests.push_back(string.substr(shared.back()));
        previous = string;
    }
    CborWriter out;
    if (std::accumulate(shared.begin(), shared.end(), std::uint64_t{0}) > strings.size()) {
        out.unsigned_integer(form_front);
        encode_integers(out, shared, size_of);
        write_plain(out, rests, size_of);
    }
    return out;
}

/// Nothing when there are too many words, or too few of them come again.
CborWriter write_words(std::span<const std::string_view> strings, const SizeEstimate &size_of) {
    std::vector<std::uint64_t> counts;
    std::vector<std::uint64_t> indexes;
    std::vector<std::string_view> words;
    std::map<std::string_view, std::uint64_t> places;
    for (std::string_view string : strings) {
        counts.push_back(0);
        for (bool more = true; more; ++counts.back()) {
            const std::size_t space = string.find(' ');
            more = space != std::string_view::npos;
            const auto [place, is_new] = places.try_emplace(string.substr(0, space), words.size());
            if (is_new) {
                words.push_back(place->first);
            }
            indexes.push_back(place->second);
            string.remove_prefix(more ? space + 1 : string.size());
        }
        if (indexes.size() > vector_words_max) {
            return {};
        }
    }
    CborWriter out;
    if (indexes.size() > strings.size() && words.size() <= indexes.size() / 2) {
        out.unsigned_integer(form_words);
        encode_integers(out, counts, size_of);
        out.unsigned_integer(words.size());
        write_plain(out, words, size_of);
        encode_integers(out, indexes, size_of);
    }
    return out;
}

struct PlainStrings {
    std::vector<std::uint64_t> lengths;
    ByteView bytes;
};

PlainStrings read_plain(CborReader &in, std::size_t count) {
    PlainStrings out;
    out.lengths = decode_integers_up_to(in, count, in.remaining());
    out.bytes = in.bytes();
    // No overflow: at most a million lengths, each at most the size of the input.
    if (std::accumulate(out.lengths.begin(), out.lengths.end(), std::uint64_t{0}) !=
        out.bytes.size()) {
        in.fail();
    }
    return out;
}

bool charge(CborReader &in, Allowance &allowance, std::uint64_t cell_bytes) {
    if (in.ok() && !allowance.take_cell_bytes(cell_bytes)) {
        in.fail_with(Errc::too_large);
    }
    return in.ok();
}

std::vector<std::string> cut(const PlainStrings &plain) {
    std::vector<std::string> out;
    out.reserve(plain.lengths.size());
    std::string_view rest = as_text(plain.bytes);
    for (const std::uint64_t length : plain.lengths) {
        out.emplace_back(rest.substr(0, length));
        rest.remove_prefix(length);
    }
    return out;
}

std::vector<std::string> read_front(CborReader &in, std::size_t count, Allowance &allowance) {
    const std::vector<std::uint64_t> shared =
        decode_integers_up_to(in, count, limits::batch_cell_bytes_max);
    const PlainStrings rests = read_plain(in, count);
    if (!in.ok()) {
        return {};
    }
    std::uint64_t previous = 0;
    std::uint64_t sum = 0;
    for (std::size_t index = 0; index < count; ++index) {
        if (shared[index] > previous) {
            in.fail();
            return {};
        }
        previous = shared[index] + rests.lengths[index];
        sum += previous;
    }
    if (!charge(in, allowance, sum)) {
        return {};
    }
    std::vector<std::string> out = cut(rests);
    for (std::size_t index = 1; index < count; ++index) {
        out[index].insert(0, out[index - 1], 0, shared[index]);
    }
    return out;
}

std::vector<std::string> read_words(CborReader &in, std::size_t count, Allowance &allowance) {
    const std::vector<std::uint64_t> counts = decode_integers_up_to(in, count, vector_words_max);
    const std::uint64_t total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
    const bool each_has_one = std::find(counts.begin(), counts.end(), 0) == counts.end();
    const std::uint64_t distinct = in.unsigned_integer();
    if (!in.ok() || !each_has_one || total > vector_words_max || distinct == 0 ||
        distinct > total) {
        in.fail();
        return {};
    }
    const PlainStrings plain = read_plain(in, distinct);
    const std::vector<std::uint64_t> indexes = decode_integers_up_to(in, total, distinct - 1);
    if (!in.ok()) {
        return {};
    }
    std::uint64_t sum = total - count; // the spaces
    for (const std::uint64_t index : indexes) {
        sum += plain.lengths[index];
    }
    if (!charge(in, allowance, sum)) {
        return {};
    }
    const std::vector<std::string> words = cut(plain);
    std::vector<std::string> out(count);
    auto next = indexes.begin();
    for (std::size_t row = 0; row < count; ++row) {
        out[row] = words[*next++];
        for (std::uint64_t word = 1; word < counts[row]; ++word) {
            out[row] += ' ';
            out[row] += words[*next++];
        }
    }
    return out;
}

} // namespace

void encode_strings(CborWriter &out,
                    std::span<const std::string_view> strings,
                    const SizeEstimate &size_of) {
    Smallest smallest(size_of);
    CborWriter plain;
    plain.unsigned_integer(form_plain);
    write_plain(plain, strings, size_of);
    smallest.offer(std::move(plain));
    smallest.offer(write_front(strings, size_of));
    smallest.offer(write_words(strings, size_of));
    out.raw(smallest.view());
}

std::vector<std::string> decode_strings(CborReader &in, std::size_t count, Allowance &allowance) {
    const std::uint64_t form = in.choice(forms);
    if (form == form_front) {
        return read_front(in, count, allowance);
    }
    if (form == form_words) {
        return read_words(in, count, allowance);
    }
    const PlainStrings plain = read_plain(in, count);
    if (!charge(in, allowance, plain.bytes.size())) {
        return {};
    }
    return cut(plain);
}

} // namespace postrider::wire
