"""Metrics, probes, alert rules and the dashboard, with Prometheus' own tools and a real one."""

import json
import re
import time

import pytest

from lab import web
from lab.herald import REPOSITORY
from lab.prometheus import Prometheus, families, parse
from lab.processes import run
from lab.scenario import AT_ONCE, announcing
from lab.waiting import wait_until

RULES = REPOSITORY / "etc/prometheus/herald.rules.yml"
RULES_TEST = REPOSITORY / "etc/prometheus/herald.rules.test.yml"
DASHBOARD = REPOSITORY / "etc/grafana/herald.json"
METRICS = {"listen": web.LISTEN}

# The contract, with the labels of each.
CONTRACT = {
    "herald_build_info": {"version"},
    "herald_neighbor_state": {"neighbor", "state"},
    "herald_neighbor_established": {"neighbor"},
    "herald_neighbor_transitions_total": {"neighbor"},
    "herald_neighbor_messages_total": {"neighbor", "direction", "type"},
    "herald_neighbor_notifications_total": {"neighbor", "direction", "code", "subcode"},
    "herald_neighbor_advertised_prefixes": {"neighbor", "family"},
    "herald_neighbor_malformed_updates_total": {"neighbor"},
    "herald_service_state": {"service", "state"},
    "herald_service_announced": {"service"},
    "herald_service_drained": {"service"},
    "herald_service_transitions_total": {"service"},
    "herald_check_up": {"service", "check"},
    "herald_check_runs_total": {"service", "check", "result"},
    "herald_check_duration_seconds": {"service", "check"},
    "herald_reaction_seconds": set(),
    "herald_withdraw_ack_seconds": set(),
    "herald_config_reload_success": set(),
    "herald_config_last_reload_timestamp_seconds": set(),
    "herald_event_loop_lag_seconds": set(),
    "process_cpu_seconds_total": set(),
    "process_resident_memory_bytes": set(),
    "process_open_fds": set(),
    "process_max_fds": set(),
    "process_start_time_seconds": set(),
}
# Only with [fleet], which this node is without.
OF_THE_FLEET = {f"herald_fleet_{name}" for name in ("store_reached", "present", "held", "permitted")}
HISTOGRAM_PARTS = ("_bucket", "_sum", "_count")


@pytest.fixture(scope="module")
def world(module_site):
    """One world for all: announced, withdrawn and announced again, its session reset once."""
    built = announcing(module_site, metrics=METRICS)
    built.service.kill()
    built.wait_withdrawn()
    built.service.start()
    built.wait_announced()
    built.router.command(f"clear bgp {built.leaf.node_ipv4}")
    wait_until("the session went and came", lambda: values(
        built, "herald_neighbor_transitions_total").get((("neighbor", "leaf1"),)) == 3, 20.0)
    built.wait_announced()
    return built


