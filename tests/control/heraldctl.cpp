// The real program against the real server, with a daemon that is not.
#include "lively.hpp"
#include "sample_json.hpp"

#include "herald/control/routing.hpp"
#include "herald/text/time.hpp"

#include <algorithm>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fstream>
#include <thread>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;

namespace {

std::string to_text(wall_time time) {
    return herald::text::to_rfc3339(time, herald::text::milliseconds);
}

} // namespace

TEST_CASE("heraldctl status: one screen, trouble first") {
    lively here;
    CHECK(
        here.run({"status"}) ==
        printed("herald 0.1.0  AS 65010  router id 192.0.2.10  up 3d04h  /etc/herald/herald.toml\n"
                "\n"
                "NEIGHBOR  ADDRESS          AS          STATE        FOR     ROUTES  TROUBLE\n"
                "leaf2     2001:db8:0:1::1  4200000001  Idle         12m05s  -       Cease / Adm…\n"
                "leaf1     198.51.100.1     64500       Established  3d04h   2       -\n"
                "\n"
                "SERVICE  HEALTH  ADMIN     HEARD   ANNOUNCED    FOR    CAUSE\n"
                "web      down    draining  none    0/1 pending  42s    check port failed: conne…\n"
                "dns      up      active    normal  1/2          2h07m  -\n"
                "\n"
                "ANNOUNCED                       SERVICE  TO\n"
                "192.0.2.0/24, 2001:db8:53::/48  dns      leaf1\n"
                "\n"
                "WRONG\n"
                "neighbor leaf2 is Idle\n"
                "service web is down\n"));
}

TEST_CASE("heraldctl status: with nothing configured and nothing wrong it says so") {
    lively here;
    here.on_loop([&] {
        here.daemon.shown.neighbors.clear();
        here.daemon.shown.services.clear();
        here.daemon.shown.problems.clear();
    });
    CHECK(
        here.run({"status"}) ==
        printed("herald 0.1.0  AS 65010  router id 192.0.2.10  up 3d04h  /etc/herald/herald.toml\n"
                "\n"
                "No neighbors\n"
                "\n"
                "No services\n"
                "\n"
                "Nothing is announced\n"
                "\n"
                "Nothing is wrong\n"));
}

TEST_CASE("heraldctl status: stays one screen with 100 neighbors, services and problems") {
    lively here;
    here.on_loop([&] {
        auto& shown = here.daemon.shown;
        shown.neighbors.resize(100, shown.neighbors[0]);
        shown.services.resize(100, shown.services[0]);
        shown.problems.resize(100, "trouble");
    });
    const auto screen = here.run({"status"}).out;
    CHECK(std::ranges::count(screen, '\n') <= 45);
    CHECK(screen.find("… and 92 more: heraldctl neighbors\n") != std::string::npos);
    CHECK(screen.find("… and 92 more: heraldctl services\n") != std::string::npos);
    CHECK(screen.find("… and 91 more: heraldctl routes\n") != std::string::npos);
    CHECK(screen.find("… and 92 more: heraldctl --json status\n") != std::string::npos);
}

