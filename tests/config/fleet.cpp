#include "tests/config/support.hpp"

#include <boost/asio/ip/host_name.hpp>

namespace herald::config::test {

using namespace std::chrono_literals;

namespace {

const std::string etcd = "etcd = [\"https://10.0.0.1:2379\"]\n";

/// [fleet] is line 4, its keys follow.
std::string in_fleet(const std::string& keys) {
    return bgp + "[fleet]\n" + keys + "\n";
}

/// The service's key is on line 12.
std::string guarded_by(const std::string& key) {
    return bgp + "[fleet]\n" + etcd + neighbor + service + key + "\n";
}

fleet::fleet_settings fleet_of(const std::string& text) {
    const auto result = parse(text, "f");
    CAPTURE(to_lines(result.problems));
    REQUIRE(result.settings);
    return result.settings->fleet;
}

fleet::guard_settings guard_of(const std::string& key) {
    const auto result = parse(guarded_by(key), "f");
    CAPTURE(to_lines(result.problems));
    REQUIRE(result.settings);
    return result.settings->services.front().guard;
}

} // namespace

TEST_CASE("parse: without [fleet] there is none, with etcd alone the rest follows") {
    CHECK(fleet_of(bgp) == fleet::fleet_settings{});
    const auto host = boost::asio::ip::host_name();
    fleet::fleet_settings expected;
    expected.etcd.endpoints = {{true, "10.0.0.1", 2379, "https://10.0.0.1:2379"}};
    expected.prefix = "/herald/";
    expected.node = expected.site = host;
    expected.ttl = 10s;
    CHECK(fleet_of(in_fleet(etcd)) == expected);
    expected.node = expected.site = "madrid-1";
    CHECK(fleet_of(in_fleet(etcd + "node = \"madrid-1\"")) == expected);
    expected.node = host;
    expected.site = "madrid";
    CHECK(fleet_of(in_fleet(etcd + "site = \"madrid\"")) == expected);
}

TEST_CASE("parse: [fleet], wrong key by key") {
    check_rows({
        {in_fleet(""), {"f:4:1: fleet.etcd: missing, but required"}},
        {in_fleet("etcd = []"), {"f:5:8: fleet.etcd: names none"}},
        {in_fleet("etcd = \"https://10.0.0.1:2379\""),
         {"f:5:8: fleet.etcd: expected an array of strings, not a string"}},
        {in_fleet("etcd = [\"10.0.0.1:2379\"]"),
         {"f:5:9: fleet.etcd: \"10.0.0.1:2379\": not a URL of scheme, host and port, such as "
          "https://10.0.0.1:2379"}},
        {in_fleet("etcd = [\"http://10.0.0.1:2379\", \"https://10.0.0.1:2379/v3\"]"),
         {"f:5:33: fleet.etcd: \"https://10.0.0.1:2379/v3\": not a URL of scheme, host and port, "
          "such as https://10.0.0.1:2379"}},
        {in_fleet(etcd + "prefix = \"herald/\""),
         {"f:6:10: fleet.prefix: \"herald/\": expected up to 256 octets that begin and end with "
          "/"}},
        {in_fleet(etcd + "prefix = \"/herald\""),
         {"f:6:10: fleet.prefix: \"/herald\": expected up to 256 octets that begin and end with "
          "/"}},
        {in_fleet(etcd + "node = \"a/b\""),
         {"f:6:8: fleet.node: \"a/b\": not a name: expected up to 64 letters, digits and . _ : % "
          "-"}},
        {in_fleet(etcd + "site = \"\""),
         {"f:6:8: fleet.site: \"\": not a name: expected up to 64 letters, digits and . _ : % -"}},
        {in_fleet(etcd + "ttl = \"0.5s\""),
         {"f:6:7: fleet.ttl: \"0.5s\": not a duration such as \"500ms\", \"10m\" or \"1h30m\""}},
        {in_fleet(etcd + "ttl = \"1h\""), {"f:6:7: fleet.ttl: expected 1s to 10m, not 1h"}},
        {in_fleet(etcd + "ca_file = \"ca.pem\""),
         {"f:6:11: fleet.ca_file: \"ca.pem\": expected a path that begins with /"}},
    });
}

TEST_CASE("parse: what belongs together in [fleet]") {
    check_rows({
        {in_fleet(etcd + "cert_file = \"/c.pem\""), {"f:6:13: fleet.cert_file: needs a key_file"}},
        {in_fleet(etcd + "key_file = \"/c.key\""), {"f:6:12: fleet.key_file: needs a cert_file"}},
        {in_fleet("etcd = [\"http://10.0.0.1:2379\"]\nca_file = \"/ca.pem\""),
         {"f:6:11: fleet.ca_file: is for URLs of https"}},
        {in_fleet(
             "etcd = [\"http://10.0.0.1:2379\"]\ncert_file = \"/c.pem\"\nkey_file = \"/c.key\""),
         {"f:6:13: fleet.cert_file: is for URLs of https"}},
        {in_fleet(etcd + "user = \"herald\""),
         {"f:6:8: fleet.user: needs a password or a password_file"}},
        {in_fleet(etcd + "password = \"secret\""), {"f:6:12: fleet.password: needs a user"}},
        {in_fleet(etcd + "user = \"herald\"\npassword = \"secret\"\npassword_file = \"/p\""),
         {"f:7:12: fleet.password: excludes password_file: leave one of them out",
          "f:8:17: fleet.password_file: \"/p\": cannot be opened: No such file or directory"}},
    });
}

TEST_CASE("parse: keep is a number or a share") {
    using settings = fleet::guard_settings;
    CHECK(guard_of("") == settings{});
    CHECK(guard_of("keep = 2").keep == decltype(settings::keep)(2U));
    CHECK(guard_of("keep = \"1%\"").keep == decltype(settings::keep)(fleet::percentage{1}));
    CHECK(guard_of("keep = \"100%\"").keep == decltype(settings::keep)(fleet::percentage{100}));
    check_rows({
        {guarded_by("keep = \"0%\""),
         {"f:12:8: service.keep: \"0%\": expected a number, or a share from \"1%\" to \"100%\""}},
        {guarded_by("keep = \"101%\""),
         {"f:12:8: service.keep: \"101%\": expected a number, or a share from \"1%\" to \"100%\""}},
        {guarded_by("keep = \"abc\""),
         {"f:12:8: service.keep: \"abc\": expected a number, or a share from \"1%\" to \"100%\""}},
        {guarded_by("keep = \"%\""),
         {"f:12:8: service.keep: \"%\": expected a number, or a share from \"1%\" to \"100%\""}},
        {guarded_by("keep = \"2\""),
         {"f:12:8: service.keep: \"2\": expected a number, or a share from \"1%\" to \"100%\""}},
        {guarded_by("keep = \"-1%\""),
         {"f:12:8: service.keep: \"-1%\": expected a number, or a share from \"1%\" to \"100%\""}},
        {guarded_by("keep = \"99999999999%\""),
         {"f:12:8: service.keep: \"99999999999%\": expected a number, or a share from \"1%\" to "
          "\"100%\""}},
        {guarded_by("keep = -1"),
         {"f:12:8: service.keep: expected an integer from 0 to 4294967295, not -1"}},
        {guarded_by("keep = 4294967296"),
         {"f:12:8: service.keep: expected an integer from 0 to 4294967295, not 4294967296"}},
        {guarded_by("keep = 1.5"),
         {"f:12:8: service.keep: expected an integer from 0 to 4294967295, not a float"}},
        {guarded_by("keep_per = \"rack\""),
         {"f:12:12: service.keep_per: \"rack\": expected one of site, node"}},
        {guarded_by("on_store_loss = \"drop\""),
         {"f:12:17: service.on_store_loss: \"drop\": expected one of hold, withdraw"}},
    });
}

TEST_CASE("parse: keep needs a [fleet], unless it is 0") {
    check_rows({
        {in_service("keep = 0"), {}},
        {in_service("keep = 1"), {"f:10:8: service.keep: needs a [fleet]"}},
        {in_service("keep = \"50%\""), {"f:10:8: service.keep: needs a [fleet]"}},
    });
}

} // namespace herald::config::test
