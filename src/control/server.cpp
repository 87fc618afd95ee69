#include "herald/control/server.hpp"

#include "herald/control/acceptor.hpp"
#include "herald/control/event_view.hpp"
#include "herald/control/json_text.hpp"
#include "herald/control/socket_file.hpp"

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <utility>

namespace herald::control {

namespace asio = boost::asio;
using boost::system::error_code;
using local = asio::local::stream_protocol;
using asio::ip::tcp;

void refuse_one_more(connection::socket client) {
    static const auto refusal =
        to_bytes(problem(503, "too many connections"), {.version = 11, .keep_alive = false});
    std::array<char, 4096> dropped{};
    const int handle = client.native_handle();
    ::send(handle, refusal.data(), refusal.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // What stays unread when the socket is closed reaches the client as a reset.
    ::recv(handle, dropped.data(), dropped.size(), MSG_DONTWAIT);
}

namespace {

std::unexpected<std::string> failure(std::string_view where, std::string_view what,
                                     error_code error) {
    return std::unexpected(fmt::format("{}: {}: {}", where, what, error.message()));
}

} // namespace

class server::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor executor, operations& daemon, const limits& bounds)
        : executor_(std::move(executor)) {
        for (const auto& each : {operators_, everyone_}) {
            each->daemon = &daemon;
            each->bounds = bounds;
        }
        everyone_->who = audience::everyone;
    }

    std::expected<void, std::string> listen(const control_settings& settings);
    std::expected<tcp::endpoint, std::string> listen(const tcp::endpoint& where);
    void stop_listening_for_everyone() { tcp_->stop(); }
    void changed();
    void publish(const event_view& event);
    void stop();
    void cut();

private:
    void look_again();
    void tell();

    asio::any_io_executor executor_;
    // One for each socket, so that clients of the one cannot use up the places of the other.
    std::shared_ptr<hub> operators_ = std::make_shared<hub>();
    std::shared_ptr<hub> everyone_ = std::make_shared<hub>();
    std::shared_ptr<acceptor<local>> local_ =
        std::make_shared<acceptor<local>>(executor_, operators_);
    std::shared_ptr<acceptor<tcp>> tcp_ = std::make_shared<acceptor<tcp>>(executor_, everyone_);
    socket_file file_;
    std::string untold_; // events
    bool look_due_ = false;
};

std::expected<void, std::string> server::impl::listen(const control_settings& settings) {
    if (auto room = socket_file::make_room(settings.socket); !room)
        return room;
    if (const auto error = local_->bind(settings.socket.native()))
        return failure(settings.socket.native(), "bind", error);
    if (auto settled = file_.settle(settings); !settled) {
        stop();
        return settled;
    }
    if (const auto error = local_->listen()) {
        stop();
        return failure(settings.socket.native(), "listen", error);
    }
    return {};
}

std::expected<tcp::endpoint, std::string> server::impl::listen(const tcp::endpoint& where) {
    const auto name =
        fmt::format("metrics on {} port {}", where.address().to_string(), where.port());
    tcp_ = std::make_shared<acceptor<tcp>>(executor_, everyone_);
    auto error = tcp_->bind(where);
    if (!error)
        error = tcp_->listen();
    if (error)
        return failure(name, "listen", error);
    return tcp_->where();
}

void server::impl::changed() {
    if (look_due_ || operators_->waits.empty())
        return;
    look_due_ = true;
    // Later: what has changed goes to the wire first.
    asio::post(executor_, [self = shared_from_this()] { self->look_again(); });
}

void server::impl::look_again() {
    look_due_ = false;
    if (operators_->stopping)
        return;
    auto& waits = operators_->waits;
    std::erase_if(waits, [](const waiting& wait) { return wait.answer.expired(); });
    if (waits.empty())
        return;
    const auto status = operators_->daemon->status();
    for (const auto& wait : waits) {
        auto reply = look(wait.request, status);
        if (const auto waiter = wait.answer.lock(); reply && waiter)
            waiter->set(*std::move(reply));
    }
}

void server::impl::publish(const event_view& event) {
    if (operators_->readers.empty() && everyone_->readers.empty())
        return;
    const bool first = untold_.empty();
    untold_ += to_text(to_json(event)) + "\n";
    if (first)
        asio::post(executor_, [self = shared_from_this()] { self->tell(); });
}

void server::impl::tell() {
    const auto lines = std::exchange(untold_, {});
    for (const auto& each : {operators_, everyone_}) {
        for (auto* reader : each->readers)
            reader->tell(lines);
    }
}

void server::impl::stop() {
    file_.remove();
    local_->stop();
    tcp_->stop();
    tell();
    for (const auto& each : {operators_, everyone_}) {
        each->stopping = true;
        for (const auto& wait : std::exchange(each->waits, {}))
            if (const auto waiter = wait.answer.lock())
                waiter->set(problem(503, "the daemon is stopping"));
        for (auto* one : each->connections)
            one->stop();
    }
}

void server::impl::cut() {
    stop();
    for (const auto& each : {operators_, everyone_}) {
        each->daemon = nullptr;
        for (auto* one : each->connections)
            one->cut();
    }
}

server::server(asio::any_io_executor executor, operations& daemon, const limits& bounds)
    : impl_(std::make_shared<impl>(std::move(executor), daemon, bounds)) {}

server::~server() {
    impl_->cut();
}

std::expected<void, std::string> server::listen(const control_settings& settings) {
    return impl_->listen(settings);
}

std::expected<tcp::endpoint, std::string> server::listen(const tcp::endpoint& where) {
    return impl_->listen(where);
}

void server::stop_listening_for_everyone() {
    impl_->stop_listening_for_everyone();
}

void server::changed() {
    impl_->changed();
}

void server::publish(const event_view& event) {
    impl_->publish(event);
}

void server::stop() {
    impl_->stop();
}

} // namespace herald::control
