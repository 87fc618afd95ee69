#include "herald/control/server.hpp"

#include "herald/control/acceptor.hpp"
#include "herald/control/event_view.hpp"
#include "herald/control/json_text.hpp"
#include "herald/control/socket_file.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace herald::control {

namespace asio = boost::asio;
using boost::system::error_code;
using local = asio::local::stream_protocol;
using asio::ip::tcp;

namespace {

std::unexpected<std::string> failure(std::string_view where, std::string_view what,
                                     error_code error) {
    return std::unexpected(fmt::format("{}: {}: {}", where, what, error.message()));
}

/// Of a hub whose connections erase themselves from it.
std::vector<connection*> all_of(const hub& clients) {
    std::vector<connection*> all(clients.connections.begin(), clients.connections.end());
    all.insert(all.end(), clients.extra.begin(), clients.extra.end());
    return all;
}

/// No more requests; what is being answered is finished.
void close(hub& clients) {
    clients.stopping = true;
    for (auto* one : all_of(clients))
        one->stop();
}

/// The names of this machine, by which browsers may ask.
std::vector<std::string> own_names() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0)
        return {};
    return {name.data()};
}

} // namespace

class server::impl : public std::enable_shared_from_this<impl> {
public:
    impl(asio::any_io_executor executor, operations& daemon, const limits& bounds)
        : executor_(std::move(executor))
        , behind_operators_(std::make_shared<backend>(executor_, daemon, bounds))
        , behind_everyone_(std::make_shared<backend>(executor_, daemon, bounds)) {}

    std::expected<void, std::string> listen(const control_settings& settings);
    std::expected<std::optional<tcp::endpoint>, std::string>
    listen_for_everyone(const metrics_settings& settings);
    std::expected<void, std::string> listen_for_agent(const std::optional<tcp::endpoint>& where);
    void inherit(const server_sockets& left) { inherited_ = left; }
    void drop_inherited();
    server_sockets sockets();
    void pause();
    void resume();
    bool idle() const;
    void changed();
    void publish(const event_view& event);
    void stop();
    void cut();

private:
    std::expected<void, std::string> go_on(const control_settings& settings);
    void look_again();
    void tell();

    std::expected<std::shared_ptr<acceptor<tcp>>, std::string> open(const tcp::endpoint& where,
                                                                    std::shared_ptr<hub> clients);

    asio::any_io_executor executor_;
    // One for each socket, so that clients of the one cannot use up the places of the other.
    std::shared_ptr<backend> behind_operators_;
    std::shared_ptr<backend> behind_everyone_;
    std::shared_ptr<hub> operators_ = std::make_shared<hub>(behind_operators_, audience::operators);
    std::shared_ptr<hub> everyone_ = std::make_shared<hub>(behind_everyone_, audience::everyone);
    std::shared_ptr<acceptor<local>> local_ =
        std::make_shared<acceptor<local>>(executor_, operators_);
    std::shared_ptr<acceptor<tcp>> tcp_; // none: it is not listened there
    std::optional<tcp::endpoint> asked_for_;
    std::shared_ptr<hub> agents_ = std::make_shared<hub>(behind_operators_, audience::agent);
    std::shared_ptr<acceptor<tcp>> agent_; // none: it is not listened for it
    std::optional<tcp::endpoint> agent_at_;
    socket_file file_;
    server_sockets inherited_;
    std::string untold_; // events
    bool look_due_ = false;
};

/// With the socket that listens there already; the file may get another mode and group.
std::expected<void, std::string> server::impl::go_on(const control_settings& settings) {
    const int left = std::exchange(inherited_.operators, -1);
    if (const auto error = local_->inherit(local(), left)) {
        ::close(left);
        return failure(settings.socket.native(), "listen", error);
    }
    if (auto settled = file_.settle(settings); !settled) {
        stop();
        return settled;
    }
    return {};
}

std::expected<void, std::string> server::impl::listen(const control_settings& settings) {
    if (inherited_.operators >= 0 && inherited_.path == settings.socket)
        return go_on(settings);
    if (auto room = file_.make_room(settings.socket); !room) {
        file_.done();
        return room;
    }
    if (const auto error = local_->bind(settings.socket.native())) {
        file_.done();
        return failure(settings.socket.native(), "bind", error);
    }
    if (auto settled = file_.settle(settings); !settled) {
        stop();
        return settled;
    }
    if (const auto error = local_->listen()) {
        stop();
        return failure(settings.socket.native(), "listen", error);
    }
    file_.done();
    return {};
}

std::expected<std::shared_ptr<acceptor<tcp>>, std::string>
server::impl::open(const tcp::endpoint& where, std::shared_ptr<hub> clients) {
    auto opened = std::make_shared<acceptor<tcp>>(executor_, std::move(clients));
    error_code error;
    if (inherited_.everyone >= 0 && inherited_.asked_for == where) {
        error = opened->inherit(where.protocol(), inherited_.everyone);
        if (!error)
            inherited_.everyone = -1;
    } else {
        error = opened->bind(where);
        if (!error)
            error = opened->listen();
    }
    if (error)
        return failure(
            fmt::format("metrics on {} port {}", where.address().to_string(), where.port()),
            "listen", error);
    return opened;
}

