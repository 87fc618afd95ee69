#pragma once

#include "herald/peering/peering_settings.hpp"
#include "herald/peering/transport.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace herald::peering {

/// Accepts BGP connections on one address.
class listener : public std::enable_shared_from_this<listener> {
public:
    /// Called with each connection, whoever it is from.
    using receiver = std::function<void(boost::asio::ip::tcp::socket)>;

    listener(boost::asio::any_io_executor executor, receiver on_connection);

    /// Listens, with the TCP MD5 keys of the neighbors that have one (RFC 2385). The error is a
    /// line for people.
    std::expected<void, std::string> listen(const boost::asio::ip::address& address,
                                            std::uint16_t port,
                                            const std::vector<neighbor_settings>& neighbors);
    /// Connections from `peer` carry this key from now on; an empty one takes it away, RFC 2385.
    void set_key(const boost::asio::ip::address& peer, const std::string& password);
    const boost::asio::ip::tcp::endpoint& endpoint() const { return endpoint_; }
    void stop();

private:
    boost::asio::awaitable<void> accept_loop(std::shared_ptr<listener> self);
    error_code open(const boost::asio::ip::tcp::endpoint& endpoint,
                    const std::vector<neighbor_settings>& neighbors);

    boost::asio::any_io_executor executor_;
    boost::asio::ip::tcp::acceptor acceptor_;
    receiver on_connection_;
    boost::asio::ip::tcp::endpoint endpoint_;
};

} // namespace herald::peering
