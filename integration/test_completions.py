"""Completion in people's shells, against heraldctl as it was built and a running heraldd."""

import json
import re
import socketserver
import threading
from http.server import BaseHTTPRequestHandler

import pytest

from lab.herald import HERALDCTL
from lab.processes import run
from lab.shells import SHELLS
from lab.site import settings

LONG = "a-name-that-does-not-fit-into-a-column-of-a-table-that-has-to-fit-80-cols"[:64]
GLOBAL_OPTIONS = {"--socket", "--json", "--wide", "--help", "--version"}
# What is to follow a command beside its options: arguments that --help names only as such.
CHOICES = {"neighbor leaf1": {"shutdown", "enable", "reset", "refresh"},
           "log": {"trace", "debug", "info", "warning", "error"},
           "names": {"neighbors", "services", "prefixes", "checks"},
           "report dns resolve": {"pass", "degraded", "fail"}}


@pytest.fixture(scope="module")
def daemon(module_site):
    """A heraldd whose names are hard to complete: an address, and one that no table shows whole."""
    herald = module_site.herald()
    neighbors = [{"name": "leaf1", "address": "127.0.0.2", "remote_as": 64500, "passive": True},
                 {"address": "2001:db8::1", "remote_as": 64500, "passive": True},
                 {"name": LONG, "address": "127.0.0.3", "remote_as": 64500, "passive": True}]
    services = [{"name": "dns", "prefixes": ["192.0.2.0/24", "2001:db8:53::/48"],
                 "check": [{"name": "resolve", "type": "exec", "command": ["true"]},
                           {"name": "told", "type": "push", "ttl": "1h"}]},
                {"name": "web", "prefixes": ["203.0.113.0/24"],
                 "check": [{"name": "page", "type": "push", "ttl": "1h"}]}]
    herald.configure(settings(neighbors, services, listen=["127.0.0.1", "::1"]))
    herald.start()
    return herald


@pytest.fixture(scope="module", params=SHELLS)
def shell(request, daemon, tmp_path_factory):
    """Each shell, with heraldctl that asks the daemon."""
    with SHELLS[request.param](daemon.socket, tmp_path_factory.mktemp(request.param)) as running:
        yield running


class HostileNames(BaseHTTPRequestHandler):
    """A daemon whose neighbors' names are commands, patterns and quotes for a shell."""

    names: list = []

    def do_GET(self) -> None:  # pylint: disable=invalid-name
        """Answers as GET /v1/neighbors is answered."""
        body = json.dumps({"neighbors": [{"name": name} for name in self.names]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""

    def address_string(self) -> str:
        """There is none on a UNIX socket."""
        return "client"


def documented() -> dict:
    """The options of each command, as `heraldctl --help` has them."""
    found: dict = {}
    for entry in re.finditer(r"^  ([a-z]+) ?(.*?)\n {8}[a-z]",
                             run(HERALDCTL, "--help").stdout, re.MULTILINE | re.DOTALL):
        found.setdefault(entry[1], set()).update(re.findall(r"--[a-z-]+", entry[2]))
    return found


def options_among(offers: set) -> set:
    """Those of the offers that are options."""
    return {offer for offer in offers if offer.startswith("-")}


def test_commands_are_those_of_the_help(shell):
    """None is missing, and none is offered that does not exist."""
    assert documented(), "the help lists no command"
    assert shell.offers("heraldctl ") - GLOBAL_OPTIONS == set(documented())
    assert shell.offers("heraldctl --") == GLOBAL_OPTIONS


def test_options_of_each_command_are_those_of_the_help(shell):
    """For every command."""
    for command, options in documented().items():
        assert options_among(shell.offers(f"heraldctl {command} --")) == options, command


def test_arguments_with_fixed_choices_are_offered(shell):
    """Also after global options."""
    for start, choices in CHOICES.items():
        offers = shell.offers(f"heraldctl --json {start} ")
        assert offers - options_among(offers) == choices, start


def test_names_are_those_of_the_running_daemon(shell):
    """Services and neighbors, wherever they are named."""
    neighbors, services = {"leaf1", "2001:db8::1", LONG}, {"dns", "web"}
    for start in ("neighbors ", "neighbor ", "routes --neighbor ", "wait --neighbor "):
        offers = shell.offers(f"heraldctl {start}")
        assert offers - options_among(offers) == neighbors, start
    for start in ("services ", "drain ", "undrain ", "report ", "wait --service "):
        offers = shell.offers(f"heraldctl {start}")
        assert offers - options_among(offers) == services, start
    assert shell.offers("heraldctl explain ") == {"192.0.2.0/24", "203.0.113.0/24",
                                                  "2001:db8:53::/48"}


def test_name_with_colons_is_completed_in_its_middle(shell):
    """bash takes a colon for the end of a word."""
    assert shell.offers("heraldctl neighbors 2001:d") == {"2001:db8::1"}
    assert shell.offers("heraldctl neighbor 2001:db8::1 res") == {"reset"}


def test_checks_to_report_are_the_push_checks_of_the_service(shell):
    """The others run by themselves."""
    offers = shell.offers("heraldctl report dns ")
    assert offers - options_among(offers) == {"told"}


def test_services_are_offered_where_checks_are_listed_by_service(shell):
    """The other kinds of names have none."""
    for start, services in (("names checks ", {"dns", "web"}), ("names services ", set())):
        offers = shell.offers(f"heraldctl {start}")
        assert offers - options_among(offers) == services, start


@pytest.mark.parametrize("name", SHELLS)
def test_socket_of_the_line_is_the_one_that_is_asked(name, daemon, tmp_path):
    """That of the environment leads nowhere."""
    with SHELLS[name](tmp_path / "none", tmp_path) as shell:
        offers = shell.offers(f"heraldctl --socket {daemon.socket} services ")
        assert offers - options_among(offers) == {"dns", "web"}


@pytest.mark.parametrize("name", SHELLS)
def test_names_are_never_run_nor_expanded(name, tmp_path):
    """A socket that someone else listens on harms no shell."""
    path, ran = tmp_path / "socket", tmp_path / "ran"
    HostileNames.names = [f"$(touch${{IFS}}{ran})", f"`touch${{IFS}}{ran}`", "/*", "harm'less\"",
                          "harmless"]
    with socketserver.ThreadingUnixStreamServer(str(path), HostileNames) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with SHELLS[name](path, tmp_path) as shell:
            assert shell.offers("heraldctl neighbors harmles") == {"harmless"}
            shell.offers("heraldctl neighbors ")
        server.shutdown()
    assert not ran.exists()


@pytest.mark.parametrize("name", SHELLS)
def test_without_a_daemon_commands_are_completed_and_nothing_is_printed(name, tmp_path):
    """No error appears in the middle of the line."""
    with SHELLS[name](tmp_path / "none", tmp_path) as shell:
        assert shell.offers("heraldctl statu") == {"status"}
        assert shell.offers("heraldctl services ") == set()