TEST_CASE("heraldctl neighbors: a table, and all that is known of one") {
    lively here;
    CHECK(
        here.run({"neighbors"}) ==
        printed(
            "NEIGHBOR  ADDRESS          AS          STATE        FOR     ROUTES  TROUBLE\n"
            "leaf1     198.51.100.1     64500       Established  3d04h   2       -\n"
            "leaf2     2001:db8:0:1::1  4200000001  Idle         12m05s  -       Cease / Adm…\n"));
    CHECK(here.run({"neighbors", "leaf1"}) ==
          printed("neighbor          leaf1\n"
                  "description       rack 1\n"
                  "address           198.51.100.1 port 179\n"
                  "AS                64500, local 65010\n"
                  "state             Established\n"
                  "for               3d04h, since " +
                  to_text(here.now - 76h - 30min) +
                  "\n"
                  "local address     198.51.100.2\n"
                  "connection        dialled\n"
                  "peer identifier   192.0.2.1\n"
                  "hold time         30s\n"
                  "keepalive         10s\n"
                  "families          ipv4, ipv6\n"
                  "next hops         ipv4 198.51.100.2, ipv6 2001:db8::2\n"
                  "advertised        ipv4 1, ipv6 1\n"
                  "acknowledged      all\n"
                  "BFD               Up, multihop, No Diagnostic, for 3d04h, since " +
                  to_text(here.now - 76h - 30min) +
                  "\n"
                  "                  the neighbor's: Up, No Diagnostic\n"
                  "BFD intervals     500ms sent, 1s received, detection time 3s\n"
                  "BFD packets       900 sent, 898 received, 2 dropped\n"
                  "                  2 for hop limit\n"
                  "open              1 sent, 1 received\n"
                  "update            4 sent, 2 received\n"
                  "transitions       3\n"
                  "malformed updates 0\n"));
    CHECK(here.run({"neighbors", "leaf2"}) ==
          printed("neighbor          leaf2\n"
                  "interface         eth1\n"
                  "address           2001:db8:0:1::1 port 1179, passive\n"
                  "AS                4200000001, local 65010\n"
                  "state             Idle\n"
                  "for               12m05s, since " +
                  to_text(here.now - 12min - 5s) +
                  "\n"
                  "why down          Cease / Administrative Shutdown: upgrading; since then: "
                  "Connection refused\n"
                  "transitions       9\n"
                  "malformed updates 1\n"
                  "last error        received 6/2: Cease / Administrative Shutdown: upgrading, "
                  "12m05s ago\n"
                  "last failure      local: Connection refused, 12m05s ago\n"
                  "problem           ipv6 is not announced: no IPv6 address on eth0\n"));
}

TEST_CASE("heraldctl services: a table, and all that is known of one") {
    lively here;
    CHECK(
        here.run({"services"}) ==
        printed(
            "SERVICE  HEALTH  ADMIN     HEARD   ANNOUNCED    FOR    CAUSE\n"
            "dns      up      active    normal  1/2          2h07m  -\n"
            "web      down    draining  none    0/1 pending  42s    check port failed: conne…\n"));
    CHECK(here.run({"services", "web"}) ==
          printed("service           web\n"
                  "health            down\n"
                  "administration    draining\n"
                  "heard             none\n"
                  "for               42s, since " +
                  to_text(here.now - 42s) +
                  "\n"
                  "cause             check port failed: connection refused\n"
                  "prefixes          198.51.100.128/25\n"
                  "neighbors         leaf1\n"
                  "acknowledged      not yet all\n"
                  "require           1\n"
                  "on down           deprefer\n"
                  "addresses         198.51.100.200, 198.51.100.201\n"
                  "missing           198.51.100.201\n"
                  "held down until   " +
                  to_text(here.now + 20s) +
                  ", flaps: 2\n"
                  "drained by        operator alice, at once: new disk\n"
                  "drained for       50s, since " +
                  to_text(here.now - 50s) +
                  "\n"
                  "drained until     " +
                  to_text(here.now + 10min) +
                  "\n"
                  "check port        fail (tcp, on failure degrade, could not run), ran 1s ago in "
                  "2s, 7 runs\n"
                  "                  connection refused\n"
                  "check page        unknown (exec, on failure down)\n"));
}

TEST_CASE("heraldctl checks and routes: tables") {
    lively here;
    CHECK(here.run({"checks"}) ==
          printed("SERVICE  CHECK    TYPE  STATE    LAST  AGO  TOOK  OUTPUT\n"
                  "dns      resolve  exec  pass     pass  3s   12ms  OK\n"
                  "web      port     tcp   fail     fail  1s   2s    connection refused\n"
                  "web      page     exec  unknown  -     -    -     -\n"));
    const std::string routes =
        "NEIGHBOR  PREFIX            NEXT HOP      AS PATH      MED  COMMUNITIES\n"
        "leaf1     192.0.2.0/24      198.51.100.2  65010 65010  50   64500:100, no-expor…\n"
        "leaf1     2001:db8:53::/48  2001:db8::2   65010        -    -\n";
    CHECK(here.run({"routes"}) == printed(routes));
    CHECK(here.run({"routes", "--neighbor", "leaf1"}) == printed(routes));
    CHECK(here.run({"routes", "--neighbor=leaf9"}) == refused("there is no neighbor \"leaf9\""));
}

