#include "tests/bgp/rib_support.hpp"

#include "herald/bgp/sent_routes.hpp"

using namespace herald;
using namespace herald::bgp;
using namespace herald::bgp::test;

TEST_CASE("sent_routes: a value that is shared until somebody changes it") {
    sent_routes one({{a, attributes(1)}, {b, attributes(2)}});
    auto other = one;
    CHECK(other.identity() == one.identity());
    other[0].due_again = true;
    CHECK(other.identity() != one.identity());
    CHECK_FALSE(other == one);
    CHECK_FALSE(std::as_const(one)[0].due_again);
    other[0].due_again = false;
    CHECK(other == one);
    other.push_back({c, attributes(1)});
    CHECK(one.size() == 2);
    CHECK(other.size() == 3);
    other.clear();
    CHECK(other.size() == 0);
}
