#pragma once

#include "tests/peering/manual_time.hpp"
#include "tests/peering/peering_support.hpp"
#include "tests/peering/scripted_network.hpp"

namespace herald::peering::test {

/// A neighbor, the network to it, and what is seen of it.
struct scripted_neighbor {
    scripted_network network;
    recorder seen;
    neighbor speaks;

    scripted_neighbor(asio::io_context& context, const std::shared_ptr<manual_time>& time,
                      const neighbor_settings& settings)
        : network(context, time)
        , speaks(network.around(), settings, seen) {}

    /// Where the router is the one to dial, it does.
    void connect() {
        if (speaks.settings().passive && !speaks.established())
            speaks.accept(network.dialled_by_router());
    }
};

} // namespace herald::peering::test
