#pragma once

#include "herald/bgp/negotiation.hpp"
#include "herald/wire/framer.hpp"
#include "herald/wire/messages.hpp"
#include "herald/wire/open.hpp"
#include "tests/bgp/model_neighbor.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace herald::bgp::test {

using bytes = std::vector<std::uint8_t>;

/// A router's end of one connection, as octets: it answers OPEN with OPEN, and KEEPALIVE with
/// KEEPALIVE, and insists that what it hears is right and no more than is needed.
class router_end {
public:
    explicit router_end(wire::open_message open) : open_(std::move(open)) {}

    /// Both have agreed on this, whichever OPEN it was that was sent here.
    void session_up(const negotiated_session& session) {
        format_ = session.format;
        if (session.extended_message)
            framer_.allow_extended_messages();
    }
    void send(bytes message) {
        if (!closed_)
            to_peer_.push_back(std::move(message));
    }
    /// Asks for the routes again.
    void ask(net::address_family family) {
        rib.strict = false;
        send(wire::encode(wire::route_refresh{net::afi(family), wire::refresh_subtype::request,
                                              net::safi_unicast}));
    }
    void close() { closed_ = true; }
    bool closed() const { return closed_; }
    bool readable() const { return closed_ || !to_peer_.empty(); }

    /// The next octets for the peer, those of one message at most; none: it is closed.
    wire::octets next() const { return to_peer_.empty() ? wire::octets() : to_peer_.front(); }
    void taken(std::size_t count) {
        auto& message = to_peer_.front();
        message.erase(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(count));
        if (message.empty())
            to_peer_.pop_front();
    }

    void receive(wire::octets octets) {
        received.insert(received.end(), octets.begin(), octets.end());
        while (!octets.empty() && !closed_) {
            const auto space = framer_.prepare();
            const auto count = std::min(space.size(), octets.size());
            std::ranges::copy(octets.first(count), space.begin());
            framer_.commit(count);
            octets = octets.subspan(count);
            auto next = framer_.next();
            for (; next && *next; next = framer_.next())
                answer(**next);
            insist(next.has_value());
        }
    }

    model_neighbor rib;
    bytes received; // all of it
    bool answers = true;

private:
    void answer(const wire::frame& frame) {
        switch (frame.type) {
        case wire::message_type::open:
            insist(wire::decode_open(frame.body).has_value());
            if (answers)
                send(wire::encode(open_));
            return;
        case wire::message_type::keepalive:
            if (answers)
                send(wire::encode_keepalive());
            return;
        case wire::message_type::update: return rib.hear(read_update(frame.body, format_));
        case wire::message_type::notification:
            insist(wire::decode_notification(frame.body).has_value());
            return close();
        case wire::message_type::route_refresh:
            return rib.hear(wire::decode_route_refresh(frame.body).value());
        }
    }

    wire::open_message open_;
    wire::update_format format_;
    wire::framer framer_;
    std::deque<bytes> to_peer_;
    bool closed_ = false;
};

} // namespace herald::bgp::test
