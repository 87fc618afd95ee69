#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <optional>

namespace herald::control {

/// Where the read-only listener is.
struct metrics_settings {
    std::optional<boost::asio::ip::tcp::endpoint> listen; // none: there is none
    friend bool operator==(const metrics_settings&, const metrics_settings&) = default;
};

} // namespace herald::control
