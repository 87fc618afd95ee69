// The store against a member of etcd that does what a test says.
#include "herald/fleet/store.hpp"

#include "herald/fleet/etcd_json.hpp"
#include "herald/fleet/record_json.hpp"
#include "scripted_etcd.hpp"

#include <algorithm>
#include <boost/asio/ip/host_name.hpp>
#include <boost/json/parse.hpp>
#include <string_view>

namespace herald::fleet {
namespace {

using namespace test;
using namespace std::chrono_literals;

using strings = std::vector<std::string>;

/// As etcd's gateway has octets in JSON.
std::string encoded(std::string_view octets) {
    return std::string(boost::json::parse(range_request(octets)).at("key").as_string());
}

std::string key_json(const std::string& key, const std::string& value, revision created,
                     revision modified) {
    return fmt::format(R"({{"key":"{}","value":"{}","create_revision":"{}","mod_revision":"{}"}})",
                       encoded("/h/" + key), encoded(value), created, modified);
}

std::string reply_at(revision at, const std::string& more = "") {
    return fmt::format(R"({{"header":{{"cluster_id":"7","revision":"{}","raft_term":"2"}}{}}})", at,
                       more);
}

std::string message_at(revision at, const std::string& more) {
    return chunk(R"({"result":)" + reply_at(at, more) + "}\n");
}

std::string presence_json(const std::string& instance, const std::string& host) {
    return to_json(presence{instance, host, 0, 0});
}

record announced(std::optional<permit> given = {}) {
    record said;
    said.site = "B";
    said.health = "up";
    said.heard = net::announcement::normal;
    said.permit = std::move(given);
    return said;
}

const permit drained{permit_reason::drain, "alice", "", wall_time(1s)};

struct notes final : store_observer {
    void seen() override { ++times_seen; }
    void lost(const std::string& why) override { losses.push_back(why); }
    void answered(const std::string& service, const guard_event& how) override {
        services.push_back(service);
        answers.push_back(how);
    }

    int times_seen = 0;
    strings losses;
    strings services;
    std::vector<guard_event> answers;
};

/// The node a, of instance a1, with a member of etcd.
struct node_a {
    asio::io_context io;
    revision at = 10;
    std::string keys;        // that a range has, as JSON
    std::string transaction; // the reply to one; empty: it is made
    lease_id lease = 0;      // granted last
    bool forgets_lease = false;
    bool hangs = false;
    std::optional<std::size_t> watch; // its connection
    scripted_etcd etcd{io, [this](const asked& what) { return answer(what); }};
    notes seen;
    std::shared_ptr<store> tested;

    explicit node_a(std::chrono::milliseconds ttl = 10min) {
        fleet_settings settings;
        settings.etcd = settings_of({etcd.endpoint()});
        settings.prefix = "/h/";
        settings.node = "a";
        settings.site = "A";
        settings.ttl = ttl;
        tested = std::make_shared<store>(io.get_executor(), settings, "a1", seen);
    }
    ~node_a() {
        tested->stop(false, [] {});
    }
    node_a(const node_a&) = delete;
    node_a& operator=(const node_a&) = delete;

    answered answer(const asked& what) {
        const auto target = what.target();
        if (hangs)
            return {};
        if (target == "/v3/kv/range")
            return {response(reply_at(at, R"(,"kvs":[)" + keys + "]"))};
        if (target == "/v3/kv/txn")
            return {transaction.empty() ? response(reply_at(++at, R"(,"succeeded":true)"))
                                        : transaction};
        if (target == "/v3/lease/grant")
            return {response(reply_at(at, fmt::format(R"(,"ID":"{}","TTL":"9")", ++lease)))};
        if (target == "/v3/lease/keepalive")
            return {chunked +
                    message_at(at, std::exchange(forgets_lease, false) ? "" : R"(,"TTL":"9")") +
                    last_chunk};
        if (target == "/v3/watch") {
            watch = what.connection;
            return {chunked + message_at(at, R"(,"created":true)")};
        }
        return {response(reply_at(at))};
    }