TEST_CASE("heraldctl: long and hostile names stay within 80 columns and harm no terminal") {
    lively here;
    here.on_loop([&] {
        auto& service = here.daemon.shown.services[0];
        service.name = std::string(200, 'n');
        service.cause = "\x1b[31mred\x1b[0m \xc2\x9b ü\n" + std::string(200, 'x');
        here.daemon.shown.services.resize(1);
    });
    CHECK(
        here.run({"services"}) ==
        printed(
            "SERVICE           HEALTH  ADMIN   HEARD   ANNOUNCED  FOR    CAUSE\n"
            "nnnnnnnnnnnnnnn…  up      active  normal  1/2        2h07m  ?[31mred?[0m ? ü xx…\n"));
}

TEST_CASE("heraldctl --wide: nothing is cut") {
    lively here;
    const std::string long_name(200, 'n');
    here.on_loop([&] {
        here.daemon.shown.services[0].name = long_name;
        here.daemon.shown.services.resize(1);
    });
    for (const auto& arguments : {words{"--wide", "services"}, words{"services", "--wide"}}) {
        const auto shown = here.run(arguments);
        CHECK(shown.status == 0);
        CHECK(shown.out.find("\n" + long_name + "  up ") != std::string::npos);
        CHECK(shown.out.find("…") == std::string::npos);
    }
}

TEST_CASE("heraldctl --wide status: neither the first line nor a problem is cut") {
    lively here;
    const std::string long_path = "/etc/herald/" + std::string(100, 'f');
    const std::string long_problem(200, 'p');
    here.on_loop([&] {
        here.daemon.shown.config_file = long_path;
        here.daemon.shown.problems = {long_problem};
    });
    const auto shown = here.run({"--wide", "status"}).out;
    CHECK(shown.find("  " + long_path + "\n") != std::string::npos);
    CHECK(shown.find("\n" + long_problem + "\n") != std::string::npos);
    CHECK(shown.find("…") == std::string::npos);
    const auto narrow = here.run({"status"}).out;
    CHECK(narrow.find("\n" + long_problem.substr(0, 79) + "…\n") != std::string::npos);
}

TEST_CASE("heraldctl names: one a line, of what it is asked for") {
    lively here;
    CHECK(here.run({"names", "neighbors"}) == printed("leaf1\nleaf2\n"));
    CHECK(here.run({"names", "services"}) == printed("dns\nweb\n"));
    CHECK(here.run({"names", "prefixes"}) ==
          printed("192.0.2.0/24\n2001:db8:53::/48\n198.51.100.128/25\n"));
    CHECK(here.run({"names", "checks"}) == printed("resolve\nport\npage\n"));
    CHECK(here.run({"names", "checks", "web"}) == printed("port\npage\n"));
    CHECK(here.run({"names", "checks", "web", "--type", "tcp"}) == printed("port\n"));
    CHECK(here.run({"names", "checks", "mail"}) == refused("there is no service \"mail\""));
    const auto as_json = here.run({"--json", "names", "neighbors"});
    CHECK(as_json.out == here.run({"--json", "neighbors"}).out);
}

TEST_CASE("heraldctl names: each is one line, whatever it is made of") {
    lively here;
    here.on_loop([&] {
        here.daemon.shown.neighbors.resize(1);
        here.daemon.shown.neighbors[0].name = "two\nlines \x1b[31m";
    });
    CHECK(here.run({"names", "neighbors"}) == printed("two lines ?[31m\n"));
}

TEST_CASE("heraldctl --json: prints what the socket answers") {
    world here;
    const auto run = [&](words arguments) {
        arguments.insert(arguments.begin(), {"--json", "--socket", here.socket().native()});
        return heraldctl(arguments);
    };
    CHECK(run({"status"}) == printed(status_json + "\n"));
    CHECK(run({"routes"}) == printed(routes_json + "\n"));
    CHECK(run({"services", "web"}) == printed(web_json() + "\n"));
    CHECK(run({"drain", "dns"}) == printed(dns_json("draining") + "\n"));
    CHECK(run({"wait", "--neighbor", "leaf1", "--established"}) ==
          printed(R"({"neighbors":[)" + leaf1_json + "]}\n"));
    const auto missing = problem(no_service("mail")).body;
    CHECK(run({"services", "mail"}) ==
          ran{1, missing, "heraldctl: there is no service \"mail\"\n"});
}

