#include "herald/bgp/connection.hpp"

#include "herald/wire/messages.hpp"
#include "herald/wire/open.hpp"

#include <algorithm>

namespace herald::bgp {

namespace {

/// A buffer that was needed once is not kept for ever.
constexpr std::size_t output_kept = 4096;

/// The event that a decoded message is, or the fault that decoding found.
template <class Event, class Message>
session_event event_of(std::expected<Message, wire::notification> decoded) {
    if (!decoded)
        return event::protocol_error{std::move(decoded.error())};
    return Event{std::move(*decoded)};
}

} // namespace

/// Does what the state machine asks for, as far as it is the connection's: true then.
struct connection::performer {
    connection& self;
    time_point now;

    bool operator()(const action::send_open& send) const {
        self.write(wire::encode(send.open), wire::message_type::open);
        return true;
    }
    bool operator()(action::send_keepalive) const {
        self.write(wire::encode_keepalive(), wire::message_type::keepalive);
        return true;
    }
    bool operator()(const action::send_notification& send) const {
        self.write(wire::encode(send.notification), wire::message_type::notification);
        return true;
    }
    bool operator()(const action::start_timer& start) const {
        self.deadlines_[static_cast<std::size_t>(start.timer)] =
            now + (start.jittered ? self.jitter_(start.duration) : start.duration);
        return true;
    }
    bool operator()(const action::stop_timer& stop) const {
        self.deadlines_[static_cast<std::size_t>(stop.timer)].reset();
        return true;
    }
    bool operator()(action::dial) const {
        self.connected_ = false;
        return false;
    }
    bool operator()(action::close) const { return false; }
    bool operator()(const action::session_up&) const { return false; }
    bool operator()(const action::session_over&) const { return false; }
    bool operator()(const action::resend&) const { return false; }
};

connection::connection(connection_id id, direction opened_by, const session_settings& settings,
                       bool restarted, message_counters& counters, jitter& jitter)
    : id_(id)
    , opened_by_(opened_by)
    , fsm_(settings, restarted)
    , counters_(counters)
    , jitter_(jitter) {}

connection::connection(const connection_snapshot& from, const session_settings& settings,
                       message_counters& counters, jitter& jitter)
    : id_(from.id)
    , opened_by_(from.opened_by)
    , fsm_(settings, from.fsm)
    , connected_(true)
    , local_address_(from.local_address)
    , beside_(from.beside)
    , output_(from.output)
    , deadlines_(from.deadlines)
    , counters_(counters)
    , jitter_(jitter) {
    if (from.fsm.session && from.fsm.session->extended_message)
        framer_.allow_extended_messages();
    for (wire::octets rest = from.input; !rest.empty();) {
        const auto room = framer_.prepare();
        const auto count = std::min(room.size(), rest.size());
        std::ranges::copy(rest.first(count), room.begin());
        framer_.commit(count);
        rest = rest.subspan(count);
    }
}

connection_snapshot connection::snapshot(std::vector<std::uint8_t> output) const {
    const auto input = framer_.unread();
    return {id_,
            opened_by_,
            fsm_.snapshot(),
            local_address_,
            beside_,
            {input.begin(), input.end()},
            std::move(output),
            deadlines_};
}

void connection::set_connected(const boost::asio::ip::address& local_address,
                               const interface_addresses& beside) {
    connected_ = true;
    local_address_ = local_address;
    beside_ = beside;
}

void connection::set_failed() {
    connected_ = false;
    output_.clear();
}

std::vector<session_action> connection::handle(const session_event& event, time_point now) {
    auto actions = fsm_.handle(event);
    std::erase_if(actions, [&](const session_action& action) {
        return std::visit(performer{*this, now}, action);
    });
    if (const auto& session = fsm_.session(); session && session->extended_message)
        framer_.allow_extended_messages();
    return actions;
}

std::optional<session_event> connection::next_event() {
    for (;;) {
        auto next = framer_.next();
        if (!next)
            return event::protocol_error{std::move(next.error())};
        if (!*next)
            break;
        ++counters_.received[static_cast<std::size_t>((*next)->type)];
        if (auto decoded = decode(**next))
            return decoded;
    }
    if (std::exchange(update_read_, false))
        return event::update_received{};
    return std::nullopt;
}

std::optional<session_event> connection::decode(const wire::frame& frame) {
    switch (frame.type) {
    case wire::message_type::open:
        return event_of<event::open_received>(wire::decode_open(frame.body));
    case wire::message_type::update: return decode_update(frame.body);
    case wire::message_type::notification:
        return event_of<event::notification_received>(wire::decode_notification(frame.body));
    case wire::message_type::keepalive:
        if (auto decoded = wire::decode_keepalive(frame.body); !decoded)
            return event::protocol_error{std::move(decoded.error())};
        return event::keepalive_received{};
    case wire::message_type::route_refresh:
        return event_of<event::route_refresh_received>(wire::decode_route_refresh(frame.body));
    }
    return std::nullopt;
}

std::optional<session_event> connection::decode_update(wire::octets body) {
    if (state() != session_state::established)
        return event::update_received{}; // out of place, whatever it holds
    auto checked = wire::check_update(body, fsm_.session()->format);
    if (!checked)
        return event::protocol_error{std::move(checked.error())};
    if (checked->outcome != wire::disposition::none)
        malformed_.push_back({checked->outcome, std::move(checked->malformations)});
    update_read_ = true;
    return std::nullopt;
}

void connection::write(const std::vector<std::uint8_t>& message, wire::message_type type) {
    output_.insert(output_.end(), message.begin(), message.end());
    ++counters_.sent[static_cast<std::size_t>(type)];
}

void connection::wrote(std::size_t count) {
    output_.erase(output_.begin(), output_.begin() + static_cast<std::ptrdiff_t>(count));
    if (output_.empty() && output_.capacity() > output_kept)
        output_ = {};
}

/// Its deadline is the earliest; none: no timer runs.
std::size_t connection::earliest() const {
    const auto at = std::ranges::min_element(
        deadlines_, {}, [](const auto& deadline) { return deadline.value_or(time_point::max()); });
    return static_cast<std::size_t>(at - deadlines_.begin());
}

std::optional<time_point> connection::next_timer() const {
    return deadlines_[earliest()];
}

session_timer connection::take_next_timer() {
    const auto timer = earliest();
    deadlines_[timer].reset();
    return static_cast<session_timer>(timer);
}

} // namespace herald::bgp
