// Our own record, and permits for health.

#include "tests/fleet/guard_support.hpp"

using namespace herald;
using namespace herald::fleet;
using namespace herald::fleet::test;
using enum net::announcement;

namespace {

const actions nothing;

fleet::write plain(std::uint64_t number, revision own, net::announcement heard,
                   std::optional<permit> given = {}) {
    return {number, said("A", heard, std::move(given)), own, {}, {}};
}

std::string why(const scripted_guard& guard, const std::string& node) {
    REQUIRE(guard.tested.refused());
    for (const auto& out : guard.tested.refused()->those)
        if (out.node == node)
            return out.why;
    return "counts";
}

} // namespace

TEST_CASE("guard: our record is written once the state and the store are known, and is true then") {
    scripted_guard a;
    CHECK(a.say(normal) == nothing);
    CHECK_FALSE(a.tested.truthful());
    const auto made = a.see();
    CHECK(made == actions{plain(1, 0, normal)});
    CHECK_FALSE(a.tested.truthful());
    CHECK(a.commit(made) == nothing);
    CHECK(a.tested.truthful());
    CHECK(a.see() == nothing);
}

TEST_CASE("guard: a life begins with a write, even of what is there, as an earlier one may still "
          "have one under way") {
    scripted_guard a;
    a.put("a", said("A"));
    a.say(normal);
    const auto made = a.see();
    CHECK(made == actions{plain(1, 11, normal)});
    CHECK_FALSE(a.tested.truthful());
    a.commit(made);
    CHECK(a.tested.truthful());
}

TEST_CASE("guard: of what is said while a write is under way the last is written after it") {
    scripted_guard a;
    a.say(normal);
    const auto first = a.see();
    CHECK(a.say(degraded) == nothing);
    CHECK(a.say(none) == nothing);
    CHECK(a.commit(first) == actions{plain(2, 12, none)});
}

TEST_CASE("guard: what another wrote into our record is put right") {
    scripted_guard a;
    a.settle();
    a.put("a", said("A", down));
    const auto made = a.see();
    CHECK(made == actions{plain(2, a.store.members["a"].written, normal)});
    CHECK_FALSE(a.tested.truthful());
    a.commit(made);
    CHECK(a.tested.truthful());
}

TEST_CASE("guard: a conflict is evaluated anew at once, with what it brings") {
    scripted_guard a;
    a.say(normal);
    const auto made = a.see();
    a.put("a", said("A", down));
    CHECK(a.conflict(scripted_guard::the_write(made)) == actions{plain(2, 12, normal)});
}

TEST_CASE("guard: an answer to another write, and a roster older than what is known, are ignored") {
    scripted_guard a;
    a.settle();
    const auto known = a.tested.known();
    roster a_long_ago;
    a_long_ago.at = 3;
    CHECK(a.tested.handle(event::committed{7, 99}, a.now) == nothing);
    CHECK(a.tested.handle(event::conflict{7, {}}, a.now) == nothing);
    CHECK(a.tested.handle(event::unknown{7}, a.now) == nothing);
    CHECK(a.tested.handle(event::seen{a_long_ago}, a.now) == nothing);
    CHECK(a.tested.known() == known);
    CHECK(a.tested.truthful());
}

TEST_CASE("guard: what was committed stays known when the roster that is seen next is older") {
    scripted_guard a;
    a.settle();
    const auto older = a.store;
    const auto made = a.say(degraded);
    a.store.at += 5;
    a.commit(made);
    CHECK(a.tested.handle(event::seen{older}, a.now) == nothing);
    CHECK(a.tested.truthful());
    CHECK(a.tested.known()->members.at("a").said.heard == degraded);
}

TEST_CASE("guard: after a write whose answer is unknown nothing is written until a newer roster is "
          "seen; then it is made void by another, even of what is there") {
    scripted_guard a;
    a.settle();
    const auto made = scripted_guard::the_write(a.say(degraded));
    const auto before = a.store;
    CHECK(a.unknown(made) == nothing);
    CHECK(a.say(normal) == nothing);
    CHECK(a.tested.handle(event::seen{before}, a.now) == nothing);
    CHECK_FALSE(a.tested.truthful());
    const auto again = a.see();
    CHECK(again == actions{plain(3, made.own_written, normal)});
    a.commit(again);
    CHECK(a.tested.truthful());
}

TEST_CASE("guard: a write whose answer is unknown, and which was done, needs no other") {
    scripted_guard a;
    a.settle();
    const auto made = scripted_guard::the_write(a.say(degraded));
    a.unknown(made);
    a.put("a", made.what);
    CHECK(a.see() == nothing);
    CHECK(a.tested.truthful());
}

TEST_CASE("guard: a store that stands still after a write whose answer is unknown is asked again "
          "after the ttl") {
    scripted_guard a;
    a.say(normal);
    a.unknown(scripted_guard::the_write(a.see()));
    CHECK(a.tested.deadline() == a.now + 10s);
    CHECK(a.wait(9999ms) == nothing);
    CHECK(a.wait(1ms) == actions{plain(2, 0, normal)});
}

