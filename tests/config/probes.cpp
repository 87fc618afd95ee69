#include "tests/config/support.hpp"

namespace herald::config::test {

using namespace std::chrono_literals;

namespace {

/// A check with its keys from line 11 on.
std::string with_check(const std::string& keys) {
    return bgp + neighbor + service + "[[service.check]]\n" + keys + "\n";
}

health::check_settings check_of(const std::string& keys) {
    const auto checks = service_of(with_check(keys)).checks;
    REQUIRE(checks.size() == 1);
    return checks.front();
}

template <class settings>
settings probe_of(const std::string& keys) {
    return std::get<settings>(check_of(keys).probe);
}

const std::string http = "type = \"http\"\nurl = \"https://www.example.org/health\"\n";
const std::string dns = "type = \"dns\"\naddress = \"127.0.0.1:53\"\n";
const std::string ntp = "type = \"ntp\"\naddress = \"127.0.0.1:123\"\n";
const std::string at = "f:13:";

} // namespace

TEST_CASE("parse: an http check of the least that there must be has the contract's defaults") {
    health::http_settings expected;
    expected.url = {true, "www.example.org", 443, "/health"};
    expected.connect_to = {"www.example.org", 443, ""};
    CHECK(probe_of<health::http_settings>(http) == expected);
    CHECK(expected.method == "GET");
    CHECK(expected.expect_status == std::vector<health::status_range>{{200, 299}});
    CHECK(expected.verify);
}

TEST_CASE("parse: an http check with all of its keys") {
    health::http_settings expected;
    expected.url = {true, "www.example.org", 443, "/health"};
    expected.connect_to = {"127.0.0.1", 8443, ""};
    expected.method = "POST";
    expected.headers = {{"Authorization", "Bearer x"}, {"X-Check", "1"}};
    expected.expect_status = {{200, 299}, {401, 401}};
    expected.expect_body = "ok";
    expected.ca_file = "/etc/ca.pem";
    const auto keys = http + R"(
address = "127.0.0.1:8443"
method = "POST"
headers = { Authorization = "Bearer x", X-Check = "1" }
expect_status = ["200-299", "401"]
expect_body = "ok"
verify = true
ca_file = "/etc/ca.pem"
)";
    CHECK(probe_of<health::http_settings>(keys) == expected);
    CHECK(probe_of<health::http_settings>(http + "address = \"/run/app.sock\"").connect_to ==
          health::http_address{"", 0, "/run/app.sock"});
    CHECK_FALSE(probe_of<health::http_settings>(http + "verify = false").verify);
}

TEST_CASE("parse: an http check's keys, wrong one by one") {
    check_rows({
        {with_check("type = \"http\""), {"f:10:1: service.check.url: missing, but required"}},
        {with_check("type = \"http\"\nurl = \"www.example.org\""),
         {"f:12:7: service.check.url: not a URL such as "
          "http://127.0.0.1:8080/health or https://www.example.org/"}},
        {with_check(http + "address = \"127.0.0.1\""),
         {at + "11: service.check.address: \"127.0.0.1\": expected HOST:PORT, such as 127.0.0.1:53 "
               "or [::1]:53, or a UNIX socket's absolute path"}},
        {with_check(http + "address = \"/" + std::string(107, 'x') + "\""),
         {at + "11: service.check.address: \"/" + std::string(63, 'x') +
          "…\": too long for a UNIX socket's path"}},
        {with_check(http + "method = \"GET /\""),
         {at + "10: service.check.method: \"GET /\": not a method such as GET, HEAD or POST"}},
        {with_check(http + "method = 1"),
         {at + "10: service.check.method: expected a string, not an integer"}},
        {with_check(http + "headers = [\"A: b\"]"),
         {at + "11: service.check.headers: expected a table: [service.check.headers], not an "
               "array"}},
        {with_check(http + "headers = { A = 1 }"),
         {at + "13: service.check.headers: \"A\": expected a string, not an integer"}},
        {with_check(http + "headers = { \"A B\" = \"1\" }"),
         {at + "13: service.check.headers: not the name of a header"}},
        {with_check(http + "headers = { A = \"1\\r\\nB: 2\" }"),
         {at + "13: service.check.headers: \"A\": a header's value has no control characters"}},
        {with_check(http + "headers = { Content-Length = \"1\" }"),
         {at + "13: service.check.headers: \"Content-Length\": herald sets this one itself"}},
        {with_check(http + "expect_status = [\"2xx\"]"),
         {at + "18: service.check.expect_status: \"2xx\": not a status from 200 to 599, such as "
               "\"204\", nor a range such as \"200-299\""}},
        {with_check(http + "expect_status = []"),
         {at + "17: service.check.expect_status: names none: no response could pass"}},
        {with_check(http + "expect_status = [200]"),
         {at + "18: service.check.expect_status: expected an array of strings, not an integer"}},
        {with_check(http + "expect_body = \"x\"\nmethod = \"HEAD\""),
         {at + "15: service.check.expect_body: a response to HEAD has no content"}},
        {with_check(http + "verify = \"no\""),
         {at + "10: service.check.verify: expected true or false, not a string"}},
        {with_check(http + "ca_file = \"ca.pem\""),
         {at + "11: service.check.ca_file: \"ca.pem\": expected a path that begins with /"}},
        {with_check(http + "ca_file = \"/ca.pem\"\nverify = false"),
         {at + "11: service.check.ca_file: without a use: verify is false"}},
        {with_check("type = \"http\"\nurl = \"http://h/\"\nverify = true"),
         {at + "10: service.check.verify: is for a URL of https"}},
    });
}

