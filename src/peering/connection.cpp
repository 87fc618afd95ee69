#include "herald/peering/connection.hpp"

#include "herald/peering/spawn.hpp"
#include "herald/wire/messages.hpp"
#include "herald/wire/open.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>

namespace herald::peering {

namespace asio = boost::asio;
namespace action = bgp::action;
namespace event = bgp::event;
using bgp::session_state;

namespace {

/// How long a closing connection may take to flush and to be closed by the peer.
constexpr std::chrono::seconds closing_time{1};
/// Routes are pulled only up to this many octets ahead of the peer's TCP.
constexpr std::size_t write_ahead = 32768;

} // namespace

/// Carries out what the FSM asks for.
struct connection::performer {
    connection& self;

    void operator()(action::dial) const {
        self.transport_->close();
        spawn(self.executor_, self.dial(self.shared_from_this(), ++self.attempt_));
    }
    void operator()(const action::send_open& send) const {
        self.write(wire::encode(send.open), wire::message_type::open);
    }
    void operator()(action::send_keepalive) const {
        self.write(wire::encode_keepalive(), wire::message_type::keepalive);
    }
    void operator()(const action::send_notification& send) const {
        self.write(wire::encode(send.notification), wire::message_type::notification);
    }
    void operator()(action::close) const { self.close(); }
    void operator()(const action::start_timer& start) const {
        self.timers_.start(start.timer, start.duration, start.jittered);
    }
    void operator()(const action::stop_timer& stop) const { self.timers_.stop(stop.timer); }
    void operator()(const action::session_up& up) const {
        // A window that stays closed is for the send hold timer to judge, RFC 9687.
        self.transport_->set_user_timeout(bgp::send_hold_time(up.session));
        if (self.owner_)
            self.owner_->session_up(self);
    }
    void operator()(const action::session_over& over) const {
        if (auto* owner = std::exchange(self.owner_, nullptr))
            owner->session_over(self, over, self.failure_);
    }
    void operator()(const action::resend& resend) const {
        if (self.owner_)
            self.owner_->resend(self, resend.family);
    }
};

connection::connection(const surroundings& around, std::unique_ptr<transport> transport,
                       const bgp::session_settings& settings, bgp::direction opened_by,
                       connection_owner& owner, bool restarted)
    : executor_(around.executor)
    , time_(around.time)
    , transport_(std::move(transport))
    , fsm_(settings, restarted)
    , opened_by_(opened_by)
    , owner_(&owner)
    , timers_(time_, [this](bgp::session_timer timer) { expired(timer); })
    , closing_alarm_(time_->make_alarm()) {}

void connection::start() {
    if (opened_by_ == bgp::direction::dialled)
        return handle(event::start{});
    connected_ = true;
    handle(event::start_passive{});
    handle(event::tcp_established{});
    spawn(executor_, read_loop(shared_from_this()));
}

void connection::stop(std::optional<wire::notification> notification) {
    handle(event::stop{std::move(notification)});
}

void connection::handle(const bgp::session_event& event) {
    auto self = shared_from_this(); // the owner may let go meanwhile
    auto before = fsm_.state();
    auto actions = fsm_.handle(event);
    if (owner_ && fsm_.state() != before)
        owner_->state_changed(*this, before);
    for (const auto& action : actions)
        std::visit(performer{*this}, action);
    flush();
}

void connection::expired(bgp::session_timer timer) {
    // RFC 9687 §4 is about a peer that does not read; with nothing waiting to be read there is
    // none.
    if (timer == bgp::session_timer::send_hold && !writing_)
        return handle(event::write_progressed{});
    handle(event::timer_expired{timer});
}

void connection::write(const std::vector<std::uint8_t>& message, wire::message_type type) {
    out_.insert(out_.end(), message.begin(), message.end());
    if (owner_)
        ++owner_->counters().sent[static_cast<std::size_t>(type)];
}

void connection::flush() {
    if (reading_)
        return;
    while (!writing_ && !closed_ && !failure_) {
        auto routes = !closing_ && owner_ && fsm_.state() == session_state::established;
        while (routes && out_.size() < write_ahead && owner_->next_routes(out_)) {
        }
        if (out_.empty())
            break;
        auto written = transport_->write_some(out_);
        out_.erase(out_.begin(), out_.begin() + static_cast<std::ptrdiff_t>(written.count));
        if (written.error == asio::error::would_block)
            return await_writable();
        if (written.error) {
            failure_ = written.error; // acted on in a turn of its own: an action may be under way
            return asio::post(executor_,
                              [self = shared_from_this()] { self->failed(self->failure_); });
        }
        if (fsm_.state() == session_state::established)
            for (const auto& action : fsm_.handle(event::write_progressed{}))
                std::visit(performer{*this}, action);
    }
    if (closing_ && !closed_ && out_.empty())
        transport_->shutdown_send();
}

void connection::await_writable() {
    writing_ = true;
    spawn(executor_, write_later(shared_from_this()));
}

asio::awaitable<void> connection::write_later([[maybe_unused]] std::shared_ptr<connection> self) {
    co_await transport_->wait_writable();
    writing_ = false;
    flush(); // where waiting failed, writing does too, and says why
}

void connection::failed(error_code error) {
    failure_ = error;
    out_.clear();
    handle(event::tcp_failed{});
    finish();
}

void connection::close() {
    if (closing_ || closed_)
        return;
    closing_ = true;
    if (!connected_ || failure_)
        return finish();
    // A close with unread input would be a reset, and the peer might never see the NOTIFICATION:
    // the read loop goes on until the peer has closed too, for a bounded time.
    closing_alarm_->set(time_->now() + closing_time,
                        [self = shared_from_this()] { self->finish(); });
}

void connection::finish() {
    if (std::exchange(closed_, true))
        return;
    out_.clear();
    timers_.stop_all();
    closing_alarm_->cancel();
    transport_->close();
}

asio::awaitable<void> connection::dial(std::shared_ptr<connection> self, std::uint64_t attempt) {
    auto error = co_await transport_->connect();
    if (attempt != attempt_ || closed_)
        co_return;
    if (error)
        co_return failed(error);
    connected_ = true;
    handle(event::tcp_established{});
    co_await read_loop(self);
}

asio::awaitable<void> connection::read_loop([[maybe_unused]] std::shared_ptr<connection> self) {
    while (!closed_) {
        auto [error, count] = co_await transport_->read_some(framer_.prepare());
        if (closed_)
            co_return;
        if (error)
            co_return failed(error);
        if (closing_)
            continue; // what still arrives is dropped
        framer_.commit(count);
        read_messages();
    }
}

/// What messages that arrived together call for is sent once, RFC 2918 §4.
void connection::read_messages() {
    reading_ = true;
    while (!closing_ && !closed_ && read_message()) {
    }
    // They arrived at one moment: for the hold timer a thousand UPDATEs are one.
    if (std::exchange(update_read_, false))
        handle(event::update_received{});
    reading_ = false;
    flush();
}

bool connection::read_message() {
    auto next = framer_.next();
    if (!next) {
        handle(event::protocol_error{std::move(next.error())});
        return false;
    }
    if (!*next)
        return false;
    if (owner_)
        ++owner_->counters().received[static_cast<std::size_t>((*next)->type)];
    dispatch(**next);
    return true;
}

void connection::dispatch(const wire::frame& frame) {
    switch (frame.type) {
    case wire::message_type::open: return dispatch_open(frame.body);
    case wire::message_type::update: return dispatch_update(frame.body);
    case wire::message_type::notification:
        return deliver(wire::decode_notification(frame.body), [](wire::notification received) {
            return event::notification_received{std::move(received)};
        });
    case wire::message_type::keepalive:
        if (auto decoded = wire::decode_keepalive(frame.body); !decoded)
            return handle(event::protocol_error{std::move(decoded.error())});
        return handle(event::keepalive_received{});
    case wire::message_type::route_refresh:
        return deliver(wire::decode_route_refresh(frame.body), [](wire::route_refresh received) {
            return event::route_refresh_received{received};
        });
    }
}

void connection::dispatch_open(wire::octets body) {
    auto open = wire::decode_open(body);
    if (!open)
        return handle(event::protocol_error{std::move(open.error())});
    if (fsm_.state() == session_state::open_sent && owner_ && !owner_->admit(*this, *open))
        return;
    handle(event::open_received{std::move(*open)});
    if (const auto& session = fsm_.session(); session && session->extended_message)
        framer_.allow_extended_messages();
}

void connection::dispatch_update(wire::octets body) {
    if (fsm_.state() != session_state::established)
        return handle(event::update_received{}); // out of place, whatever it holds
    auto checked = wire::check_update(body, fsm_.session()->format);
    if (!checked)
        return handle(event::protocol_error{std::move(checked.error())});
    if (checked->outcome != wire::disposition::none && owner_)
        owner_->malformed_update(*this, *checked);
    update_read_ = true;
}

} // namespace herald::peering
