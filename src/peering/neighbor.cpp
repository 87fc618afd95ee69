#include "herald/peering/neighbor.hpp"

#include "herald/peering/next_hops.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <fmt/format.h>

namespace herald::peering {

using bgp::collision_outcome;
using bgp::direction;
using bgp::session_state;

namespace {

/// An address may still be on its way to the interface, or a descriptor to look for it with: a next
/// hop that was not found is looked for again.
constexpr std::chrono::seconds next_hop_pause{5};

} // namespace

std::string session_end::describe() const {
    const auto& notification = received ? received : sent;
    if (notification) {
        auto text = wire::shutdown_text(*notification);
        return fmt::format("{} {}{}{}", received ? "received" : "sent",
                           wire::describe(*notification), text.empty() ? "" : ": ", text);
    }
    if (failure == boost::asio::error::eof)
        return "the neighbor closed the connection";
    return failure ? failure.message() : "closed";
}

neighbor::neighbor(surroundings around, neighbor_settings settings, neighbor_observer& observer)
    : around_(std::move(around))
    , settings_(std::move(settings))
    , observer_(observer)
    , down_(settings_.shutdown)
    , backoff_(settings_.session.connect_retry)
    , retry_alarm_(around_.time->make_alarm())
    , next_hop_alarm_(around_.time->make_alarm()) {}

neighbor::neighbor(boost::asio::any_io_executor executor, neighbor_settings settings,
                   neighbor_observer& observer)
    : neighbor(real_surroundings(std::move(executor)), std::move(settings), observer) {}

neighbor::~neighbor() {
    for (auto* slot : {&dialled_, &accepted_, &established_})
        if (auto one = std::exchange(*slot, nullptr)) {
            one->release();
            one->stop(std::nullopt);
        }
}

void neighbor::start() {
    if (running_ || down_)
        return;
    running_ = true;
    if (!settings_.passive)
        dial();
    update_state();
}

void neighbor::restarted(time_point when) {
    if (settings_.session.graceful_restart > std::chrono::seconds{0})
        restarted_until_ = when + settings_.session.graceful_restart;
}

bool neighbor::keeps_routes() const {
    return established_ && session()->graceful_restart;
}

void neighbor::stop(const std::optional<wire::notification>& notification) {
    running_ = false;
    retry_alarm_->cancel();
    for (const auto& one : {dialled_, accepted_, established_})
        if (one)
            one->stop(notification);
    update_state();
}

void neighbor::shut_down(std::string_view reason) {
    down_ = true;
    stop(wire::make_cease(wire::cease_code::administrative_shutdown, reason));
}

void neighbor::enable() {
    down_ = false;
    start();
}

void neighbor::reset(const wire::notification& notification) {
    stop(notification);
    start();
}

void neighbor::refresh() {
    if (!established_)
        return;
    for (auto family : net::all_families)
        if (session()->families.contains(family))
            rib_.resend(family, session()->enhanced_route_refresh);
    flush();
}

void neighbor::update(neighbor_settings settings) {
    settings_ = std::move(settings);
    backoff_ = bgp::retry_backoff(settings_.session.connect_retry);
    if (!established_)
        return;
    find_next_hops();
    want_all_in_session();
}

void neighbor::accept(boost::asio::ip::tcp::socket socket) {
    accept(make_accepted(std::move(socket), settings_));
}

void neighbor::accept(std::unique_ptr<transport> over) {
    if (!running_)
        return; // dropped, as by a router whose neighbor is shut down
    // The neighbor knows best which of its own connections is alive: the newest one.
    if (accepted_)
        accepted_->stop(wire::make_cease(wire::cease_code::collision));
    accepted_ = make_connection(std::move(over), direction::accepted);
    auto one = accepted_; // starting may already end it
    one->start();
}

void neighbor::want(const net::ip_prefix& prefix, bgp::shared_attributes attributes) {
    if (established_)
        want_in_session(prefix, attributes);
    wanted_[prefix] = std::move(attributes);
}

void neighbor::unwant(const net::ip_prefix& prefix) {
    wanted_.erase(prefix);
    rib_.unwant(prefix);
}

void neighbor::want_only(const std::map<net::ip_prefix, bgp::shared_attributes>& routes) {
    const auto before = wanted_;
    for (const auto& [prefix, attributes] : before)
        if (!routes.contains(prefix))
            unwant(prefix);
    for (const auto& [prefix, attributes] : routes)
        want(prefix, attributes);
}

void neighbor::flush() {
    if (established_)
        established_->flush();
}

void neighbor::routes_complete() {
    if (std::exchange(routes_complete_, true) || !established_)
        return;
    rib_.owe_end_of_rib();
    flush();
}

const bgp::negotiated_session* neighbor::session() const {
    return established_ ? &*established_->fsm().session() : nullptr;
}

std::string neighbor::why_down() const {
    if (established() || !last_end_)
        return {};
    const auto ended = last_end_->describe();
    const auto failed = last_failure_ ? last_failure_->describe() : ended;
    return failed == ended ? ended : fmt::format("{}; since then: {}", ended, failed);
}

bool neighbor::acknowledged() const {
    return !established_ || (!rib_.has_message() && established_->acknowledged());
}

bool neighbor::admit(connection& from, const wire::open_message& open) {
    auto* other = other_than(from);
    if (other == nullptr || !bgp::negotiate(settings_.session, open))
        return true; // no collision, or the FSM refuses the OPEN for what it says
    switch (bgp::resolve_collision(settings_.session, open, from.opened_by(), other->fsm())) {
    case collision_outcome::none: return true;
    case collision_outcome::close_newcomer:
        from.stop(wire::make_cease(wire::cease_code::collision));
        return false;
    case collision_outcome::close_other:
        other->stop(wire::make_cease(wire::cease_code::collision));
        return true;
    case collision_outcome::replace_other: other->stop(std::nullopt); return true;
    }
    return true;
}

void neighbor::state_changed(connection& from, session_state) {
    auto now = from.fsm().state();
    if (now != session_state::established && now != session_state::idle)
        update_state(); // those two are seen to when session_up and session_over have been
}

void neighbor::session_up(connection& from) {
    established_ = take(from);
    if (auto loser = dialled_)
        loser->stop(wire::make_cease(wire::cease_code::collision));
    retry_alarm_->cancel();
    up_since_ = around_.time->now();
    restarted_until_ = {};
    last_failure_.reset();
    const auto& session = *established_->fsm().session();
    rib_.session_up(session.families, session.format);
    find_next_hops();
    want_all_in_session();
    if (routes_complete_)
        rib_.owe_end_of_rib();
    update_state();
    observer_.session_up(*this);
}

void neighbor::session_over(connection& from, const bgp::action::session_over& how,
                            error_code failure) {
    auto gone = take(from);
    if (how.was_established) {
        rib_.session_down();
        next_hops_.clear();
        problems_.clear();
        next_hop_alarm_->cancel();
        backoff_.session_ended(
            std::chrono::duration_cast<std::chrono::milliseconds>(around_.time->now() - up_since_),
            how.received);
    }
    session_end end{std::chrono::system_clock::now(), how.sent, how.received, failure,
                    how.was_established};
    // Why the last session ended outlives the attempts that come after it and reach nobody.
    const bool tells = how.was_established || how.sent || how.received;
    if (tells || !end_stays_)
        last_end_ = end;
    end_stays_ = end_stays_ || tells;
    if (how.was_established)
        last_failure_.reset();
    else
        last_failure_ = end;
    // Whoever connects from the neighbor's address and closes does not change the pace of dialling.
    if (how.was_established || gone->opened_by() == direction::dialled)
        retry_at_ = around_.time->now() + jitter(backoff_.next());
    dial_later();
    update_state();
    observer_.session_ended(*this, end);
}

void neighbor::resend(connection&, net::address_family family) {
    rib_.resend(family, session()->enhanced_route_refresh);
}

void neighbor::malformed_update(connection&, const wire::checked_update& update) {
    ++malformed_;
    observer_.malformed_update(*this, update);
}

bool neighbor::next_routes(std::vector<std::uint8_t>& out) {
    constexpr std::size_t type_offset = 18;
    auto message = rib_.next_message();
    if (!message)
        return false;
    ++counters_.sent[(*message)[type_offset]];
    out.insert(out.end(), message->begin(), message->end());
    return true;
}

neighbor::connection_ptr neighbor::make_connection(std::unique_ptr<transport> over,
                                                   direction opened_by) {
    connection_owner& owner = *this;
    return std::make_shared<connection>(around_, std::move(over), settings_.session, opened_by,
                                        owner, around_.time->now() < restarted_until_);
}

void neighbor::dial() {
    dialled_ = make_connection(around_.make_dialler(settings_), direction::dialled);
    auto one = dialled_; // starting may already end it
    one->start();
}

/// Dials when the back-off allows it, unless something is under way. While the neighbor's own
/// connection is, ours would only collide with it, and so waits longer.
void neighbor::dial_later() {
    if (!running_ || settings_.passive || dialled_ || established_)
        return;
    const auto now = around_.time->now();
    const auto when = accepted_ ? now + jitter(settings_.session.connect_retry) : now;
    retry_alarm_->set(std::max(when, retry_at_), [this] {
        if (!dialled_ && !established_)
            dial();
    });
}

void neighbor::update_state() {
    auto furthest = running_ ? session_state::active : session_state::idle;
    for (const auto& one : {dialled_, accepted_, established_})
        if (one)
            furthest = std::max(furthest, one->fsm().state());
    if (dialled_ && furthest == session_state::active)
        furthest = std::max(dialled_->fsm().state(), session_state::connect);
    auto before = std::exchange(state_, furthest);
    if (before == furthest)
        return;
    since_ = std::chrono::system_clock::now();
    if (before == session_state::established || furthest == session_state::established)
        ++transitions_;
    observer_.state_changed(*this, before, furthest);
}

void neighbor::find_next_hops() {
    next_hops_.clear();
    const auto known = std::exchange(problems_, {});
    auto local = established_->local_address();
    auto beside = addresses_beside(local);
    const auto& session = *established_->fsm().session();
    for (auto family : net::all_families) {
        if (!session.families.contains(family))
            continue;
        auto chosen =
            choose_next_hop(family, settings_, local, beside, session.format.extended_next_hop);
        if (chosen) {
            next_hops_[family] = *chosen;
            continue;
        }
        problems_.push_back(
            fmt::format("{} is not announced: {}", net::to_string(family), chosen.error()));
        if (std::ranges::find(known, problems_.back()) == known.end())
            observer_.problem(*this, problems_.back());
    }
    if (problems_.empty())
        return next_hop_alarm_->cancel();
    next_hop_alarm_->set(around_.time->now() + next_hop_pause, [this] {
        find_next_hops();
        want_all_in_session();
        flush();
    });
}

void neighbor::want_all_in_session() {
    completed_.clear();
    for (const auto& [prefix, attributes] : wanted_)
        want_in_session(prefix, attributes);
}

void neighbor::want_in_session(const net::ip_prefix& prefix,
                               const bgp::shared_attributes& attributes) {
    auto family = prefix.family();
    auto next_hop = next_hops_.find(family);
    if (next_hop == next_hops_.end())
        return rib_.unwant(prefix);
    auto& completed = completed_[family];
    if (completed.without != attributes) {
        auto with = *attributes;
        with.next_hop = next_hop->second;
        completed = {attributes, std::make_shared<const wire::path_attributes>(std::move(with))};
    }
    rib_.want(prefix, completed.with);
}

connection* neighbor::other_than(const connection& one) {
    for (const auto& other : {established_, dialled_, accepted_})
        if (other && other.get() != &one)
            return other.get();
    return nullptr;
}

/// Takes a connection out of its slot.
neighbor::connection_ptr neighbor::take(const connection& one) {
    for (auto* slot : {&dialled_, &accepted_, &established_})
        if (slot->get() == &one)
            return std::exchange(*slot, nullptr);
    return nullptr;
}

} // namespace herald::peering
