#include "herald/control/metrics.hpp"

#include "fake_daemon.hpp"
#include "herald/control/readiness.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fstream>
#include <regex>
#include <set>

using namespace herald::control;
using namespace herald::control::test;
using namespace std::chrono_literals;

namespace {

measurements some_measurements() {
    measurements counted;
    auto& resolve = counted.checks[{"dns", "resolve"}];
    resolve.runs = {{run_result::pass, 998}, {run_result::error, 2}};
    resolve.durations.observe(12500us);
    counted.service_transitions["dns"] = 5;
    counted.notifications[{"leaf2", "received", 6, 2}] = 1;
    counted.reaction.observe(40us);
    counted.reload_success = false;
    counted.last_reload = fixed_now();
    return counted;
}

/// The lines of one family.
std::string family(const std::string& metrics, const std::string& name) {
    std::string lines;
    std::istringstream all(metrics);
    for (std::string line; std::getline(all, line);)
        if (line.starts_with(name) || line.starts_with("# HELP " + name + " ") ||
            line.starts_with("# TYPE " + name + " "))
            lines += line + "\n";
    return lines;
}

std::set<std::string> families_of(const std::string& metrics) {
    std::set<std::string> names;
    std::istringstream all(metrics);
    for (std::string line; std::getline(all, line);)
        if (line.starts_with("# TYPE "))
            names.insert(line.substr(7, line.find(' ', 7) - 7));
    return names;
}

std::set<std::string> families_of_the_manual() {
    std::ifstream manual(std::string(HERALD_SOURCE) + "/man/heraldd.8");
    REQUIRE(manual.is_open());
    std::set<std::string> names;
    const std::regex name("(herald|process)_[a-z_]+");
    for (std::string line; std::getline(manual, line);)
        if (line.starts_with(".It Ic "))
            for (auto at = std::sregex_iterator(line.begin(), line.end(), name);
                 at != std::sregex_iterator(); ++at)
                names.insert(at->str());
    return names;
}

status_view sample_in_fleet() {
    auto shown = sample(fixed_now());
    shown.fleet = fleet_view{.node = "madrid-1",
                             .site = "madrid",
                             .prefix = "/herald/",
                             .reached = true,
                             .present = false,
                             .trouble = {},
                             .services = {}};
    shown.services.back().heard = "held";
    shown.services.back().guard = guard_view{"2", "site", "hold", false, {}};
    return shown;
}

} // namespace

TEST_CASE("histogram: a duration is counted up to the first bound that it does not exceed") {
    histogram observed;
    observed.observe(10us); // the bound itself
    observed.observe(11us);
    observed.observe(1min); // beyond all
    decltype(histogram().counts()) counts = observed.counts();
    CHECK(counts.front() == 1);
    CHECK(counts[1] == 1);
    CHECK(counts.back() == 1);
    CHECK(observed.sum() == doctest::Approx(60.000021));
}

TEST_CASE("metrics_text: a label's value may hold quotes, backslashes and line ends") {
    metrics_text out;
    out.gauge("g", "Help.");
    out.add({{"a", "\"x\\\n"}, {"b", "ü"}}, std::uint64_t{7});
    out.add({}, 0.25);
    CHECK(out.take() == "# HELP g Help.\n"
                        "# TYPE g gauge\n"
                        "g{a=\"\\\"x\\\\\\n\",b=\"ü\"} 7\n"
                        "g 0.25\n");
}

TEST_CASE("metrics_text: a histogram's buckets hold all that is smaller, and +Inf all") {
    histogram observed;
    observed.observe(30us);
    observed.observe(20s);
    metrics_text out;
    out.histogram_family("h_seconds", "Help.");
    out.add({{"a", "b"}}, observed);
    const auto text = out.take();
    CHECK(text.starts_with("# HELP h_seconds Help.\n"
                           "# TYPE h_seconds histogram\n"
                           "h_seconds_bucket{a=\"b\",le=\"1e-05\"} 0\n"
                           "h_seconds_bucket{a=\"b\",le=\"2.5e-05\"} 0\n"
                           "h_seconds_bucket{a=\"b\",le=\"5e-05\"} 1\n"));
    CHECK(text.ends_with("h_seconds_bucket{a=\"b\",le=\"10\"} 1\n"
                         "h_seconds_bucket{a=\"b\",le=\"+Inf\"} 2\n"
                         "h_seconds_sum{a=\"b\"} 20.00003\n"
                         "h_seconds_count{a=\"b\"} 2\n"));
}

TEST_CASE("metrics: the manual names those that there are, and no other") {
    const auto metrics = to_metrics(sample_in_fleet(), some_measurements());
    const auto documented = families_of_the_manual();
    CHECK(families_of(metrics) == documented);
    CHECK(documented.size() == 35);
}

TEST_CASE("metrics: the fleet is told where there is one") {
    const auto metrics = to_metrics(sample_in_fleet(), some_measurements());
    CHECK(
        family(metrics, "herald_fleet_store_reached").ends_with("herald_fleet_store_reached 1\n"));
    CHECK(family(metrics, "herald_fleet_present").ends_with("herald_fleet_present 0\n"));
    CHECK(family(metrics, "herald_fleet_held")
              .ends_with("herald_fleet_held{service=\"dns\"} 0\n"
                         "herald_fleet_held{service=\"web\"} 1\n"));
    CHECK(family(metrics, "herald_fleet_permitted")
              .ends_with("herald_fleet_permitted{service=\"web\"} 0\n"));
    CHECK(!to_metrics(sample(fixed_now()), some_measurements()).contains("herald_fleet"));
}

