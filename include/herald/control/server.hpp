#pragma once

#include "herald/control/control_settings.hpp"
#include "herald/control/limits.hpp"
#include "herald/control/metrics_settings.hpp"
#include "herald/control/operations.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace herald::control {

/// The sockets of a server, for the program that takes this one's place.
struct server_sockets {
    std::filesystem::path path;
    int operators = -1;
    std::optional<boost::asio::ip::tcp::endpoint> asked_for; // as the settings have it
    int everyone = -1;                                       // none: it is not listened there
    friend bool operator==(const server_sockets&, const server_sockets&) = default;
};

/// HTTP/1.1 with JSON over a UNIX stream socket, and what is read-only over TCP too. What
/// clients can cost is in limits.
class server {
public:
    /// `daemon` outlives the server.
    server(boost::asio::any_io_executor executor, operations& daemon, const limits& bounds = {});
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    /// Cuts every connection; `daemon` is not called any more.
    ~server();

    /// Listens. A socket file that no one answers on is replaced; one that is answered on is
    /// another daemon's, and refused. The error is a line for people.
    std::expected<void, std::string> listen(const control_settings& settings);

    /// Listens for everyone on a TCP port: views, metrics, the status page; or no longer. Where it
    /// listens by now, for port 0. Clients that came by another place are closed. When it cannot be
    /// listened there, it goes on where it was.
    std::expected<std::optional<boost::asio::ip::tcp::endpoint>, std::string>
    listen_for_everyone(const metrics_settings& settings);

    /// Listens for this node's own agent, which speaks FleetLock; or no longer. When it cannot be
    /// listened there, it goes on where it was.
    std::expected<void, std::string>
    listen_for_agent(const std::optional<boost::asio::ip::tcp::endpoint>& where);

    /// Sockets that listen already, for the two functions above to go on with where they are what
    /// is asked for. They are this one's: drop_inherited() closes the others.
    void inherit(const server_sockets& left);
    void drop_inherited();
    server_sockets sockets();
    /// Takes no more clients: who connects waits until resume(), or for another program. Requests
    /// that wait for a condition are refused.
    void pause();
    void resume();
    /// Whether nobody waits for an answer.
    bool idle() const;

    /// Tells those that follow events, in a later turn of the loop. Cheap where nobody does.
    void publish(const event_view& event);

    /// Something that the views show has changed: requests that wait for a condition look again,
    /// in a later turn of the loop. Cheap where nobody waits.
    void changed();

    /// Listens no more, removes the socket file if it is still its own, and closes every connection
    /// that is not being answered. Replies that are on their way are finished, within limits.
    void stop();

private:
    class impl;
    std::shared_ptr<impl> impl_;
};

} // namespace herald::control
