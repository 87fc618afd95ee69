// While the store cannot be asked.

#include "tests/fleet/guard_support.hpp"

using namespace herald;
using namespace herald::fleet;
using namespace herald::fleet::test;
using enum net::announcement;

namespace {

const actions no_actions;

} // namespace

TEST_CASE("guard: before the store was ever seen, a need is refused as the store is lost") {
    scripted_guard a;
    a.say(normal);
    CHECK(a.want(health(of_health::verdict)) == no_actions);
    REQUIRE(a.tested.refused());
    CHECK(a.tested.refused()->store_lost);
}

TEST_CASE("guard: while the store is lost nothing is written, and a need is refused") {
    scripted_guard a;
    a.others("b");
    a.settle();
    CHECK(a.lose() == no_actions);
    CHECK(a.say(degraded) == no_actions);
    CHECK(a.want(health(of_health::verdict)) == no_actions);
    REQUIRE(a.tested.refused());
    CHECK(a.tested.refused()->store_lost);
    CHECK_FALSE(a.tested.permitted());
    CHECK(scripted_guard::the_write(a.see()).what.heard == degraded);
}

TEST_CASE(
    "guard: on_store_loss = withdraw permits a verdict while the store is lost, and no drain") {
    scripted_guard a({.keep = 1U, .on_store_loss = guard_settings::store_loss::withdraw});
    a.others("b");
    a.settle();
    a.lose();
    a.want(health(of_health::early));
    CHECK_FALSE(a.tested.permitted());
    a.want(drain());
    CHECK_FALSE(a.tested.permitted());
    a.want(health(of_health::verdict));
    CHECK(a.tested.permitted());
    CHECK_FALSE(a.tested.refused());
    a.put("b", said("B", held));
    a.see();
    CHECK_FALSE(a.tested.permitted());
}

TEST_CASE("guard: a write that was under way when the store was lost counts as unknown, and its "
          "late answer as nothing") {
    scripted_guard a;
    a.others("b");
    a.settle();
    const auto made = scripted_guard::the_write(a.want(health(of_health::verdict)));
    CHECK(a.lose() == no_actions);
    CHECK(a.tested.handle(event::committed{made.number, a.store.at + 1}, a.now) == no_actions);
    CHECK_FALSE(a.tested.permitted());
    SUBCASE("it was done") {
        a.put("a", made.what);
        CHECK(a.see_beat() == no_actions);
        CHECK(a.tested.permitted());
    }
    SUBCASE("it was done, but those it relied on are gone") {
        a.put("a", made.what);
        a.put("b", said("B", none));
        CHECK_FALSE(scripted_guard::the_write(a.see_beat()).what.permit);
        CHECK_FALSE(a.tested.permitted());
    }
    SUBCASE("it was not done") {
        CHECK_FALSE(scripted_guard::the_write(a.see_beat()).what.permit);
        CHECK_FALSE(a.tested.permitted());
        CHECK(a.tested.refused());
    }
}

TEST_CASE("guard: a permit that is held when the store is lost is relied on until those that it "
          "relies on are not known to be there any more; one that is used stays") {
    scripted_guard a;
    a.others("b");
    a.settle_with_permit();
    a.lose();
    CHECK(a.tested.permitted());
    SUBCASE("not used") {
        CHECK(a.wait(9999ms) == no_actions);
        CHECK(a.tested.permitted());
        CHECK(a.wait(1ms) == no_actions);
        CHECK_FALSE(a.tested.permitted());
        REQUIRE(a.tested.refused());
        CHECK(a.tested.refused()->store_lost);
    }
    SUBCASE("used") {
        a.say(draining);
        a.wait(1h);
        CHECK(a.tested.permitted());
    }
}

TEST_CASE("guard: a beat that came while the store was lost is as old as our last look") {
    scripted_guard a;
    a.others("b");
    a.settle();
    a.lose();
    a.now += 10s;
    a.see_beat();
    CHECK(a.want(health(of_health::early)) == no_actions);
    REQUIRE(a.tested.refused());
    CHECK(a.tested.refused()->those.front().why == "has not been heard of for a while");
    a.see_beat();
    CHECK(a.tested.refused()); // and now waits until all is quiet
    CHECK(a.tested.deadline() == a.now + 5s);
}

TEST_CASE("guard: who has just begun to look asks as soon as others are seen to be alive") {
    scripted_guard a;
    a.others("b");
    a.say(net::announcement::normal);
    a.commit(a.see());
    CHECK(a.want(health(of_health::verdict)).empty());
    REQUIRE(a.tested.refused()); // the first sight is no sign of life
    const auto asked = scripted_guard::the_write(a.see_beat());
    CHECK(asked.what.permit == for_health); // and without the quiet time of those who are held
}
