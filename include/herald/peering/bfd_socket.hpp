#pragma once

#include "herald/peering/transport.hpp"
#include "herald/wire/cursor.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace herald::peering {

/// One hop, RFC 5881 §4, or several, RFC 5883 §5.
enum class bfd_path : std::uint8_t { single_hop, multihop };

/// UDP's, RFC 5881 §4 and RFC 5883 §5: others in tests.
struct bfd_ports {
    std::uint16_t single_hop = 3784;
    std::uint16_t multihop = 4784;
    std::uint16_t of(bfd_path path) const {
        return path == bfd_path::single_hop ? single_hop : multihop;
    }
};

/// A datagram, and what the kernel tells of its way.
struct bfd_arrival {
    boost::asio::ip::address from; // an IPv6 link-local one carries its scope
    bfd_path path = bfd_path::single_hop;
    std::uint8_t ttl = 0;
    wire::octets octets;
};

/// The socket on which packets of one path and one IP version arrive.
class bfd_receiver : public std::enable_shared_from_this<bfd_receiver> {
public:
    using handler = std::function<void(const bfd_arrival&)>;
    bfd_receiver(const boost::asio::any_io_executor& executor, bfd_path path, bool v6,
                 handler on_arrival);

    /// Opens the socket, and calls the handler for what arrives, until close(). Another program's
    /// socket on the same port is an error.
    error_code open(std::uint16_t port);
    /// The same with the socket that another one had opened for this port.
    error_code inherit(int socket, std::uint16_t port);
    int descriptor() { return socket_.native_handle(); }
    /// Calls the handler for what has arrived by now.
    void read();
    void close();

private:
    error_code prepare(std::uint16_t port);
    bool read_one();
    boost::asio::awaitable<void> read_loop(std::shared_ptr<bfd_receiver> self);

    boost::asio::any_io_executor executor_;
    boost::asio::ip::udp::socket socket_;
    bfd_path path_;
    bool v6_;
    handler on_arrival_;
};

/// The socket from which one session's packets are sent, with TTL 255 and DSCP CS6, from a port of
/// its own, RFC 5881 §4. It is opened when the first packet is sent.
class bfd_sender {
public:
    static constexpr std::uint16_t first_port = 49152;
    static constexpr std::uint16_t last_port = 65535;

    /// Ports are tried from `port` on.
    bfd_sender(const boost::asio::any_io_executor& executor, boost::asio::ip::udp::endpoint to,
               std::optional<boost::asio::ip::address> from, std::uint16_t port);
    /// Goes on with the socket that another one had opened.
    error_code inherit(int socket);

    /// A packet that cannot be sent is one that is lost; the error says why it could not.
    error_code send(wire::octets packet);
    std::uint16_t port() const { return port_; }
    /// -1: no packet was sent.
    int descriptor() { return socket_.is_open() ? socket_.native_handle() : -1; }

private:
    error_code open();

    boost::asio::ip::udp::socket socket_;
    boost::asio::ip::udp::endpoint to_;
    std::optional<boost::asio::ip::address> from_;
    std::uint16_t port_;
};

} // namespace herald::peering
