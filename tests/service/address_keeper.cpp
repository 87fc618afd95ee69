#include "herald/service/address_keeper.hpp"

#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

namespace herald::service {
namespace {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

const owned_address dns{boost::asio::ip::make_address("192.0.2.53"), "lo"};
const owned_address dns_elsewhere{dns.address, "dummy0"};
const owned_address web{boost::asio::ip::make_address("2001:db8:53::1"), "lo"};

/// Interfaces without a kernel, and whoever is told of them: all that happens, in order.
struct bench final : address_table, address_owner {
    using address_type = boost::asio::ip::address;

    presence find(const address_type& address) const override {
        return there.contains(address) ? presence::usable : presence::absent;
    }
    std::vector<address_place> places(const address_type& address) const override {
        std::vector<address_place> found;
        for (auto [at, end] = there.equal_range(address); at != end; ++at)
            found.push_back(at->second);
        return found;
    }
    /// As herald adds it.
    static address_place host(const address_type& address, const std::string& interface) {
        return {interface, address.is_v4() ? 32U : 128U, presence::usable};
    }
    void put(const owned_address& which) {
        there.emplace(which.address, host(which.address, which.interface));
    }
    bool has(const owned_address& which) const {
        const auto all = places(which.address);
        return std::ranges::find(all, host(which.address, which.interface)) != all.end();
    }
    void erase(const owned_address& which) {
        std::erase_if(there, [&](const auto& each) {
            return each.first == which.address &&
                   each.second == host(which.address, which.interface);
        });
    }
    void add(const address_type& address, const std::string& interface,
             added_handler done) override {
        boost::asio::post(context, [=, this] {
            if (!trouble.empty())
                return done(std::unexpected(trouble));
            remembered_before_added = text();
            if (in_the_way)
                there.emplace(address, address_place{interface, 24, presence::usable});
            else if (!told_later)
                put({address, interface});
            done(!in_the_way);
        });
    }
    void remove(const address_type& address, const std::string& interface,
                removed_handler done) override {
        boost::asio::post(context, [=, this] {
            if (!trouble.empty())
                return done(std::unexpected(trouble));
            erase({address, interface});
            done({});
        });
    }
    void when_acknowledged(std::function<void()> done) override {
        happened.emplace_back("wait");
        acknowledge = std::move(done);
    }
    bool in_use(const address_type& address) const override { return used.contains(address); }
    void address_added(const owned_address& which) override {
        happened.push_back("added " + which.address.to_string());
    }
    void address_removed(const owned_address& which) override {
        happened.push_back("removed " + which.address.to_string());
    }
    void address_problem(const std::string& text) override { happened.push_back(text); }

    std::string text() const {
        std::ostringstream all;
        all << std::ifstream(directory.path() / "addresses.json").rdbuf();
        return all.str();
    }
    /// Within 5 s.
    bool comes(const lines& wanted) {
        return test::run_until(context, [&] { return happened == wanted; });
    }
    /// All that is under way, disk and timers.
    void finish() {
        context.restart();
        context.run_for(5s);
        CHECK(context.stopped());
    }

