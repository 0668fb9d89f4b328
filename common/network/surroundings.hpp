// What the whole process knows and each part of it needs.
#pragma once

#include <string>

#include "common/base/clock.hpp"
#include "common/network/connection.hpp"
#include "common/network/host.hpp"

namespace postrider::network {

struct Surroundings {
    Host &host;
    Connections &connections;
    const Clock &clock;   // for the dates of mails alone; everything else is counted by a time that
                          // never goes back
    std::string own_name; // said in EHLO; empty: the address of the own end
    std::string ca_file;  // certificates that are trusted; empty: the system's
};

} // namespace postrider::network
