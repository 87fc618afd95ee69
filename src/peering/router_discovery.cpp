#include "herald/peering/router_discovery.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace herald::peering {

using boost::asio::ip::address_v6;
using std::chrono::milliseconds;

/// The first solicitation is not delayed, RFC 4861 §6.3.7: detecting duplicates of our own address
/// was delay enough.
router_discovery::router_discovery(const address_v6& own, std::uint32_t seed, time_point now)
    : own_(own)
    , seed_(seed)
    , next_solicitation_(now)
    , next_advertisement_(now) {}

void router_discovery::change_address(const address_v6& own, time_point now) {
    own_ = own;
    advertisements_ = 0;
    advertise_by(now);
}

discovery_actions router_discovery::heard(router_message message, const address_v6& from,
                                          time_point now) {
    if (from == own_)
        return {};
    if (message == router_message::advertisement)
        return heard_advertisement(from, now);
    advertise_by(now + draw(milliseconds{0}, max_answer_delay)); // §6.2.6
    return {};
}

discovery_actions router_discovery::heard_advertisement(const address_v6& from, time_point now) {
    next_solicitation_.reset();
    if (!router_) {
        choose(from, now);
        return {discovery_action::router_changed};
    }
    if (!round_end_) {
        if (from == router_ || others_.contains(from))
            return {};
        begin_round(now);
        hear_in_round(from);
        return {discovery_action::solicit};
    }
    hear_in_round(from);
    return {};
}

/// One that floods the link with addresses costs no more than a bounded memory.
void router_discovery::hear_in_round(const address_v6& router) {
    const bool known = std::ranges::find(heard_, router) != heard_.end();
    if (!known && (heard_.size() < most_routers || router == router_))
        heard_.push_back(router);
}

void router_discovery::begin_round(time_point now) {
    heard_.clear();
    next_round_.reset();
    round_end_ = now + round_time;
}

/// The router has another address if it was heard no more at the one before. A round in which
/// nobody was heard says nothing of it.
void router_discovery::end_round(time_point now, discovery_actions& actions) {
    round_end_.reset();
    const auto before = std::exchange(others_, {heard_.begin(), heard_.end()});
    const bool changes = !others_.empty() && !others_.contains(*router_);
    if (changes) {
        choose(heard_.front(), now);
        actions.push_back(discovery_action::router_changed);
    }
    others_.erase(*router_);
    if (others_.empty())
        return;
    next_round_ = now + time_between_rounds;
    if (changes || others_ != before)
        actions.push_back(discovery_action::several_routers);
}

/// It may have just begun, and does not know of us.
void router_discovery::choose(const address_v6& router, time_point now) {
    router_ = router;
    advertise_by(now);
}

/// Advertisements to all nodes have a least distance, RFC 4861 §6.2.6.
void router_discovery::advertise_by(time_point when) {
    if (advertised_at_)
        when = std::max(when, *advertised_at_ + min_advertisement_gap);
    next_advertisement_ = std::min(next_advertisement_, when);
}

/// The first few follow soon after each other, as one may be lost, RFC 4861 §6.2.4.
void router_discovery::advertised(time_point now) {
    advertised_at_ = now;
    const bool initial = ++advertisements_ < max_initial_advertisements;
    constexpr milliseconds interval = advertisement_interval;
    next_advertisement_ =
        now + (initial ? min_advertisement_gap : draw(interval * 3 / 4, interval));
}

discovery_actions router_discovery::expired(time_point now) {
    discovery_actions actions;
    if (next_solicitation_ && *next_solicitation_ <= now) {
        actions.push_back(discovery_action::solicit);
        next_solicitation_.reset();
        if (++solicitations_ < max_solicitations)
            next_solicitation_ = now + solicitation_interval;
    }
    if (round_end_ && *round_end_ <= now)
        end_round(now, actions);
    if (next_round_ && *next_round_ <= now) {
        begin_round(now);
        actions.push_back(discovery_action::solicit);
    }
    if (next_advertisement_ <= now) {
        actions.push_back(discovery_action::advertise);
        advertised(now);
    }
    return actions;
}

time_point router_discovery::next_timer() const {
    auto next = next_advertisement_;
    for (const auto& each : {next_solicitation_, round_end_, next_round_})
        if (each)
            next = std::min(next, *each);
    return next;
}

/// Also what it draws is its state.
milliseconds router_discovery::draw(milliseconds least, milliseconds most) {
    std::minstd_rand random(seed_);
    seed_ = static_cast<std::uint32_t>(random());
    return least + (most - least) * seed_ / std::minstd_rand::max();
}

} // namespace herald::peering
