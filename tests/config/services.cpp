#include "tests/config/support.hpp"

namespace herald::config::test {

using namespace std::chrono_literals;

namespace {

// A key on line 13.
std::string in_check(std::string_view key) {
    return bgp + neighbor + service + check + std::string(key) + "\n";
}

std::string only_check(std::string_view keys) {
    return bgp + neighbor + service + "[[service.check]]\n" + std::string(keys) + "\n";
}

std::vector<std::string> check_names(const std::string& text) {
    std::vector<std::string> names;
    for (const auto& one : service_of(text).checks)
        names.push_back(one.name);
    return names;
}

} // namespace

TEST_CASE("parse: a service of the least that there must be has the contract's defaults") {
    service_entry expected;
    expected.service.name = "dns";
    expected.service.prefixes = {*net::ip_prefix::parse("192.0.2.0/24")};
    expected.service.drain_time = 10s;
    CHECK(service_of(in_service("")) == expected);
}

TEST_CASE("parse: a service's keys, wrong one by one") {
    check_rows({
        {bgp + neighbor + "[[service]]\nname = \"dns\"",
         {"f:7:1: service.prefixes: missing, but required"}},
        {bgp + "[[service]]\nname = \"dns\"\nprefixes = []",
         {"f:6:12: service.prefixes: a service announces one prefix at least"}},
        {bgp + "[[service]]\nname = \"\"\nprefixes = [\"::/0\"]",
         {"f:5:8: service.name: \"\": not a name: expected up to 64 letters, digits and . _ : % "
          "-"}},
        {in_service("on_down = \"stay\""),
         {"f:10:11: service.on_down: \"stay\": expected one of withdraw, deprefer"}},
        {in_service("drain_time = \"-1s\""),
         {"f:10:14: service.drain_time: \"-1s\": not a duration such as \"500ms\", "
          "\"10m\" or \"1h30m\""}},
        {in_service("med = 4294967296"),
         {"f:10:7: service.med: expected an integer from 0 to 4294967295, not 4294967296"}},
    });
}

TEST_CASE("parse: a prefix has no host bits and belongs to one service") {
    const auto with = [](const std::string& prefixes) {
        return bgp + neighbor + "[[service]]\nname = \"dns\"\nprefixes = [" + prefixes + "]\n";
    };
    check_rows({
        {with("\"::/0\", \"192.0.2.1\""),
         {"f:9:21: service.prefixes: \"192.0.2.1\": a prefix needs a length: 192.0.2.1/32 is this "
          "one address"}},
        {with("\"::/0\", \"192.0.2.0/33\""),
         {"f:9:21: service.prefixes: \"192.0.2.0/33\": the length of an ipv4 prefix is 0 to 32"}},
        {with("\"192.0.2.0/24\", \"192.0.2.0/25\""), {}},
        {with("\"192.0.2.0/24\", \"192.0.2.0/24\""),
         {"f:9:29: service.prefixes: 192.0.2.0/24 is there twice"}},
        {in_service("[[service]]\nname = \"web\"\nprefixes = [\"192.0.2.0/24\"]"),
         {"f:12:13: service.prefixes: 192.0.2.0/24 belongs to the service \"dns\""}},
        {in_service("[[service]]\nname = \"dns\"\nprefixes = [\"::/0\"]"),
         {"f:11:8: service.name: another service is named dns"}},
    });
}

TEST_CASE("parse: a service names neighbors that there are, by name") {
    const std::string unheard =
        "f:4:1: warning: neighbor \"198.51.100.1\": no service is announced "
        "to it";
    check_rows({
        {in_service("neighbors = [\"198.51.100.1\"]"), {}},
        {in_service("neighbors = [\"leaf9\"]"),
         {"f:10:14: service.neighbors: no neighbor is named \"leaf9\""}},
        {in_service("neighbors = []"),
         {"f:10:13: service.neighbors: names none: leave the key out to mean every neighbor"}},
        {in_service("neighbors = [\"198.51.100.1\", \"198.51.100.1\"]"),
         {"f:10:30: service.neighbors: 198.51.100.1 is there twice"}},
        {bgp + neighbor + internal_neighbor + service + "neighbors = [\"2001:db8::1\"]", {unheard}},
    });
}

TEST_CASE("parse: require counts the checks that can take the service down") {
    const auto with = [](const std::string& value) {
        return in_service("require = " + value) + check + check + check + "on_fail = \"degrade\"\n";
    };
    CHECK(service_of(with("\"all\"")).service.require == std::nullopt);
    CHECK(service_of(with("\"any\"")).service.require == 1);
    CHECK(service_of(with("2")).service.require == 2);
    check_rows({
        {with("0"),
         {"f:10:11: service.require: 0 must pass, but 2 of the checks can take the service down"}},
        {with("3"),
         {"f:10:11: service.require: 3 must pass, but 2 of the checks can take the service down"}},
        {in_service("require = \"any\""),
         {"f:10:11: service.require: 1 must pass, but 0 of the checks can take the service down"}},
        {with("\"most\""),
         {"f:10:11: service.require: expected \"all\", \"any\" or how many of the checks must "
          "pass"}},
        {with("true"),
         {"f:10:11: service.require: expected \"all\", \"any\" or how many of the checks must "
          "pass"}},
    });
}

TEST_CASE("parse: a hold-down has a limit that is not shorter, and can be off") {
    const auto of = [](const std::string& keys) {
        const auto settings = service_of(in_service(keys)).service;
        return std::pair(settings.hold_down, settings.hold_down_max);
    };
    CHECK(of("") == std::pair<std::chrono::milliseconds, std::chrono::milliseconds>(10s, 5min));
    CHECK(of("hold_down = \"0s\"").first == 0s);
    CHECK(of("hold_down = \"10m\"").second == 10min);
    CHECK(of("hold_down_max = \"10s\"").second == 10s);
    check_rows({
        {in_service("hold_down_max = \"9s\""),
         {"f:10:17: service.hold_down_max: is less than the hold_down of 10s"}},
        {in_service("hold_down = 10"),
         {"f:10:13: service.hold_down: expected a string such as \"30s\", not an integer"}},
    });
}

TEST_CASE("parse: a drain file has an absolute path") {
    CHECK(service_of(in_service("drain_file = \"/run/x\"")).service.drain_file == "/run/x");
    check_rows({{in_service("drain_file = \"run/x\""),
                 {"f:10:14: service.drain_file: \"run/x\": expected a path that begins with /"}}});
}

TEST_CASE("parse: addresses are those that others can reach, on an interface that may exist") {
    const auto settings = service_of(in_service("addresses = [\"192.0.2.53\", \"2001:db8::53\"]\n"
                                                "manage_addresses = true\ninterface = \"any0\""))
                              .service;
    CHECK(settings.addresses == std::vector{boost::asio::ip::make_address("192.0.2.53"),
                                            boost::asio::ip::make_address("2001:db8::53")});
    CHECK(settings.manage_addresses);
    CHECK(settings.interface == "any0");
    const std::string managed = "addresses = [\"192.0.2.53\"]\nmanage_addresses = true\n";
    check_rows({
        {in_service("addresses = []\nmanage_addresses = false\ninterface = \"lo\""), {}},
        {in_service("addresses = [\"192.0.2.0/24\"]"),
         {"f:10:14: service.addresses: \"192.0.2.0/24\": not an IP address, such as 192.0.2.1 or "
          "2001:db8::1"}},
        {in_service("addresses = [\"fe80::1%lo\"]"),
         {"f:10:14: service.addresses: \"fe80::1%lo\": a link-local address is of no use beyond "
          "its "
          "link"}},
        {in_service("addresses = [\"::\"]"),
         {"f:10:14: service.addresses: \"::\": not the address of one host"}},
        {in_service("addresses = [\"192.0.2.53\", \"192.0.2.53\"]"),
         {"f:10:28: service.addresses: 192.0.2.53 is there twice"}},
        {in_service("manage_addresses = true"),
         {"f:10:20: service.manage_addresses: there are no addresses to manage"}},
        {in_service("interface = \"a/b\""),
         {"f:10:13: service.interface: \"a/b\": not an interface's name: expected up to 15 "
          "printable characters other than /"}},
        {in_service(managed + "[[service]]\nname = \"web\"\nprefixes = [\"::/0\"]\n" + managed),
         {}},
        {in_service(managed + "[[service]]\nname = \"web\"\nprefixes = [\"::/0\"]\n" + managed +
                    "interface = \"any0\""),
         {"f:17:13: service.interface: another service has 192.0.2.53 on lo"}},
    });
}

TEST_CASE("parse: a check's keys, wrong one by one") {
    check_rows({
        {only_check(""), {"f:10:1: service.check.type: missing, but required"}},
        {only_check("type = \"icmp\""),
         {"f:11:8: service.check.type: \"icmp\": expected one of exec, tcp, http, dns, ntp, push"}},
        {in_check("rise = 0"),
         {"f:13:8: service.check.rise: expected an integer from 1 to 1000, not 0"}},
        {in_check("fall = 1001"),
         {"f:13:8: service.check.fall: expected an integer from 1 to 1000, not 1001"}},
        {in_check("timeout = \"0s\""),
         {"f:13:11: service.check.timeout: expected 1ms to 24h, not 0s"}},
        {in_check("interval = \"25h\""),
         {"f:13:12: service.check.interval: expected 1ms to 24h, not 25h"}},
        {in_check("fast_interval = \"6s\""),
         {"f:13:17: service.check.fast_interval: 6s is longer than the interval, 5s"}},
        {in_check("on_fail = \"up\""),
         {"f:13:11: service.check.on_fail: \"up\": expected one of down, degrade"}},
        {in_check("name = \"a b\""),
         {"f:13:8: service.check.name: \"a b\": not a name: expected up to 64 letters, digits and "
          ". _ : % -"}},
        {in_check("comand = []"),
         {"f:13:1: unknown key \"comand\" in a check of this type; known here: name, type, "
          "on_fail, interval, fast_interval, timeout, rise, fall, address, send, expect"}},
        {in_check("command = []"),
         {"f:13:1: unknown key \"command\" in a check of this type; it "
          "belongs to checks of type \"exec\""}},
        {only_check("type = \"push\"\nttl = \"10s\"\nttll = 5"),
         {"f:13:1: unknown key \"ttll\" in a check of this type; did you mean \"ttl\"?"}},
    });
}

TEST_CASE("parse: an exec check's program is a path or a name, not a relative path") {
    const std::string wrong = ": expected an absolute path, or a name that is searched for in PATH";
    const auto with = [](const std::string& command) {
        return only_check("type = \"exec\"\n" + command);
    };
    check_rows({
        {with(""), {"f:10:1: service.check.command: missing, but required"}},
        {with("command = []"), {"f:12:11: service.check.command: names no program"}},
        {with("command = \"true\""),
         {"f:12:11: service.check.command: expected an array of strings, not a string"}},
        {with("command = [\"true\", 5]"),
         {"f:12:20: service.check.command: expected an array of strings, not an integer"}},
        {with("command = [\"./true\"]"), {"f:12:11: service.check.command: \"./true\"" + wrong}},
        {with("command = [\"\"]"), {"f:12:11: service.check.command: \"\"" + wrong}},
        {with("command = [\"true\"]\nprotocol = \"lsb\""),
         {"f:13:12: service.check.protocol: \"lsb\": expected one of exit, nagios"}},
        {with("command = [\"/bin/true\"]"), {}},
    });
}

TEST_CASE("parse: a tcp check's address is a host and a port") {
    const auto address = [](const std::string& text) {
        const auto checks =
            service_of(only_check("type = \"tcp\"\naddress = \"" + text + "\"")).checks;
        REQUIRE(checks.size() == 1);
        const auto& tcp = std::get<health::tcp_settings>(checks.front().probe);
        return std::pair(tcp.host, tcp.port);
    };
    CHECK(address("127.0.0.1:53") == std::pair<std::string, std::uint16_t>("127.0.0.1", 53));
    CHECK(address("[::1]:65535") == std::pair<std::string, std::uint16_t>("::1", 65535));
    CHECK(address("db-1.example:1") == std::pair<std::string, std::uint16_t>("db-1.example", 1));
    for (const std::string wrong : {"127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", ":53", "::1:53",
                                    "[127.0.0.1]:53", "a b:53", "x:5 3", "x:+53", ""}) {
        CAPTURE(wrong);
        CHECK(problems_of(only_check("type = \"tcp\"\naddress = \"" + wrong + "\"")) ==
              lines{"f:12:11: service.check.address: \"" + wrong +
                    "\": expected HOST:PORT, such as 127.0.0.1:53 or [::1]:53"});
    }
}

TEST_CASE("parse: a check without a name is named by its type, numbered where that is taken") {
    const std::string exec = "[[service.check]]\ntype = \"exec\"\ncommand = [\"true\"]\n";
    CHECK(check_names(in_service("") + check + exec + check + check + "name = \"tcp-2\"\n" +
                      check) == std::vector<std::string>{"tcp", "exec", "tcp-3", "tcp-2", "tcp-4"});
    CHECK(problems_of(in_check("name = \"a\"") + check + "name = \"a\"") ==
          lines{"f:17:8: service.check.name: another check of the service is named a"});
}

TEST_CASE("parse: the built-in fast interval follows a shorter interval") {
    const auto checks = service_of(in_check("interval = \"200ms\"")).checks;
    REQUIRE(checks.size() == 1);
    CHECK(checks.front().fast_interval == 200ms);
}

TEST_CASE("parse: [defaults.check] stands in for keys that a check lacks") {
    const auto text = "[defaults.check]\ninterval = \"10s\"\nfast_interval = \"2s\"\n"
                      "timeout = \"3s\"\nrise = 1\nfall = 2\n" +
                      in_check("rise = 4");
    health::check_settings expected;
    expected.name = "tcp";
    expected.interval = 10s;
    expected.fast_interval = 2s;
    expected.timeout = 3s;
    expected.rise = 4;
    expected.fall = 2;
    expected.probe = health::tcp_settings{"127.0.0.1", 53, "", ""};
    CHECK(service_of(text).checks == std::vector{expected});
}

} // namespace herald::config::test
