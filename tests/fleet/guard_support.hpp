#pragma once

#include "herald/fleet/guard.hpp"

#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <variant>
#include <vector>

/// A guard of node "a" in site "A", and a store by hand.
namespace herald::fleet::test {

using namespace std::chrono_literals;
using actions = std::vector<guard_action>;
using of_health = need::of_health;

inline const record well{.site = {},
                         .health = "up",
                         .heard = net::announcement::normal,
                         .neighbors = 1,
                         .reason = {},
                         .cause = {},
                         .since = wall_time(1s),
                         .permit = {}};
inline const permit for_health{permit_reason::health, {}, {}, wall_time(1s)};
inline const permit for_drain{permit_reason::drain, "alice", "kernel", wall_time(1s)};

inline record said(std::string site, net::announcement heard = net::announcement::normal,
                   std::optional<permit> given = {}) {
    auto result = well;
    result.site = std::move(site);
    result.heard = heard;
    result.permit = std::move(given);
    return result;
}

inline need health(of_health what) {
    return {what, {}};
}
inline need drain(bool queue = false) {
    return {of_health::none, need::drain{"alice", "kernel", queue}};
}

struct scripted_guard {
    guard tested;
    roster store; // as it is
    std::string site = "A";
    time_point now{1h};

    explicit scripted_guard(guard_settings settings = {.keep = 1U}) : tested(settings, {"a", "A"}) {
        store.at = 10;
    }

    /// Others, alive, each in a site of its own.
    void others(const std::string& names) {
        for (const char name : names) {
            const std::string node(1, name);
            put(node, said(std::string(1, static_cast<char>(name - 'a' + 'A'))));
            store.present[node] = {node, node, store.at, store.at};
        }
    }

    void put(const std::string& node, record what) {
        store.members[node] = {std::move(what), ++store.at};
    }
    void beat() {
        for (auto& [node, present] : store.present)
            present.beat = ++store.at;
    }
    actions see() {
        ++store.at;
        return tested.handle(event::seen{store}, now);
    }
    /// All that are present have a beat.
    actions see_beat() {
        beat();
        return see();
    }
    actions say(net::announcement heard) {
        return tested.handle(event::own_state{said("A", heard)}, now);
    }
    actions want(need what) { return tested.handle(event::needed{std::move(what)}, now); }
    actions lose() { return tested.handle(event::lost{}, now); }

    /// The write that is under way is done.
    actions commit(const write& made) {
        put("a", made.what);
        return tested.handle(event::committed{made.number, store.at}, now);
    }
    actions commit(const actions& made) { return commit(the_write(made)); }
    actions conflict(const write& made) {
        ++store.at;
        return tested.handle(event::conflict{made.number, store}, now);
    }
    actions unknown(const write& made) { return tested.handle(event::unknown{made.number}, now); }
    actions wait(std::chrono::milliseconds time) {
        now += time;
        return tested.expired(now);
    }

    static write the_write(const actions& made) {
        REQUIRE(made.size() == 1);
        REQUIRE(std::holds_alternative<write>(made.front()));
        return std::get<write>(made.front());
    }

    /// Announced, known to the store, and the others have been heard of.
    void settle() {
        say(net::announcement::normal);
        commit(see());
        store.present["a"] = {"a", "a", ++store.at, store.at};
        CHECK(see().empty());
        CHECK(see_beat().empty());
        CHECK(tested.truthful());
    }
    /// With a permit for health in its record.
    void settle_with_permit() {
        settle();
        commit(want(health(of_health::early)));
        see();
        REQUIRE(tested.permitted());
    }
};

} // namespace herald::fleet::test
