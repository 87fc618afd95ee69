#include "tests/fleet/model_world.hpp"

#include "herald/fleet/count.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>
#include <utility>

namespace herald::fleet::test {

namespace {

constexpr milliseconds tick_time = 200ms;

/// Often so that one may go, and not another.
guard_settings any_model_settings(chances& by, unsigned nodes, unsigned sites) {
    guard_settings settings;
    settings.keep_per = by.percent(50) ? guard_settings::unit::site : guard_settings::unit::node;
    const auto units = settings.keep_per == guard_settings::unit::site ? sites : nodes;
    if (by.percent(30))
        settings.keep = percentage{10 + by.below(50)};
    else
        settings.keep = by.percent(50) ? std::max(2U, units) - 1 : 1 + by.below(units);
    settings.on_store_loss =
        by.percent(10) ? guard_settings::store_loss::withdraw : guard_settings::store_loss::hold;
    return settings;
}

bool is_heard(net::announcement value) {
    return value == net::announcement::normal || value == net::announcement::degraded ||
           value == net::announcement::held;
}

const std::string& unit_in(const guard_settings& settings, const identity& node) {
    return settings.keep_per == guard_settings::unit::site ? node.site : node.node;
}

} // namespace

net::announcement model_node::heard(time_point at) const {
    using enum net::announcement;
    if (!running || health == condition::unknown || no_address)
        return none;
    if (drained)
        return at < draining_until ? draining : none;
    if (health == condition::down)
        return !away ? held : deprefers ? down : none;
    return impaired ? degraded : normal;
}

bool model_node::announced(time_point at) const {
    return is_heard(heard(at)) && neighbors > 0;
}

model_world::model_world(std::uint32_t seed) : random(seed) {
    const auto count = random.percent(70) ? 2 + random.below(3) : 5 + random.below(3);
    const auto sites = 1 + random.below(count);
    settings = any_model_settings(random, count, sites);
    fault_rate_ = 3 + random.below(20);
    for (unsigned i = 0; i < count; ++i) {
        auto& node = nodes.emplace_back();
        node.self = {std::string(1, static_cast<char>('a' + i)),
                     std::string(1, static_cast<char>('A' + (i < sites ? i : random.below(sites)))),
                     model_ttl};
        node.deprefers = random.percent(20);
        later(random.up_to(3s), [this, &node] { start(node); });
    }
}

void model_world::run(milliseconds time, bool with_faults) {
    const auto end = now + time;
    while (now < end) {
        now = next_tick_;
        if (!tasks_.empty())
            now = std::min(now, tasks_.begin()->first);
        if (now == next_tick_) {
            next_tick_ += tick_time;
            tick(with_faults);
            continue;
        }
        const auto next = std::move(tasks_.begin()->second);
        tasks_.erase(tasks_.begin());
        next();
    }
}

void model_world::later(milliseconds time, task what) {
    tasks_.emplace(now + time, std::move(what));
}

void model_world::tick(bool with_faults) {
    if (store.expire(now)) {
        publish();
        if (with_faults && random.percent(50))
            later(random.up_to(longest_lag), [this] { fail_others({}); });
    }
    if (with_faults && random.percent(fault_rate_))
        fault();
    for (auto& node : nodes)
        if (node.running)
            act(node);
}

unsigned model_world::announced_without(const model_node& node) const {
    std::set<std::string> units;
    for (const auto& other : nodes)
        if (&other != &node && (other.announced(now) || now < other.ghost_until))
            units.insert(unit_in(settings, other.self));
    return static_cast<unsigned>(units.size());
}

/// As far as the node can know: a member that is new makes a share larger.
unsigned model_world::keep(const model_node& node) const {
    static const roster nothing;
    const auto* known = node.guarded && node.guarded->known() ? &*node.guarded->known() : &nothing;
    return count(settings, node.self, *known, sightings(model_ttl), now).keep;
}

void model_world::start(model_node& node) {
    if (node.running)
        return;
    node.running = true;
    node.health = model_node::condition::unknown;
    node.away = true; // nothing is announced
    upgrade(node);
    later(random.up_to(3s), [this, &node, change = node.change] {
        if (node.change == change)
            random.percent(30) ? fail(node, 0ms) : recover(node);
    });
}

/// Another program goes on, and knows nothing of permits.
void model_world::upgrade(model_node& node) {
    ++node.life;
    node.guarded.emplace(settings, node.self);
    node.told.reset();
    node.told_need = {};
    node.alarm.reset();
    node.queued = false;
    node.next_beat = now;
    connect(node);
    act(node);
}

void model_world::crash(model_node& node, milliseconds time) {
    if (!node.running)
        return;
    vanish(node);
    disconnect(node);
    ++node.life;
    ++node.change;
    node.running = false;
    node.guarded.reset();
    node.asked.reset();
    later(time, [this, &node] { start(node); });
}

/// What it announced may be gone from now on, and nobody was asked.
void model_world::vanish(model_node& node) {
    if (!node.announced(now))
        return;
    node.gone = now;
    node.ghost_until = now + ghost_time;
}

void model_world::connect(model_node& node) {
    node.connected = true;
    ++node.connection;
    show(node, std::make_shared<const roster>(store.read()));
}

void model_world::disconnect(model_node& node) {
    node.connected = false;
    ++node.connection;
    later(random.up_to(longest_silence), [this, &node, connection = node.connection] {
        if (node.running && node.connection == connection)
            tell(node, event::lost{});
    });
}

void model_world::publish() {
    const auto what = std::make_shared<const roster>(store.read());
    for (auto& node : nodes)
        if (node.running && node.connected)
            show(node, what);
}

/// The store as it is now, after all that was shown before.
void model_world::show(model_node& node, const std::shared_ptr<const roster>& what) {
    node.next_sight = std::max(node.next_sight, now + random.up_to(calm_ ? 20ms : longest_lag));
    later(std::chrono::duration_cast<milliseconds>(node.next_sight - now),
          [this, &node, connection = node.connection, life = node.life, what] {
              if (node.life == life && node.connection == connection)
                  tell(node, event::seen{*what});
          });
}

void model_world::tell(model_node& node, const guard_event& event) {
    if (std::holds_alternative<event::lost>(event))
        node.lost = true;
    else if (std::holds_alternative<event::seen>(event))
        node.lost = false;
    perform(node, node.guarded->handle(event, now));
    act(node);
}

void model_world::perform(model_node& node, const std::vector<guard_action>& actions) {
    for (const auto& action : actions) {
        if (const auto* asked = std::get_if<write>(&action))
            send(node, *asked);
        else
            node.queued = std::holds_alternative<enqueue>(action);
    }
}

/// What a daemon does after anything has happened.
void model_world::act(model_node& node) {
    for (bool changed = true; changed;) {
        changed = leave(node);
        if (node.asked && !node.asked->queue && node.guarded->refused())
            node.asked.reset();
        record says{.site = node.self.site,
                    .health = "",
                    .heard = node.heard(now),
                    .neighbors = node.neighbors,
                    .reason = {},
                    .cause = {},
                    .since = wall_time(1s),
                    .permit = {}};
        if (node.told != says) {
            node.told = says;
            perform(node, node.guarded->handle(event::own_state{says}, now));
            changed = true;
        }
        using enum model_node::condition;
        const need needs{node.health == failing ? need::of_health::early
                         : node.health == down  ? need::of_health::verdict
                                                : need::of_health::none,
                         node.asked};
        if (node.told_need != needs) {
            node.told_need = needs;
            perform(node, node.guarded->handle(event::needed{needs}, now));
            changed = true;
        }
        if (const auto alarm = node.guarded->deadline(); alarm && *alarm <= now) {
            perform(node, node.guarded->expired(now));
            changed = true;
        }
    }
    wait_for_deadline(node);
    beat(node);
    keep_queue(node);
}

void model_world::wait_for_deadline(model_node& node) {
    if (const auto alarm = node.guarded->deadline(); alarm && alarm != node.alarm)
        later(std::chrono::ceil<milliseconds>(*alarm - now), [this, &node, life = node.life] {
            if (node.running && node.life == life)
                act(node);
        });
    node.alarm = node.guarded->deadline();
}

/// Takes the service away if that is wanted and permitted.
bool model_world::leave(model_node& node) {
    if (!node.guarded->permitted())
        return false;
    const bool down = node.health == model_node::condition::down && !node.away;
    if (!down && !node.asked)
        return false;
    take_away(node);
    if (down)
        node.away = true;
    if (std::exchange(node.asked, std::nullopt)) {
        node.drained = true;
        ++node.drains;
        node.draining_until = now + random.up_to(3s);
    }
    return true;
}

void model_world::take_away(model_node& node) {
    const auto heard = node.heard(now);
    if (!is_heard(heard))
        return;
    if (node.lost && settings.on_store_loss == guard_settings::store_loss::withdraw &&
        node.health == model_node::condition::down)
        return vanish(node);
    if (store.present.contains(node.self.node) && !store.records.at(node.self.node).said.permit)
        violations.push_back(node.self.node + " goes, and has no permit in the store");
    departures.push_back({node.self.node, now, heard == net::announcement::held});
    const auto left = announced_without(node);
    if (left < keep(node))
        violations.push_back(fmt::format(
            "{} at {} s: {} of {} announced elsewhere", node.self.node,
            std::chrono::duration<double>(now.time_since_epoch()).count(), left, keep(node)));
}

} // namespace herald::fleet::test
