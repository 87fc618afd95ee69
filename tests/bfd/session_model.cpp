// Two sessions against each other, over links made up by seeds.

#include "tests/bfd/scripted_link.hpp"
#include "tests/support/sanitized.hpp"

#include <doctest/doctest.h>

using namespace herald;
using namespace herald::bfd;
using namespace herald::bfd::test;
using namespace std::chrono_literals;

namespace {

constexpr std::uint32_t seeds = 20 * herald::test::runs_by_chance; // of each test

struct chances {
    std::minstd_rand random;
    explicit chances(std::uint32_t seed) : random(seed) {}
    std::uint32_t below(std::uint32_t end) {
        return std::uniform_int_distribution<std::uint32_t>(0, end - 1)(random);
    }
};

microseconds any_interval(chances& by) {
    constexpr std::array<microseconds, 6> all{50ms, 100ms, 300ms, 500ms, 1s, 2s};
    return all[by.below(all.size())];
}

session_settings any_settings(chances& by) {
    return {.min_tx = any_interval(by),
            .min_rx = any_interval(by),
            .multiplier = static_cast<std::uint8_t>(1 + by.below(5))};
}

/// One side at most is passive; both have the same key, or none.
std::array<session_settings, 2> any_pair(std::uint32_t seed) {
    chances by(seed);
    std::array both{any_settings(by), any_settings(by)};
    if (by.below(3) == 0)
        both[by.below(2)].passive = true;
    if (by.below(2) == 0)
        for (auto& each : both)
            each.authentication =
                authentication_settings{seed % 2 == 0 ? authentication_type::keyed_sha1
                                                      : authentication_type::meticulous_sha1,
                                        1, "secret"};
    return both;
}

/// Packets take from 0 to 20 ms, those of one side all nearly as long.
void make_delays(scripted_link& link) {
    for (auto& each : link.sides)
        each.delay = microseconds{link.number(20'000)};
}

microseconds longest_detection(const scripted_link& link) {
    return std::max(link.sides[0].tested.detection_time(), link.sides[1].tested.detection_time());
}

/// Up with the intervals that both sides' settings ask for, and all polls over.
void require_agreement(const scripted_link& link) {
    REQUIRE(link.both(session_state::up));
    for (std::size_t i = 0; i < 2; ++i) {
        const auto& here = link.sides[i].tested;
        const auto& there = link.sides[1 - i].tested;
        CHECK_FALSE(here.snapshot().polling);
        CHECK(here.tx_interval() == std::max(here.settings().min_tx, there.settings().min_rx));
        CHECK(there.rx_interval() == here.tx_interval());
        CHECK(there.detection_time() == here.settings().multiplier * here.tx_interval());
        CHECK(here.snapshot().dropped.total() == 0);
    }
}

} // namespace

TEST_CASE("session_model: both are Up when packets arrive, agree on all intervals, and stay so; "
          "cut off they are Down within the detection time, and Up again when they are not") {
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        scripted_link link(any_pair(seed), seed);
        make_delays(link);
        link.pass(12s);
        require_agreement(link);
        link.changes.clear();
        link.pass(20s);
        CHECK(link.changes.empty());

        const auto limit = longest_detection(link);
        link.set_loss(1);
        const auto cut = link.at.now;
        link.pass(limit + 20ms); // what is under way then arrives, and counts
        CHECK(link.both(session_state::down));
        REQUIRE(link.changes.size() == 2);
        for (const auto& each : link.changes) {
            CHECK(each.what.diagnostic == diagnostic::detection_time_expired);
            CHECK(each.when > cut);
        }
        link.set_loss(0);
        link.pass(2 * limit + 12s); // numbers of packets may have to be forgotten
        CHECK(link.both(session_state::up));
    }
}

TEST_CASE("session_model: cut in one direction, both are Down: one by time, one by word") {
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        scripted_link link(any_pair(seed), seed);
        make_delays(link);
        link.pass(12s);
        REQUIRE(link.both(session_state::up));
        link.changes.clear();
        const std::size_t cut = seed % 2;
        link.sides[cut].loss = 1;
        link.pass(link.sides[1 - cut].tested.detection_time() + 40ms);
        const bool passive = link.sides[1 - cut].tested.settings().passive; // which says no word
        REQUIRE(link.changes.size() >= (passive ? 1 : 2));
        CHECK(link.changes[0].side == 1 - cut);
        CHECK(link.changes[0].what.diagnostic == diagnostic::detection_time_expired);
        if (!passive)
            CHECK(link.changes[1].what.diagnostic == diagnostic::neighbor_signaled_down);
    }
}

