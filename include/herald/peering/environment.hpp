#pragma once

#include "herald/peering/bfd_socket.hpp"
#include "herald/peering/link_facts.hpp"
#include "herald/peering/router_socket.hpp"
#include "herald/peering/time_source.hpp"
#include "herald/peering/transport.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>

namespace herald::peering {

/// What neighbors take from the world; tests put their own in its place.
struct environment {
    boost::asio::any_io_executor executor;
    std::shared_ptr<time_source> time;
    std::function<std::unique_ptr<transport>(const neighbor_settings&)> make_dialler;
    std::shared_ptr<link_facts> links;
    std::function<std::uint32_t()> chance = [] { return std::random_device{}(); }; // for jitter
    /// Connections that no neighbor has any more, and that are still to write something.
    std::shared_ptr<std::size_t> closing = std::make_shared<std::size_t>(0);
    bfd_ports bfd_here = {}; // on which packets arrive
    bfd_ports bfd_there = {};
    std::function<std::unique_ptr<router_socket>()> make_router_socket = {};
};

/// The system's TCP, with this clock and these links.
environment real_environment(boost::asio::any_io_executor executor,
                             std::shared_ptr<time_source> time, std::shared_ptr<link_facts> links);

} // namespace herald::peering