std::expected<std::optional<tcp::endpoint>, std::string>
server::impl::listen_for_everyone(const metrics_settings& settings) {
    behind_everyone_->hosts = own_names();
    if (settings.listen == asked_for_)
        return tcp_ ? std::optional(tcp_->where()) : std::nullopt;
    const auto before = tcp_ ? std::optional(tcp_->where()) : std::nullopt;
    if (tcp_)
        tcp_->stop(); // the two may exclude each other
    auto clients = std::make_shared<hub>(behind_everyone_, audience::everyone);
    if (settings.listen) {
        auto opened = open(*settings.listen, clients);
        if (!opened) {
            if (before)
                tcp_ = open(*before, everyone_).value_or(nullptr);
            return std::unexpected(opened.error());
        }
        tcp_ = *std::move(opened);
    } else {
        tcp_ = nullptr;
    }
    asked_for_ = settings.listen;
    close(*std::exchange(everyone_, std::move(clients)));
    return tcp_ ? std::optional(tcp_->where()) : std::nullopt;
}

std::expected<void, std::string>
server::impl::listen_for_agent(const std::optional<tcp::endpoint>& where) {
    if (where == agent_at_)
        return {};
    std::shared_ptr<acceptor<tcp>> next;
    if (where) {
        next = std::make_shared<acceptor<tcp>>(executor_, agents_);
        auto error = next->bind(*where);
        if (!error)
            error = next->listen();
        if (error)
            return failure(
                fmt::format("fleetlock on {} port {}", where->address().to_string(), where->port()),
                "listen", error);
    }
    if (agent_)
        agent_->stop();
    agent_ = std::move(next);
    agent_at_ = where;
    return {};
}

void server::impl::drop_inherited() {
    std::error_code ignored;
    if (inherited_.operators >= 0 && std::filesystem::is_socket(inherited_.path, ignored))
        std::filesystem::remove(inherited_.path, ignored);
    for (int* const each : {&inherited_.operators, &inherited_.everyone})
        if (const int left = std::exchange(*each, -1); left >= 0)
            ::close(left);
}

server_sockets server::impl::sockets() {
    return {file_.path(), local_->descriptor(), tcp_ ? asked_for_ : std::nullopt,
            tcp_ ? tcp_->descriptor() : -1};
}

void server::impl::pause() {
    behind_operators_->waits.end(problem(is_stopping()));
    local_->pause();
    for (const auto& each : {tcp_, agent_})
        if (each)
            each->pause();
}

void server::impl::resume() {
    local_->resume();
    for (const auto& each : {tcp_, agent_})
        if (each)
            each->resume();
}

bool server::impl::idle() const {
    for (const auto& each : {operators_, everyone_, agents_})
        for (const auto* group : {&each->connections, &each->extra})
            if (std::ranges::any_of(*group, &connection::is_busy))
                return false;
    return true;
}

void server::impl::changed() {
    if (look_due_ || behind_operators_->waits.empty())
        return;
    look_due_ = true;
    // Later: what has changed goes to the wire first.
    asio::post(executor_, [self = shared_from_this()] { self->look_again(); });
}

void server::impl::look_again() {
    look_due_ = false;
    if (operators_->stopping)
        return;
    behind_operators_->waits.look_again(*behind_operators_->daemon);
}

void server::impl::publish(const event_view& event) {
    if (operators_->readers.empty())
        return;
    const bool first = untold_.empty();
    untold_ += to_text(to_json(event)) + "\n";
    if (first)
        asio::post(executor_, [self = shared_from_this()] { self->tell(); });
}

void server::impl::tell() {
    const auto lines = std::exchange(untold_, {});
    for (auto* reader : operators_->readers)
        reader->tell(lines);
}

void server::impl::stop() {
    file_.remove();
    local_->stop();
    for (const auto& each : {tcp_, agent_})
        if (each)
            each->stop();
    tell();
    behind_operators_->waits.end(problem(is_stopping()));
    for (const auto& each : {operators_, everyone_, agents_})
        close(*each);
}

void server::impl::cut() {
    stop();
    for (const auto& each : {operators_, everyone_, agents_})
        for (auto* one : all_of(*each))
            one->cut();
    behind_operators_->daemon = nullptr;
    behind_everyone_->daemon = nullptr;
}

server::server(asio::any_io_executor executor, operations& daemon, const limits& bounds)
    : impl_(std::make_shared<impl>(std::move(executor), daemon, bounds)) {}

server::~server() {
    impl_->cut();
}

std::expected<void, std::string> server::listen(const control_settings& settings) {
    return impl_->listen(settings);
}

std::expected<std::optional<tcp::endpoint>, std::string>
server::listen_for_everyone(const metrics_settings& settings) {
    return impl_->listen_for_everyone(settings);
}

std::expected<void, std::string>
server::listen_for_agent(const std::optional<tcp::endpoint>& where) {
    return impl_->listen_for_agent(where);
}

void server::inherit(const server_sockets& left) {
    impl_->inherit(left);
}

void server::drop_inherited() {
    impl_->drop_inherited();
}

server_sockets server::sockets() {
    return impl_->sockets();
}

void server::pause() {
    impl_->pause();
}

void server::resume() {
    impl_->resume();
}

bool server::idle() const {
    return impl_->idle();
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