TEST_CASE("guard: texts that could not be read back are written as what is harmless, once") {
    scripted_guard a;
    auto what = said("A");
    what.cause = "\xff\n";
    a.tested.handle(event::own_state{what}, a.now);
    const auto made = a.see();
    CHECK(scripted_guard::the_write(made).what.cause == "? ");
    a.commit(made);
    CHECK(a.tested.handle(event::own_state{what}, a.now) == nothing);
}

TEST_CASE("guard: a permit is written with our record, if nothing newer is there and those that "
          "count are still present") {
    scripted_guard a;
    a.others("bc");
    a.settle();
    const auto at = a.store.at;
    const auto appeared = [&](const char* node) { return a.store.present.at(node).appeared; };
    const fleet::write expected{2,
                                said("A", normal, for_health),
                                a.store.members["a"].written,
                                at,
                                {{"b", appeared("b")}, {"c", appeared("c")}}};
    CHECK(a.want(health(of_health::early)) == actions{expected});
    CHECK_FALSE(a.tested.permitted());
    CHECK_FALSE(a.tested.refused());
    CHECK(a.commit(expected) == nothing);
    CHECK(a.tested.permitted());
    CHECK_FALSE(a.tested.refused());
    CHECK(a.tested.truthful());
}

TEST_CASE(
    "guard: a permit that is in conflict is asked for anew if still enough count, and refused "
    "if not") {
    scripted_guard a;
    a.others("bc");
    a.settle();
    const auto first = scripted_guard::the_write(a.want(health(of_health::verdict)));
    a.put("b", said("B", none, for_health));
    const auto second = scripted_guard::the_write(a.conflict(first));
    CHECK(second.nothing_since == a.store.at);
    CHECK(second.present.size() == 1);
    a.put("c", said("C", held));
    CHECK(a.conflict(second) == nothing);
    REQUIRE(a.tested.refused());
    CHECK_FALSE(a.tested.refused()->store_lost);
    CHECK(a.tested.refused()->announced == 0);
    CHECK(a.tested.refused()->keep == 1);
}

TEST_CASE("guard: an early permit is given back when the check recovers, and counts for nothing "
          "from that moment") {
    scripted_guard a;
    a.others("b");
    a.settle_with_permit();
    const auto back = a.want({});
    CHECK(back == actions{plain(3, a.store.members["a"].written, normal)});
    CHECK_FALSE(a.tested.permitted());
    CHECK(a.want(health(of_health::verdict)) == nothing);
    CHECK_FALSE(a.tested.permitted());
    CHECK_FALSE(a.tested.refused());
    const auto anew = scripted_guard::the_write(a.commit(back));
    CHECK(anew.what.permit == for_health);
    CHECK(anew.nothing_since);
    a.commit(anew);
    CHECK(a.tested.permitted());
}

TEST_CASE("guard: a permit that was being given back, nobody knows how that went, is taken anew "
          "before it is relied on") {
    scripted_guard a;
    a.others("b");
    a.settle_with_permit();
    const auto back = scripted_guard::the_write(a.want({}));
    a.unknown(back);
    CHECK(a.want(health(of_health::verdict)) == nothing);
    CHECK_FALSE(a.tested.permitted());
    const auto anew = scripted_guard::the_write(a.see_beat());
    CHECK(anew.own_written == back.own_written);
    CHECK(anew.what.permit == for_health);
    CHECK(anew.nothing_since);
    CHECK_FALSE(a.tested.permitted());
    a.commit(anew);
    CHECK(a.tested.permitted());
}

TEST_CASE("guard: a permit stays while the service is away, and is given back when it is announced "
          "and heard again") {
    scripted_guard a;
    a.others("b");
    a.settle_with_permit();
    a.want(health(of_health::verdict));
    a.commit(a.say(none));
    CHECK(a.store.members["a"].said.permit == for_health);
    CHECK(a.want({}) == nothing);
    auto unheard = said("A");
    unheard.neighbors = 0;
    a.commit(a.tested.handle(event::own_state{unheard}, a.now));
    CHECK(a.store.members["a"].said.permit == for_health);
    CHECK(a.tested.permitted());
    const auto back = a.say(degraded);
    CHECK(back == actions{plain(5, a.store.members["a"].written, degraded)});
    CHECK_FALSE(a.tested.permitted());
}

TEST_CASE("guard: the record's permit outlives a reboot while nothing is announced") {
    for (const auto& given : {for_health, for_drain}) {
        scripted_guard a;
        a.put("a", said("A", none, given));
        a.say(none);
        const auto made = a.see();
        CHECK(made == actions{plain(1, 11, none, given)});
        a.commit(made);
        CHECK(a.see() == nothing);
        CHECK(a.tested.permitted());
        CHECK(a.say(normal) == actions{plain(2, a.store.members["a"].written, normal)});
    }
}

