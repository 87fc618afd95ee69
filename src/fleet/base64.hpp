#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace herald::fleet {

// RFC 4648 §4, as JSON has octets in protobuf's mapping.

std::string to_base64(std::string_view octets);
/// None: it is not base64, or not padded.
std::optional<std::string> from_base64(std::string_view text);

} // namespace herald::fleet
