#pragma once

#include "herald/control/connection.hpp"

#include <algorithm>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <memory>
#include <utility>

namespace herald::control {

/// A check's process that inherited it would keep the socket alive after us.
template <typename Socket>
void keep_from_children(Socket& socket) {
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

/// Takes the clients of one listening socket, and has each served.
template <typename Protocol>
class acceptor : public std::enable_shared_from_this<acceptor<Protocol>> {
public:
    using error_code = boost::system::error_code;
    using endpoint = Protocol::endpoint;

    acceptor(const boost::asio::any_io_executor& executor, std::shared_ptr<hub> shared)
        : socket_(executor)
        , pause_(executor)
        , hub_(std::move(shared)) {}

    /// Opens and binds; nobody can connect yet.
    error_code bind(const endpoint& where) {
        error_code error;
        socket_.open(where.protocol(), error);
        if (error)
            return error;
        keep_from_children(socket_);
        // After a restart TCP keeps the old connections' port for a while; a file knows no such
        // thing.
        socket_.set_option(boost::asio::socket_base::reuse_address(true), error);
        socket_.bind(where, error);
        return error;
    }

    error_code listen() {
        error_code error;
        socket_.listen(boost::asio::socket_base::max_listen_connections, error);
        if (!error)
            accept();
        return error;
    }

    /// Goes on with a socket that listens already.
    error_code inherit(const Protocol& protocol, int descriptor) {
        error_code error;
        socket_.assign(protocol, descriptor, error);
        if (error)
            return error;
        keep_from_children(socket_);
        accept();
        return error;
    }

    /// Takes nobody until resume(): who connects waits.
    void pause() {
        error_code ignored;
        paused_ = true;
        socket_.cancel(ignored);
    }
    void resume() {
        paused_ = false;
        accept();
    }

    /// The socket's; it stays the acceptor's.
    int descriptor() { return socket_.native_handle(); }
    endpoint where() const { return socket_.local_endpoint(); }

    void stop() {
        error_code ignored;
        socket_.close(ignored);
        pause_.cancel();
    }

private:
    using client = Protocol::socket;

    void accept() {
        if (paused_ || !socket_.is_open() || std::exchange(accepting_, true))
            return;
        socket_.async_accept([self = this->shared_from_this()](error_code error, client taken) {
            self->accepted(error, std::move(taken));
        });
    }

    void accepted(error_code error, client taken) {
        accepting_ = false;
        if (error == boost::asio::error::operation_aborted)
            return accept(); // it was paused, and is not any more
        if (!socket_.is_open())
            return;
        if (error)
            return retry(error);
        failed_ = false;
        keep_from_children(taken);
        // A host that vanished would hold its place for ever.
        taken.set_option(boost::asio::socket_base::keep_alive(true), error);
        connection::socket one = std::move(taken);
        if (hub_->connections.size() < hub_->behind->bounds.connections)
            serve(std::move(one), hub_->who);
        else if (hub_->who == audience::everyone)
            serve_extra(std::move(one));
        else
            refuse_one_more(one);
        accept();
    }

    /// One for whom there is no place may be a probe. When there are too many such, the oldest
    /// goes: a probe's request comes at once.
    void serve_extra(connection::socket one) {
        if (hub_->extra.size() >= hub_->behind->bounds.extra_connections)
            (*std::ranges::min_element(hub_->extra, {}, &connection::since))->make_room();
        serve(std::move(one), audience::probes);
    }

    void serve(connection::socket one, audience who) {
        auto served = std::make_shared<connection>(hub_, std::move(one), who);
        boost::asio::co_spawn(socket_.get_executor(), connection::run(std::move(served)),
                              boost::asio::detached);
    }

    /// Out of file descriptors or memory (accept(2)): the connection stays in the backlog, and
    /// trying at once would spin.
    void retry(error_code error) {
        if (!failed_)
            hub_->behind->daemon->cannot_accept(error.message());
        failed_ = true;
        pause_.expires_after(hub_->behind->bounds.accept_retry);
        pause_.async_wait([self = this->shared_from_this()](error_code) { self->accept(); });
    }

    boost::asio::basic_socket_acceptor<Protocol> socket_;
    boost::asio::steady_timer pause_;
    std::shared_ptr<hub> hub_;
    bool failed_ = false; // and it was logged
    bool accepting_ = false;
    bool paused_ = false;
};

} // namespace herald::control
