// Permits for drains, and the queue.

#include "tests/fleet/guard_support.hpp"

using namespace herald;
using namespace herald::fleet;
using namespace herald::fleet::test;
using enum net::announcement;

namespace {

const actions none_of_them;
const actions only_enqueue{enqueue{}};

} // namespace

TEST_CASE("guard: a drain's permit says who asked for it, and is held while the drain lasts") {
    scripted_guard a;
    a.others("b");
    a.settle();
    const auto made = scripted_guard::the_write(a.want(drain()));
    CHECK(made.what == said("A", normal, for_drain));
    CHECK(made.nothing_since);
    a.commit(made);
    CHECK(a.tested.permitted());
    a.commit(a.say(draining));
    CHECK(a.want({}) == none_of_them);
    a.commit(a.say(none));
    CHECK(a.store.members["a"].said.permit == for_drain);
    CHECK_FALSE(scripted_guard::the_write(a.say(normal)).what.permit);
}

TEST_CASE("guard: a permit for health becomes a drain's when one is asked for, and stays one") {
    scripted_guard a;
    a.others("b");
    a.settle_with_permit();
    auto both = drain();
    both.health = of_health::early;
    const auto made = scripted_guard::the_write(a.want(both));
    CHECK(made.what == said("A", normal, for_drain));
    CHECK_FALSE(made.nothing_since);
    CHECK(a.tested.permitted());
    a.commit(made);
    CHECK(a.want(health(of_health::early)) == none_of_them);
    CHECK(a.store.members["a"].said.permit == for_drain);
}

TEST_CASE(
    "guard: a drain that is refused goes as soon as the roster allows, until it is given up") {
    scripted_guard a;
    a.others("b");
    a.settle();
    a.put("b", said("B", down));
    a.see();
    CHECK(a.want(drain()) == none_of_them);
    CHECK(a.tested.refused());
    SUBCASE("the roster allows") {
        a.put("b", said("B"));
        CHECK(scripted_guard::the_write(a.see()).what.permit == for_drain);
    }
    SUBCASE("given up") {
        CHECK(a.want({}) == none_of_them);
        CHECK_FALSE(a.tested.refused());
        a.put("b", said("B"));
        CHECK(a.see() == none_of_them);
    }
}

TEST_CASE("guard: a drain that queues waits when refused, gets its turn, and leaves the queue with "
          "its permit") {
    scripted_guard a;
    a.others("bc");
    a.settle();
    a.put("b", said("B", none));
    a.put("c", said("C", none));
    a.see();
    CHECK(a.want(drain(true)) == only_enqueue);
    a.store.queue["a"] = ++a.store.at;
    CHECK(a.see_beat() == none_of_them);
    a.put("b", said("B"));
    const auto made = a.see();
    CHECK(scripted_guard::the_write(made).what.permit == for_drain);
    CHECK(a.commit(made) == actions{dequeue{}});
}

TEST_CASE("guard: a drain that queues and is given up leaves the queue") {
    scripted_guard a;
    a.settle();
    CHECK(a.want(drain(true)) == only_enqueue);
    CHECK(a.want(drain(true)) == none_of_them);
    CHECK(a.want({}) == actions{dequeue{}});
}

TEST_CASE("guard: a drain waits for those before it in the queue that may be alive, not for those "
          "behind it") {
    scripted_guard a;
    a.others("bcd");
    a.settle();
    a.store.queue["c"] = ++a.store.at;
    a.see();
    SUBCASE("without a queue of its own it overtakes nobody") {
        CHECK(a.want(drain()) == none_of_them);
        REQUIRE(a.tested.refused());
        CHECK(a.tested.refused()->before_us == std::vector<std::string>{"c"});
        CHECK(a.tested.refused()->announced == 3);
    }
    SUBCASE("in the queue") {
        CHECK(a.want(drain(true)) == only_enqueue);
        a.store.queue["a"] = ++a.store.at;
        a.store.queue["b"] = ++a.store.at;
        CHECK(a.see() == none_of_them);
        CHECK(a.tested.refused()->before_us == std::vector<std::string>{"c"});
        a.store.queue.erase("c");
        CHECK(scripted_guard::the_write(a.see()).what.permit == for_drain);
    }
    SUBCASE("the one before it is dead") {
        CHECK(a.want(drain()) == none_of_them);
        CHECK(a.tested.deadline() == a.now + 10s);
        a.now += 9s;
        a.store.present["b"].beat = ++a.store.at;
        a.see();
        a.now += 1s;
        CHECK(scripted_guard::the_write(a.tested.expired(a.now)).present.size() == 1);
    }
    SUBCASE("health does not wait") {
        CHECK(scripted_guard::the_write(a.want(health(of_health::verdict))).what.permit ==
              for_health);
    }
}

TEST_CASE("guard: with other settings a drain that was refused may go") {
    scripted_guard a({.keep = 2U});
    a.others("b");
    a.settle();
    CHECK(a.want(drain()) == none_of_them);
    CHECK(a.tested.refused()->keep == 2);
    CHECK(scripted_guard::the_write(a.tested.change({.keep = 1U}, a.now)).what.permit == for_drain);
    CHECK_FALSE(a.tested.refused());
}
