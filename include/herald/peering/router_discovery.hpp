#pragma once

#include "herald/peering/router_advertisement.hpp"
#include "herald/peering/time_source.hpp"

#include <boost/asio/ip/address_v6.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace herald::peering {

enum class discovery_action : std::uint8_t {
    solicit,         // send a Router Solicitation to all routers
    advertise,       // send a Router Advertisement to all nodes
    router_changed,  // router() is another one now
    several_routers, // others() are others now, and there are some
};
using discovery_actions = std::vector<discovery_action>;

/// Which router is at the other end of a link that runs, as its advertisements tell, and when to
/// send our own. Pure. A router stays until another one is heard and it is not, whatever lifetime
/// it advertises: that is one of default routes.
class router_discovery {
public:
    // RFC 4861 §10, if nothing else is said.
    static constexpr int max_solicitations = 3;
    static constexpr std::chrono::seconds solicitation_interval{4};
    static constexpr int max_initial_advertisements = 3;
    static constexpr std::chrono::seconds min_advertisement_gap{3};
    static constexpr std::chrono::milliseconds max_answer_delay{500};
    /// FRR's own where it has such neighbors: as long waits a router that lost our address, for it
    /// does not solicit. 75 to 100 % of it, so that neighbors do not keep step.
    static constexpr std::chrono::seconds advertisement_interval{10};
    /// Routers that are solicited answer within 3.5 s, §6.2.6.
    static constexpr std::chrono::seconds round_time{4};
    /// Between two rounds, while there are several routers.
    static constexpr std::chrono::seconds time_between_rounds{30};
    /// Of those that are heard in a round, as many are remembered.
    static constexpr std::size_t most_routers = 8;

    /// `own`: our address on the link. What is to be sent is due at once; `seed` decides the
    /// jitter.
    router_discovery(const boost::asio::ip::address_v6& own, std::uint32_t seed, time_point now);
    /// This router was heard before, as another program says.
    void assume(const boost::asio::ip::address_v6& router) { router_ = router; }
    /// Routers are to know soon.
    void change_address(const boost::asio::ip::address_v6& own, time_point now);

    /// A valid message from this address.
    discovery_actions heard(router_message message, const boost::asio::ip::address_v6& from,
                            time_point now);
    /// Time has passed.
    discovery_actions expired(time_point now);
    time_point next_timer() const;

    const std::optional<boost::asio::ip::address_v6>& router() const { return router_; }
    /// Routers that are on the link beside router().
    const std::set<boost::asio::ip::address_v6>& others() const { return others_; }

private:
    discovery_actions heard_advertisement(const boost::asio::ip::address_v6& from, time_point now);
    void hear_in_round(const boost::asio::ip::address_v6& router);
    void begin_round(time_point now);
    void end_round(time_point now, discovery_actions& actions);
    void choose(const boost::asio::ip::address_v6& router, time_point now);
    void advertise_by(time_point when);
    void advertised(time_point now);
    std::chrono::milliseconds draw(std::chrono::milliseconds least, std::chrono::milliseconds most);

    boost::asio::ip::address_v6 own_;
    std::uint32_t seed_;
    std::optional<boost::asio::ip::address_v6> router_;
    std::set<boost::asio::ip::address_v6> others_;
    int solicitations_ = 0;
    std::optional<time_point> next_solicitation_; // none: a router was heard, or enough was asked
    int advertisements_ = 0;
    std::optional<time_point> advertised_at_;
    time_point next_advertisement_;
    // A round: all routers are solicited, and those that are heard until its end are there.
    std::vector<boost::asio::ip::address_v6> heard_; // in it, the first one first
    std::optional<time_point> round_end_;            // none: there is none now
    std::optional<time_point> next_round_;
};

} // namespace herald::peering
