// One neighbor and whatever a router, the network, an operator and time can do to it: connections
// of either side, any octets, failing I/O, a router that does not read, stops and starts. Input: a
// sequence of steps.

#include "herald/peering/neighbor.hpp"

#include "herald/wire/cursor.hpp"
#include "property.hpp"
#include "tests/peering/manual_time.hpp"
#include "tests/peering/scripted_network.hpp"

#include <cerrno>

using namespace herald;
using namespace herald::peering;
using namespace std::chrono_literals;
using herald::fuzz::require;

namespace {

constexpr std::array errors{EPIPE,       ECONNRESET,    ECONNREFUSED, ETIMEDOUT,
                            ENETUNREACH, EADDRNOTAVAIL, EMFILE,       ENOMEM};

neighbor_settings settings_from(std::uint8_t choice) {
    neighbor_settings settings;
    settings.name = "router";
    settings.address = boost::asio::ip::make_address("127.0.0.1");
    settings.passive = (choice & 1U) != 0;
    settings.session.local_as = settings.policy.local_as = 65010;
    settings.session.remote_as = 64500;
    settings.session.router_id = (choice & 2U) != 0 ? 1 : 0xFF000001;
    settings.session.hold_time = std::chrono::seconds{(choice & 4U) != 0 ? 0 : 30};
    settings.session.families = {net::address_family::ipv4};
    return settings;
}

/// Holds what it is told to what it can be.
class watcher final : public neighbor_observer {
public:
    void state_changed(const neighbor&, bgp::session_state before,
                       bgp::session_state now) override {
        require(before != now && before == std::exchange(state_, now));
    }
    void session_up(const neighbor&, const bgp::negotiated_session& session) override {
        require(!std::exchange(up_, true) && state_ == bgp::session_state::established);
        require(session.peer_as == 64500);
    }
    void session_ended(const neighbor&, const session_end& end) override {
        require(!end.describe().empty() && (!end.was_established || std::exchange(up_, false)));
    }
    void malformed_update(const neighbor&, const bgp::malformed_update& update) override {
        require(up_ && !update.malformations.empty());
    }
    void problem(const neighbor&, const std::string&) override {}
    void bfd_changed(const neighbor&, const bfd::action::state_changed&) override {
        require(false); // it has none
    }

private:
    bool up_ = false;
    bgp::session_state state_ = bgp::session_state::idle;
};

class story {
public:
    story(wire::octets input, std::uint8_t choice)
        : input_(input)
        , tested_(network_.around(), settings_from(choice), seen_) {}

    void run() {
        tested_.start();
        while (!input_.empty())
            step();
        recover();
        tested_.stop(wire::make_cease(wire::cease_code::administrative_shutdown));
        time_->advance(5s);
        require(tested_.state() == bgp::session_state::idle);
        require(network_.alive == 0 && time_->set() == 0);
    }

private:
    std::uint8_t octet() { return input_.read<std::uint8_t>().value_or(0); }

    void step() {
        switch (octet() % 14) {
        case 0: send_octets(); break;
        case 1: send(wire::encode_keepalive()); break;
        case 2: send(wire::encode(wire::open_message{64500, octet(), 0x80000000, {}})); break;
        case 3:
            send(wire::encode(wire::route_refresh{1, wire::refresh_subtype::request, 1}));
            break;
        case 4: send(wire::encode(wire::make_cease(octet()))); break;
        case 5:
            if (!network_.routers().empty())
                network_.router().close();
            break;
        case 6: tested_.accept(network_.dialled_by_router()); break;
        case 7: time_->advance(std::chrono::milliseconds{1U << (octet() % 20U)}); break;
        case 8: want(); break;
        case 9: unwant(); break;
        case 10: tested_.routes_complete(); break;
        case 11:
            tested_.stop(wire::make_cease(octet()));
            if (octet() % 2 == 0)
                tested_.start();
            break;
        case 12: break_network(); break;
        case 13: network_.fault = io_fault(octet()); break;
        }
        time_->settle();
        require(tested_.established() == (tested_.current() != nullptr));
    }

    test::io_fault io_fault(std::uint8_t choice) const {
        const auto at = network_.steps.size() + choice % 4U;
        if (choice == 0)
            return {at, {}};
        return {at, {errors[choice % errors.size()], boost::system::system_category()}};
    }

    void send(std::vector<std::uint8_t> message) {
        if (network_.routers().empty())
            return;
        strange_.insert(&network_.router());
        network_.router().send(std::move(message));
    }
    void send_octets() {
        const auto taken = input_.take(std::min<std::size_t>(octet(), input_.size()));
        send({taken->begin(), taken->end()});
    }
    net::ip_prefix any_prefix() {
        const std::array number{octet()};
        return {net::address_family::ipv4, number, 8};
    }
    void want() {
        const auto prefix = any_prefix();
        auto attributes = std::make_shared<wire::path_attributes>();
        attributes->origin = wire::origin::igp;
        attributes->path = wire::as_path{{wire::as_segment::kind::sequence, {65010}}};
        attributes->med = octet();
        tested_.heard().want(prefix, attributes);
        wanted_.insert(prefix);
        tested_.flush();
    }
    void unwant() {
        const auto prefix = any_prefix();
        tested_.heard().unwant(prefix);
        wanted_.erase(prefix);
        tested_.flush();
    }
    void break_network() {
        const auto choice = octet();
        network_.connects = (choice & 1U) == 0;
        network_.refuses = (choice & 2U) != 0;
        network_.router_answers = (choice & 4U) == 0;
        network_.block_once = (choice & 8U) != 0;
        if ((choice & 16U) != 0)
            network_.blocked = true;
        else
            network_.unblock();
    }

    /// Where no connection met anything strange, the router knows what it is to know.
    void check_routes() {
        for (const auto& each : network_.routers())
            if (!each->closed() && (strange_.contains(each.get()) || !each->answers))
                return;
        for (const auto& each : network_.routers())
            require(!tested_.established() || each->closed() || each->routes == wanted_);
    }
    /// Whatever it was, with all in order again there is a session within seconds.
    void recover() {
        network_.fault.reset();
        network_.connects = network_.router_answers = true;
        network_.refuses = network_.block_once = false;
        network_.unblock();
        time_->settle();
        check_routes();
        for (const auto& each : network_.routers()) // without a hold time nothing else ends those
            each->close();
        tested_.start();
        time_->advance(20s);
        if (tested_.settings().passive && !tested_.established()) {
            tested_.accept(network_.dialled_by_router());
            time_->settle();
        }
        require(tested_.established() && network_.alive == 1);
        check_routes();
    }

    boost::asio::io_context context_;
    std::shared_ptr<test::manual_time> time_ = std::make_shared<test::manual_time>(context_);
    test::scripted_network network_{context_, time_};
    watcher seen_;
    wire::reader input_;
    std::set<net::ip_prefix> wanted_;
    std::set<const test::router_end*> strange_; // what they sent was not theirs
    neighbor tested_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 512)
        return -1; // too long a story: not to be kept
    story(wire::octets(data + 1, size - 1), data[0]).run();
    return 0;
}
