// One peer and whatever a router, the network, an operator and time can do to it, as in peering.cpp
// but without sockets and coroutines: connections of either side, any octets, failing I/O, a router
// that does not read, stops and starts, interfaces that change, and processes that hand the peer
// over. Input: a sequence of steps; the first 14 are those of peering.cpp.

#include "property.hpp"
#include "tests/bgp/scripted_peer.hpp"

#include <array>
#include <set>

using namespace herald;
using namespace herald::bgp;
using namespace std::chrono_literals;
using herald::fuzz::require;

namespace {

constexpr std::array errors{std::errc::broken_pipe,         std::errc::connection_reset,
                            std::errc::connection_refused,  std::errc::timed_out,
                            std::errc::network_unreachable, std::errc::address_not_available,
                            std::errc::too_many_files_open, std::errc::not_enough_memory};

peer_settings settings_from(std::uint8_t choice) {
    peer_settings settings;
    settings.passive = (choice & 1U) != 0;
    settings.session.local_as = 65010;
    settings.session.remote_as = 64500;
    settings.session.router_id = (choice & 2U) != 0 ? 1 : 0xFF000001;
    settings.session.hold_time = std::chrono::seconds{(choice & 4U) != 0 ? 0 : 30};
    settings.session.families = {net::address_family::ipv4};
    if ((choice & 8U) != 0)
        settings.session.families.insert(net::address_family::ipv6);
    settings.session.graceful_restart = std::chrono::seconds{(choice & 32U) != 0 ? 120 : 0};
    return settings;
}

wire::open_message open_from(std::uint8_t choice) {
    wire::open_message open{64500,
                            90,
                            0xC6336401,
                            {wire::multiprotocol_capability{1, 1},
                             wire::multiprotocol_capability{2, 1}, wire::route_refresh_capability{},
                             wire::four_octet_as_capability{64500}}};
    if ((choice & 16U) != 0) {
        open.capabilities.emplace_back(wire::extended_message_capability{});
        open.capabilities.emplace_back(wire::enhanced_route_refresh_capability{});
    }
    if ((choice & 64U) != 0) {
        wire::graceful_restart_capability restarts;
        restarts.entries.push_back({1, 1, false});
        open.capabilities.emplace_back(restarts);
    }
    return open;
}

/// Holds what is told to what it can be.
struct watcher {
    void operator()(const peer_action::state_changed& change) {
        require(change.before != change.now && change.before == std::exchange(state, change.now));
    }
    void operator()(const peer_action::session_up& up) {
        require(!std::exchange(is_up, true) && state == session_state::established);
        require(up.session.peer_as == 64500);
    }
    void operator()(const peer_action::session_ended& ended) {
        require(!ended.end.describe().empty() &&
                (!ended.end.was_established || std::exchange(is_up, false)));
    }
    void operator()(const peer_action::malformed& malformed) const {
        require(is_up && !malformed.update.malformations.empty());
    }
    void operator()(const peer_action::problem& problem) const { require(!problem.text.empty()); }
    void operator()(const peer_action::dial&) const {}
    void operator()(const peer_action::close&) const {}
    void operator()(const peer_action::be_patient&) const {}

    bool is_up = false;
    session_state state = session_state::idle;
};

class story {
public:
    story(wire::octets input, std::uint8_t choice)
        : input_(input)
        , both_families_((choice & 8U) != 0)
        , world_(settings_from(choice), open_from(choice), std::make_shared<audience>()) {
        world_.told = [this](const any_peer_action& action) { std::visit(seen_, action); };
        tested().restarted(world_.at.now);
    }

    void run() {
        world_.handle(tested().start(world_.at));
        while (!input_.empty())
            step();
        recover();
        world_.handle(
            tested().stop(wire::make_cease(wire::cease_code::administrative_shutdown), world_.at));
        require(tested().state() == session_state::idle && !tested().next_timer());
        require(world_.alive() == 0);
    }

private:
    peer& tested() { return world_.tested(); }
    std::uint8_t octet() { return input_.read<std::uint8_t>().value_or(0); }

    void step() {
        switch (octet() % 18) {
        case 0: send_octets(); break;
        case 1: send(wire::encode_keepalive()); break;
        case 2: send(wire::encode(wire::open_message{64500, octet(), 0x80000000, {}})); break;
        case 3: ask(); break;
        case 4: send(wire::encode(wire::make_cease(octet()))); break;
        case 5:
            if (!world_.routers().empty())
                world_.routers().back()->close();
            break;
        case 6: world_.accept(); break;
        case 7: world_.pass(std::chrono::milliseconds{1U << (octet() % 20U)}); break;
        case 8: want(); break;
        case 9: unwant(); break;
        case 10: tested().routes_complete(); break;
        case 11: stop(); break;
        case 12: break_network(); break;
        case 13: world_.fault = fault(octet()); break;
        case 14: world_.takes = octet(); break;
        case 15: hand_over(); break;
        case 16: change_interface(); break;
        case 17: operate(); break;
        }
        world_.flush();
        world_.settle();
        require(tested().established() == (tested().current() != nullptr));
    }

