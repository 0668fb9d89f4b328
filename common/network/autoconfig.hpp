// The few elements of an autoconfig file (config-v1.1.xml, as Thunderbird reads it) that name mail
// servers. A tolerant reader and no XML parser: what it does not understand it passes over.
#pragma once

#include <string_view>
#include <vector>

#include "common/mail/server_url.hpp"

namespace postrider::network {

struct AutoconfigServers {
    std::vector<mail::ServerUrl> receive; // IMAP and POP3
    std::vector<mail::ServerUrl> send;
};

/// In the order of the file; those without TLS are left out. `domain` stands for %EMAILDOMAIN% in
/// names of hosts. Nothing where the text is no such file.
AutoconfigServers read_autoconfig(std::string_view text, std::string_view domain);

} // namespace postrider::network
