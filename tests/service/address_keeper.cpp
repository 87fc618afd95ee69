#include "herald/service/address_keeper.hpp"

#include "tests/support/event_loop.hpp"
#include "tests/support/temporary_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <doctest/doctest.h>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace herald::service {
namespace {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

const owned_address dns{boost::asio::ip::make_address("192.0.2.53"), "lo"};
const owned_address web{boost::asio::ip::make_address("2001:db8:53::1"), "lo"};

/// An interface without a kernel, and whoever is told of it: all that happens, in order.
struct bench final : address_table, address_owner {
    presence find(const boost::asio::ip::address& address) const override {
        return there.contains(address) ? presence::usable : presence::absent;
    }
    std::expected<bool, std::string> add(const boost::asio::ip::address& address,
                                         const std::string&) override {
        if (!trouble.empty())
            return std::unexpected(trouble);
        remembered_before_added = text();
        return !in_the_way && there.insert(address).second;
    }
    std::expected<void, std::string> remove(const boost::asio::ip::address& address,
                                            const std::string&) override {
        there.erase(address);
        return {};
    }
    void when_acknowledged(std::function<void()> done) override {
        happened.emplace_back("wait");
        acknowledge = std::move(done);
    }
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
    std::set<boost::asio::ip::address> there;
    lines happened;
    std::function<void()> acknowledge;
    std::string trouble;
    bool in_the_way = false;
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
        b.there.insert(dns.address);
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

TEST_CASE("address_keeper: it is added even where it cannot be remembered, and that is said") {
    bench b;
    std::filesystem::create_directory(b.directory.path() / "addresses.json.new");
    b.keeper.need("dns", dns, true);
    CHECK(b.comes({(b.directory.path() / "addresses.json").string() + ": Is a directory",
                   "added 192.0.2.53"}));
}

TEST_CASE("address_keeper: what the last daemon left is its own, unless nobody has it any more") {
    bench b;
    std::ofstream(b.directory.path() / "addresses.json") << to_json({dns, web});
    b.there = {dns.address, web.address};
    REQUIRE(b.keeper.load());
    b.keeper.remove_all_but({dns});
    CHECK(b.there == std::set{dns.address});
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
