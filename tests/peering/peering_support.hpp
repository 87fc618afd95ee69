#pragma once

#include "herald/bgp/export_policy.hpp"
#include "herald/bgp/negotiation.hpp"
#include "herald/peering/neighbor.hpp"
#include "herald/wire/framer.hpp"
#include "herald/wire/messages.hpp"
#include "herald/wire/open.hpp"
#include "tests/peering/fixed_links.hpp"
#include "tests/support/bytes.hpp"
#include "tests/support/event_loop.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <doctest/doctest.h>
#include <string>
#include <vector>

/// A neighbor over loopback, and the raw router at the other end of it.
namespace herald::peering::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using herald::test::bytes;
using herald::test::hex;
using herald::test::run_until;
using namespace std::chrono_literals;

inline const net::ip_prefix documentation = *net::ip_prefix::parse("192.0.2.0/24");

/// Settings of AS 65010 towards AS 64500 at 127.0.0.1.
inline neighbor_settings settings_towards(std::uint16_t port) {
    neighbor_settings settings;
    settings.name = "router";
    settings.address = asio::ip::make_address("127.0.0.1");
    settings.port = port;
    settings.session.local_as = settings.policy.local_as = 65010;
    settings.session.remote_as = 64500;
    settings.session.router_id = 0xC000020A;
    settings.session.families = {net::address_family::ipv4};
    return settings;
}

inline bgp::shared_attributes normal_route(const neighbor_settings& settings) {
    return std::make_shared<const wire::path_attributes>(
        *bgp::export_route(settings.policy, {}, net::announcement::normal));
}

/// Writes down what it is told, one line each.
class recorder final : public neighbor_observer {
public:
    void state_changed(const neighbor&, bgp::session_state, bgp::session_state now) override {
        lines.emplace_back(bgp::to_string(now));
    }
    void session_up(const neighbor&, const bgp::negotiated_session&) override {
        lines.emplace_back("up");
    }
    void session_ended(const neighbor&, const session_end& end) override {
        lines.push_back(end.describe());
    }
    void malformed_update(const neighbor&, const bgp::malformed_update&) override {
        lines.emplace_back("malformed");
    }
    void problem(const neighbor&, const std::string& text) override { lines.push_back(text); }
    void bfd_changed(const neighbor&, const bfd::action::state_changed& change) override {
        lines.push_back("BFD " + std::string(to_string(change.now)));
    }

    std::vector<std::string> lines;
};

/// The router's end of a connection: octets as they are.
class raw_peer {
public:
    raw_peer(asio::io_context& context, tcp::socket socket)
        : context_(context)
        , socket_(std::move(socket)) {
        socket_.non_blocking(true);
    }

    void send(const bytes& octets) { asio::write(socket_, asio::buffer(octets)); }

    void send_open(net::as_number as = 64500, std::uint32_t identifier = 0xC6336401,
                   std::uint16_t hold_time = 90) {
        send(wire::encode(wire::open_message{
            static_cast<std::uint16_t>(net::fits_two_octets(as) ? as : net::as_trans),
            hold_time,
            identifier,
            {wire::multiprotocol_capability{1, 1}, wire::four_octet_as_capability{as}}}));
    }
    void send_keepalive() { send(wire::encode_keepalive()); }

    /// The next message, or nothing once the connection has ended or the bound is over.
    bytes receive(std::chrono::milliseconds bound = 5s) {
        run_until(
            context_, [&] { return complete() > 0 || take_available() || complete() > 0; }, bound);
        auto size = complete();
        auto begin = input_.begin() + static_cast<std::ptrdiff_t>(taken_);
        taken_ += size;
        return {begin, begin + static_cast<std::ptrdiff_t>(size)};
    }
    /// Whether the neighbor ended the connection within the bound.
    bool closed() {
        return run_until(context_, [&] { return take_available(); });
    }
    void close() { socket_.close(); }
    tcp::socket& socket() { return socket_; }

    /// Takes the session to Established from this end.
    void establish() {
        receive(); // OPEN
        send_open();
        receive(); // KEEPALIVE
        send_keepalive();
    }

private:
    /// Reads what is there; true once the connection has ended.
    bool take_available() {
        std::uint8_t buffer[4096];
        for (;;) {
            error_code error;
            auto count = socket_.read_some(asio::buffer(buffer), error);
            if (error == asio::error::would_block) {
                arm();
                return false;
            }
            if (error)
                return true;
            input_.insert(input_.end(), buffer, buffer + count);
        }
    }
    /// Lets the loop wake up when there is more.
    void arm() {
        socket_.async_wait(tcp::socket::wait_read, [](error_code) {});
    }
    std::size_t complete() const {
        auto left = input_.size() - taken_;
        if (left < wire::header_size)
            return 0;
        auto size = static_cast<std::size_t>(input_[taken_ + 16]) * 256 + input_[taken_ + 17];
        return left < size ? 0 : size;
    }

    asio::io_context& context_;
    tcp::socket socket_;
    bytes input_;
    std::size_t taken_ = 0; // of the input, by receive()
};

/// A router that waits to be dialled.
class raw_router {
public:
    explicit raw_router(asio::io_context& context)
        : context_(context)
        , acceptor_(context, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0)) {}

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    raw_peer accept() {
        tcp::socket socket(context_);
        bool done = false;
        acceptor_.async_accept(socket, [&](error_code) { done = true; });
        REQUIRE(run_until(context_, [&] { return done; }));
        return {context_, std::move(socket)};
    }
    bool dialled_within(std::chrono::milliseconds bound) {
        bool done = false;
        acceptor_.async_wait(tcp::acceptor::wait_read, [&](error_code) { done = true; });
        auto seen = run_until(context_, [&] { return done; }, bound);
        acceptor_.cancel();
        run_until(context_, [&] { return done; });
        return seen;
    }

private:
    asio::io_context& context_;
    tcp::acceptor acceptor_;
};

/// Two connected sockets: the one that was accepted, and the one that dialled.
inline std::pair<tcp::socket, tcp::socket> connected_pair(asio::io_context& context) {
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
    tcp::socket dialler(context), accepted(context);
    dialler.connect(acceptor.local_endpoint());
    acceptor.accept(accepted);
    return {std::move(accepted), std::move(dialler)};
}

} // namespace herald::peering::test