    test::io_fault fault(std::uint8_t choice) const {
        const auto at = world_.steps.size() + choice % 4U;
        if (choice < 16)
            return {at, {}, choice};
        return {at, std::make_error_code(errors[choice % errors.size()])};
    }

    void send(fuzz::bytes message) {
        if (!world_.routers().empty())
            world_.routers().back()->send(std::move(message));
    }
    void send_octets() {
        const auto taken = input_.take(std::min<std::size_t>(octet(), input_.size()));
        if (!world_.routers().empty()) // it may ask for routes
            world_.routers().back()->rib.strict = false;
        send({taken->begin(), taken->end()});
    }
    net::address_family any_family() {
        return both_families_ && octet() % 2 != 0 ? net::address_family::ipv6
                                                  : net::address_family::ipv4;
    }
    void ask() {
        const auto family = any_family();
        if (!world_.routers().empty())
            world_.routers().back()->ask(family);
    }
    net::ip_prefix any_prefix() {
        const auto family = any_family();
        const std::array number{octet()};
        return {family, number, 8};
    }
    void want() {
        const auto prefix = any_prefix();
        auto attributes = std::make_shared<wire::path_attributes>();
        attributes->origin = wire::origin::igp;
        attributes->path = wire::as_path{{wire::as_segment::kind::sequence, {65010}}};
        attributes->med = octet();
        world_.heard().want(prefix, attributes);
    }
    void unwant() { world_.heard().unwant(any_prefix()); }
    void stop() {
        world_.handle(tested().stop(wire::make_cease(octet()), world_.at));
        if (octet() % 2 == 0)
            world_.handle(tested().start(world_.at));
    }
    void break_network() {
        const auto choice = octet();
        world_.connects = (choice & 1U) == 0;
        world_.refuses = (choice & 2U) != 0;
        world_.router_answers = (choice & 4U) == 0;
        if ((choice & 8U) != 0)
            world_.takes = 0;
        world_.blocked = (choice & 16U) != 0;
    }
    void hand_over() {
        const bool was_established = tested().established();
        world_.hand_over();
        require(tested().established() == was_established);
        seen_.state = tested().state(); // less than before if it was being dialled
    }
    void change_interface() {
        const auto choice = octet();
        auto now = test::eth0;
        if ((choice & 1U) != 0)
            now.ipv6.reset();
        if ((choice & 2U) != 0)
            now.ipv6 = boost::asio::ip::make_address_v6("2001:db8::99");
        world_.change_interface(now);
    }
    void operate() {
        switch (octet() % 4) {
        case 0:
            if (auto* const router = world_.router())
                router->rib.strict = false;
            tested().refresh();
            break;
        case 1: world_.handle(tested().shut_down("a reason", world_.at)); break;
        case 2: world_.handle(tested().enable(world_.at)); break;
        case 3: {
            auto settings = tested().settings();
            settings.next_hops.ipv4 = boost::asio::ip::address_v4(0xC0000200U + octet() % 4);
            world_.handle(tested().change(settings));
            break;
        }
        }
    }

    /// The router has what it was sent, and that is what it is to have.
    void check_routes() {
        const auto* const router = world_.router();
        if (router == nullptr || router->closed())
            return;
        test::table sent;
        for (const auto& [prefix, attributes] : tested().rib().advertised())
            sent.emplace(prefix, *attributes);
        require(router->rib.routes() == sent && tested().all_written());
        require(!router->rib.in_refresh());
        std::size_t expected = 0;
        for (const auto& [prefix, attributes] : world_.heard().wanted()) {
            const auto next_hop = tested().next_hops().find(prefix.family());
            if (next_hop == tested().next_hops().end())
                continue;
            ++expected;
            const auto& known = sent.at(prefix);
            require(known.med == attributes->med && known.next_hop == next_hop->second);
        }
        require(sent.size() == expected);
    }
    /// Whatever it was, with all in order again there is a session within seconds.
    void recover() {
        world_.fault.reset();
        world_.takes.reset();
        world_.connects = world_.router_answers = true;
        world_.refuses = world_.blocked = false;
        world_.settle();
        check_routes();
        for (const auto& each : world_.routers()) // without a hold time nothing else ends those
            each->close();
        world_.handle(tested().enable(world_.at));
        world_.pass(20s);
        if (tested().settings().passive && !tested().established()) {
            world_.accept();
            world_.settle();
        }
        require(tested().established() && world_.alive() == 1);
        check_routes();
    }

    wire::reader input_;
    bool both_families_;
    watcher seen_;
    test::scripted_peer world_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 512)
        return -1; // too long a story: not to be kept
    story(wire::octets(data + 1, size - 1), data[0]).run();
    return 0;
}
