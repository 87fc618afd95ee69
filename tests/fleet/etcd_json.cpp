#include "herald/fleet/etcd_json.hpp"

#include <boost/json/parse.hpp>
#include <cstdint>
#include <doctest/doctest.h>
#include <string>

namespace herald::fleet {
namespace {

namespace json = boost::json;
using about = etcd_refusal::about;

json::object object(const std::string& text) {
    return json::parse(text).as_object();
}

etcd_refusal refusal(unsigned status, const std::string& content) {
    const auto read = read_reply(status, content);
    REQUIRE_FALSE(read.has_value());
    return read.error();
}

const std::string header =
    R"("header":{"cluster_id":"15118495548433857066","member_id":"1","revision":"9","raft_term":"2"})";

TEST_CASE("etcd_json: a prefix's range ends before the first key that does not begin so") {
    CHECK(json::parse(range_request("/a/")) == object(R"({"key":"L2Ev","range_end":"L2Ew"})"));
    CHECK(json::parse(range_request("\xff")) == object(R"({"key":"/w==","range_end":"AA=="})"));
    CHECK(json::parse(range_request("a\xff")) == object(R"({"key":"Yf8=","range_end":"Yg=="})"));
    CHECK(json::parse(watch_request("/a/", 7)) ==
          object(R"({"create_request":{"key":"L2Ev","range_end":"L2Ew","start_revision":"7"}})"));
}

TEST_CASE("etcd_json: a transaction has its conditions, its changes, and what is read otherwise") {
    etcd_transaction what;
    what.conditions = {etcd_if::modified_at{"a", INT64_MAX}, etcd_if::created_at{"a", 0},
                       etcd_if::none_newer{"/a/", 41}};
    what.changes = {etcd_put{"a", "", 0}, etcd_put{"a", "xy", 5}, etcd_erase{"a"}};
    what.otherwise_read = {"/a/", "b"};
    CHECK(json::parse(transaction_request(what)) == object(R"({
        "compare": [
            {"target":"MOD","result":"EQUAL","key":"YQ==","mod_revision":"9223372036854775807"},
            {"target":"CREATE","result":"EQUAL","key":"YQ==","create_revision":"0"},
            {"target":"MOD","result":"LESS","key":"L2Ev","range_end":"L2Ew","mod_revision":"42"}],
        "success": [
            {"request_put":{"key":"YQ==","value":""}},
            {"request_put":{"key":"YQ==","value":"eHk=","lease":"5"}},
            {"request_delete_range":{"key":"YQ=="}}],
        "failure": [
            {"request_range":{"key":"L2Ev","range_end":"L2Ew"}},
            {"request_range":{"key":"Yg==","range_end":"Yw=="}}]})"));
}

TEST_CASE("etcd_json: leases and users are asked for with 64 bits as strings") {
    CHECK(grant_request(10) == R"({"TTL":"10"})");
    CHECK(lease_request(INT64_MAX) == R"({"ID":"9223372036854775807"})");
    CHECK(authenticate_request("h\"", "p\n") == R"({"name":"h\"","password":"p\n"})");
}

TEST_CASE("etcd_json: 64 bits are strings, octets base64, and what is left out is nothing") {
    const auto reply = read_reply(200, "{" + header + R"(,"kvs":[
        {"key":"L2E=","create_revision":"2","mod_revision":"9223372036854775807","version":"3",
         "value":"AP8=","lease":"-4"},
        {"key":"L2I=","create_revision":5}],"count":"2"})");
    REQUIRE(reply.has_value());
    CHECK(read_header(*reply) == etcd_header{15118495548433857066U, 2});
    const etcd_range expected{
        9, {{"/a", std::string("\0\xff", 2), 2, INT64_MAX, 3, -4}, {"/b", "", 5, 0, 0, 0}}};
    CHECK(read_range(*reply) == expected);
    CHECK(read_range(object("{" + header + "}")) == etcd_range{9, {}});
}

