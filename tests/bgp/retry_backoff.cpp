#include "herald/bgp/retry_backoff.hpp"

#include <doctest/doctest.h>
#include <vector>

using namespace std::chrono_literals;
using herald::bgp::retry_backoff;
using herald::wire::make_cease;
using herald::wire::make_hard_reset;
namespace cease_code = herald::wire::cease_code;

namespace {

std::vector<std::chrono::milliseconds> next_waits(retry_backoff& backoff, int count) {
    std::vector<std::chrono::milliseconds> waits;
    for (int i = 0; i < count; ++i)
        waits.push_back(backoff.next());
    return waits;
}

} // namespace

TEST_CASE("retry_backoff: the first retry is at once, then waits double up to the limit") {
    retry_backoff backoff(5s);
    CHECK(next_waits(backoff, 6) == std::vector<std::chrono::milliseconds>{0s, 1s, 2s, 4s, 5s, 5s});
}

TEST_CASE("retry_backoff: after a session that stayed the next retry is at once again") {
    retry_backoff backoff(5s);
    next_waits(backoff, 4);
    backoff.session_ended(1s, std::nullopt);
    CHECK(next_waits(backoff, 2) == std::vector<std::chrono::milliseconds>{0s, 1s});
}

TEST_CASE("retry_backoff: a session that ends within a second is one more failure") {
    retry_backoff backoff(5s);
    next_waits(backoff, 2);
    backoff.session_ended(999ms, std::nullopt);
    CHECK(backoff.next() == 2s);
}

TEST_CASE("retry_backoff: a peer that ends each session with such a Cease is dialled less and less "
          "often, RFC 4486 §4") {
    for (const auto subcode :
         {cease_code::max_prefixes, cease_code::administrative_shutdown, cease_code::deconfigured,
          cease_code::rejected, cease_code::out_of_resources}) {
        CAPTURE(int(subcode));
        retry_backoff backoff(5s);
        std::vector<std::chrono::milliseconds> waits;
        for (int i = 0; i < 5; ++i) {
            backoff.session_ended(2s, make_cease(subcode));
            waits.push_back(backoff.next());
        }
        CHECK(waits == std::vector<std::chrono::milliseconds>{1s, 2s, 4s, 5s, 5s});
    }
}

TEST_CASE("retry_backoff: a Cease inside a Hard Reset counts as that Cease, RFC 8538 §3") {
    retry_backoff backoff(5s);
    backoff.session_ended(2s, make_hard_reset(make_cease(cease_code::max_prefixes)));
    CHECK(backoff.next() == 1s);
}

TEST_CASE("retry_backoff: after a long session such a Cease is the first failure") {
    retry_backoff backoff(5s);
    next_waits(backoff, 4);
    backoff.session_ended(5s, make_cease(cease_code::max_prefixes));
    CHECK(backoff.next() == 1s);
}

TEST_CASE("retry_backoff: after any other Cease the return is immediate") {
    for (const auto subcode : {cease_code::administrative_reset, cease_code::configuration_change,
                               cease_code::collision}) {
        CAPTURE(int(subcode));
        retry_backoff backoff(5s);
        backoff.session_ended(2s, make_cease(subcode));
        CHECK(backoff.next() == 0s);
    }
}

TEST_CASE("retry_backoff: a limit under a second holds from the second failure on") {
    retry_backoff backoff(250ms);
    CHECK(next_waits(backoff, 3) == std::vector<std::chrono::milliseconds>{0ms, 250ms, 250ms});
}

TEST_CASE("retry_backoff: a thousand failures stay at the limit") {
    retry_backoff backoff(1h);
    next_waits(backoff, 1000);
    CHECK(backoff.next() == 1h);
}
