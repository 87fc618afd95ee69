// BFD over the system's sockets on loopback; time passes when a test says so.
#pragma once

#include "herald/peering/bfd_sessions.hpp"
#include "tests/peering/fixed_links.hpp"
#include "tests/peering/manual_time.hpp"

#include <boost/asio/ip/udp.hpp>
#include <random>

namespace herald::peering::test {

inline const auto loopback = boost::asio::ip::make_address("127.0.0.1");
inline const auto loopback_v6 = boost::asio::ip::make_address("::1");

inline std::uint16_t unused_port(boost::asio::io_context& context) {
    return boost::asio::ip::udp::socket(context, {boost::asio::ip::udp::v6(), 0})
        .local_endpoint()
        .port();
}

inline environment made_up(boost::asio::io_context& context, std::shared_ptr<time_source> time,
                           bfd_ports here, bfd_ports there, unsigned seed = 7) {
    return {context.get_executor(),
            std::move(time),
            {},
            std::make_shared<fixed_links>(),
            [random = std::minstd_rand(seed)]() mutable { return std::uint32_t(random()); },
            std::make_shared<std::size_t>(0),
            here,
            there};
}

/// All that is told, a line each.
struct told final : bfd_observer {
    std::vector<std::string> lines;
    void bfd_changed(const std::string& neighbor,
                     const bfd::action::state_changed& change) override {
        lines.push_back(neighbor + ": " + std::string(to_string(change.now)));
    }
    void bfd_problem(const std::string& neighbor, const std::string& text) override {
        lines.push_back(neighbor + ": " + text);
    }
};

inline bfd_peer peer_at(const boost::asio::ip::address& address,
                        bfd_path path = bfd_path::single_hop) {
    bfd_peer made;
    made.name = "router";
    made.address = address;
    made.path = path;
    return made;
}

/// Two herald, each with ports of its own.
struct two_sides {
    explicit two_sides(const boost::asio::ip::address& address,
                       bfd_path path = bfd_path::single_hop)
        : peer(peer_at(address, path)) {
        here.want({peer});
        there.want({peer});
    }
    void pass(std::chrono::milliseconds span) {
        constexpr std::chrono::milliseconds step{10};
        for (auto left = span; left.count() > 0; left -= step)
            time->advance(step);
    }
    bfd::session_state state_here() const { return here.find("router")->state(); }
    bfd::session_state state_there() const { return there.find("router")->state(); }

    boost::asio::io_context context;
    std::shared_ptr<manual_time> time = std::make_shared<manual_time>(context);
    bfd_ports ports{unused_port(context), unused_port(context)};
    bfd_ports other_ports{unused_port(context), unused_port(context)};
    told seen_here, seen_there;
    bfd_sessions here{made_up(context, time, ports, other_ports), seen_here};
    bfd_sessions there{made_up(context, time, other_ports, ports, 8), seen_there};
    bfd_peer peer;
};

} // namespace herald::peering::test
