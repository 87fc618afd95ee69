#include "herald/control/server.hpp"

#include "herald/control/connection.hpp"
#include "herald/control/socket_file.hpp"

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <utility>

namespace herald::control {

namespace asio = boost::asio;
using boost::system::error_code;
using protocol = asio::local::stream_protocol;

namespace {

/// A check's process that inherited it would keep the socket alive after us.
template <typename Socket>
void keep_from_children(Socket& socket) {
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
}

/// Answers without waiting: what cannot be written now is dropped.
void refuse_one_more(protocol::socket client) {
    static const auto refusal =
        to_bytes(problem(503, "too many connections"), {.version = 11, .keep_alive = false});
    std::array<char, 4096> dropped{};
    const int handle = client.native_handle();
    ::send(handle, refusal.data(), refusal.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // What stays unread when the socket is closed reaches the client as a reset.
    ::recv(handle, dropped.data(), dropped.size(), MSG_DONTWAIT);
}

} // namespace

class server::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor executor, operations& daemon, const limits& bounds)
        : executor_(std::move(executor))
        , acceptor_(executor_)
        , pause_(executor_) {
        hub_->daemon = &daemon;
        hub_->bounds = bounds;
    }

    std::expected<void, std::string> listen(const control_settings& settings);
    void changed();
    void stop();
    void cut();

private:
    void accept();
    void accepted(error_code error, protocol::socket client);
    void serve(protocol::socket client);
    void retry_accept(error_code error);
    void look_again();

    asio::any_io_executor executor_;
    protocol::acceptor acceptor_;
    asio::steady_timer pause_;
    std::shared_ptr<hub> hub_ = std::make_shared<hub>();
    socket_file file_;
    bool look_due_ = false;
    bool accept_failed_ = false; // and it was logged
};

std::expected<void, std::string> server::impl::listen(const control_settings& settings) {
    if (auto room = socket_file::make_room(settings.socket); !room)
        return room;
    const auto failure = [&](std::string_view what, error_code error) {
        return std::unexpected(
            fmt::format("{}: {}: {}", settings.socket.native(), what, error.message()));
    };
    error_code error;
    acceptor_.open(protocol{}, error);
    if (error)
        return failure("socket", error);
    keep_from_children(acceptor_);
    acceptor_.bind(settings.socket.native(), error);
    if (error)
        return failure("bind", error);
    if (auto settled = file_.settle(settings); !settled) {
        stop();
        return settled;
    }
    acceptor_.listen(protocol::acceptor::max_listen_connections, error);
    if (error) {
        stop();
        return failure("listen", error);
    }
    accept();
    return {};
}

void server::impl::accept() {
    acceptor_.async_accept([self = shared_from_this()](error_code error, protocol::socket client) {
        self->accepted(error, std::move(client));
    });
}

void server::impl::accepted(error_code error, protocol::socket client) {
    if (!acceptor_.is_open())
        return;
    if (error)
        return retry_accept(error);
    accept_failed_ = false;
    keep_from_children(client);
    if (hub_->connections.size() < hub_->bounds.connections)
        serve(std::move(client));
    else
        refuse_one_more(std::move(client));
    accept();
}

void server::impl::serve(protocol::socket client) {
    auto served = std::make_shared<connection>(hub_, std::move(client));
    asio::co_spawn(executor_, connection::run(std::move(served)), asio::detached);
}

/// Out of file descriptors or memory (accept(2)): the connection stays in the backlog, and trying
/// at once would spin.
void server::impl::retry_accept(error_code error) {
    if (!accept_failed_)
        hub_->daemon->cannot_accept(error.message());
    accept_failed_ = true;
    pause_.expires_after(hub_->bounds.accept_retry);
    pause_.async_wait([self = shared_from_this()](error_code) {
        if (self->acceptor_.is_open())
            self->accept();
    });
}

void server::impl::changed() {
    if (look_due_ || hub_->waits.empty())
        return;
    look_due_ = true;
    // Later: what has changed goes to the wire first.
    asio::post(executor_, [self = shared_from_this()] { self->look_again(); });
}

void server::impl::look_again() {
    look_due_ = false;
    if (hub_->stopping)
        return;
    std::erase_if(hub_->waits, [](const waiting& wait) { return wait.answer.expired(); });
    if (hub_->waits.empty())
        return;
    const auto status = hub_->daemon->status();
    for (const auto& wait : hub_->waits) {
        auto reply = look(wait.request, status);
        if (const auto waiter = wait.answer.lock(); reply && waiter)
            waiter->set(*std::move(reply));
    }
}

void server::impl::stop() {
    error_code ignored;
    hub_->stopping = true;
    file_.remove();
    acceptor_.close(ignored);
    pause_.cancel();
    for (const auto& wait : std::exchange(hub_->waits, {})) {
        if (const auto waiter = wait.answer.lock())
            waiter->set(problem(503, "the daemon is stopping"));
    }
    for (auto* each : hub_->connections)
        each->stop();
}

void server::impl::cut() {
    stop();
    hub_->daemon = nullptr;
    for (auto* each : hub_->connections)
        each->cut();
}

server::server(asio::any_io_executor executor, operations& daemon, const limits& bounds)
    : impl_(std::make_shared<impl>(std::move(executor), daemon, bounds)) {}

server::~server() {
    impl_->cut();
}

std::expected<void, std::string> server::listen(const control_settings& settings) {
    return impl_->listen(settings);
}

void server::changed() {
    impl_->changed();
}

void server::stop() {
    impl_->stop();
}

} // namespace herald::control
