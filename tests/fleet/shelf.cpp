#include "herald/fleet/shelf.hpp"

#include "herald/fleet/record_json.hpp"

#include <doctest/doctest.h>
#include <string>
#include <utility>
#include <vector>

namespace herald::fleet {
namespace {

using strings = std::vector<std::string>;
using queue = std::map<std::string, revision>;

record in_site(std::string site) {
    record said;
    said.site = std::move(site);
    said.health = "up";
    said.heard = net::announcement::normal;
    return said;
}

key_value has(std::string key, std::string value, revision created, revision modified) {
    key_value made;
    made.key = "/h/" + std::move(key);
    made.value = std::move(value);
    made.created = created;
    made.modified = modified;
    return made;
}

etcd_event erased(std::string key, revision at) {
    return {true, has(std::move(key), "", 0, at)};
}

const auto a_of_dns = has("services/dns/a", to_json(in_site("A")), 3, 4);
const auto b_of_dns = has("services/dns/b", to_json(in_site("B")), 5, 5);
const auto a_of_web = has("services/web/a", to_json(in_site("A")), 6, 6);
const auto b_is_there = has("present/b", to_json(presence{"b1", "host-b", 0, 0}), 7, 9);
const auto b_waits = has("queue/dns/b", "", 8, 8);
const etcd_range everything{10, {a_of_dns, b_of_dns, a_of_web, b_is_there, b_waits}};

const std::map<std::string, presence> only_b{{"b", {"b1", "host-b", 7, 9}}};

/// What is on it is seen of services, of nodes that are there, and of queues.
shelf full() {
    shelf made("/h/");
    REQUIRE(made.take(everything));
    return made;
}

TEST_CASE("key_names: each thing has a folder below the prefix") {
    const key_names names("/h/");
    CHECK(names.all() == "/h/");
    CHECK(names.records_of("dns") == "/h/services/dns/");
    CHECK(names.record("dns", "a") == "/h/services/dns/a");
    CHECK(names.all_present() == "/h/present/");
    CHECK(names.present("a") == "/h/present/a");
    CHECK(names.queue_of("dns") == "/h/queue/dns/");
    CHECK(names.queued("dns", "a") == "/h/queue/dns/a");
}

TEST_CASE("shelf: what was read is there by service") {
    const auto all = full();
    CHECK(all.at() == 10);
    CHECK(all.services() == strings{"dns", "web"});
    CHECK(all.present() == only_b);
    CHECK(all.of("dns") ==
          roster{10, {{"a", {in_site("A"), 4}}, {"b", {in_site("B"), 5}}}, only_b, {{"b", 8}}});
    CHECK(all.of("web") == roster{10, {{"a", {in_site("A"), 6}}}, only_b, {}});
    CHECK(all.of("mail") == roster{10, {}, only_b, {}});
}

TEST_CASE("shelf: what is read anew takes the place of all, unless it is older") {
    auto all = full();
    CHECK_FALSE(all.take({9, {}}));
    CHECK(all.of("dns") == full().of("dns"));
    CHECK(all.take({10, everything.those}));
    CHECK(all.of("dns") == full().of("dns"));
    CHECK(all.take({11, {a_of_web}}));
    CHECK(all.services() == strings{"web"});
    CHECK(all.of("web") == roster{11, {{"a", {in_site("A"), 6}}}, {}, {}});
}

TEST_CASE("shelf: what is written and erased is followed") {
    auto all = full();
    all.follow({12,
                {{false, has("services/dns/a", to_json(in_site("Z")), 3, 11)},
                 {false, has("present/a", to_json(presence{"a1", "host-a", 0, 0}), 12, 12)},
                 {false, has("queue/web/a", "", 12, 12)},
                 erased("queue/dns/b", 12),
                 erased("services/dns/b", 12)}});
    auto both = only_b;
    both["a"] = {"a1", "host-a", 12, 12};
    CHECK(all.of("dns") == roster{12, {{"a", {in_site("Z"), 11}}}, both, {}});
    CHECK(all.of("web").queue == queue{{"a", 12}});
    all.follow({13, {erased("present/b", 13), erased("services/web/a", 13)}});
    CHECK(all.services() == strings{"dns"});
    CHECK(all.of("web") == roster{13, {}, {{"a", both["a"]}}, {{"a", 12}}});
}

TEST_CASE("shelf: a beat is a later write of the same key") {
    auto all = full();
    all.follow({11, {{false, has("present/b", to_json(presence{"b1", "host-b", 0, 0}), 7, 11)}}});
    CHECK(all.present() == std::map<std::string, presence>{{"b", {"b1", "host-b", 7, 11}}});
}

TEST_CASE("shelf: what happened before it was read counts for nothing") {
    auto all = full();
    all.follow({10,
                {erased("services/dns/a", 9),
                 erased("present/b", 10),
                 {false, has("services/dns/c", to_json(in_site("C")), 10, 10)}}});
    CHECK(all.of("dns") == full().of("dns"));
    all.follow({8, {}});
    CHECK(all.at() == 10);
    all.follow({14, {}});
    CHECK(all.at() == 14);
}

TEST_CASE("shelf: what is erased that was never there does no harm") {
    shelf none("/h/");
    none.follow({2,
                 {erased("services/dns/a", 2), erased("queue/dns/a", 2), erased("present/a", 2),
                  erased("elsewhere", 2)}});
    CHECK(none.services().empty());
    CHECK(none.of("dns") == roster{2, {}, {}, {}});
}

TEST_CASE("shelf: a record that cannot be read is known, and counts for nothing") {
    shelf all("/h/");
    all.take({5, {has("services/dns/a", "{", 1, 2), has("present/a", "[]", 3, 4)}});
    const auto dns = all.of("dns");
    REQUIRE(dns.members.contains("a"));
    const auto& [said, written] = dns.members.at("a");
    CHECK(written == 2);
    CHECK(said.heard == net::announcement::none);
    CHECK(said.cause == "its record cannot be read");
    CHECK(dns.present == std::map<std::string, presence>{{"a", {"", "", 3, 4}}});
}

TEST_CASE("shelf: keys that are not ours to understand are passed over") {
    shelf all("/h/");
    all.take({5,
              {has("", "x", 1, 1), has("services", "x", 1, 1), has("services/dns", "x", 1, 1),
               has("services/dns/a/more", "x", 1, 1), has("present", "x", 1, 1),
               has("present/a/b", "x", 1, 1), has("queue/dns", "x", 1, 1),
               has("later/dns/a", "x", 1, 1)}});
    CHECK(all.services().empty());
    CHECK(all.present().empty());
    CHECK(all.of("dns") == roster{5, {}, {}, {}});
}

TEST_CASE("shelf: a transaction's answer is a roster of its moment, whatever is on the shelf") {
    const auto all = full();
    CHECK(all.about("dns") == strings{"/h/services/dns/", "/h/present/", "/h/queue/dns/"});
    const etcd_outcome read{false, 20, {{b_of_dns}, {b_is_there}, {b_waits}}};
    CHECK(all.of("dns", read) == roster{20, {{"b", {in_site("B"), 5}}}, only_b, {{"b", 8}}});
    CHECK(all.of("dns", {false, 21, {{}, {}, {}}}) == roster{21, {}, {}, {}});
    CHECK(all.at() == 10);
}

} // namespace
} // namespace herald::fleet
