// What goes wrong in the model's world, on the way to the store and elsewhere.

#include "tests/fleet/model_world.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace herald::fleet::test {

void model_world::fail(model_node& node, milliseconds verdict_after) {
    using enum model_node::condition;
    if (!node.running || node.health == down)
        return;
    if (node.health != unknown) // or it is not announced before the verdict
        node.health = failing;
    later(verdict_after, [this, &node, change = ++node.change] {
        if (node.change != change)
            return;
        node.health = down;
        act(node);
        if (!calm_ && random.percent(80))
            later(random.up_to(random.percent(50) ? 1s : 20s), [this, &node, change] {
                if (!calm_ && node.change == change)
                    recover(node);
            });
    });
    if (verdict_after > 0ms)
        act(node);
}

void model_world::recover(model_node& node) {
    if (!node.running)
        return;
    ++node.change;
    node.health = model_node::condition::good;
    node.away = false;
    act(node);
}

void model_world::ask_drain(model_node& node, bool queue) {
    if (!node.running || node.drained || node.asked)
        return;
    node.asked = need::drain{"alice", "", queue};
    act(node);
}

void model_world::undrain(model_node& node) {
    node.asked.reset();
    node.drained = false;
    if (node.running)
        act(node);
}

void model_world::repair() {
    calm_ = true;
    for (auto& node : nodes) {
        start(node);
        connect(node);
        node.no_address = false;
        node.neighbors = 1;
        undrain(node);
    }
}

void model_world::fault() {
    auto& node = nodes[random.below(static_cast<unsigned>(nodes.size()))];
    switch (random.below(12)) {
    case 0: return fault_of_store(node);
    case 1: return fault_of_node(node);
    default: return fault_of_service(node);
    }
}

void model_world::fault_of_store(model_node& node) {
    switch (random.below(10)) {
    case 0:
    case 1: // a new leader extends all leases
        for (auto& [lease, end] : store.leases)
            end = std::max(end, now + random.up_to(40s));
        return;
    case 2:
    case 3: return release();
    case 4:
        for (auto& each : nodes)
            disconnect(each);
        later(random.up_to(15s), [this] {
            for (auto& each : nodes)
                if (each.running && !each.connected)
                    connect(each);
        });
        return;
    default:
        disconnect(node);
        later(random.up_to(random.percent(50) ? 2s : 40s), [this, &node] {
            if (!node.running || node.connected)
                return;
            connect(node);
            if (random.percent(30))
                later(random.up_to(5s), [this, &node] { fail(node, random.up_to(1s)); });
        });
    }
}

void model_world::fault_of_node(model_node& node) {
    if (!node.running)
        return;
    switch (random.below(4)) {
    case 0:
        if (random.percent(50)) // and its lease is not over for long
            store.leases[node.lease] = now + 60s;
        return crash(node, random.up_to(random.percent(50) ? 5s : 60s));
    case 1: return upgrade(node);
    case 2:
        vanish(node);
        node.no_address = !node.no_address;
        break;
    default: vanish(node); node.neighbors = node.neighbors > 0 ? 0 : 1;
    }
    act(node);
}

void model_world::fault_of_service(model_node& node) {
    switch (random.below(12)) {
    case 0: // one shared fault
        for (auto& each : nodes)
            fail(each, random.percent(50) ? 1s : random.up_to(1s));
        return;
    case 1:
    case 10:
        for (auto& each : nodes)
            recover(each);
        return;
    case 2: return ask_drain(node, true);
    case 3: return ask_drain(node, false);
    case 4:
    case 5: return undrain(node);
    case 6: node.impaired = !node.impaired; return;
    case 7:
    case 8: return fail(node, random.up_to(random.percent(50) ? 1s : 15s));
    case 9: // flaps
        fail(node, random.up_to(2s));
        later(random.up_to(2s), [this, &node] { recover(node); });
        later(random.up_to(4s), [this, &node] { fail(node, random.up_to(500ms)); });
        return;
    default: return recover(node);
    }
}

/// An operator gives a permit back for a node that is not present.
void model_world::release() {
    for (auto& [node, member] : store.records)
        if (member.said.permit && !store.present.contains(node)) {
            member.said.permit.reset();
            member.written = ++store.at;
            return publish();
        }
}

/// Until a request is executed.
milliseconds model_world::any_delay() {
    return !calm_ && random.percent(15) ? random.up_to(30s) : random.up_to(50ms);
}