TEST_CASE("guard: a permit of an earlier life that is not used is taken anew if needed and enough "
          "count, else given back") {
    scripted_guard a;
    a.others("b");
    a.put("a", said("A", normal, for_health));
    CHECK(a.see() == nothing);
    CHECK(a.see_beat() == nothing);
    SUBCASE("needed, and enough") {
        a.want(health(of_health::early));
        const auto anew = scripted_guard::the_write(a.say(normal));
        CHECK(anew.what.permit == for_health);
        CHECK(anew.nothing_since);
        CHECK_FALSE(a.tested.permitted());
        a.commit(anew);
        CHECK(a.tested.permitted());
    }
    SUBCASE("needed, and not enough") {
        a.put("b", said("B", held));
        a.see();
        a.want(health(of_health::early));
        CHECK_FALSE(scripted_guard::the_write(a.say(normal)).what.permit);
        CHECK(a.tested.refused());
    }
    SUBCASE("not needed") {
        CHECK_FALSE(scripted_guard::the_write(a.say(normal)).what.permit);
    }
}

TEST_CASE("guard: a permit that an operator released is gone, but what is away may stay so") {
    scripted_guard a;
    a.others("b");
    a.settle_with_permit();
    SUBCASE("announced") {
        a.put("a", said("A"));
        a.put("b", said("B", none));
        a.see();
        CHECK_FALSE(a.tested.permitted());
        CHECK(a.tested.refused());
    }
    SUBCASE("away") {
        a.want(health(of_health::verdict));
        a.commit(a.say(none));
        a.put("a", said("A", none));
        CHECK(a.see() == nothing);
        CHECK(a.tested.permitted());
    }
}

TEST_CASE("guard: a permit that is not used yet is given back when those it relies on have died, "
          "and not when they are only held") {
    scripted_guard a;
    a.others("b");
    a.settle_with_permit();
    SUBCASE("died") {
        CHECK(a.tested.deadline() == a.now + 10s);
        CHECK(a.wait(9999ms) == nothing);
        CHECK(a.tested.permitted());
        CHECK(a.wait(1ms) == actions{plain(3, a.store.members["a"].written, normal)});
        CHECK_FALSE(a.tested.permitted());
    }
    SUBCASE("held") {
        a.put("b", said("B", held));
        CHECK(a.see_beat() == nothing);
        CHECK(a.tested.permitted());
    }
    SUBCASE("used") {
        a.commit(a.say(down));
        CHECK(a.wait(1h) == nothing);
        CHECK(a.tested.permitted());
    }
}

TEST_CASE(
    "guard: with nothing to keep all is permitted, no permit is taken, and the record is kept "
    "true") {
    scripted_guard a({.keep = 0U});
    CHECK(a.tested.permitted());
    a.settle();
    CHECK(a.want(health(of_health::verdict)) == nothing);
    CHECK(a.tested.permitted());
    CHECK(a.say(none) == actions{plain(2, a.store.members["a"].written, none)});
}

TEST_CASE("guard: what is not announced needs no permit") {
    scripted_guard a;
    a.settle();
    a.commit(a.say(none));
    CHECK(a.want(health(of_health::verdict)) == nothing);
    CHECK(a.tested.permitted());
    CHECK_FALSE(a.tested.refused());
}

TEST_CASE("guard: once refused, a permit for health is asked for when enough count and nothing has "
          "changed for 5 s; beats and words are no change") {
    scripted_guard a;
    a.others("b");
    a.settle();
    a.put("b", said("B", held));
    a.see();
    CHECK(a.want(health(of_health::verdict)) == nothing);
    CHECK(why(a, "b") == "held");
    CHECK_FALSE(a.tested.deadline());
    a.commit(a.say(held));
    a.now += 10s;
    a.put("b", said("B"));
    CHECK(a.see_beat() == nothing);
    CHECK(a.tested.refused());
    CHECK(a.tested.deadline() == a.now + 5s);
    CHECK(a.wait(3s) == nothing);
    auto talks = said("B");
    talks.cause = "just saying";
    a.put("b", talks);
    CHECK(a.see_beat() == nothing);
    CHECK(a.wait(1999ms) == nothing);
    const auto made = scripted_guard::the_write(a.wait(1ms));
    CHECK(made.what == said("A", held, for_health));
    CHECK(made.nothing_since == a.store.at);
    SUBCASE("another was first") {
        a.put("c", said("C", none, for_health));
        CHECK(a.conflict(made) == nothing);
        CHECK(a.tested.deadline() == a.now + 5s);
    }
    SUBCASE("the next need is asked for at once") {
        a.want({});
        a.say(normal);
        a.commit(a.conflict(made));
        CHECK(scripted_guard::the_write(a.want(health(of_health::early))).nothing_since);
    }
}
