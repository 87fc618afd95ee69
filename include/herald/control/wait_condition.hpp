#pragma once

#include "herald/control/later.hpp"
#include "herald/control/operations.hpp"
#include "herald/control/response.hpp"

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
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
std::optional<response> look(const wait_request& wait, const operations& daemon);
response wait_timed_out(const wait_request& wait);

/// Requests that wait, and who is to be told.
class wait_list {
public:
    void add(wait_request wait, std::weak_ptr<later<response>> answer);
    bool empty() const { return waits_.empty(); }
    /// Answers those whose condition holds by now.
    void look_again(const operations& daemon);
    void end(const response& with);

private:
    struct entry {
        wait_request wait;
        std::weak_ptr<later<response>> answer; // owned by the coroutine that waits
    };

    std::vector<entry> waits_;
};

} // namespace herald::control
