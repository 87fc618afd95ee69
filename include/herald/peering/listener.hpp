#pragma once

#include "herald/peering/peering_settings.hpp"
#include "herald/peering/transport.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace herald::peering {

/// Accepts BGP connections on one address.
class listener : public std::enable_shared_from_this<listener> {
public:
    /// Called with each connection, whoever it is from, and where it was accepted.
    using receiver = std::function<void(const listener&, boost::asio::ip::tcp::socket)>;

    listener(boost::asio::any_io_executor executor, receiver on_connection);

    /// Listens, with these neighbors' keys. The error is a line for people.
    std::expected<void, std::string> listen(const boost::asio::ip::address& address,
                                            std::uint16_t port,
                                            const std::vector<neighbor_settings>& neighbors);
    /// Goes on with a socket that listens there already. The error is a line for people.
    std::expected<void, std::string> inherit(const boost::asio::ip::tcp::endpoint& endpoint,
                                             int descriptor,
                                             const std::vector<neighbor_settings>& neighbors);
    /// From now on connections of these neighbors carry their TCP MD5 keys, RFC 2385, and no other
    /// key is left. What could not be set before is tried again.
    void change_keys(const std::vector<neighbor_settings>& neighbors);
    /// Why this neighbor's key could not be set; none if it is, or there is none to set.
    std::error_code key_error(const neighbor_settings& neighbor) const;
    const boost::asio::ip::tcp::endpoint& endpoint() const { return endpoint_; }
    /// The socket's; it stays the listener's.
    int descriptor() { return acceptor_.native_handle(); }
    void stop();

private:
    struct md5_key {
        std::string password;
        std::error_code error;
    };

    boost::asio::awaitable<void> accept_loop(std::shared_ptr<listener> self);
    error_code open(const boost::asio::ip::tcp::endpoint& endpoint,
                    const std::vector<neighbor_settings>& neighbors);

    boost::asio::any_io_executor executor_;
    boost::asio::ip::tcp::acceptor acceptor_;
    receiver on_connection_;
    boost::asio::ip::tcp::endpoint endpoint_;
    std::map<boost::asio::ip::address, md5_key> keys_; // by addresses as the kernel knows them
};

} // namespace herald::peering
