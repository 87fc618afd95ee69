#include "herald/daemon/fleet_claim.hpp"

#include "tests/fleet/guard_support.hpp"

#include <doctest/doctest.h>
#include <map>

using namespace herald;
using namespace herald::daemon;
using fleet::test::scripted_guard;

namespace {

using strings = std::vector<std::string>;

/// Guards by hand. What is asked of it is noted.
struct made_up_office final : claim_office {
    std::map<std::string, scripted_guard> guards;
    std::map<std::string, fleet::test::actions> writes; // that guards want
    strings log;
    std::shared_ptr<const bool> open = std::make_shared<const bool>(true);
    strings told; // of the claim: "had", or why not

    /// A service that is announced here, and by these other nodes; one of them must stay.
    void add(const std::string& service, const std::string& others) {
        auto& guard = guards[service];
        guard.others(others);
        guard.settle();
    }
    void want(const std::string& service, std::optional<fleet::need::drain> drain) override {
        log.push_back(service + (drain ? " wanted" : " given up"));
        if (const auto found = guards.find(service); found != guards.end())
            if (auto made = found->second.want({fleet::need::of_health::none, drain});
                !made.empty())
                writes[service] = std::move(made);
    }
    const fleet::guard* guard_of(const std::string& service) const override {
        const auto found = guards.find(service);
        return found == guards.end() ? nullptr : &found->second.tested;
    }
    /// What the guard wanted is written.
    void write(const std::string& service) {
        auto& guard = guards.at(service);
        guard.commit(writes.at(service));
        guard.see();
    }
    std::shared_ptr<fleet_claim> claim(strings services, bool queue = false) {
        return std::make_shared<fleet_claim>(
            *this, open, std::move(services), fleet::need::drain{"alice", "kernel", queue},
            [this](const auto& how) {
                told.push_back(how ? "had"
                                   : how.error().service + ": " + how.error().why +
                                         (how.error().store_lost ? " (lost)" : ""));
            });
    }
};

} // namespace

TEST_CASE("fleet_claim: nothing is asked for until it is told to go on") {
    made_up_office office;
    office.add("dns", "b");
    const auto claim = office.claim({"dns"});
    CHECK(office.log.empty());
    claim->go_on();
    CHECK(office.log == strings{"dns wanted"});
    CHECK(office.told.empty());
    office.write("dns");
    claim->look_at("dns");
    CHECK(office.told == strings{"had"});
}

TEST_CASE("fleet_claim: permits are asked for in the order of names, one after the other") {
    made_up_office office;
    office.add("dns", "b");
    office.add("web", "b");
    auto claim = office.claim({"web", "dns"});
    claim->go_on();
    claim->look_at("web"); // which was not asked for yet
    CHECK(office.log == strings{"dns wanted"});
    office.write("dns");
    claim->look_at("dns");
    CHECK(office.log == strings{"dns wanted", "dns wanted", "web wanted"});
    CHECK(office.told.empty());
    office.write("web");
    claim->look_at("web");
    CHECK(office.told == strings{"had"});
    office.log.clear();
    claim.reset();
    CHECK(office.log == strings{"dns given up", "web given up"});
}

TEST_CASE("fleet_claim: one that is refused says which service, and why") {
    made_up_office office;
    office.add("dns", "b");
    office.add("web", "");
    auto claim = office.claim({"dns", "web"});
    claim->go_on();
    office.write("dns");
    claim->look_at("dns");
    CHECK(office.told == strings{"web: 0 announced elsewhere, 1 must stay"});
    office.log.clear();
    claim.reset();
    CHECK(office.log == strings{"dns given up", "web given up"});
}

TEST_CASE("fleet_claim: while the store is lost it is refused, and says so") {
    made_up_office office;
    office.add("dns", "b");
    office.guards.at("dns").lose();
    office.claim({"dns"})->go_on();
    CHECK(office.told == strings{"dns: etcd cannot be asked (lost)"});
}

TEST_CASE("fleet_claim: one that queues is not refused, but waits") {
    made_up_office office;
    office.add("dns", "");
    const auto claim = office.claim({"dns"}, true);
    claim->go_on();
    REQUIRE(office.guards.at("dns").tested.refused());
    claim->look_at("dns");
    CHECK(office.told.empty());
    auto& guard = office.guards.at("dns");
    guard.others("b");
    guard.see();
    office.writes["dns"] = guard.see_beat();
    office.write("dns");
    claim->look_at("dns");
    CHECK(office.told == strings{"had"});
}

TEST_CASE("fleet_claim: what was told is told once, and nothing is asked for after that") {
    made_up_office office;
    office.add("dns", "");
    const auto claim = office.claim({"dns"});
    claim->go_on();
    claim->go_on();
    claim->look_at("dns");
    CHECK(office.told.size() == 1);
    CHECK(office.log == strings{"dns wanted"});
}

TEST_CASE("fleet_claim: of no service, or of one without a guard, it is had at once") {
    made_up_office office;
    const auto none = office.claim({});
    none->go_on();
    const auto unguarded = office.claim({"dns"});
    unguarded->go_on();
    CHECK(office.told == strings{"had", "had"});
}

TEST_CASE("fleet_claim: let go while it waits, it gives up what it had and what it asked for") {
    made_up_office office;
    office.add("dns", "b");
    office.add("mail", "b");
    office.add("web", "b");
    auto claim = office.claim({"dns", "mail", "web"});
    claim->go_on();
    office.write("dns");
    claim->look_at("dns");
    office.log.clear();
    claim.reset();
    CHECK(office.log == strings{"dns given up", "mail given up"});
    CHECK(office.told.empty());
}

TEST_CASE("fleet_claim: one that outlives its office asks it for nothing") {
    made_up_office office;
    office.add("dns", "b");
    auto claim = office.claim({"dns"});
    claim->go_on();
    office.log.clear();
    office.open.reset();
    claim.reset();
    CHECK(office.log.empty());
}
