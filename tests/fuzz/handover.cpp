// What one process hands over to the next: any text, as a peer and as a BFD session. What is
// accepted comes back as it was, and one can be made of it that lives on: whatever happens to it,
// what it is then could be handed over again.

#include "herald/bfd/session.hpp"
#include "herald/bgp/peer.hpp"
#include "herald/handover/bfd_json.hpp"
#include "herald/handover/peer_json.hpp"
#include "herald/wire/messages.hpp"
#include "property.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <memory>
#include <string_view>

using namespace herald;
using namespace herald::bgp;
using namespace std::chrono_literals;
using herald::fuzz::require;

namespace {

namespace ip = boost::asio::ip;

constexpr moment begin{time_point(1h), std::chrono::system_clock::time_point(1h)};

peer_settings settings_of(const peer_snapshot& from) {
    peer_settings settings;
    settings.session.local_as = 65010;
    settings.session.remote_as = 64500;
    settings.session.router_id = 1;
    settings.session.families = {net::address_family::ipv4, net::address_family::ipv6};
    settings.session.graceful_restart = from.jitter_seed % 2 == 0 ? 120s : 0s;
    settings.passive = from.jitter_seed % 3 == 0;
    return settings;
}

std::shared_ptr<audience> make_audience() {
    auto heard = std::make_shared<audience>();
    auto attributes = std::make_shared<wire::path_attributes>();
    attributes->origin = wire::origin::igp;
    attributes->path = wire::as_path{{wire::as_segment::kind::sequence, {65010}}};
    for (const auto* const prefix : {"192.0.2.0/24", "2001:db8::/32"})
        heard->want(*net::ip_prefix::parse(prefix), attributes);
    return heard;
}

/// A peer that goes on from what was read.
class heir {
public:
    explicit heir(const peer_snapshot& from) : peer_(settings_of(from), from, make_audience()) {
        require(peer_.snapshot() == from);
        for (const auto& one : from.connections)
            ids_.push_back(one.id);
    }

    void live() {
        write();
        receive(wire::encode_keepalive());
        receive(wire::encode(
            wire::route_refresh{1, wire::refresh_subtype::request, net::safi_unicast}));
        for (const auto id : ids_)
            peer_.link_changed(id, {"eth0", ip::address_v4(1), {}, {}, {}});
        pass(1s);
        pass(20s);
        peer_.hear(make_audience());
        peer_.refresh();
        peer_.change(peer_.settings());
        pass(100s);
        accept();
        receive(wire::encode(wire::open_message{64500, 90, 7, {}}));
        receive(wire::encode_keepalive());
        pass(1000s);
        for (const auto id : ids_)
            check(peer_.failed(id, std::make_error_code(std::errc::broken_pipe), at_));
        check(peer_.stop(wire::make_cease(wire::cease_code::administrative_shutdown), at_));
        require(peer_.state() == session_state::idle && !peer_.next_timer());
        check(peer_.enable(at_));
        require(peer_.state() != session_state::idle);
    }

private:
    void check(const peer_actions& actions) {
        for (const auto& action : actions)
            if (const auto* const dial = std::get_if<peer_action::dial>(&action))
                ids_.push_back(dial->connection);
        require(!find_fault(peer_.snapshot()));
        require(peer_.established() == (peer_.current() != nullptr));
        require(peer_.established() || peer_.rib().advertised().empty());
        (void)peer_.why_down();
    }

    void write() {
        for (const auto id : ids_)
            for (auto octets = peer_.output(id); !octets.empty(); octets = peer_.output(id)) {
                std::size_t count = 0;
                for (const auto part : octets)
                    count += part.size();
                check(peer_.wrote(id, count, at_));
            }
    }

    void receive(const fuzz::bytes& message) {
        for (const auto id : std::vector(ids_)) {
            const auto into = peer_.input(id);
            const auto count = std::min(into.size(), message.size());
            std::copy_n(message.begin(), count, into.begin());
            check(peer_.received(id, count, at_));
        }
        write();
    }

    void accept() {
        const auto id = peer_.next_connection();
        if (!peer_.takes_connections())
            return;
        check(peer_.accepted(ip::address_v4(1), {}, at_));
        ids_.push_back(id);
        write();
    }

    void pass(std::chrono::seconds time) {
        at_.now += time;
        at_.wall += time;
        check(peer_.expired(at_));
        require(!peer_.next_timer() || *peer_.next_timer() > at_.now);
        write();
    }

    peer peer_;
    std::vector<connection_id> ids_;
    moment at_ = begin;
};

void try_peer(const boost::json::value& value) {
    const auto read = handover::peer_from_json(value);
    require(read.has_value() || !read.error().empty());
    if (!read)
        return;
    require(handover::peer_from_json(handover::to_json(*read)) == *read);
    heir(*read).live();
}

void live(bfd::session session) {
    moment at = begin;
    for (int i = 0; i < 10; ++i) {
        at.now = std::max(at.now, session.next_timer().value_or(at.now));
        session.expired(at);
        require(!bfd::find_fault(session.snapshot()));
    }
    session.shut_down(at);
    session.enable(at);
    require(!bfd::find_fault(session.snapshot()));
}

void try_bfd(const boost::json::value& value) {
    const auto read = handover::bfd_from_json(value);
    require(read.has_value() || !read.error().empty());
    if (!read)
        return;
    require(handover::bfd_from_json(handover::to_json(*read)) == *read);
    bfd::session session({}, *read);
    require(session.snapshot() == *read);
    live(std::move(session));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    boost::system::error_code error;
    const auto value =
        boost::json::parse(std::string_view(reinterpret_cast<const char*>(data), size), error);
    if (error)
        return 0;
    try_peer(value);
    try_bfd(value);
    return 0;
}