void model_world::send(model_node& node, const write& asked) {
    later(patience, [this, &node, life = node.life, number = asked.number] {
        if (node.life == life)
            tell(node, event::unknown{number});
    });
    if (!node.connected || (!calm_ && random.percent(5)))
        return;
    const auto delay = any_delay();
    if (!calm_)
        torment(node, asked, delay);
    later(delay, [this, &node, asked, delay, life = node.life] {
        const bool done = store.is_so(node.self.node, asked);
        if (done && asked.nothing_since)
            check_grant(node, asked, delay < patience);
        store.execute(node.self.node, asked);
        if (done)
            publish();
        if (node.life == life)
            answer(node, asked, done, delay);
    });
}

/// Unless the request was given up, or the reply is lost.
void model_world::answer(model_node& node, const write& asked, bool done, milliseconds delay) {
    const auto way_back = random.up_to(calm_ ? 50ms : random.percent(80) ? 500ms : patience);
    if (delay + way_back >= patience || (!calm_ && random.percent(5)))
        return;
    guard_event reply = event::conflict{asked.number, store.read()};
    if (done)
        reply = event::committed{asked.number, store.at};
    later(way_back, [this, &node, life = node.life, reply] {
        if (node.life == life)
            tell(node, reply);
    });
}

/// What makes a late request do the most harm.
void model_world::torment(model_node& node, const write& asked, milliseconds delay) {
    const bool late = delay >= patience;
    if (late && asked.nothing_since && random.percent(60)) { // whom it relies on is gone by then
        if (random.percent(50))
            later(random.up_to(1s), [this, &node] { crash(node, 60s); });
        for (auto& other : nodes)
            if (asked.present.contains(other.self.node) && random.percent(60))
                later(random.up_to(1s), [this, &other] { crash(other, 60s); });
        return;
    }
    if (asked.what.permit)
        return;
    // It needs a permit again, and all others do when they see what was written.
    if (late && random.percent(60))
        later(random.up_to(1s), [this, &node] {
            if (!node.running || random.percent(50))
                return crash(node, random.up_to(1s));
            upgrade(node);
        });
    if (random.percent(late ? 60 : 30))
        later(late ? random.up_to(patience + 1s) : random.up_to(500ms),
              [this, &node] { fail(node, random.up_to(300ms)); });
    if (random.percent(late ? 60 : 30))
        later(delay + random.up_to(600ms), [this, &node] { fail_others(node); });
}

void model_world::fail_others(const model_node& node) {
    for (auto& other : nodes)
        if (&other != &node && random.percent(60))
            fail(other, random.up_to(500ms));
}

/// At that moment enough others are present, announced and well, as they say; and if the request is
/// not so late that it is counted anew before the permit is used, in truth.
void model_world::check_grant(const model_node& node, const write& asked, bool in_time) {
    std::set<std::string> units;
    const bool by_site = settings.keep_per == guard_settings::unit::site;
    for (const auto& other : nodes) {
        const auto found = store.records.find(other.self.node);
        if (&other == &node || found == store.records.end())
            continue;
        const auto& says = found->second.said;
        const bool well = (says.heard == net::announcement::normal ||
                           says.heard == net::announcement::degraded) &&
                          says.neighbors > 0 && !says.permit;
        if (well && store.present.contains(other.self.node) &&
            (!in_time || other.announced(now) || now < other.ghost_until))
            units.insert(by_site ? other.self.site : other.self.node);
    }
    if (units.size() < keep(node))
        violations.push_back(fmt::format("{}: permit {} is given, and {} count", node.self.node,
                                         asked.number, units.size()));
}

void model_world::beat(model_node& node) {
    if (!node.connected || !node.guarded->truthful() || now < node.next_beat)
        return;
    node.next_beat = now + beat_interval;
    if (!store.leases.contains(node.lease)) {
        node.lease = ++last_lease_;
        store.leases[node.lease] = now + model_ttl;
    }
    if (!calm_ && random.percent(5))
        return;
    later(any_delay(), [this, &node, lease = node.lease, sent = now] {
        if (!store.put(store.present, node.self.node, lease))
            return;
        store.leases[lease] = std::max(store.leases[lease], now + model_ttl);
        // A beat that is late makes the dead look alive.
        if (node.gone && sent <= *node.gone)
            node.ghost_until = std::max(node.ghost_until, now + ghost_time);
        publish();
    });
}

void model_world::keep_queue(model_node& node) {
    if (!node.connected || node.queued == store.queue.contains(node.self.node))
        return;
    if (node.queued ? store.put(store.queue, node.self.node, node.lease)
                    : store.erase(store.queue, node.self.node))
        publish();
}

} // namespace herald::fleet::test