TEST_CASE("parse: a dns check asks for its query, or for its name") {
    health::dns_settings expected;
    expected.host = "127.0.0.1";
    expected.port = 53;
    expected.name = "example.org";
    CHECK(probe_of<health::dns_settings>(dns + "query = \"example.org\"") == expected);
    const auto named = check_of(dns + "name = \"example.org\"");
    CHECK(named.name == "example.org");
    CHECK(std::get<health::dns_settings>(named.probe) == expected);
    const auto both = check_of(dns + "name = \"resolve\"\nquery = \"example.org\"");
    CHECK(both.name == "resolve");
    CHECK(std::get<health::dns_settings>(both.probe) == expected);
}

TEST_CASE("parse: a dns check with all of its keys") {
    health::dns_settings expected;
    expected.host = "::1";
    expected.port = 5353;
    expected.name = "id.server";
    expected.record = 16;
    expected.record_class = 3;
    expected.tcp = true;
    expected.expect_rcode = 5;
    expected.expect_answer = "node1";
    CHECK(probe_of<health::dns_settings>(R"(type = "dns"
address = "[::1]:5353"
query = "id.server"
record = "TXT"
class = "CH"
transport = "tcp"
expect_rcode = "REFUSED"
expect_answer = "node1"
)") == expected);
}

TEST_CASE("parse: a dns check's keys, wrong one by one") {
    const auto asking = dns + "query = \"example.org\"\n";
    const std::string place = "f:14:";
    check_rows({
        {with_check("type = \"dns\"\nquery = \"a\""),
         {"f:10:1: service.check.address: missing, but required"}},
        {with_check(dns),
         {"f:10:1: service.check.query: missing, but required when the check has no name"}},
        {with_check(dns + "query = \"a..b\""),
         {at + "9: service.check.query: \"a..b\": not a domain name, such as example.org or "
               "id.server"}},
        {with_check(asking + "record = \"IP\""),
         {place + "10: service.check.record: \"IP\": not a type of record, such as A, AAAA, SOA or "
                  "TYPE65280"}},
        {with_check(asking + "class = \"HS\""),
         {place + "9: service.check.class: \"HS\": expected one of IN, CH"}},
        {with_check(asking + "transport = \"tls\""),
         {place + "13: service.check.transport: \"tls\": expected one of udp, tcp"}},
        {with_check(asking + "expect_rcode = \"FINE\""),
         {place + "16: service.check.expect_rcode: \"FINE\": not a response code, such as NOERROR, "
                  "NXDOMAIN or REFUSED"}},
        {with_check(asking + "expect_answer = \"::1\""),
         {place + "17: service.check.expect_answer: \"::1\": not the data of a record of type A, "
                  "as in a zone file"}},
        {with_check(asking + "expect_answer = 1"),
         {place + "17: service.check.expect_answer: expected a string, not an integer"}},
    });
}

TEST_CASE("parse: an ntp check") {
    CHECK(probe_of<health::ntp_settings>(ntp) == health::ntp_settings{"127.0.0.1", 123, 15});
    CHECK(probe_of<health::ntp_settings>(ntp + "max_stratum = 3").max_stratum == 3);
    check_rows({
        {with_check("type = \"ntp\""), {"f:10:1: service.check.address: missing, but required"}},
        {with_check(ntp + "max_stratum = 0"),
         {at + "15: service.check.max_stratum: expected an integer from 1 to 15, not 0"}},
        {with_check(ntp + "max_stratum = 16"),
         {at + "15: service.check.max_stratum: expected an integer from 1 to 15, not 16"}},
        {with_check(ntp + "max_stratum = \"2\""),
         {at + "15: service.check.max_stratum: expected an integer from 1 to 15, not a string"}},
    });
}

TEST_CASE("parse: a push check settles with each report, unless the file says otherwise") {
    const auto told = check_of("type = \"push\"");
    CHECK(told.probe == health::probe_settings{health::push_settings{10s}});
    CHECK(told.rise == 1);
    CHECK(told.fall == 1);
    CHECK(check_of("type = \"push\"\nfall = 2").fall == 2);
    CHECK(probe_of<health::push_settings>("type = \"push\"\nttl = \"1m\"").ttl == 60s);
    const auto defaults = "[defaults.check]\nrise = 4\n" + with_check("type = \"push\"");
    CHECK(service_of(defaults).checks.front().rise == 4);
    check_rows({
        {with_check("type = \"push\"\nttl = \"0s\""),
         {"f:12:7: service.check.ttl: expected 1ms to 24h, not 0s"}},
        {with_check("type = \"push\"\nttl = 10"),
         {"f:12:7: service.check.ttl: expected a string such as \"30s\", not an integer"}},
        {with_check("type = \"push\"\naddress = \"127.0.0.1:1\""),
         {"f:12:1: unknown key \"address\" in a check of this type; it belongs to checks of type "
          "\"tcp\""}},
    });
}

} // namespace herald::config::test