TEST_CASE("etcd_json: all lengths of octets come back from base64 as they went") {
    std::string octets;
    for (unsigned i = 0; i < 300; ++i) {
        const auto written = object(transaction_request({{}, {etcd_put{"k", octets}}, {}}));
        const auto value = written.at("success").at(0).at("request_put").at("value");
        const json::object reply{{"kvs", json::array{json::object{{"value", value}}}}};
        const auto read = read_range(reply);
        REQUIRE(read.has_value());
        CHECK(read->those.front().value == octets);
        octets += static_cast<char>(i);
    }
}

TEST_CASE("etcd_json: what is no reply of etcd is named, and never read as if it were empty") {
    const std::string wrong = "not a reply of etcd: ";
    for (const std::string kvs : {R"({"kvs":{}})", R"({"kvs":7})"})
        CHECK(read_range(object(kvs)).error() == wrong + "kvs is not what it should be");
    CHECK(read_range(object(R"({"kvs":[7]})")).error() ==
          wrong + "an element is not what it should be");
    for (const std::string key : {"A", "====", "A===", "AA=A", "AAA\n", "AA-_"}) {
        const json::object reply{{"kvs", json::array{json::object{{"key", key}}}}};
        CHECK(read_range(reply).error() == wrong + "key is not what it should be");
    }
    for (const std::string number : {"\"\"", "\"9223372036854775808\"", "\"1x\"", "1.5", "null"})
        CHECK(read_range(object(R"({"header":{"revision":)" + number + "}}")).error() ==
              wrong + "revision is not what it should be");
    CHECK(read_range(object(R"({"more":true})")).error() ==
          wrong + "more is not what it should be");
    CHECK(read_header(object("{}")).error() == wrong + "it names no cluster");
    CHECK(read_header(object(R"({"header":[]})")).error() ==
          wrong + "header is not what it should be");
    CHECK(refusal(200, "") == etcd_refusal{about::endpoint, wrong + "\"\""});
    CHECK(refusal(200, "[]\n") == etcd_refusal{about::endpoint, wrong + "\"[]\""});
    CHECK(refusal(200, "{}{}") == etcd_refusal{about::endpoint, wrong + "\"{}{}\""});
    CHECK(refusal(502, "<html>\n bad") ==
          etcd_refusal{about::endpoint, "answered 502: <html>  bad"});
    CHECK(refusal(503, "{}") == etcd_refusal{about::endpoint, "answered 503: {}"});
}

TEST_CASE("etcd_json: a transaction's outcome") {
    CHECK(read_outcome(object("{" + header + R"(,"succeeded":true,"responses":[
        {"response_put":{"header":{"revision":"9"}}}]})"),
                       1) == etcd_outcome{true, 9, {}});
    CHECK(read_outcome(object("{" + header + R"(,"responses":[
        {"response_range":{"header":{"revision":"9"},"kvs":[{"key":"YQ=="}],"count":"1"}},
        {"response_range":{"header":{"revision":"9"}}}]})"),
                       2) == etcd_outcome{false, 9, {{{"a", "", 0, 0, 0, 0}}, {}}});
    CHECK(read_outcome(object("{" + header + "}"), 0) == etcd_outcome{false, 9, {}});
    CHECK_FALSE(read_outcome(object("{" + header + "}"), 1).has_value());
}

TEST_CASE("etcd_json: a lease without a time to live is gone") {
    CHECK(read_grant(object(R"({"ID":"4111120161507778566","TTL":"10"})")) == 4111120161507778566);
    CHECK_FALSE(read_grant(object("{}")).has_value());
    const auto kept = [](const std::string& message) {
        return read_kept_alive(read_reply(200, message).value());
    };
    CHECK(kept(R"({"result":{"ID":"5","TTL":"10"}})"
               "\n") == true);
    CHECK(kept(R"({"result":{"ID":"5"}})"
               "\n") == false);
    CHECK(kept(R"({"result":{"ID":"5","TTL":"0"}})"
               "\n") == false);
}