    test::temporary_directory directory;
    boost::asio::io_context context;
    std::multimap<address_type, address_place> there;
    std::set<address_type> used;
    lines happened;
    std::function<void()> acknowledge;
    std::string trouble;
    bool in_the_way = false;
    bool told_later = false;
    std::string remembered_before_added;
    address_keeper keeper{context.get_executor(), directory.path(), *this, *this};
};

} // namespace

TEST_CASE("address_keeper: what is needed is remembered on disk, then added") {
    bench b;
    b.keeper.need("dns", dns, true);
    CHECK(b.there.empty());
    CHECK(b.comes({"added 192.0.2.53"}));
    CHECK(b.remembered_before_added == to_json({dns}));
    CHECK(b.keeper.owned() == owned_addresses{dns});
}

TEST_CASE("address_keeper: it goes after the acknowledgement and a settle time, not before") {
    bench b;
    b.keeper.need("dns", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    b.keeper.need("dns", dns, false);
    b.finish();
    CHECK(b.there.size() == 1);
    const auto acknowledged = std::chrono::steady_clock::now();
    b.acknowledge();
    REQUIRE(b.comes({"added 192.0.2.53", "wait", "removed 192.0.2.53"}));
    CHECK(std::chrono::steady_clock::now() - acknowledged >= address_keeper::settle_time);
    b.finish();
    CHECK(b.text() == to_json(owned_addresses{}));
}

TEST_CASE("address_keeper: one that is needed again meanwhile stays") {
    bench b;
    b.keeper.need("dns", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    b.keeper.need("dns", dns, false);
    SUBCASE("before the acknowledgement") {
        b.keeper.need("dns", dns, true);
        b.acknowledge();
    }
    SUBCASE("in the settle time") {
        b.acknowledge();
        b.keeper.need("dns", dns, true);
    }
    b.finish();
    CHECK(b.there.size() == 1);
    CHECK(b.happened == lines{"added 192.0.2.53", "wait"});
}

TEST_CASE("address_keeper: one that two services need goes with the second") {
    bench b;
    b.keeper.need("dns", dns, true);
    b.keeper.need("web", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    b.keeper.need("dns", dns, false);
    CHECK(b.happened.size() == 1);
    b.keeper.need("web", dns, false);
    CHECK(b.happened.back() == "wait");
}

TEST_CASE("address_keeper: two are added without waiting for each other") {
    bench b;
    b.keeper.need("dns", dns, true);
    b.keeper.need("dns", web, true);
    b.keeper.look();
    const auto asked = std::chrono::steady_clock::now();
    REQUIRE(b.comes({"added 192.0.2.53", "added 2001:db8:53::1"}));
    CHECK(std::chrono::steady_clock::now() - asked < address_keeper::retry_time);
}

TEST_CASE("address_keeper: one that was there is used and never removed") {
    bench b;
    SUBCASE("before it was looked at") {
        b.there.emplace(dns.address, address_place{"lo", 24, presence::usable});
    }
    SUBCASE("in the moment that it was to be added") {
        b.in_the_way = true;
    }
    b.keeper.need("dns", dns, true);
    b.finish();
    b.keeper.need("dns", dns, false);
    b.keeper.end();
    b.finish();
    CHECK(b.happened.empty());
    CHECK(b.keeper.owned().empty());
}

TEST_CASE("address_keeper: one that goes missing is added again, a little later") {
    bench b;
    b.keeper.need("dns", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    b.there.clear();
    const auto gone = std::chrono::steady_clock::now();
    b.keeper.look();
    REQUIRE(b.comes({"added 192.0.2.53", "added 192.0.2.53"}));
    CHECK(std::chrono::steady_clock::now() - gone >= address_keeper::retry_time);
}

TEST_CASE("address_keeper: it is added again however often other addresses change meanwhile") {
    bench b;
    b.keeper.need("dns", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    b.there.clear();
    boost::asio::steady_timer busy(b.context);
    std::function<void(boost::system::error_code)> change = [&](boost::system::error_code error) {
        if (error)
            return;
        b.keeper.look();
        busy.expires_after(100ms);
        busy.async_wait(change);
    };
    change({});
    CHECK(b.comes({"added 192.0.2.53", "added 192.0.2.53"}));
}

TEST_CASE("address_keeper: on the way to another interface it is there before it goes here") {
    bench b;
    b.keeper.need("dns", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    b.used = {dns.address};
    b.keeper.need("dns", dns, false);
    SUBCASE("it can be added there") {
        b.keeper.need("dns", dns_elsewhere, true);
        REQUIRE(b.comes({"added 192.0.2.53", "wait", "added 192.0.2.53"}));
        CHECK(b.has(dns));
        b.acknowledge();
        REQUIRE(b.comes({"added 192.0.2.53", "wait", "added 192.0.2.53", "removed 192.0.2.53"}));
        CHECK(b.has(dns_elsewhere));
        CHECK(b.keeper.owned() == owned_addresses{dns_elsewhere});
    }
    SUBCASE("it cannot: it stays") {
        b.trouble = "there is no interface dummy0";
        b.keeper.need("dns", dns_elsewhere, true);
        b.acknowledge();
        b.context.restart();
        b.context.run_for(address_keeper::settle_time + address_keeper::retry_time + 500ms);
        CHECK(b.has(dns));
    }
    CHECK(b.places(dns.address).size() == 1);
}

TEST_CASE("address_keeper: one that another service may need goes when that is known") {
    bench b;
    std::ofstream(b.directory.path() / "addresses.json") << to_json({dns});
    b.put(dns);
    REQUIRE(b.keeper.load());
    b.used = {dns.address}; // by one whose checks have not settled
    b.keeper.need("dns", dns, false);
    b.acknowledge();
    b.context.run_for(address_keeper::settle_time + 500ms);
    CHECK(b.has(dns));
    b.used.clear();
    CHECK(b.comes({"wait", "removed 192.0.2.53"}));
}

TEST_CASE("address_keeper: beside another prefix length of it, ours goes and theirs stays") {
    bench b;
    b.keeper.need("dns", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    const address_place theirs{"lo", 24, presence::usable};
    b.there.emplace(dns.address, theirs);
    b.keeper.need("dns", dns, false);
    b.acknowledge();
    REQUIRE(b.comes({"added 192.0.2.53", "wait", "removed 192.0.2.53"}));
    CHECK(b.places(dns.address) == std::vector{theirs});
}

TEST_CASE("address_keeper: one that is left to the operator stays, and is forgotten") {
    bench b;
    b.keeper.need("dns", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    b.keeper.leave(dns);
    b.keeper.end();
    b.finish();
    CHECK(b.has(dns));
    CHECK(b.keeper.owned().empty());
    CHECK(b.text() == to_json(owned_addresses{}));
}

TEST_CASE("address_keeper: one that was gone, and that somebody else has added, is theirs") {
    bench b;
    b.keeper.need("dns", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    b.there.clear();
    b.keeper.look();
    b.put(dns);
    REQUIRE(test::run_until(b.context, [&] { return b.keeper.owned().empty(); }));
    b.keeper.end();
    b.finish();
    CHECK(b.has(dns));
}

TEST_CASE("address_keeper: one that the kernel tells of later is ours nevertheless") {
    bench b;
    b.told_later = true;
    b.keeper.need("web", web, true);
    REQUIRE(b.comes({"added 2001:db8:53::1"}));
    b.keeper.look();
    b.put(web);
    b.keeper.look();
    b.keeper.end();
    b.finish();
    CHECK(b.happened == lines{"added 2001:db8:53::1", "removed 2001:db8:53::1"});
    CHECK_FALSE(b.has(web));
}

TEST_CASE("address_keeper: what cannot be removed is said, and tried again") {
    bench b;
    b.keeper.need("dns", dns, true);
    REQUIRE(b.comes({"added 192.0.2.53"}));
    b.trouble = "no buffer space";
    b.keeper.need("dns", dns, false);
    b.acknowledge();
    const std::string problem = "address 192.0.2.53 cannot be removed from lo: no buffer space";
    REQUIRE(b.comes({"added 192.0.2.53", "wait", problem}));
    b.trouble.clear();
    CHECK(b.comes({"added 192.0.2.53", "wait", problem, "removed 192.0.2.53"}));
}

TEST_CASE("address_keeper: what cannot be added is said, and tried again") {
    bench b;
    b.trouble = "there is no interface lo";
    b.keeper.need("dns", dns, true);
    const std::string problem =
        "address 192.0.2.53 cannot be added to lo: there is no interface lo";
    REQUIRE(b.comes({problem}));
    b.trouble.clear();
    CHECK(b.comes({problem, "added 192.0.2.53"}));
}

TEST_CASE("address_keeper: it is added even if it cannot be remembered, and that is said") {
    bench b;
    std::filesystem::create_directory(b.directory.path() / "addresses.json.new");
    b.keeper.need("dns", dns, true);
    CHECK(b.comes({(b.directory.path() / "addresses.json").string() + ": Is a directory",
                   "added 192.0.2.53"}));
}

TEST_CASE("address_keeper: what the last daemon left is its own, unless nobody has it any more") {
    bench b;
    std::ofstream(b.directory.path() / "addresses.json") << to_json({dns, web});
    b.put(dns);
    b.put(web);
    REQUIRE(b.keeper.load());
    b.keeper.remove_all_but({dns});
    REQUIRE(b.comes({"removed 2001:db8:53::1"}));
    CHECK(b.has(dns));
    SUBCASE("not needed now: it goes like one that was") {
        b.keeper.need("dns", dns, false);
        CHECK(b.happened == lines{"removed 2001:db8:53::1", "wait"});
        b.acknowledge();
        CHECK(b.comes({"removed 2001:db8:53::1", "wait", "removed 192.0.2.53"}));
    }
    SUBCASE("needed: it stays, and goes at the end") {
        b.keeper.need("dns", dns, true);
        b.keeper.end();
        CHECK(b.comes({"removed 2001:db8:53::1", "removed 192.0.2.53"}));
        b.finish();
        CHECK_FALSE(b.has(dns));
        CHECK(b.keeper.owned().empty());
    }
}

TEST_CASE("address_keeper: a file that is not ours is an error, not an empty one") {
    for (const std::string text :
         {"", "{", "[]", R"({"version":2,"addresses":[]})", R"({"version":1,"addresses":[1]})",
          R"({"version":1,"addresses":[{"address":"x","interface":"lo"}]})",
          R"({"version":1,"addresses":[],"more":1})"}) {
        CAPTURE(text);
        bench b;
        std::ofstream(b.directory.path() / "addresses.json") << text;
        CHECK_FALSE(b.keeper.load());
    }
}

} // namespace herald::service
