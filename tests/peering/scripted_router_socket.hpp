#pragma once

#include "herald/peering/router_socket.hpp"

#include <functional>
#include <utility>
#include <vector>

namespace herald::peering::test {

/// The one link, as a test has it: what is sent there, and who hears what arrives.
struct scripted_link {
    int opened = 0;
    int open = 0;
    link_state from;
    error_code refused; // to open
    error_code unsent;  // to send
    router_socket::handler on_arrival;
    std::vector<router_message> sent;
    std::function<void()> unread; // arrives when it is read
};

struct scripted_router_socket final : router_socket {
    explicit scripted_router_socket(scripted_link& of) : wire(of) { ++wire.open; }
    ~scripted_router_socket() override { --wire.open; }
    error_code open(const link_state& link, handler on_arrival) override {
        if (wire.refused)
            return wire.refused;
        ++wire.opened;
        wire.from = link;
        wire.on_arrival = std::move(on_arrival);
        return {};
    }
    void read() override {
        if (const auto arrives = std::exchange(wire.unread, nullptr))
            arrives();
    }
    error_code send(router_message message) override {
        if (!wire.unsent)
            wire.sent.push_back(message);
        return wire.unsent;
    }
    scripted_link& wire;
};

} // namespace herald::peering::test
