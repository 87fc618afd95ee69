#include "herald/bfd/session.hpp"

#include "herald/bfd/authentication.hpp"

#include <algorithm>
#include <random>

namespace herald::bfd {
namespace {

using namespace std::chrono_literals;

/// RFC 5880 §6.8.3: DesiredMinTxInterval is not less while the session is not Up.
constexpr microseconds slow_interval = 1s;
constexpr std::int64_t million = 1'000'000;

/// The state that a packet leads to, RFC 5880 §6.8.6; the same: none other.
session_state next_state(session_state now, session_state remote) {
    using enum session_state;
    if (remote == admin_down)
        return down;
    switch (now) {
    case admin_down: break;
    case down: return remote == down ? init : remote == init ? up : down;
    case init: return remote == down ? init : up;
    case up: return remote == down ? down : up;
    }
    return now;
}

/// RFC 5880 §6.7.3 and §6.7.4: repeated numbers, and those of long ago, are not taken.
bool may_follow(std::uint32_t last, std::uint32_t next, authentication_type type,
                std::uint8_t multiplier) {
    const std::uint32_t ahead = next - last; // circular
    return ahead <= 3U * multiplier && (ahead > 0 || type != authentication_type::meticulous_sha1);
}

} // namespace

session::session(session_settings settings, discriminator local, std::uint32_t seed, moment at)
    : settings_(std::move(settings)) {
    now_.local = local;
    now_.since = at.wall;
    now_.jitter_seed = seed;
    now_.send_sequence = (draw() << 16U) ^ draw(); // random to begin with, RFC 5880 §6.8.1
    now_.desired_min_tx = std::max(settings_.min_tx, slow_interval);
    now_.required_min_rx = settings_.min_rx;
    now_.jitter = million;
    now_.sent_at = at.now - tx_interval(); // so that the first is due now
}

session::session(session_settings settings, const session_snapshot& from)
    : settings_(std::move(settings))
    , now_(from) {}

session_actions session::received(const received_packet& arrived, moment at) {
    std::optional<std::uint32_t> sequence;
    if (const auto why = refuse(arrived, sequence)) {
        now_.dropped.count(*why);
        return {};
    }
    now_.received_sequence = sequence;
    now_.forget_sequence_at.reset();
    learn(arrived.packet, at.now);
    if (now_.state == session_state::admin_down) {
        now_.dropped.count(discard::administratively_down);
        return {};
    }
    ++now_.received;
    judge(arrived.packet, at);
    return done(at.now, arrived.packet.poll);
}

std::optional<discard> session::refuse(const received_packet& arrived,
                                       std::optional<std::uint32_t>& sequence) const {
    if (arrived.packet.yours != 0 && arrived.packet.yours != now_.local)
        return discard::unknown_session;
    const auto verified = verify(arrived, settings_.authentication);
    if (!verified)
        return verified.error();
    sequence = *verified;
    if (sequence && now_.received_sequence &&
        !may_follow(*now_.received_sequence, *sequence, settings_.authentication->type,
                    arrived.packet.multiplier))
        return discard::authentication_sequence;
    return std::nullopt;
}

void session::learn(const control_packet& packet, time_point now) {
    now_.heard_at = now;
    now_.remote = packet.mine;
    now_.remote_state = packet.state;
    now_.remote_diagnostic = packet.diagnostic;
    now_.remote_demand = packet.demand;
    now_.remote_multiplier = packet.multiplier;
    now_.remote_min_tx = packet.desired_min_tx;
    now_.remote_min_rx = packet.required_min_rx;
    if (!packet.final) {
        now_.settling = false; // the next poll's Final cannot be taken for the last one's
        return;
    }
    if (!std::exchange(now_.polling, false))
        return;
    now_.settling = true;
    now_.earlier_min_tx.reset();
    now_.earlier_min_rx.reset();
}

void session::judge(const control_packet& packet, moment at) {
    const auto next = next_state(now_.state, packet.state);
    if (next != now_.state)
        set_state(next,
                  next == session_state::down ? diagnostic::neighbor_signaled_down
                                              : diagnostic::none,
                  at);
}

/// RFC 5880 §6.8.1 has RemoteDiscr forgotten. With it goes what else was said: a Required Min RX
/// Interval of 0 must not silence this side for ever.
void session::forget_remote() {
    if (now_.received_sequence)
        now_.forget_sequence_at = *now_.heard_at + 2 * detection_time();
    now_.heard_at.reset();
    now_.remote_state = session_state::down;
    now_.remote = 0;
    now_.remote_demand = false;
    now_.remote_multiplier = 0;
    now_.remote_min_tx = 0us;
    now_.remote_min_rx = 1us;
    now_.polling = false;
    now_.settling = false;
}

void session::set_state(session_state state, bfd::diagnostic why, moment at) {
    actions_.emplace_back(action::state_changed{now_.state, state, why, now_.remote_state});
    now_.state = state;
    now_.diagnostic = why;
    now_.since = at.wall;
    ++now_.transitions;
    something_new_ = true;
    now_.polling = false; // it was for intervals that no longer hold
    now_.settling = false;
}

/// RFC 5880 §6.8.3: they change by a Poll Sequence, of which there is one at a time. Less often is
/// said before it is done, and so is more when it is the other side that is to do it. While nobody
/// is heard there is nobody to be asked.
void session::update_intervals() {
    const bool up = now_.state == session_state::up;
    const auto min_tx = up ? settings_.min_tx : std::max(settings_.min_tx, slow_interval);
    if (!up) {
        now_.earlier_min_tx.reset();
        now_.earlier_min_rx.reset();
    }
    if (min_tx == now_.desired_min_tx && settings_.min_rx == now_.required_min_rx)
        return;
    if (up && (now_.polling || now_.settling))
        return;
    if (up && min_tx > now_.desired_min_tx)
        now_.earlier_min_tx = now_.desired_min_tx;
    if (up && settings_.min_rx < now_.required_min_rx)
        now_.earlier_min_rx = now_.required_min_rx;
    now_.desired_min_tx = min_tx;
    now_.required_min_rx = settings_.min_rx;
    now_.polling = now_.remote != 0;
    now_.settling = false;
    something_new_ = true;
}

session_actions session::change(session_settings settings, moment at) {
    something_new_ = settings.multiplier != settings_.multiplier;
    if (settings.authentication != settings_.authentication)
        now_.received_sequence.reset();
    settings_ = std::move(settings);
    return done(at.now);
}

session_actions session::shut_down(moment at) {
    if (now_.state == session_state::admin_down)
        return {};
    const bool matters = now_.state != session_state::down ||
                         now_.remote_state == session_state::init ||
                         now_.remote_state == session_state::up;
    set_state(session_state::admin_down, diagnostic::administratively_down, at);
    update_intervals();
    if (now_.remote != 0 && matters) // else nobody waits for it
        now_.silent_at = at.now + settings_.multiplier * tx_interval();
    return done(at.now);
}

session_actions session::enable(moment at) {
    if (now_.state != session_state::admin_down)
        return {};
    now_.silent_at.reset();
    set_state(session_state::down, diagnostic::none, at);
    return done(at.now);
}

bool session::finished() const {
    return now_.state == session_state::admin_down && !now_.silent_at;
}

microseconds session::tx_interval() const {
    return std::max(now_.earlier_min_tx.value_or(now_.desired_min_tx), now_.remote_min_rx);
}

microseconds session::rx_interval() const {
    return std::max(now_.earlier_min_rx.value_or(now_.required_min_rx), now_.remote_min_tx);
}

microseconds session::detection_time() const {
    return now_.remote_multiplier * rx_interval(); // RFC 5880 §6.8.4
}

/// RFC 5880 §6.8.7.
bool session::sends_periodically() const {
    if (finished() || now_.remote_min_rx == 0us || (settings_.passive && now_.remote == 0))
        return false;
    const bool demanded = now_.remote_demand && now_.state == session_state::up &&
                          now_.remote_state == session_state::up;
    return !demanded || now_.polling;
}

time_point session::detection_deadline() const {
    return *now_.heard_at + detection_time();
}

/// A shorter interval counts from the last packet on, RFC 5880 §6.8.3.
time_point session::next_packet() const {
    return now_.sent_at + tx_interval() * now_.jitter / million;
}

std::optional<time_point> session::next_timer() const {
    std::optional<time_point> next;
    const auto add = [&next](time_point when) { next = next ? std::min(*next, when) : when; };
    if (now_.heard_at)
        add(detection_deadline());
    if (now_.forget_sequence_at)
        add(*now_.forget_sequence_at);
    if (now_.silent_at)
        add(*now_.silent_at);
    if (sends_periodically())
        add(next_packet());
    return next;
}

session_actions session::send_early(moment at) {
    something_new_ = sends_periodically();
    return done(at.now);
}

session_actions session::expired(moment at) {
    if (now_.heard_at && at.now >= detection_deadline()) {
        forget_remote();
        if (now_.state == session_state::init || now_.state == session_state::up)
            set_state(session_state::down, diagnostic::detection_time_expired, at);
    }
    if (now_.forget_sequence_at && at.now >= *now_.forget_sequence_at) {
        now_.forget_sequence_at.reset();
        now_.received_sequence.reset();
    }
    if (now_.silent_at && (at.now >= *now_.silent_at || now_.remote == 0))
        now_.silent_at.reset();
    if (sends_periodically() && at.now >= next_packet())
        something_new_ = true;
    return done(at.now);
}

/// Says what there is to be said, in one packet: a Final is one in which P must be clear, and all
/// the rest of it is as new.
session_actions session::done(time_point now, bool polled) {
    update_intervals();
    const bool mute = finished() || (settings_.passive && now_.remote == 0);
    if ((std::exchange(something_new_, false) || polled) && !mute)
        send(now, polled);
    return std::exchange(actions_, {});
}

void session::send(time_point now, bool final) {
    auto packet = encode({.state = now_.state,
                          .diagnostic = now_.diagnostic,
                          .poll = now_.polling && !final,
                          .final = final,
                          .multiplier = settings_.multiplier,
                          .mine = now_.local,
                          .yours = now_.remote,
                          .desired_min_tx = now_.desired_min_tx,
                          .required_min_rx = now_.required_min_rx});
    if (settings_.authentication)
        sign(packet, *settings_.authentication, ++now_.send_sequence);
    actions_.emplace_back(action::send{std::move(packet)});
    ++now_.sent;
    if (final)
        return; // however many there are, periodic packets go on, and our own poll with them
    now_.sent_at = now;
    draw_jitter();
}

/// RFC 5880 §6.8.7: 75 to 100 %, or to 90 % where one packet that is late is one too few.
void session::draw_jitter() {
    const std::int64_t least = million * 3 / 4;
    const std::int64_t most = settings_.multiplier == 1 ? million * 9 / 10 : million;
    now_.jitter = least + draw() % (most - least + 1);
}

std::uint32_t session::draw() {
    std::minstd_rand random(now_.jitter_seed);
    now_.jitter_seed = static_cast<std::uint32_t>(random()); // what it draws is also its state
    return now_.jitter_seed;
}

} // namespace herald::bfd
