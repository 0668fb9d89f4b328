// Reads the rows that wire_baseline.py --rows prints as a changeset.
#pragma once

#include <istream>
#include <string>

#include "common/model/changeset.hpp"

namespace postrider::bench {

/// `operation` is insert or update: what every row becomes.
Changeset read_rows(std::istream &in, Operation operation);

} // namespace postrider::bench
