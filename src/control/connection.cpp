#include "herald/control/connection.hpp"

#include "herald/control/routing.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/read.hpp>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace herald::control {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

/// Who is at the other end, as the kernel has it; none where it is no UNIX socket's.
std::optional<std::uint32_t> user_of(connection::socket& client) {
    ucred peer{};
    socklen_t length = sizeof peer;
    const int failed =
        ::getsockopt(client.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &length);
    if (failed != 0 || peer.uid == static_cast<uid_t>(-1))
        return std::nullopt;
    return peer.uid;
}

} // namespace

void refuse_one_more(connection::socket& client) {
    static const auto refusal =
        to_bytes(too_many_connections(), {.version = 11, .keep_alive = false});
    std::array<char, 4096> dropped{};
    const int handle = client.native_handle();
    ::send(handle, refusal.data(), refusal.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    // What stays unread when the socket is closed reaches the client as a reset.
    ::recv(handle, dropped.data(), dropped.size(), MSG_DONTWAIT);
}

connection::connection(std::shared_ptr<hub> shared, socket client, audience who)
    : hub_(std::move(shared))
    , socket_(std::move(client))
    , who_(who)
    , user_(user_of(socket_))
    , buffer_(hub_->behind->bounds.header + hub_->behind->bounds.body)
    , deadline_(socket_.get_executor())
    , told_(socket_.get_executor()) {
    (who_ == audience::probes ? hub_->extra : hub_->connections).insert(this);
}

connection::~connection() {
    hub_->connections.erase(this);
    hub_->extra.erase(this);
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
    last_ = true;
    if (reading_)
        return cut();
    if (std::exchange(streaming_, false)) { // the last events go, then it ends
        told_.cancel();
        arm(hub_->behind->bounds.linger);
    }
}

void connection::cut() {
    error_code ignored;
    disarm();
    socket_.close(ignored);
    hub_->connections.erase(this);
    hub_->extra.erase(this);
    streaming_ = false;
    told_.cancel();
    if (const auto waiting = pending_.lock())
        waiting->abandon();
}

bool connection::is_busy() const {
    constexpr std::chrono::milliseconds new_for{100};
    const bool asks = first_ && std::chrono::steady_clock::now() - since_ < new_for;
    return reading_ ? asks : !streaming_;
}

void connection::make_room() {
    if (reading_)
        refuse_one_more(socket_);
    cut();
}

/// One request and its answer; whether there may be another.
asio::awaitable<bool> connection::serve() {
    request_parser parser;
    bound(parser, hub_->behind->bounds);
    reading_ = true;
    since_ = std::chrono::steady_clock::now();
    const auto error = co_await read(parser);
    if (!socket_.is_open())
        co_return false;
    reading_ = false;
    if (error) {
        // Closed, or idle for too long, between two requests: that is as it should be.
        const bool idle =
            late_ ? !first_ && !parser.got_some() : error == http::error::end_of_stream;
        auto why = late_ && who_ == audience::probes ? too_many_connections()
                   : late_                           ? refuse(asio::error::timed_out)
                                                     : refuse(error);
        if (!idle)
            co_await turn_away(std::move(why));
        co_return false;
    }
    const auto& message = parser.get();
    const framing frame{.version = message.version(),
                        .head = message.method() == http::verb::head,
                        .keep_alive = message.keep_alive()};
    auto asked = to_request(message);
    const bool more = co_await reply(std::move(asked), frame);
    co_return more;
}

/// Whether there may be another request.
asio::awaitable<bool> connection::reply(request asked, framing frame) {
    auto ready = co_await answer_to(std::move(asked));
    if (!socket_.is_open())
        co_return false;
    hold(ready);
    frame.keep_alive = frame.keep_alive && !last_ && who_ != audience::probes && !ready.endless;
    const bool follows = ready.endless && !frame.head;
    if (follows) {
        streaming_ = true;
        hub_->readers.insert(this);
    }
    auto header = header_of(ready, frame);
    if (frame.head)
        ready.body = {};
    bool written = co_await write(std::move(header), std::move(ready.body));
    held_ = {};
    if (written && follows)
        co_await follow();
    co_return written&& frame.keep_alive;
}

asio::awaitable<response> connection::answer_to(request asked) {
    if (hub_->stopping)
        co_return problem(is_stopping());
    auto ready = co_await answer(std::move(asked), hub_->behind, *this, who_, user_);
    if (std::exchange(watched_, false)) {
        error_code ignored;
        socket_.cancel(ignored);
    }
    co_return ready;
}

/// The reply waits for the client from here on. One that others leave no room for becomes a
/// refusal; for an urgent one those that have waited
/// longest are cut.
void connection::hold(response& ready) {
    const auto& budget = hub_->behind->budget;
    const auto size = ready.body.size();
    while (ready.urgent && !budget->has_room(size)) {
        connection* oldest = nullptr;
        for (const auto* group : {&hub_->connections, &hub_->extra})
            for (auto* other : *group)
                if (other->holds_reply() && (oldest == nullptr || other->since() < oldest->since()))
                    oldest = other;
        if (oldest == nullptr)
            break;
        oldest->held_ = {};
        oldest->cut();
    }
    if (!ready.urgent && !budget->has_room(size))
        ready = busy();
    since_ = std::chrono::steady_clock::now();
    held_ = {budget, ready.body.size()};
}

void connection::waits_for(std::weak_ptr<pending> what, bool until_it_leaves) {
    pending_ = what;
    if (!until_it_leaves)
        return;
    watched_ = true;
    watch_for_departure([what = std::move(what)] {
        if (const auto waiting = what.lock())
            waiting->abandon();
    });
}

asio::awaitable<error_code> connection::read(request_parser& parser) {
    error_code error;
    arm(who_ == audience::probes ? hub_->behind->bounds.extra_request
                                 : hub_->behind->bounds.request);
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
asio::awaitable<void> connection::turn_away(response why) {
    auto header = header_of(why, {});
    const bool written = co_await write(std::move(header), std::move(why.body));
    if (written)
        co_await linger();
}

/// Reads and drops what the client still sends, for a while: a client in the middle of its request
/// would otherwise see a broken pipe rather than the refusal (RFC 9112 §9.6).
asio::awaitable<void> connection::linger() {
    error_code error;
    socket_.shutdown(socket::shutdown_send, error);
    arm(hub_->behind->bounds.linger);
    std::vector<char> dropped(16384);
    while (!error && socket_.is_open())
        co_await socket_.async_read_some(asio::buffer(dropped),
                                         asio::redirect_error(asio::use_awaitable, error));
    disarm();
}

asio::awaitable<bool> connection::write(std::string header, std::string content) {
    error_code error;
    const std::array bytes{asio::buffer(std::as_const(header)),
                           asio::buffer(std::as_const(content))};
    arm(hub_->behind->bounds.reply);
    co_await asio::async_write(socket_, bytes, asio::redirect_error(asio::use_awaitable, error));
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
    if (untold_.size() + lines.size() > hub_->behind->bounds.backlog) {
        hub_->behind->daemon->reader_dropped();
        return cut();
    }
    untold_ += lines;
    told_.cancel();
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
