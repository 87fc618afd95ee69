"""heraldctl: what scripts and people get from it."""

import json
import os
import shutil
import socket

import pytest

from lab.herald import HERALDCTL
from lab.processes import run
from lab.scenario import announcing
from lab.site import IPV4_PREFIX, IPV6_PREFIX

COMMANDS = ["status", "neighbors", "services", "checks", "routes"]
DETAILS = [["neighbors", "leaf1"], ["services", "dns"], ["routes", "--neighbor", "leaf1"]]


@pytest.mark.parametrize("command", [*([command] for command in COMMANDS), *DETAILS],
                         ids=" ".join)
def test_tables_fit_a_terminal(command, world):
    """At most 80 columns, no colour where there is no terminal, and something to read."""
    shown = world.herald.ctl(*command)
    assert shown.stdout and not shown.stderr
    assert "\x1b" not in shown.stdout
    assert max(len(line) for line in shown.stdout.splitlines()) <= 80


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_what_the_socket_answers(command, world):
    """--json prints the answer of the endpoint with the same name."""
    printed = json.loads(world.herald.ctl("--json", command).stdout)
    assert _shape(printed) == _shape(world.herald.get(f"/v1/{command}"))


def test_curl_is_a_client_as_well(world):
    """The control socket is plain HTTP."""
    answer = run("curl", "--silent", "--fail", "--unix-socket", world.herald.socket,
                 "--request", "POST", "--json", '{"now": true}',
                 "http://herald/v1/services/dns/drain")
    assert json.loads(answer.stdout)["administration"] == "drained"
    world.wait_withdrawn()


def test_status_names_what_matters(world):
    """One screen has the session, the service and both prefixes' neighbor."""
    shown = world.herald.ctl("status").stdout
    for word in ("leaf1", "Established", "dns", "up"):
        assert word in shown


def test_routes_are_what_the_router_has(world):
    """The attributes as they are on the wire."""
    routes = {route["prefix"]: route for route in
              json.loads(world.herald.ctl("--json", "routes").stdout)["routes"]}
    assert set(routes) == {IPV4_PREFIX, IPV6_PREFIX}
    for prefix, route in routes.items():
        path = world.router.paths(prefix)[0]
        assert " ".join(map(str, route["as_path"])) == path.as_path
        assert (route["next_hop"],) == path.next_hops


def test_wait(world):
    """Returns 0 at once for what is so, 1 when the time is over."""
    world.herald.ctl("wait", "--service", "dns", "--announced")
    world.herald.ctl("wait", "--neighbor", "leaf1", "--established")
    late = world.herald.ctl("wait", "--service", "dns", "--withdrawn", "--timeout", "200ms",
                            check=False)
    assert late.returncode == 1
    world.service.kill()
    world.herald.ctl("wait", "--service", "dns", "--withdrawn", "--timeout", "10s")
    world.wait_withdrawn()  # the router's TCP has it; its bgpd reads it when it gets to it


def test_every_command_says_who_asks(world):
    """What they say of themselves, beside the user id that the kernel knows."""
    commands = {"drain": ["drain", "dns"], "undrain": ["undrain", "dns"],
                "refresh": ["neighbor", "leaf1", "refresh"], "log": ["log", "debug"],
                "reload_dry_run": ["reload", "--dry-run"], "reload": ["reload"]}
    for words in commands.values():
        run(HERALDCTL, "--socket", world.herald.socket, *words,
            env={**os.environ, "SUDO_USER": "alice"})
    events = world.herald.get("/v1/events/recent")["events"]
    asked = [event for event in events if event["type"] == "command"]
    assert [event["to"] for event in asked] == list(commands)
    assert {(event["uid"], event["by"]) for event in asked} == {(os.geteuid(), "alice")}


def test_routes_of_more_than_a_page_are_all_shown(site):
    """They are fetched a page of 1000 at a time."""
    prefixes = [f"10.{number // 256}.{number % 256}.0/24" for number in range(1100)]
    world = announcing(site, service={"prefixes": [IPV4_PREFIX, IPV6_PREFIX, *prefixes]})
    shown = world.herald.ctl("routes").stdout
    assert {line.split()[1] for line in shown.splitlines()[1:]} == {IPV4_PREFIX, IPV6_PREFIX,
                                                                    *prefixes}
    assert len(shown.splitlines()) == 1 + 1102
    assert len(json.loads(world.herald.ctl("--json", "routes").stdout)["routes"]) == 1102


def test_no_daemon(tmp_path):
    """Status 3 and one line."""
    done = run(HERALDCTL, "--socket", tmp_path / "none.sock", "status", check=False)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1 and not done.stdout


@pytest.mark.parametrize("group, mode, advice", [
    ("games", 0o660, 'join the group "games", or run heraldctl as root'),
    ("games", 0o600, "Permission denied; run heraldctl as root"),
    ("root", 0o660, "Permission denied; run heraldctl as root")])
def test_who_may_not_use_the_socket_is_told_who_may(group, mode, advice, site):
    """Status 3, and the group that the socket belongs to, if its members may."""
    path = site.folder / "control.sock"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        shutil.chown(path, "root", group)
        path.chmod(mode)
        program = shutil.copy(HERALDCTL, site.folder)
        done = run("setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", program,
                   "--socket", path, "status", check=False)
    assert done.returncode == 3 and advice in done.stderr and str(path) in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [[], ["dance"], ["drain"], ["wait"], ["status", "--colour"],
                                   ["undrain"]], ids=lambda words: " ".join(words) or "nothing")
def test_usage_error(words):
    """Status 2 and a line on stderr, without a daemon."""
    done = run(HERALDCTL, "--socket", "/nonexistent", *words, check=False)
    assert done.returncode == 2 and done.stderr


def test_names_that_do_not_exist(world):
    """Status 1 and one line with the name."""
    for command in (["neighbors", "spine"], ["services", "web"]):
        refused = world.herald.ctl(*command, check=False)
        assert refused.returncode == 1
        assert len(refused.stderr.splitlines()) == 1 and command[1] in refused.stderr


def _shape(value: object) -> object:
    """The keys of a document without its values, which change from one moment to the next."""
    if isinstance(value, dict):
        return {key: _shape(element) for key, element in value.items()}
    if isinstance(value, list):
        return [_shape(element) for element in value]
    return type(value).__name__