TEST_CASE("metrics: what the views hold is told with its labels") {
    const auto metrics = to_metrics(sample(fixed_now()), some_measurements());
    CHECK(family(metrics, "herald_neighbor_established") ==
          "# HELP herald_neighbor_established Whether the session is Established.\n"
          "# TYPE herald_neighbor_established gauge\n"
          "herald_neighbor_established{neighbor=\"leaf1\"} 1\n"
          "herald_neighbor_established{neighbor=\"leaf2\"} 0\n");
    CHECK(family(metrics, "herald_service_state") ==
          "# HELP herald_service_state 1 for the health that the service is in.\n"
          "# TYPE herald_service_state gauge\n"
          "herald_service_state{service=\"dns\",state=\"unknown\"} 0\n"
          "herald_service_state{service=\"dns\",state=\"up\"} 1\n"
          "herald_service_state{service=\"dns\",state=\"degraded\"} 0\n"
          "herald_service_state{service=\"dns\",state=\"down\"} 0\n"
          "herald_service_state{service=\"web\",state=\"unknown\"} 0\n"
          "herald_service_state{service=\"web\",state=\"up\"} 0\n"
          "herald_service_state{service=\"web\",state=\"degraded\"} 0\n"
          "herald_service_state{service=\"web\",state=\"down\"} 1\n");
    CHECK(family(metrics, "herald_service_drained") ==
          "# HELP herald_service_drained Whether the service is drained, or draining.\n"
          "# TYPE herald_service_drained gauge\n"
          "herald_service_drained{service=\"dns\"} 0\n"
          "herald_service_drained{service=\"web\"} 1\n");
}

TEST_CASE("metrics: BFD is told of where there is any") {
    const auto metrics = to_metrics(sample(fixed_now()), some_measurements());
    CHECK(family(metrics, "herald_bfd_up") ==
          "# HELP herald_bfd_up Whether the neighbor's BFD session is Up.\n"
          "# TYPE herald_bfd_up gauge\n"
          "herald_bfd_up{neighbor=\"leaf1\"} 1\n");
    CHECK(family(metrics, "herald_bfd_packets_total") ==
          "# HELP herald_bfd_packets_total BFD control packets, by direction.\n"
          "# TYPE herald_bfd_packets_total counter\n"
          "herald_bfd_packets_total{neighbor=\"leaf1\",direction=\"sent\"} 900\n"
          "herald_bfd_packets_total{neighbor=\"leaf1\",direction=\"received\"} 898\n");
    CHECK(family(metrics, "herald_bfd_dropped_total") ==
          "# HELP herald_bfd_dropped_total BFD control packets that were dropped, by reason.\n"
          "# TYPE herald_bfd_dropped_total counter\n"
          "herald_bfd_dropped_total{neighbor=\"leaf1\",reason=\"hop limit\"} 2\n");
}

TEST_CASE("metrics: what was counted is told with its labels; what never was, as zero") {
    const auto metrics = to_metrics(sample(fixed_now()), some_measurements());
    CHECK(family(metrics, "herald_check_runs_total") ==
          "# HELP herald_check_runs_total Runs of the check by result; error: it could not be "
          "run.\n"
          "# TYPE herald_check_runs_total counter\n"
          "herald_check_runs_total{service=\"dns\",check=\"resolve\",result=\"pass\"} 998\n"
          "herald_check_runs_total{service=\"dns\",check=\"resolve\",result=\"error\"} 2\n");
    CHECK(family(metrics, "herald_service_transitions_total") ==
          "# HELP herald_service_transitions_total Changes of the service's health.\n"
          "# TYPE herald_service_transitions_total counter\n"
          "herald_service_transitions_total{service=\"dns\"} 5\n"
          "herald_service_transitions_total{service=\"web\"} 0\n");
    CHECK(family(metrics, "herald_neighbor_notifications_total") ==
          "# HELP herald_neighbor_notifications_total NOTIFICATIONs, by direction and kind.\n"
          "# TYPE herald_neighbor_notifications_total counter\n"
          "herald_neighbor_notifications_total{neighbor=\"leaf2\",direction=\"received\","
          "code=\"6\",subcode=\"2\"} 1\n");
    CHECK(family(metrics, "herald_config_reload_success") ==
          "# HELP herald_config_reload_success Whether the configuration was valid when it was "
          "last read.\n"
          "# TYPE herald_config_reload_success gauge\n"
          "herald_config_reload_success 0\n");
}

TEST_CASE("metrics: what is no longer configured is not told, whatever was counted of it") {
    auto counted = some_measurements();
    counted.checks[{"gone", "resolve"}].runs[run_result::pass] = 7;
    counted.checks[{"dns", "gone"}].runs[run_result::pass] = 7;
    counted.notifications[{"gone", "sent", 6, 2}] = 7;
    counted.service_transitions["gone"] = 7;
    const auto text = to_metrics(sample(fixed_now()), counted);
    CHECK(text.find("gone") == std::string::npos);
    CHECK(text.find(R"(herald_check_runs_total{service="dns",check="resolve")") !=
          std::string::npos);
}

TEST_CASE("unready: while a service is unknown, and while no session is Established") {
    const auto healthy = sample(fixed_now()); // one of two sessions, one of two services
    CHECK(unready(healthy) == std::vector<std::string>{});
    auto cut_off = healthy;
    cut_off.neighbors[0].state = "Active";
    CHECK(unready(cut_off) == std::vector<std::string>{"no session is Established"});
    auto shut_down = cut_off;
    for (auto& neighbor : shut_down.neighbors)
        neighbor.shutdown = true;
    CHECK(unready(shut_down) == std::vector<std::string>{});
    auto starting = healthy;
    starting.services[1].health = "unknown";
    CHECK(unready(starting) == std::vector<std::string>{"the health of service web is unknown"});
}
