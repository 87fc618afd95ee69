"""exec checks with the real monitoring plugins, by the protocol that they speak."""

import pytest

from lab.checking import Checking
from lab.servers import HTTP_PORT, NSD_PORT, Servers

FOLDER = "/usr/lib/nagios/plugins"

# The plugin with its arguments, the result, and how what it says begins.
CASES = {
    "ok": (["check_dummy", "0", "fine"], "pass", "OK: fine"),
    "warning": (["check_dummy", "1", "slow"], "degraded", "WARNING: slow"),
    "critical": (["check_dummy", "2", "gone"], "fail", "CRITICAL: gone"),
    "unknown": (["check_dummy", "3", "lost"], "fail", "UNKNOWN: lost"),
    "port": (["check_tcp", "-H", "127.0.0.1", "-p", str(NSD_PORT)], "pass", "TCP OK - "),
    "no-port": (["check_tcp", "-H", "127.0.0.1", "-p", "9999"], "fail", "connect to address"),
    "page": (["check_http", "-H", "127.0.0.1", "-p", str(HTTP_PORT), "-u", "/health"], "pass",
             "HTTP OK: "),
    "no-page": (["check_http", "-H", "127.0.0.1", "-p", str(HTTP_PORT), "-u", "/nothing"],
                "degraded", "HTTP WARNING: "),
    "broken": (["check_http", "-H", "127.0.0.1", "-p", str(HTTP_PORT), "-u", "/broken"], "fail",
               "HTTP CRITICAL: "),
    "usage": (["check_tcp"], "fail", ""),
}


@pytest.fixture(scope="module")
def watched(module_site):
    """One daemon with every case, beside what the plugins look at."""
    servers = Servers(module_site.node, module_site.folder)
    servers.nginx()
    servers.nsd()
    return Checking(module_site, {
        name: {"type": "exec", "protocol": "nagios", "timeout": "10s", "interval": "1s",
               "fast_interval": "1s", "command": [f"{FOLDER}/{command[0]}", *command[1:]]}
        for name, (command, _, _) in CASES.items()})


@pytest.mark.parametrize("name", CASES)
def test_plugin(name, watched):
    """0 passes, 1 is degraded, 2 and 3 fail; the line is kept."""
    _, result, output = CASES[name]
    found, said = watched.result(name)
    assert found == result
    assert output in said