TEST_CASE("heraldctl neighbor: asks for what the command line says") {
    using action = neighbor_request::action;
    lively here;
    CHECK(here.run({"neighbor", "leaf1", "shutdown", "--reason", "new fibre"}) ==
          printed("leaf1: Established\n")); // what the fake shows does not change
    CHECK(here.run({"neighbor", "leaf1", "refresh"}) == printed("leaf1: Established\n"));
    CHECK(here.run({"neighbor", "spine", "reset"}) ==
          ran{1, "", "heraldctl: there is no neighbor \"spine\"\n"});
    here.on_loop([&] {
        CHECK(here.daemon.neighbor_requests ==
              std::vector<neighbor_request>{{action::shutdown, "leaf1", "new fibre"},
                                            {action::refresh, "leaf1", ""},
                                            {action::reset, "spine", ""}});
    });
}

TEST_CASE("heraldctl reload: a line for each change") {
    lively here;
    CHECK(here.run({"reload"}) == printed("nothing changes\n"));
    here.on_loop([&] {
        here.daemon.reloaded =
            reload_view{true,
                        {{"control", "", "changed", {"mode"}, false, true},
                         {"neighbor", "leaf1", "changed", {"password", "med"}, true, false},
                         {"service", "web", "added", {}, false, false}},
                        {"f:1:1: warning: it is late"}};
    });
    CHECK(here.run({"reload", "--dry-run"}) ==
          printed("f:1:1: warning: it is late\n"
                  "control: changed (mode), takes effect with the next start\n"
                  "neighbor leaf1: changed (password, med), would reset the session\n"
                  "service web: added\n"));
    here.on_loop([&] {
        here.daemon.reloaded =
            std::unexpected(refusal{refusal::kind::invalid, "config_invalid", "f:2:1: no"});
    });
    CHECK(here.run({"reload"}) == ran{1, "", "heraldctl: f:2:1: no\n"});
    here.on_loop([&] {
        CHECK(here.daemon.reloads == std::vector<reload_request>{{false}, {true}, {false}});
    });
}

TEST_CASE("heraldctl log: sets the level, or says what is wrong with it") {
    lively here;
    CHECK(here.run({"log", "debug"}) == printed("log: debug\n"));
    CHECK(here.run({"log", "loud"}) == ran{1, "", "heraldctl: \"loud\" is no level\n"});
    here.on_loop([&] { CHECK(here.daemon.levels == words{"debug", "loud"}); });
}

TEST_CASE("heraldctl restart: returns once the new start answers") {
    lively here;
    CHECK(here.run({"restart"}) == printed("heraldd: restarted\n"
                                           "leaf2: not kept: there is no session\n"
                                           "1 session kept\n"));
    CHECK(here.run({"restart", "--reset"}) == printed("heraldd: restarted\n"
                                                      "leaf1: not kept: a reset was asked for\n"
                                                      "leaf2: not kept: there is no session\n"
                                                      "0 sessions kept\n"));
    here.on_loop([&] { CHECK(here.daemon.restarts == 2); });
}

TEST_CASE("heraldctl report: tells a push check its result") {
    lively here;
    CHECK(here.run({"report", "web", "page", "degraded", "--ttl", "1m", "--output", "slow"}) ==
          printed("web page: degraded\n"));
    CHECK(here.run({"report", "web", "page", "pass"}) == printed("web page: pass\n"));
    CHECK(here.run({"report", "web", "port", "pass"}) ==
          ran{1, "", "heraldctl: the check is run\n"});
    CHECK(here.run({"report", "mail", "port", "pass"}) ==
          ran{1, "", "heraldctl: there is no service \"mail\"\n"});
    here.on_loop([&] {
        CHECK(here.daemon.reports ==
              std::vector<report_request>{{"web", "page", "degraded", 60s, "slow"},
                                          {"web", "page", "pass", {}, ""},
                                          {"web", "port", "pass", {}, ""},
                                          {"mail", "port", "pass", {}, ""}});
    });
}

