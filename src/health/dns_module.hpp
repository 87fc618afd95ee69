#pragma once

#include "herald/health/dns_interface.hpp"

#include <expected>
#include <string>

namespace herald::health {

/// herald-dns.so, loaded when it is first asked for: by a configuration with a check of DNS. The
/// error is a line for people.
std::expected<const dns_interface*, std::string> load_dns();

} // namespace herald::health
