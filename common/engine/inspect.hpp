// What an envelope tells: to everybody its sizes, to us also whom it is from and which batch it is.
#pragma once

#include <string>
#include <vector>

#include "common/engine/session.hpp"

namespace postrider::engine {

struct EnvelopeFact {
    std::string field;
    std::string value;
};

/// Never fails: what is wrong with the envelope is a fact too, and the last one. Changes nothing.
std::vector<EnvelopeFact> inspect_envelope(const Session &session, ByteView envelope);

} // namespace postrider::engine