TEST_CASE("heraldctl wait: returns when it is so, and with status 1 when it is not in time") {
    lively here;
    CHECK(here.run({"wait", "--service", "dns", "--announced"}) == printed("dns: announced\n"));
    CHECK(here.run({"wait", "--neighbor", "leaf1", "--established"}) ==
          printed("leaf1: established\n"));
    CHECK(here.run({"wait", "--service", "dns", "--withdrawn", "--timeout", "50ms"}) ==
          refused("not withdrawn within 50ms: dns"));
    CHECK(here.run({"wait", "--service", "dns", "--service", "web", "--announced", "--timeout",
                    "50ms"}) == refused("not announced within 50ms: dns, web"));
    CHECK(here.run({"wait", "--service", "mail", "--announced"}) ==
          refused("there is no service \"mail\""));
}

TEST_CASE("heraldctl: names are encoded as parts of a URL") {
    lively here;
    here.on_loop([&] {
        here.daemon.shown.services[0].name = "a/b?c=d&e%20ü";
        here.daemon.shown.neighbors[0].name = "fe80::1%eth0";
    });
    CHECK(here.run({"drain", "a/b?c=d&e%20ü"}) == printed("a/b?c=d&e%20ü: draining\n"));
    CHECK(here.run({"wait", "--service", "a/b?c=d&e%20ü", "--announced"}).status == 0);
    CHECK(here.run({"wait", "--neighbor", "fe80::1%eth0", "--established"}).status == 0);
}

TEST_CASE("heraldctl: without a daemon at the socket the status is 3") {
    temporary_directory empty;
    const auto path = (empty.path() / "control.sock").native();
    CHECK(heraldctl({"--socket", path, "status"}) ==
          ran{3, "", "heraldctl: no daemon at " + path + ": No such file or directory\n"});
    CHECK(heraldctl({"drain", "a", "b"}, {"HERALD_SOCKET=" + path}) ==
          ran{3, "", "heraldctl: no daemon at " + path + ": No such file or directory\n"});
    std::ofstream(path) << "no socket";
    CHECK(heraldctl({"--socket", path, "status"}) ==
          ran{3, "", "heraldctl: no daemon at " + path + ": Connection refused\n"});
}

TEST_CASE("heraldctl: the socket of the command line goes before that of the environment") {
    lively here;
    const words environment{"HERALD_SOCKET=" + here.socket().native()};
    CHECK(heraldctl({"undrain", "dns"}, environment) == printed("dns: active\n"));
    CHECK(heraldctl({"--socket=/nowhere", "undrain", "dns"}, environment).status == 3);
    CHECK(heraldctl({"undrain", "dns", "--socket", "/nowhere"}, environment).status == 3);
}

