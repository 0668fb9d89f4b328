// Test vectors: sections of `name = hex` lines, `-` for no bytes (docs/protocol.md, "Vectors").
// Read strictly, so that a slip in a file is seen.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/base/text_encoding.hpp"

namespace postrider::test {

/// One section: values in the order of the file.
struct VectorSection {
    std::string name;
    std::vector<std::pair<std::string, Bytes>> values;

    void add(const std::string &key, ByteView bytes) {
        values.emplace_back(key, Bytes(bytes.begin(), bytes.end()));
    }

    [[nodiscard]] const Bytes &at(const std::string &key) const {
        for (const auto &[found, bytes] : values) {
            if (found == key) {
                return bytes;
            }
        }
        throw std::runtime_error("vector " + name + " has no value " + key);
    }

    [[nodiscard]] std::uint64_t number(const std::string &key) const {
        std::uint64_t out = 0;
        for (const std::uint8_t byte : at(key)) {
            out = (out << 8U) | byte;
        }
        return out;
    }

    template <std::size_t size>
    [[nodiscard]] FixedBytes<size> fixed(const std::string &key) const {
        ByteReader reader{at(key)};
        const auto out = reader.fixed<size>();
        if (!reader.at_end()) {
            throw std::runtime_error("vector value " + key + " does not have its size");
        }
        return out;
    }

    bool operator==(const VectorSection &) const = default;
};

using VectorFile = std::vector<VectorSection>;

inline std::string vector_path(const std::string &name) {
    return std::string{POSTRIDER_SOURCE_DIR} + "/tests/vectors/" + name;
}

inline VectorFile read_vectors(const std::string &name) {
    std::ifstream in{vector_path(name)};
    if (!in) {
        throw std::runtime_error("vector file " + name + " is missing");
    }
    VectorFile out;
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        if (line.front() == '[' && line.back() == ']') {
            out.push_back({line.substr(1, line.size() - 2), {}});
            continue;
        }
        const std::size_t equals = line.find(" = ");
        const std::string hex =
            equals == std::string::npos ? std::string{} : line.substr(equals + 3);
        const Result<Bytes> bytes = hex == "-" ? Bytes{} : from_hex(hex);
        if (equals == std::string::npos || out.empty() || !bytes) {
            throw std::runtime_error("vector file " + name + ": " + line);
        }
        out.back().values.emplace_back(line.substr(0, equals), *bytes);
    }
    return out;
}

/// Vectors are made once, by running the test with POSTRIDER_WRITE_VECTORS set, and never again.
inline bool writes_vectors() {
    return std::getenv("POSTRIDER_WRITE_VECTORS") != nullptr;
}

inline void
write_vectors(const std::string &name, const std::string &comment, const VectorFile &file) {
    std::ofstream out{vector_path(name)};
    out << comment;
    for (const VectorSection &section : file) {
        out << "\n[" << section.name << "]\n";
        for (const auto &[key, bytes] : section.values) {
            out << key << " = " << (bytes.empty() ? "-" : to_hex(bytes)) << "\n";
        }
    }
}

} // namespace postrider::test
