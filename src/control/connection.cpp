#include "herald/control/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <sys/socket.h>
#include <utility>
#include <variant>

namespace herald::control {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

template <typename... Handlers>
struct overloaded : Handlers... {
    using Handlers::operator()...;
};

/// The services that were drained or undrained.
auto show_these(std::vector<std::string> names) {
    return [names = std::move(names)](const operations& daemon, const auto&) {
        return show_changed(names, daemon.status());
    };
}

/// Who is at the other end, as the kernel has it.
std::string user_of(connection::socket& client) {
    ucred peer{};
    socklen_t length = sizeof peer;
    if (::getsockopt(client.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return {};
    return "uid " + std::to_string(peer.uid);
}

} // namespace

connection::connection(std::shared_ptr<hub> shared, socket client)
    : hub_(std::move(shared))
    , socket_(std::move(client))
    , buffer_(hub_->bounds.header + hub_->bounds.body)
    , deadline_(socket_.get_executor())
    , told_(socket_.get_executor()) {
    hub_->connections.insert(this);
}

connection::~connection() {
    hub_->connections.erase(this);
    hub_->readers.erase(this);
}

asio::awaitable<void> connection::run(std::shared_ptr<connection> self) {
    // A co_await in a condition is miscompiled by GCC 12: each has a statement of its own here.
    bool more = true;
    while (more) {
        more = co_await self->serve();
        more = more && !self->hub_->stopping;
        self->first_ = false;
    }
    self->cut();
}

void connection::stop() {
    if (reading_)
        return cut();
    if (std::exchange(streaming_, false)) { // the last events go, then it ends
        told_.cancel();
        arm(hub_->bounds.linger);
    }
}

void connection::cut() {
    error_code ignored;
    disarm();
    socket_.close(ignored);
    streaming_ = false;
    told_.cancel();
    if (pending_)
        pending_->set({});
}

/// One request and its answer; whether there may be another.
asio::awaitable<bool> connection::serve() {
    request_parser parser;
    bound(parser, hub_->bounds);
    reading_ = true;
    const auto error = co_await read(parser);
    if (!socket_.is_open())
        co_return false;
    reading_ = false;
    if (error) {
        // Closed, or idle for too long, between two requests: that is as it should be.
        const bool idle =
            late_ ? !first_ && !parser.got_some() : error == http::error::end_of_stream;
        if (!idle)
            co_await turn_away(late_ ? error_code(asio::error::timed_out) : error);
        co_return false;
    }
    const auto& message = parser.get();
    const framing frame{.version = message.version(),
                        .head = message.method() == http::verb::head,
                        .keep_alive = message.keep_alive()};
    const bool more = co_await reply(to_request(message), frame);
    co_return more;
}

/// Whether there may be another request.
asio::awaitable<bool> connection::reply(const request& asked, framing frame) {
    const auto ready = co_await answer(asked);
    if (!socket_.is_open())
        co_return false;
    frame.keep_alive = frame.keep_alive && !hub_->stopping && !ready.endless;
    const bool follows = ready.endless && !frame.head;
    if (follows) {
        streaming_ = true;
        hub_->readers.insert(this);
    }
    bool written = co_await write(to_bytes(ready, frame));
    if (written && follows)
        co_await follow();
    co_return written&& frame.keep_alive;
}

asio::awaitable<error_code> connection::read(request_parser& parser) {
    error_code error;
    arm(hub_->bounds.request);
    co_await http::async_read_header(socket_, buffer_, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (!error && !parser.is_done())
        co_await invite(parser, error);
    if (!error && !parser.is_done())
        co_await http::async_read(socket_, buffer_, parser,
                                  asio::redirect_error(asio::use_awaitable, error));
    disarm();
    co_return error;
}

/// RFC 9110 §10.1.1: a client that expects 100 sends its content only then.
asio::awaitable<void> connection::invite(request_parser& parser, error_code& error) {
    static constexpr std::string_view invitation = "HTTP/1.1 100 Continue\r\n\r\n";
    if (parser.get()[http::field::expect] != "100-continue")
        co_return;
    co_await asio::async_write(socket_, asio::buffer(invitation),
                               asio::redirect_error(asio::use_awaitable, error));
}

/// Answers what could not be read as a request. Where the next one would begin is unknown then, so
/// the connection ends.
asio::awaitable<void> connection::turn_away(error_code error) {
    const bool written = co_await write(to_bytes(refuse(error), {}));
    if (written)
        co_await linger();
}

/// Reads and drops what the client still sends, for a while: a client in the middle of its request
/// would otherwise see a broken pipe rather than the refusal (RFC 9112 §9.6).
asio::awaitable<void> connection::linger() {
    error_code error;
    socket_.shutdown(socket::shutdown_send, error);
    arm(hub_->bounds.linger);
    std::vector<char> dropped(16384);
    while (!error && socket_.is_open())
        co_await socket_.async_read_some(asio::buffer(dropped),
                                         asio::redirect_error(asio::use_awaitable, error));
    disarm();
}

asio::awaitable<bool> connection::write(std::string bytes) {
    error_code error;
    arm(hub_->bounds.reply);
    co_await asio::async_write(socket_, asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, error));
    disarm();
    co_return !error && socket_.is_open();
}

/// Writes events as they come, until the client leaves, is too slow, or the server stops.
asio::awaitable<void> connection::follow() {
    error_code error;
    error_code ignored;
    watch_for_departure([this] { cut(); });
    while (!error && socket_.is_open() && (streaming_ || !untold_.empty())) {
        const auto lines = std::exchange(untold_, {});
        if (lines.empty()) {
            told_.expires_at(asio::steady_timer::time_point::max());
            co_await told_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        } else {
            co_await asio::async_write(socket_, asio::buffer(lines),
                                       asio::redirect_error(asio::use_awaitable, error));
        }
    }
    disarm();
}

void connection::tell(std::string_view lines) {
    if (!streaming_)
        return;
    if (untold_.size() + lines.size() > hub_->bounds.backlog) {
        hub_->daemon->reader_dropped();
        return cut();
    }
    untold_ += lines;
    told_.cancel();
}

asio::awaitable<response> connection::answer(const request& asked) {
    if (hub_->stopping)
        co_return problem(503, "the daemon is stopping");
    auto result = route(asked, *hub_->daemon, hub_->who);
    const auto performing = overloaded{
        [this](response& ready) { return perform(std::move(ready)); },
        [this](drain_request& wanted) { return perform(std::move(wanted)); },
        [this](undrain_request& wanted) { return perform(std::move(wanted)); },
        [this](neighbor_request& wanted) { return perform(wanted); },
        [this](reload_request& wanted) { return perform(wanted); },
        [this](log_request& wanted) { return perform(wanted); },
        [this](restart_request& wanted) { return perform(wanted); },
        [this](report_request& wanted) { return perform(std::move(wanted)); },
        [this](wait_request& wanted) { return perform(std::move(wanted)); },
    };
    auto ready = co_await std::visit(performing, result);
    pending_.reset();
    co_return ready;
}

asio::awaitable<response> connection::perform(response ready) {
    co_return ready;
}

asio::awaitable<response> connection::perform(drain_request wanted) {
    auto reply = answer_to<void>(show_these(wanted.services));
    if (wanted.by.empty())
        wanted.by = user_of(socket_);
    hub_->daemon->drain(std::move(wanted), std::move(reply));
    return changed();
}

asio::awaitable<response> connection::perform(undrain_request wanted) {
    auto reply = answer_to<void>(show_these(wanted.services));
    hub_->daemon->undrain(std::move(wanted.services), std::move(reply));
    return changed();
}

asio::awaitable<response> connection::perform(const neighbor_request& wanted) {
    const auto result = hub_->daemon->change_neighbor(wanted);
    co_return result ? show_neighbor(wanted.neighbor, hub_->daemon->status())
                     : problem(result.error());
}

asio::awaitable<response> connection::perform(reload_request wanted) {
    hub_->daemon->reload(wanted.dry_run,
                         answer_to<reload_view>([](const operations&, const auto& result) {
                             return show(to_json(*result));
                         }));
    return changed();
}

asio::awaitable<response> connection::perform(const log_request& wanted) {
    const auto result = hub_->daemon->set_log_level(wanted.level);
    co_return result ? show_level(wanted.level) : problem(result.error());
}

asio::awaitable<response> connection::perform(restart_request) {
    hub_->daemon->restart(
        answer_to<void>([](const operations&, const auto&) { return show_restarting(); }));
    return changed();
}

asio::awaitable<response> connection::perform(report_request told) {
    const auto taken = hub_->daemon->report(told);
    co_return taken ? show_reported(told, hub_->daemon->status()) : problem(taken.error());
}

/// Waits for the reply that when_done() takes.
asio::awaitable<response> connection::changed() {
    const auto pending = pending_;
    auto reply = co_await pending->get(hub_->bounds.daemon);
    co_return reply ? *std::move(reply) : problem(504, "the daemon has not finished this yet");
}

/// The daemon may call it before the call returns, later, when the client is gone, or when the
/// server is.
template <typename Value>
reply_to<Value> connection::answer_to(showing<Value> show) {
    pending_ = std::make_shared<later<response>>(socket_.get_executor());
    return [shared = std::weak_ptr(hub_), pending = std::weak_ptr(pending_),
            show = std::move(show)](const std::expected<Value, refusal>& result) {
        const auto still = shared.lock();
        const auto reply = pending.lock();
        if (!still || still->daemon == nullptr || !reply)
            return;
        reply->set(result ? show(*still->daemon, result) : problem(result.error()));
    };
}

asio::awaitable<response> connection::perform(wait_request wanted) {
    if (auto already = look(wanted, hub_->daemon->status()))
        co_return *std::move(already);
    pending_ = std::make_shared<later<response>>(socket_.get_executor());
    const auto pending = pending_;
    std::erase_if(hub_->waits, [](const waiting& other) { return other.answer.expired(); });
    hub_->waits.push_back({wanted, pending});
    watch_for_departure([pending] {
        pending->set(problem(400, "the connection was closed before the condition held"));
    });
    auto reply = co_await pending->get(wanted.timeout);
    error_code ignored;
    socket_.cancel(ignored); // the watch
    co_return reply ? *std::move(reply) : wait_timed_out(wanted);
}

/// A client that leaves while it waits makes room for another.
void connection::watch_for_departure(std::function<void()> gone) {
    socket_.async_wait(socket::wait_read, [self = shared_from_this(),
                                           gone = std::move(gone)](error_code error) {
        char next = 0;
        const bool waits = // the request that follows is not our concern here
            !error && ::recv(self->socket_.native_handle(), &next, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
        if (error != asio::error::operation_aborted && !waits)
            gone();
    });
}

void connection::arm(std::chrono::milliseconds bound) {
    late_ = false;
    deadline_.expires_after(bound);
    deadline_.async_wait([self = shared_from_this(), generation = ++generation_](error_code) {
        if (generation == self->generation_)
            self->be_late();
    });
}

void connection::disarm() {
    ++generation_;
    deadline_.cancel();
}

/// Not cancel(): an operation that is between two steps would not notice.
void connection::be_late() {
    error_code ignored;
    late_ = true;
    if (reading_)
        socket_.shutdown(socket::shutdown_receive, ignored); // it ends; a refusal can be sent
    else
        socket_.close(ignored);
}

} // namespace herald::control