TEST_CASE("heraldctl: what is no command is status 2, and one line") {
    const std::vector<std::pair<words, std::string>> rows{
        {{}, "no command; see heraldctl --help"},
        {{"dance"}, "unknown command \"dance\"; see heraldctl --help"},
        {{"drian", "dns"}, "unknown command \"drian\"; did you mean \"drain\"?"},
        {{"service", "dns"}, "unknown command \"service\"; did you mean \"services\"?"},
        {{"x\x1b[31m"}, "unknown command \"x?[31m\"; see heraldctl --help"},
        {{"report"}, "report takes a service, a check, and pass, degraded or fail"},
        {{"report", "web", "page", "ok"},
         "report takes a service, a check, and pass, degraded or fail"},
        {{"report", "web", "page", "pass", "--ttl", "soon"},
         "--ttl: \"soon\" is not a duration such as \"500ms\", \"10m\" or \"1h30m\""},
        {{"events", "dns"}, "too many arguments; see the command's --help"},
        {{"explain"}, "explain takes a prefix, or an address in one"},
        {{"neighbor"}, "neighbor takes a name, and shutdown, enable, reset or refresh"},
        {{"neighbor", "leaf1"},
         "neighbor takes a name, and shutdown, enable, reset or refresh; "
         "did you mean \"neighbors leaf1\"?"},
        {{"neighbor", "leaf1", "rest"},
         "neighbor takes a name, and shutdown, enable, reset or refresh; "
         "did you mean \"neighbor leaf1 reset\"?"},
        {{"neighbor", "leaf1", "flush"},
         "neighbor takes a name, and shutdown, enable, reset or refresh"},
        {{"neighbor", "leaf1", "reset", "--reason", "x"}, "--reason is for shutdown"},
        {{"reload", "now"}, "too many arguments; see the command's --help"},
        {{"log"}, "log takes trace, debug, info, warning or error"},
        {{"names"}, "names takes neighbors, services, prefixes or checks"},
        {{"names", "routes"}, "names takes neighbors, services, prefixes or checks"},
        {{"names", "services", "dns"}, "a service and --type are for the names of checks"},
        {{"names", "neighbors", "--type", "tcp"},
         "a service and --type are for the names of checks"},
        {{"--socket"}, "the required argument for option '--socket' is missing"},
        {{"--sock=/x", "status"}, "unrecognised option '--sock=/x'"},
        {{"status", "--verbose"}, "unrecognised option '--verbose'"},
        {{"status", "more"}, "too many arguments; see the command's --help"},
        {{"neighbors", "a", "b"}, "too many arguments; see the command's --help"},
        {{"drain"}, "drain takes names of services, or --all"},
        {{"drain", "dns", "--all"}, "drain takes names of services, or --all"},
        {{"drain", "dns", "--for", "soon"},
         "--for: \"soon\" is not a duration such as \"500ms\", \"10m\" or \"1h30m\""},
        {{"drain", "dns", "--timeout", "1s"}, "--timeout is for --wait and --queue"},
        {{"undrain"}, "undrain takes names of services, or --all"},
        {{"wait"},
         "wait takes --service NAME with --announced or --withdrawn, or "
         "--neighbor NAME with --established"},
        {{"wait", "--service", "dns"},
         "wait takes --service NAME with --announced or "
         "--withdrawn, or --neighbor NAME with --established"},
        {{"wait", "--service", "dns", "--announced", "--withdrawn"},
         "wait takes --service NAME with --announced or --withdrawn, or "
         "--neighbor NAME with --established"},
        {{"wait", "--neighbor", "leaf1", "--announced"},
         "wait takes --service NAME with --announced or --withdrawn, or "
         "--neighbor NAME with --established"},
    };
    for (const auto& [arguments, line] : rows) {
        CAPTURE(line);
        CHECK(heraldctl(arguments) == misused(line));
    }
}

TEST_CASE("heraldctl --version and --help: answer on stdout, and help shows what exists") {
    CHECK(heraldctl({"--version"}).out.starts_with("heraldctl "));
    const auto help = heraldctl({"--help"});
    CHECK(help.status == 0);
    for (const auto* command :
         {"status", "neighbors", "services", "checks", "routes", "explain", "drain", "undrain",
          "report", "fleet", "neighbor", "reload", "log", "events", "restart", "wait", "names"})
        CHECK(help.out.find(fmt::format("\n  {}", command)) != std::string::npos);
    CHECK(heraldctl({"undrain", "--help"}) ==
          printed("usage:\n  undrain SERVICE… | --all\n        put services back\n"));
}

TEST_CASE("heraldctl: a socket that answers something else is status 1") {
    temporary_directory directory;
    const auto path = directory.path() / "control.sock";
    boost::asio::io_context context;
    boost::asio::local::stream_protocol::acceptor acceptor{context, path.native()};
    std::thread answering([&] {
        for (const std::string_view bytes :
             {"", "SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
              "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"}) {
            auto peer = acceptor.accept();
            boost::asio::write(peer, boost::asio::buffer(bytes));
        }
    });
    for (int i = 0; i < 4; ++i) {
        const auto result = heraldctl({"--socket", path.native(), "status"});
        CHECK(result.status == 1);
        CHECK(result.out.empty());
        CHECK(result.err.starts_with("heraldctl: the daemon"));
        CHECK(std::ranges::count(result.err, '\n') == 1);
    }
    answering.join();
}
