#pragma once

#include "herald/control/response.hpp"
#include "herald/control/snapshot.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace herald::control {

enum class condition : std::uint8_t {
    announced,   // some neighbor has a prefix of the service, and all was acknowledged
    withdrawn,   // none has, and that was acknowledged
    established, // the neighbor's session is
};

struct wait_request {
    condition until = condition::announced;
    std::vector<std::string> names; // of services, or of neighbors; all are waited for
    std::chrono::milliseconds timeout = std::chrono::seconds{60};
    friend bool operator==(const wait_request&, const wait_request&) = default;
};

/// A parameter of a URL's query, decoded.
struct parameter {
    std::string name;
    std::string value;
};

/// until=announced|withdrawn&service=S… or until=established&neighbor=N…, and timeout=SECONDS.
/// The error is a line for people.
std::expected<wait_request, std::string> parse_wait(const std::vector<parameter>& parameters);

/// The answer, once the condition holds or never can (a name is unknown).
std::optional<response> look(const wait_request& wait, const status_view& status);
response wait_timed_out(const wait_request& wait);

} // namespace herald::control
