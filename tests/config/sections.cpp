#include "tests/config/support.hpp"

namespace herald::config::test {

TEST_CASE("parse: an empty file lacks what is required, at its beginning") {
    CHECK(problems_of("") == lines{
                                 "f:1:1: bgp.local_as: missing, but required",
                                 "f:1:1: bgp.router_id: missing, but required",
                             });
}

TEST_CASE("parse: [bgp] alone is a valid file") {
    const auto result = parse(bgp, "f");
    CHECK(result.problems == std::vector<problem>{});
    configuration expected;
    expected.local_as = 65010;
    expected.router_id = 0xC000020A;
    CHECK(result.settings == expected);
}

TEST_CASE("parse: the local AS is 1 to 4294967294, not 23456 or 65535") {
    const auto with = [](const std::string& as) {
        return "[bgp]\nlocal_as = " + as + "\nrouter_id = \"192.0.2.10\"\n";
    };
    check_rows({
        {with("0"), {"f:2:12: bgp.local_as: expected an integer from 1 to 4294967295, not 0"}},
        {with("-1"), {"f:2:12: bgp.local_as: expected an integer from 1 to 4294967295, not -1"}},
        {with("4294967296"),
         {"f:2:12: bgp.local_as: expected an integer from 1 to 4294967295, not 4294967296"}},
        {with("23456"), {"f:2:12: bgp.local_as: 23456 is reserved (RFC 6793, RFC 7300)"}},
        {with("65535"), {"f:2:12: bgp.local_as: 65535 is reserved (RFC 6793, RFC 7300)"}},
        {with("4294967295"), {"f:2:12: bgp.local_as: 4294967295 is reserved (RFC 6793, RFC 7300)"}},
        {with("\"65010\""),
         {"f:2:12: bgp.local_as: expected an integer from 1 to 4294967295, not a string"}},
        {with("1.5"),
         {"f:2:12: bgp.local_as: expected an integer from 1 to 4294967295, not a float"}},
        {with("1979-05-27"),
         {"f:2:12: bgp.local_as: expected an integer from 1 to 4294967295, not a date or time"}},
        {with("1"), {}},
        {with("4294967294"), {}},
    });
}

TEST_CASE("parse: a router id is four octets that are not all zero, RFC 6286 §2.1") {
    const std::string right = ": not a router id: expected four numbers up to 255, not all 0, such "
                              "as 192.0.2.10";
    for (const std::string wrong : {"0.0.0.0", "192.0.2", "192.0.2.256", "::1", "", "192.0.2.1 "}) {
        CAPTURE(wrong);
        CHECK(problems_of("[bgp]\nlocal_as = 1\nrouter_id = \"" + wrong + "\"\n") ==
              lines{"f:3:13: bgp.router_id: \"" + wrong + "\"" + right});
    }
}

TEST_CASE("parse: bgp.listen and bgp.port") {
    check_rows({
        {bgp + "listen = [\"0.0.0.0\", \"::\"]\nport = 1179", {}},
        {bgp + "listen = \"0.0.0.0\"",
         {"f:4:10: bgp.listen: expected an array of strings, not a string"}},
        {bgp + "listen = [\"192.0.2.1\", 5, \"eth0\", \"224.0.0.1\"]",
         {
             "f:4:24: bgp.listen: expected an array of strings, not an integer",
             "f:4:27: bgp.listen: \"eth0\": not an IP address, such as 192.0.2.1 or 2001:db8::1",
             "f:4:35: bgp.listen: \"224.0.0.1\": not an address to listen on",
         }},
        {bgp + "listen = [\"::1\", \"::0001\"]", {"f:4:18: bgp.listen: ::1 is there twice"}},
        {bgp + "port = 0", {"f:4:8: bgp.port: expected an integer from 1 to 65535, not 0"}},
        {bgp + "port = 65536", {"f:4:8: bgp.port: expected an integer from 1 to 65535, not 65536"}},
        {bgp + "port = true",
         {"f:4:8: bgp.port: expected an integer from 1 to 65535, not a boolean"}},
    });
}

TEST_CASE("parse: [control]") {
    const auto with = [](const std::string& key) { return bgp + "[control]\n" + key; };
    check_rows({
        {with("socket = \"/run/x\"\nmode = \"0600\"\ngroup = \"staff\""), {}},
        {with("socket = \"\""), {"f:5:10: control.socket: \"\": a path cannot be empty"}},
        {with("socket = \"/" + std::string(107, 'x') + "\""),
         {"f:5:10: control.socket: longer than a socket's path can be: 108 octets, at most 107"}},
        {with("mode = 432"), {"f:5:8: control.mode: expected a string, not an integer"}},
        {with("mode = \"0888\""),
         {"f:5:8: control.mode: \"0888\": not a file mode: expected octal digits up to 0777, such "
          "as 0660"}},
        {with("mode = \"1777\""),
         {"f:5:8: control.mode: \"1777\": not a file mode: expected octal digits up to 0777, such "
          "as 0660"}},
        {with("group = \"a b\""),
         {"f:5:9: control.group: \"a b\": not a name: expected up to 64 letters, digits and . _ : "
          "% -"}},
    });
}

TEST_CASE("parse: [log] and [state]") {
    check_rows({
        {bgp + "[log]\nlevel = \"debug\"\nformat = \"json\"\n[state]\ndirectory = \"/d\"", {}},
        {bgp + "[log]\nlevel = \"loud\"",
         {"f:5:9: log.level: \"loud\": expected one of trace, debug, info, warning, error"}},
        {bgp + "[log]\nformat = \"xml\"",
         {"f:5:10: log.format: \"xml\": expected one of text, json"}},
        {bgp + "[state]\ndirectory = \"\"",
         {"f:5:13: state.directory: \"\": a path cannot be empty"}},
    });
}

TEST_CASE("parse: a section of the wrong kind is said to be so") {
    check_rows({
        {bgp + "log = 5", {"f:4:1: unknown key \"log\" in [bgp]; it belongs in the file"}},
        {"log = 5\n" + bgp, {"f:1:7: log: expected a table: [log], not an integer"}},
        {bgp + "[[log]]", {"f:4:1: log: expected a table: [log], not an array"}},
        {bgp + "[neighbor]\nremote_as = 1",
         {"f:4:1: neighbor: expected an array of tables: [[neighbor]], not a table"}},
        {"service = [1]\n" + bgp,
         {"f:1:12: service: expected an array of tables: [[service]], not an integer"}},
        {bgp + neighbor + service + "[service.check]\ntype = \"tcp\"",
         {"f:10:1: service.check: expected an array of tables: [[service.check]], not a table"}},
        {bgp + service + neighbor + "when = 5",
         {"f:10:8: neighbor.when: expected a table: [neighbor.when], not an integer"}},
    });
}

TEST_CASE("parse: an unknown key is an error that names what was meant") {
    check_rows({
        {bgp + "listn = []", {"f:4:1: unknown key \"listn\" in [bgp]; did you mean \"listen\"?"}},
        {in_neighbor("hold-time = \"9s\""),
         {"f:10:1: unknown key \"hold-time\" in [[neighbor]]; did you mean \"hold_time\"?"}},
        {in_neighbor("[neighbor.when.degraded]\ndescription = \"x\""),
         {"f:11:1: unknown key \"description\" in [neighbor.when.degraded]; it belongs in "
          "[[neighbor]]"}},
        {in_neighbor("[neighbor.when.drainin]\nprepend = 1"),
         {"f:10:16: unknown key \"drainin\" in [neighbor.when]; did you mean \"draining\"?"}},
        {bgp + "[wholly.unlike]\nx = 1",
         {"f:4:2: unknown key \"wholly\" in the file; known here: bgp, control, metrics, log, "
          "state, fleet, defaults, neighbor, service"}},
        {bgp + "[defaults.neighbor]\nname = \"x\"",
         {"f:5:1: unknown key \"name\" in [defaults.neighbor]; it belongs in [[neighbor]]"}},
        {bgp + "[defaults.chekc]",
         {"f:4:11: unknown key \"chekc\" in [defaults]; did you mean "
          "\"check\"?"}},
        {bgp + "\"\\u001b[2J\" = 1",
         {"f:4:1: unknown key \"?[2J\" in [bgp]; known here: local_as, router_id, listen, port"}},
    });
}

TEST_CASE("parse: [metrics] listens on an address and a port; without a key, nowhere") {
    using endpoint = boost::asio::ip::tcp::endpoint;
    const auto listening_on = [](const std::string& more) {
        const auto result = parse(bgp + more, "f");
        REQUIRE(result.settings);
        return result.settings->metrics.listen;
    };
    CHECK(listening_on("[metrics]") == std::nullopt);
    CHECK(listening_on("[metrics]\nlisten = \"127.0.0.1:9179\"") ==
          endpoint(boost::asio::ip::make_address("127.0.0.1"), 9179));
    CHECK(listening_on("[metrics]\nlisten = \"[::]:80\"") ==
          endpoint(boost::asio::ip::make_address("::"), 80));
    check_rows({
        {bgp + "[metrics]\nlissten = 5",
         {"f:5:1: unknown key \"lissten\" in [metrics]; did you mean \"listen\"?"}},
    });
    for (const std::string bad : {"127.0.0.1", "localhost:9179", ":9179", "127.0.0.1:0", "::1:80"})
        CHECK(problems_of(bgp + "[metrics]\nlisten = \"" + bad + "\"").size() == 1);
}

TEST_CASE("parse: all problems are reported at once, by place") {
    CHECK(problems_of("[[service]]\n"
                      "prefixes = [\"192.0.2.1/24\"]\n"
                      "[[neighbor]]\n"
                      "remote_as = 0\n"
                      "[bgp]\n"
                      "local_as = \"x\"\n"
                      "colour = 1\n") ==
          lines{
              "f:1:1: service.name: missing, but required",
              "f:2:13: service.prefixes: \"192.0.2.1/24\": host bits are not zero: the prefix of "
              "this length is 192.0.2.0/24",
              "f:3:1: neighbor.address: missing, but required where there is no interface",
              "f:4:13: neighbor.remote_as: expected an integer from 1 to 4294967295, not 0",
              "f:5:1: bgp.router_id: missing, but required",
              "f:6:12: bgp.local_as: expected an integer from 1 to 4294967295, not a string",
              "f:7:1: unknown key \"colour\" in [bgp]; known here: local_as, router_id, listen, "
              "port",
          });
}

TEST_CASE("to_string: FILE:LINE:COLUMN: message, marked where it is a warning") {
    CHECK(to_string({problem::severity::error, "/etc/x", 3, 5, "m"}) == "/etc/x:3:5: m");
    CHECK(to_string({problem::severity::warning, "x", 1, 1, "m"}) == "x:1:1: warning: m");
}

} // namespace herald::config::test