TEST_CASE("session_model: settings change as often as one likes, on both sides, and it stays Up") {
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        chances by(seed);
        scripted_link link(any_pair(seed), seed);
        make_delays(link);
        link.pass(12s);
        REQUIRE(link.both(session_state::up));
        link.changes.clear();
        for (int i = 0; i < 10; ++i) {
            const auto which = by.below(2);
            auto& tested = link.sides[which].tested;
            auto settings = tested.settings();
            settings.min_tx = any_interval(by);
            settings.min_rx = any_interval(by);
            // Fewer than were promised is a promise broken, RFC 5880 §6.8.12 or not.
            settings.multiplier = static_cast<std::uint8_t>(
                std::max<std::uint32_t>(settings.multiplier, 1 + by.below(5)));
            link.perform(which, tested.change(settings, link.at));
            link.pass(std::chrono::milliseconds{by.below(1000)});
        }
        link.pass(12s);
        CHECK(link.changes.empty());
        require_agreement(link);
    }
}

TEST_CASE("session_model: whatever was lost, late, overtaken or switched off, when packets arrive "
          "again both are Up") {
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        chances by(seed);
        scripted_link link(any_pair(seed), seed);
        for (auto& each : link.sides) {
            each.variation = std::chrono::milliseconds{by.below(500)};
            each.keep_order = by.below(2) == 0;
            each.loss = by.below(10) / 10.0;
        }
        for (int i = 0; i < 10; ++i) {
            const auto which = by.below(2);
            auto& tested = link.sides[which].tested;
            if (by.below(3) == 0)
                link.perform(which, tested.state() == session_state::admin_down
                                        ? tested.enable(link.at)
                                        : tested.shut_down(link.at));
            link.pass(std::chrono::milliseconds{by.below(3000)});
        }
        link.set_loss(0);
        for (std::size_t i = 0; i < 2; ++i) {
            link.sides[i].keep_order = true;
            link.sides[i].variation = 0us;
            link.perform(i, link.sides[i].tested.enable(link.at));
        }
        link.pass(40s);
        CHECK(link.both(session_state::up));
    }
}

TEST_CASE("session_model: sessions that are handed over before any event send, octet for octet, "
          "what they would have sent") {
    const auto live = [](scripted_link& link, std::uint32_t seed) {
        chances by(seed);
        make_delays(link);
        link.set_loss(0.1);
        for (int i = 0; i < 6; ++i) {
            link.pass(std::chrono::milliseconds{by.below(4000)});
            const auto which = by.below(2);
            auto& tested = link.sides[which].tested;
            auto settings = tested.settings();
            settings.min_tx = any_interval(by);
            switch (by.below(4)) {
            case 0: link.perform(which, tested.shut_down(link.at)); break;
            case 1: link.perform(which, tested.enable(link.at)); break;
            case 2: link.perform(which, tested.change(settings, link.at)); break;
            default: link.sides[which].loss = by.below(2); break;
            }
        }
        link.pass(4s);
    };
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        CAPTURE(seed);
        scripted_link whole(any_pair(seed), seed);
        live(whole, seed);
        scripted_link handed_over(any_pair(seed), seed);
        handed_over.before_event = [&handed_over] {
            for (std::size_t i = 0; i < 2; ++i) {
                REQUIRE(find_fault(handed_over.sides[i].tested.snapshot()) == std::nullopt);
                handed_over.hand_over(i);
            }
        };
        live(handed_over, seed);
        CHECK(handed_over.everything == whole.everything);
        for (std::size_t i = 0; i < 2; ++i)
            CHECK(handed_over.sides[i].tested.snapshot() == whole.sides[i].tested.snapshot());
    }
}