    bool until(const std::function<bool()>& condition) {
        return herald::test::run_until(io, condition, 30s);
    }
    std::ptrdiff_t asked_for(std::string_view target) const {
        return std::ranges::count(etcd.targets(), target);
    }
    /// Reads, follows, and has a lease.
    void begin() {
        tested->begin();
        REQUIRE(until([&] { return watch && asked_for("/v3/lease/grant") == 1; }));
    }
    /// Its first transaction makes it present, with the first lease.
    void be_present() {
        begin();
        tested->set_truthful(true);
        REQUIRE(until([&] { return tested->present(); }));
    }
    /// It waits for the next one.
    void beat() {
        tested->set_truthful(false);
        tested->set_truthful(true);
    }
    /// All transactions so far, in order.
    strings transactions() const {
        strings all;
        for (const auto& each : etcd.requests)
            if (each.target() == "/v3/kv/txn")
                all.push_back(each.content);
        return all;
    }
    bool until_transactions(std::size_t count) {
        return until([&] { return transactions().size() == count; });
    }
    void tell(const std::string& key, const std::string& value, revision created) {
        ++at;
        etcd.send(watch.value(), message_at(at, R"(,"events":[{"kv":)" +
                                                    key_json(key, value, created, at) + "}]"));
    }
};

std::string appearance(revision before, lease_id lease) {
    const auto value = presence_json("a1", asio::ip::host_name());
    return transaction_request({{etcd_if::created_at{"/h/present/a", before}},
                                {etcd_put{"/h/present/a", value, lease}},
                                {}});
}

TEST_CASE("store: it reads and has a lease, and is present only once all it says is true") {
    node_a a;
    CHECK_FALSE(a.tested->reached());
    a.begin();
    CHECK(a.tested->reached());
    CHECK(a.seen.times_seen == 1);
    a.tested->set_truthful(true);
    REQUIRE(a.until([&] { return a.tested->present(); }));
    CHECK(a.etcd.targets().front() == "/v3/kv/range");
    CHECK(a.transactions() == strings{appearance(0, 1)});
    a.beat();
    CHECK(a.until_transactions(2));
    CHECK(a.asked_for("/v3/lease/keepalive") >= 1);
    CHECK(a.seen.losses.empty());
}

TEST_CASE("store: it takes over from the program before it, which had its instance") {
    node_a a;
    a.keys = key_json("present/a", presence_json("a1", "host"), 5, 6);
    a.begin();
    a.tested->set_truthful(true);
    REQUIRE(a.until([&] { return a.tested->present(); }));
    CHECK(a.transactions() == strings{appearance(5, 1)});
}

TEST_CASE("store: while another node has its name the store is lost, and found after that") {
    node_a a;
    a.keys = key_json("present/a", presence_json("other", "host-b"), 5, 6);
    a.tested->begin();
    REQUIRE(a.until([&] { return a.asked_for("/v3/kv/range") == 3; }));
    CHECK(a.seen.losses == strings{"another herald calls itself a, on the host host-b"});
    CHECK(a.tested->trouble() == "another herald calls itself a, on the host host-b");
    CHECK(a.seen.times_seen == 0);
    CHECK(a.asked_for("/v3/lease/grant") == 0);
    a.keys.clear();
    CHECK(a.until([&] { return a.tested->reached() && a.lease == 1; }));
    CHECK(a.seen.losses.size() == 1);
}

TEST_CASE("store: another node that takes its name ends it") {
    node_a a;
    a.begin();
    a.keys = key_json("present/a", presence_json("other", "host-b"), 11, 11);
    a.tell("present/a", presence_json("other", "host-b"), 11);
    REQUIRE(a.until([&] { return !a.seen.losses.empty(); }));
    CHECK(a.seen.losses == strings{"another herald calls itself a, on the host host-b"});
    CHECK_FALSE(a.tested->reached());
    CHECK_FALSE(a.tested->present());
}

TEST_CASE("store: what others write is followed") {
    node_a a;
    a.begin();
    a.tell("services/dns/b", to_json(announced()), 11);
    REQUIRE(a.until([&] { return a.seen.times_seen == 2; }));
    CHECK(a.tested->shelf().of("dns").members ==
          std::map<std::string, member>{{"b", {announced(), 11}}});
}

TEST_CASE("store: after a watch that broke all is read again, and followed from there") {
    node_a a;
    a.begin();
    a.at = 20;
    a.keys = key_json("services/dns/b", to_json(announced()), 15, 15);
    a.etcd.close(a.watch.value());
    REQUIRE(a.until([&] { return a.asked_for("/v3/watch") == 2; }));
    CHECK(a.tested->shelf().of("dns").members.contains("b"));
    CHECK(a.etcd.requests.back().content == watch_request("/h/", 21));
    CHECK(a.seen.losses.empty());
}

TEST_CASE("store: an etcd that answers nothing for a time to live is lost, once") {
    node_a a(300ms);
    a.begin();
    const auto before = a.asked_for("/v3/kv/range");
    a.hangs = true;
    REQUIRE(a.until([&] { return !a.seen.losses.empty(); }));
    CHECK_FALSE(a.tested->reached());
    REQUIRE(a.until([&] { return a.asked_for("/v3/kv/range") >= before + 3; }));
    CHECK(a.seen.losses.size() == 1);
    CHECK(a.tested->trouble().starts_with(a.etcd.url()));
    a.hangs = false;
    CHECK(a.until([&] { return a.tested->reached(); }));
}

TEST_CASE("store: an etcd that cannot be read at the start is lost") {
    node_a a(300ms);
    a.hangs = true;
    a.tested->begin();
    REQUIRE(a.until([&] { return !a.seen.losses.empty(); }));
    a.hangs = false;
    CHECK(a.until([&] { return a.tested->reached(); }));
    CHECK(a.seen.losses.size() == 1);
}

TEST_CASE("store: a write is made if all is as it was counted, and its revision is told") {
    node_a a;
    a.begin();
    a.tested->perform("dns", write{7, announced(drained), 4, 10, {{"b", 5}}});
    REQUIRE(a.until([&] { return !a.seen.answers.empty(); }));
    CHECK(a.transactions() == strings{transaction_request(
                                  {{etcd_if::modified_at{"/h/services/dns/a", 4},
                                    etcd_if::none_newer{"/h/services/dns/", 10},
                                    etcd_if::created_at{"/h/present/b", 5}},
                                   {etcd_put{"/h/services/dns/a", to_json(announced(drained)), 0}},
                                   {"/h/services/dns/", "/h/present/", "/h/queue/dns/"}})});
    const auto how = std::get<event::committed>(a.seen.answers.at(0));
    CHECK(how.number == 7);
    CHECK(how.written == 11);
    CHECK(a.seen.services == strings{"dns"});
}

TEST_CASE("store: a write that is not made brings the roster of that moment") {
    node_a a;
    a.begin();
    const auto range = [](const std::string& key) {
        return R"({"response_range":{"kvs":[)" + key + "]}}";
    };
    a.transaction = response(reply_at(
        20, R"(,"responses":[)" + range(key_json("services/dns/b", to_json(announced()), 12, 12)) +
                "," + range(key_json("present/b", presence_json("b1", "h"), 13, 14)) + "," +
                range(key_json("queue/dns/b", "", 15, 15)) + "]"));
    a.tested->perform("dns", write{8, announced(), 4, {}, {}});
    REQUIRE(a.until([&] { return !a.seen.answers.empty(); }));
    const auto how = std::get<event::conflict>(a.seen.answers.at(0));
    CHECK(how.number == 8);
    CHECK(how.what ==
          roster{20, {{"b", {announced(), 12}}}, {{"b", {"b1", "h", 13, 14}}}, {{"b", 15}}});
}

TEST_CASE("store: a write whose answer is not known says so, and all is read again") {
    node_a a;
    a.begin();
    a.transaction = refused("503 Service Unavailable", 14, "etcdserver: no leader");
    const auto before = a.asked_for("/v3/kv/range");
    a.tested->perform("dns", write{9, announced(), 0, {}, {}});
    REQUIRE(a.until([&] { return !a.seen.answers.empty(); }));
    CHECK(std::get<event::unknown>(a.seen.answers.at(0)).number == 9);
    CHECK(a.tested->trouble().ends_with("etcdserver: no leader"));
    CHECK(a.until([&] { return a.seen.times_seen == 2; }));
    CHECK(a.asked_for("/v3/kv/range") == before + 1);
}

std::string place_in_queue(lease_id lease) {
    return transaction_request(
        {{etcd_if::created_at{"/h/queue/dns/a", 0}}, {etcd_put{"/h/queue/dns/a", "", lease}}, {}});
}

TEST_CASE("store: a place in the queue goes with its lease, and is taken again with the next") {
    node_a a;
    a.be_present();
    a.tested->perform("dns", enqueue{});
    REQUIRE(a.until_transactions(2));
    a.forgets_lease = true;
    a.beat();
    REQUIRE(a.until_transactions(4));
    CHECK(a.transactions() ==
          strings{appearance(0, 1), place_in_queue(1), appearance(0, 2), place_in_queue(2)});
    a.tested->perform("dns", dequeue{});
    REQUIRE(a.until_transactions(5));
    CHECK(a.transactions().back() == transaction_request({{}, {etcd_erase{"/h/queue/dns/a"}}, {}}));
}

TEST_CASE("store: a place in the queue waits for the lease, or it would outlive the node") {
    node_a a;
    a.tested->begin();
    REQUIRE(a.until([&] { return a.asked_for("/v3/lease/grant") == 1; }));
    a.tested->perform("dns", enqueue{}); // before that is answered
    a.tested->set_truthful(true);
    REQUIRE(a.until_transactions(2));
    CHECK(a.transactions() == strings{appearance(0, 1), place_in_queue(1)});
}

TEST_CASE("store: a place that is seen in the queue is not taken again") {
    node_a a;
    a.be_present();
    a.tested->perform("dns", enqueue{});
    REQUIRE(a.until_transactions(2));
    a.tell("queue/dns/a", "", 12);
    REQUIRE(a.until([&] { return a.seen.times_seen == 2; }));
    a.forgets_lease = true;
    a.beat();
    REQUIRE(a.until([&] { return a.lease == 2 && a.tested->present(); }));
    a.tested->forget("web");
    REQUIRE(a.until_transactions(4));
    CHECK(a.transactions().at(2) == appearance(0, 2));
    CHECK(a.transactions().at(3) ==
          transaction_request({{}, {etcd_erase{"/h/services/web/a"}}, {}}));
}

TEST_CASE("store: a service that we have no more leaves no record") {
    node_a a;
    a.begin();
    a.tested->forget("dns");
    REQUIRE(a.until_transactions(1));
    CHECK(a.transactions().back() ==
          transaction_request({{}, {etcd_erase{"/h/services/dns/a"}}, {}}));
}

/// What is told of clearing node b, whose records these are.
std::string cleared(node_a& a, store::remainder what, const std::string& node = "b") {
    std::optional<std::string> told;
    a.tested->clear(node, what, [&](const auto& how) { told = how ? "" : how.error(); });
    REQUIRE(a.until([&] { return told.has_value(); }));
    return *told;
}

TEST_CASE("store: permits of a node that is gone are given back, or all of it is forgotten") {
    using enum store::remainder;
    node_a a;
    a.keys = key_json("services/dns/b", to_json(announced(drained)), 3, 4) + "," +
             key_json("services/web/b", to_json(announced()), 5, 5);
    a.begin();
    CHECK(cleared(a, permits).empty());
    CHECK(a.transactions().back() ==
          transaction_request({{etcd_if::created_at{"/h/present/b", 0},
                                etcd_if::modified_at{"/h/services/dns/b", 4}},
                               {etcd_put{"/h/services/dns/b", to_json(announced()), 0}},
                               {}}));
    CHECK(cleared(a, everything).empty());
    CHECK(a.transactions().back() ==
          transaction_request({{etcd_if::created_at{"/h/present/b", 0},
                                etcd_if::modified_at{"/h/services/dns/b", 4},
                                etcd_if::modified_at{"/h/services/web/b", 5}},
                               {etcd_erase{"/h/services/dns/b"}, etcd_erase{"/h/services/web/b"}},
                               {}}));
}

TEST_CASE("store: what cannot be cleared, and why") {
    using enum store::remainder;
    node_a a;
    a.keys = key_json("services/dns/b", to_json(announced()), 3, 4);
    a.begin();
    CHECK(cleared(a, permits) == "the node b has no permit");
    CHECK(cleared(a, everything, "c") == "no node c is known");
    CHECK(a.transactions().empty());
    a.transaction = response(reply_at(20));
    CHECK(cleared(a, everything) ==
          "the node b is there, or has changed: try again when it is gone");
    a.transaction = refused("503 Service Unavailable", 14, "etcdserver: no leader");
    CHECK(cleared(a, everything).ends_with("etcdserver: no leader"));
}

TEST_CASE("store: it leaves its lease, or lets it go, and nothing is told any more") {
    node_a a;
    a.be_present();
    bool done = false;
    SUBCASE("for another program") {
        a.tested->stop(false, [&] { done = true; });
        CHECK(done);
        CHECK(a.asked_for("/v3/lease/revoke") == 0);
    }
    SUBCASE("for good") {
        a.tested->stop(true, [&] { done = true; });
        CHECK_FALSE(done);
        CHECK(a.until([&] { return done; }));
        CHECK(a.etcd.requests.back().target() == "/v3/lease/revoke");
        CHECK(a.etcd.requests.back().content == lease_request(1));
    }
    const auto before = a.seen.times_seen;
    a.tell("services/dns/b", to_json(announced()), 11);
    a.etcd.close(a.watch.value());
    const std::weak_ptr<store> gone = std::exchange(
        a.tested, std::make_shared<store>(a.io.get_executor(), fleet_settings{}, "", a.seen));
    CHECK(a.until([&] { return gone.expired(); }));
    CHECK(a.seen.times_seen == before);
    CHECK(a.seen.losses.empty());
}

} // namespace
} // namespace herald::fleet
