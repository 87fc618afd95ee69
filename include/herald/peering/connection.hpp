#pragma once

#include "herald/bgp/connection.hpp"
#include "herald/peering/environment.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace herald::peering {

class neighbor;

/// The socket of one of a neighbor's connections: what arrives goes to the neighbor's peer, and
/// what that has to say is written. Kept alive by its own coroutines until it is closed.
class connection : public std::enable_shared_from_this<connection> {
public:
    connection(const environment& environment, std::unique_ptr<transport> transport,
               neighbor& owner, bgp::connection_id id);

    /// Opens it; the peer is told.
    void dial();
    void set_connected() { connected_ = true; }
    /// Begins to read.
    void read();
    /// Writes what there is to write, as far as the neighbor's TCP takes it now.
    void flush();
    /// Lets go of the owner, writes the rest, and closes within a bounded time.
    void close(std::vector<std::uint8_t> rest);

    void set_user_timeout(std::chrono::milliseconds timeout) {
        transport_->set_user_timeout(timeout);
    }
    boost::asio::ip::address local_address() const { return transport_->local_address(); }
    int descriptor() const { return transport_->descriptor(); }
    /// The peer's TCP has everything that was written.
    bool acknowledged() const { return transport_->unacknowledged() == 0; }

private:
    // Each keeps the connection alive, from before its first turn.
    boost::asio::awaitable<void> dial(std::shared_ptr<connection> self);
    boost::asio::awaitable<void> read_loop(std::shared_ptr<connection> self);
    boost::asio::awaitable<void> write_later(std::shared_ptr<connection> self);
    std::span<const wire::octets> output();
    void wrote(std::size_t count);
    void failed(error_code error);
    void finish();

    boost::asio::any_io_executor executor_;
    std::shared_ptr<time_source> time_;
    std::unique_ptr<transport> transport_;
    neighbor* owner_; // null while closing
    bgp::connection_id id_;
    std::vector<std::uint8_t> rest_; // while closing
    wire::octets rest_octets_;
    std::vector<std::uint8_t> dropped_;
    std::unique_ptr<alarm_clock> closing_alarm_;
    std::shared_ptr<std::size_t> closing_count_;
    bool connected_ = false;
    bool writing_ = false; // waiting for the socket to take more
    bool failed_ = false;  // which the peer is to be told
    bool closed_ = false;
};

} // namespace herald::peering