TEST_CASE("etcd_json: an error is about the endpoint, the request or the token") {
    CHECK(refusal(503, R"({"error":"etcdserver: no leader","code":14})") ==
          etcd_refusal{about::endpoint, "etcdserver: no leader"});
    CHECK(refusal(404, R"({"error":"etcdserver: requested lease not found","code":5})") ==
          etcd_refusal{about::request, "etcdserver: requested lease not found"});
    CHECK(refusal(401, R"({"error":"etcdserver: invalid auth token","code":16})").what ==
          about::token);
    CHECK(refusal(400, R"({"error":"etcdserver: revision of auth store is old","code":3})").what ==
          about::token);
    CHECK(refusal(400, R"({"error":"etcdserver: user name is empty","code":3})") ==
          etcd_refusal{about::request,
                       "etcdserver: user name is empty: it wants a user and a password"});
    CHECK(refusal(200, R"({"error":{"grpc_code":14,"http_code":503,"message":"etcdserver: no )"
                       R"(leader","http_status":"Service Unavailable"}})") ==
          etcd_refusal{about::endpoint, "etcdserver: no leader"});
    CHECK(refusal(200, R"({"error":7})").what == about::endpoint);
}

TEST_CASE("etcd_json: that a client certificate has a common name is said in our words") {
    const auto refused = refusal(400, "CommonName of client sending a request against gateway will "
                                      "be ignored and not used as expected\n");
    CHECK(refused.what == about::request);
    CHECK(refused.why ==
          "etcd's gateway refuses client certificates that have a common name, as it authenticates "
          "users: cert_file must be one that has none");
}

TEST_CASE("etcd_json: a token is one line") {
    CHECK(read_token(object(R"({"token":"hrrFbcRTJiEXzUOr.12"})")) == "hrrFbcRTJiEXzUOr.12");
    CHECK_FALSE(read_token(object("{}")).has_value());
    CHECK_FALSE(read_token(object(R"({"token":"a\r\nX: y"})")).has_value());
}

TEST_CASE("etcd_json: a watch tells what was written and erased") {
    const auto read = read_events(object("{" + header + R"(,"events":[
        {"kv":{"key":"YQ==","create_revision":"3","mod_revision":"5","version":"3","value":"Mw=="}},
        {"type":"DELETE","kv":{"key":"YQ==","mod_revision":"6"}}]})"));
    REQUIRE(read.has_value());
    CHECK(*read ==
          etcd_events{9, {{false, {"a", "3", 3, 5, 3, 0}}, {true, {"a", "", 0, 6, 0, 0}}}});
    CHECK(read_events(object("{" + header + "}"))->those.empty());
    CHECK(read_events(object(R"({"events":[{"type":"?"}]})")).error() ==
          etcd_watch_end{"not a reply of etcd: type is not what it should be"});
}

TEST_CASE("etcd_json: a watch ends in three ways within a response that was fine") {
    CHECK(read_events(object(R"({"canceled":true,"compact_revision":"4"})")).error() ==
          etcd_watch_end{"etcd has forgotten what was before revision 4", 4});
    CHECK(read_events(object(R"({"canceled":true,"cancel_reason":"x\ny"})")).error() ==
          etcd_watch_end{"x y", 0});
    CHECK(read_events(object(R"({"canceled":true})")).error() ==
          etcd_watch_end{"etcd has ended the watch", 0});
}

TEST_CASE("etcd_json: a watch begins with a message of its own, which may be a refusal") {
    CHECK(read_created(object(R"({"created":true})")).has_value());
    CHECK(read_created(object("{}")).error().what == about::endpoint);
    const auto refused = [](const std::string& reason) {
        return read_created(
                   json::object{{"created", true}, {"canceled", true}, {"cancel_reason", reason}})
            .error()
            .what;
    };
    CHECK(refused("rpc error: code = Unauthenticated desc = etcdserver: invalid auth token") ==
          about::token);
    CHECK(refused("rpc error: code = PermissionDenied desc = etcdserver: permission denied") ==
          about::request);
    CHECK(refused("etcdserver: no leader") == about::endpoint);
}

} // namespace
} // namespace herald::fleet
