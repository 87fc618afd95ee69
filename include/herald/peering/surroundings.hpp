#pragma once

#include "herald/peering/time_source.hpp"
#include "herald/peering/transport.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>

namespace herald::peering {

/// What neighbors take from the world; tests put their own in its place.
struct surroundings {
    boost::asio::any_io_executor executor;
    std::shared_ptr<time_source> time;
    std::function<std::unique_ptr<transport>(const neighbor_settings&)> make_dialler;
    std::function<std::uint32_t()> chance = [] { return std::random_device{}(); };
};

/// The system's clock and TCP.
surroundings real_surroundings(boost::asio::any_io_executor executor);

} // namespace herald::peering