def metrics_of(world) -> str:
    """What /metrics answers."""
    status, header, body = web.fetch(world.site.node, "/metrics")
    assert status == 200
    assert header["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return body


def values(world, name: str) -> dict:
    """The samples of one name."""
    return parse(metrics_of(world)).get(name, {})


def the_one(samples: dict) -> float:
    """The only sample there is."""
    (value,) = samples.values()
    return value


def own_names(text: str) -> set:
    """The names of herald's metrics in a text, those of a histogram's parts as its own."""
    found = set(re.findall(r"\b(?:herald|process)_[a-z_]+", text))
    parts = {name for name in found if name.endswith(HISTOGRAM_PARTS)}
    return (found - parts) | {name.rpartition("_")[0] for name in parts}


def test_promtool_has_nothing_against_the_metrics(world):
    """Names, types and help as Prometheus wants them."""
    done = run("promtool", "check", "metrics", stdin=metrics_of(world))
    assert done.stdout + done.stderr == ""


def test_every_metric_of_the_contract_has_its_labels(world):
    """And a value: each of these things has happened."""
    text = metrics_of(world)
    types, samples = families(text), parse(text)
    for name, labels in CONTRACT.items():
        histogram = types[name] == "histogram"
        found = samples[name + "_bucket" if histogram else name]
        expected = labels | ({"le"} if histogram else set())
        assert {key for key, _ in next(iter(found))} == expected, name


def test_control_socket_has_the_same_metrics(world):
    """For those who scrape through it."""
    connection = world.herald.connection()
    connection.request("GET", "/metrics")
    assert families(connection.getresponse().read().decode()) == families(metrics_of(world))
    connection.close()


def test_measurements_are_of_what_happened(world):
    """Settled twice up, once down: three reactions, of which one was a withdrawal."""
    samples = parse(metrics_of(world))
    assert the_one(samples["herald_reaction_seconds_count"]) == 3
    assert 0 < the_one(samples["herald_reaction_seconds_sum"]) < 3 * AT_ONCE
    assert the_one(samples["herald_withdraw_ack_seconds_count"]) == 1
    assert the_one(samples["herald_service_transitions_total"]) == 3
    assert the_one(samples["herald_neighbor_transitions_total"]) == 3
    received = {key: value for key, value in samples["herald_neighbor_notifications_total"].items()
                if ("direction", "received") in key}
    assert dict(next(iter(received)))["code"] == "6"
    assert the_one(samples["herald_check_duration_seconds_count"]) == sum(
        samples["herald_check_runs_total"].values())


def test_process_metrics_are_the_processes(world):
    """What /proc says, in Prometheus' units."""
    samples = parse(metrics_of(world))
    process = world.herald.process
    assert the_one(samples["process_resident_memory_bytes"]) == pytest.approx(
        process.resident_bytes(), rel=0.2)
    assert the_one(samples["process_start_time_seconds"]) == pytest.approx(time.time(), abs=120)
    assert 5 < the_one(samples["process_open_fds"]) < 64


def test_everyone_may_look_and_change_nothing(world):
    """The views are those of the control socket; what changes something is not there."""
    for path in ("/v1/status", "/v1/neighbors/leaf1", "/v1/services", "/v1/checks", "/v1/routes"):
        status, _, body = web.fetch(world.site.node, path)
        assert status == 200 and json.loads(body)
    for path in ("/v1/drain", "/v1/services/dns/drain", "/v1/restart"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert web.fetch(world.site.node, path, method, content={})[0] in (404, 405)
    assert world.herald.get("/v1/services/dns")["administration"] == "active"


def test_restart_keeps_the_port(world):
    """The listener is there again at once."""
    world.herald.ctl("restart")
    assert web.fetch(world.site.node, "/livez")[0] == 200


def test_reload_is_counted_and_moves_the_listener(world):
    """A refused file is a metric; a good one is another, and is served where it says."""
    good = world.herald.config.read_text(encoding="utf-8")
    before = the_one(values(world, "herald_config_last_reload_timestamp_seconds"))
    world.herald.config.write_text("[bgp]\n", encoding="utf-8")
    assert world.herald.ctl("reload", "--dry-run", check=False).returncode == 1
    assert the_one(values(world, "herald_config_reload_success")) == 1
    assert world.herald.ctl("reload", check=False).returncode == 1
    assert the_one(values(world, "herald_config_reload_success")) == 0
    elsewhere = web.PORT + 1
    there_before = web.Connection(world.site.node)
    there_before.request("GET", "/livez")
    assert there_before.getresponse().read() == b"ok\n"
    moved = good.replace(web.LISTEN, f"{web.ADDRESS}:{elsewhere}")
    world.herald.config.write_text(moved, encoding="utf-8")
    world.herald.ctl("reload")
    samples = parse(web.fetch(world.site.node, "/metrics", port=elsewhere)[2])
    assert the_one(samples["herald_config_reload_success"]) == 1
    assert the_one(samples["herald_config_last_reload_timestamp_seconds"]) > before
    with pytest.raises(ConnectionRefusedError):
        web.fetch(world.site.node, "/livez")
    assert there_before.sock.recv(1) == b""
    there_before.close()
    world.herald.config.write_text(good, encoding="utf-8")
    world.herald.ctl("reload")
    assert web.fetch(world.site.node, "/livez")[0] == 200
    recent = world.herald.get("/v1/events/recent")["events"]
    assert [event["to"] for event in recent if event["type"] == "reload"] == [
        "refused", "applied", "applied"]


def test_rules_are_valid_and_do_what_they_say():
    """promtool's check, and the unit tests beside the rules."""
    run("promtool", "check", "rules", RULES)
    assert "SUCCESS" in run("promtool", "test", "rules", RULES_TEST).stdout


def test_every_rule_has_a_unit_test():
    """An alert that never fires in its tests may never fire at all."""
    alerts = re.findall(r"- alert: (\w+)", RULES.read_text(encoding="utf-8"))
    assert len(alerts) >= 10
    tested = RULES_TEST.read_text(encoding="utf-8")
    for alert in alerts:
        assert re.search(rf"alertname: {alert}\n\s+eval_time: \S+\n\s+exp_alerts:\n", tested), alert


@pytest.mark.parametrize("file", [RULES, RULES_TEST, DASHBOARD], ids=lambda file: file.name)
def test_rules_and_dashboard_ask_for_metrics_that_exist(world, file):
    """A name that is misspelt would show nothing, and never alert."""
    asked = own_names(file.read_text(encoding="utf-8"))
    assert len(asked) > 5
    assert asked <= set(families(metrics_of(world))) | OF_THE_FLEET


def test_prometheus_scrapes(world):
    """A real one takes every sample, and evaluates the rules and the dashboard's questions."""
    server = Prometheus(world.site.node, world.site.folder / "prometheus", RULES)
    server.start()
    wait_until("it has scraped", lambda: server.query('up{job="herald"} == 1'), 30.0)
    wait_until("samples", lambda: server.query("herald_service_announced == 1"), 30.0)
    (target,) = server.ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    groups = wait_until("evaluated", lambda: [
        group for group in server.ask("rules")["groups"] if group["lastEvaluation"] > "0001-02"])
    assert all(rule["health"] in ("ok", "unknown") and "lastError" not in rule
               for group in groups for rule in group["rules"])
    for expression in questions(json.loads(DASHBOARD.read_text(encoding="utf-8"))):
        server.query(expression)  # one that is not valid is refused


def questions(dashboard: dict) -> list:
    """What the dashboard's panels ask, with its variables filled in."""
    filled = {"$instance": ".*", "$job": "herald", "$__rate_interval": "1m"}
    asked = []
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            for variable, value in filled.items():
                expression = expression.replace(variable, value)
            asked.append(expression)
    assert len(asked) > 10
    return asked
